#include <algorithm>
#include <iterator>

#include "range_units.hpp"
#include "rill/row_state.hpp"

namespace rill {
namespace {

using Dots = std::vector<Dot>;

/// What a join of births means for the lists of births that a writer had not seen. An entry's own
/// side tells about the births which that side held; a birth that only the other side held cannot
/// have been seen by the entry's writer, for then this side, being causally closed, would know of
/// it.
struct BirthNews {
  Dots joined;
  /// Joined births that my side did not hold, and that the peer's side did not hold.
  Dots new_to_mine;
  Dots new_to_theirs;
};

Dots dots_of(const Entries& births) {
  Dots dots;
  dots.reserve(births.size());
  for (const Entry& birth : births) dots.push_back(birth.id.dot);
  return dots;
}

Dots difference(const Dots& from, const Dots& what) {
  Dots result;
  std::ranges::set_difference(from, what, std::back_inserter(result));
  return result;
}

/// Brings an entry's list up to date: of the births it named, those that live, and the new ones.
/// Returns whether the list changed.
bool update_unseen(Entry& entry, const BirthNews& news, const Dots& new_births) {
  if (entry.unseen_births.empty() && new_births.empty()) return false;
  Dots live;
  std::ranges::set_intersection(entry.unseen_births, news.joined, std::back_inserter(live));
  Dots unseen;
  // A range stands for several writers, and counters do not look at births.
  if (entry.first == entry.id.dot.counter) {
    std::ranges::set_union(live, new_births, std::back_inserter(unseen));
  }
  if (unseen == entry.unseen_births) return false;
  entry.unseen_births = std::move(unseen);
  return true;
}

/// The join of one column's entries, a merge of three sequences sorted by id.
class EntriesJoin {
 public:
  EntriesJoin(Entries& mine, const VersionVector& seen, const VersionVector& sender,
              const BirthNews* births)
      : mine_(mine), seen_(seen), sender_(sender), births_(births) {}

  bool run(const Entries& fresh, const std::vector<EntryId>& kept) {
    if (fresh.size() == 1 && mine_.empty()) return take_only(fresh.front());
    result_.reserve(mine_.size() + fresh.size());
    auto next_fresh = fresh.begin();
    auto next_kept = kept.begin();
    for (Entry& entry : mine_) {
      while (next_fresh != fresh.end() && next_fresh->id < entry.id) add(*next_fresh++);
      while (next_kept != kept.end() && *next_kept < entry.id) ++next_kept;
      bool theirs_too = next_kept != kept.end() && *next_kept == entry.id;
      if (next_fresh != fresh.end() && next_fresh->id == entry.id) {
        theirs_too = true;
        ++next_fresh;
      }
      keep(entry, theirs_too);
    }
    while (next_fresh != fresh.end()) add(*next_fresh++);
    mine_ = std::move(result_);
    return changed_;
  }

 private:
  bool take_only(const Entry& entry) {
    add(entry);
    if (changed_) mine_ = std::move(result_);
    return changed_;
  }

  void keep(Entry& entry, bool theirs_too) {
    if (!theirs_too && sender_.covers(entry.id.dot)) {
      changed_ = true;
      return;
    }
    if (births_ != nullptr) changed_ |= update_unseen(entry, *births_, births_->new_to_mine);
    result_.push_back(std::move(entry));
  }

  void add(const Entry& entry) {
    if (seen_.covers(entry.id.dot)) return;
    result_.push_back(entry);
    if (births_ != nullptr) update_unseen(result_.back(), *births_, births_->new_to_theirs);
    changed_ = true;
  }

  Entries& mine_;
  const VersionVector& seen_;
  const VersionVector& sender_;
  const BirthNews* births_;
  Entries result_;
  bool changed_ = false;
};

bool join_column(Entries& mine, const VersionVector& seen, const ColumnFragment& theirs,
                 const VersionVector& sender, const BirthNews* births) {
  if (!has_range(mine) && !has_range(theirs.fresh)) {
    return EntriesJoin(mine, seen, sender, births).run(theirs.fresh, theirs.kept);
  }
  const Entries before = mine;
  const ColumnFragment units = join_units(mine, theirs);
  EntriesJoin(mine, seen, sender, births).run(units.fresh, units.kept);
  return mine != before;
}

/// The births that the sender of a fragment holds. Where its births did not travel, they are those
/// of mine that it has seen: had one come or gone beyond `known`, its births would have travelled.
Dots births_of_sender(const RowFragment& theirs, const Dots& mine, const DeltaRange& range) {
  Dots dots;
  if (!theirs.births) {
    std::ranges::copy_if(mine, std::back_inserter(dots), [&](const Dot& birth) {
      return range.known.covers(birth) && range.sender.covers(birth);
    });
    return dots;
  }
  dots = dots_of(theirs.births->fresh);
  for (const EntryId& birth : theirs.births->kept) dots.push_back(birth.dot);
  std::ranges::sort(dots);
  return dots;
}

bool join_columns(RowState& mine, const VersionVector& seen, const RowFragment& theirs,
                  const VersionVector& sender, const BirthNews& births) {
  bool changed = false;
  for (const auto& [id, fragment] : theirs.columns) {
    changed |= join_column(mine.at(id), seen, fragment, sender, &births);
  }
  if (theirs.complete) {
    const ColumnFragment none;
    for (RowState::Column& column : mine.columns) {
      const bool listed =
          std::ranges::binary_search(theirs.columns, column.id, {},
                                     [](const auto& listed_column) { return listed_column.first; });
      if (!listed) changed |= join_column(column.entries, seen, none, sender, &births);
    }
  }
  mine.drop_empty_columns();
  return changed;
}

}  // namespace

bool join(Entries& mine, const VersionVector& seen, const ColumnFragment& theirs,
          const VersionVector& sender) {
  return join_column(mine, seen, theirs, sender, nullptr);
}

bool join(RowState& mine, const VersionVector& seen, const RowFragment& theirs,
          const DeltaRange& range) {
  const Dots births_before = dots_of(mine.births);
  const Dots births_there = births_of_sender(theirs, births_before, range);
  bool changed = false;
  if (theirs.births) changed |= join(mine.births, seen, *theirs.births, range.sender);
  if (theirs.existence) changed |= join(mine.existence, seen, *theirs.existence, range.sender);

  BirthNews news{.joined = dots_of(mine.births), .new_to_mine = {}, .new_to_theirs = {}};
  news.new_to_mine = difference(news.joined, births_before);
  news.new_to_theirs = difference(news.joined, births_there);
  changed |= join_columns(mine, seen, theirs, range.sender, news);
  return changed;
}

}  // namespace rill
