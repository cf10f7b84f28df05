#include "row_encoder.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <tuple>
#include <utility>

#include "rill/delta.hpp"
#include "rill/error.hpp"

namespace rill {
namespace {

[[noreturn]] void bug(const char* message) { throw Error(ErrorCode::internal, message); }

const Dot& dot_of(const Stamp& stamp) { return stamp.dot; }

auto dot_and_time(const Stamp& stamp) { return std::tie(stamp.dot, stamp.time.bits); }

unsigned uniform_flags(std::size_t columns, std::size_t table_columns) {
  if (is_dense(columns, table_columns)) return unsigned{row_uniform} | row_dense;
  return columns == 0 ? unsigned{row_uniform} : unsigned{row_uniform} | row_columns;
}

unsigned content_flags(const RowView& row, std::size_t table_columns) {
  if (is_uniform(row)) return uniform_flags(row.columns.size(), table_columns);
  unsigned flags = row.complete ? row_complete : 0;
  if (row.existence.present()) {
    flags |= row_existence;
    if (is_plain(row.existence) && row.existence.fresh->front().value == Value(1)) {
      flags |= row_plain_existence;
    }
  }
  if (row.births.present()) {
    flags |= row_births;
    if (is_plain(row.births) && row.births.fresh->front().value.is_null()) {
      flags |= row_plain_births;
    }
  }
  if (!row.columns.empty()) flags |= row_columns;
  return flags;
}

}  // namespace

RowEncoder::RowEncoder(ByteWriter& out, std::vector<ReplicaId> replicas)
    : out_(out), replicas_(std::move(replicas)) {}

void RowEncoder::note(const RowView& row) {
  note(row.existence);
  note(row.births);
  for (const auto& [id, part] : row.columns) note(part);
}

void RowEncoder::note(const PartView& part) {
  if (!part.present()) return;
  entries_ += part.fresh->size() + part.kept->size();
  for (const Entry& entry : *part.fresh) {
    const Stamp stamp = entry.stamp();
    if (events_.empty() || events_.back() != stamp) events_.push_back(stamp);
    entries_ += entry.unseen_births.size();
  }
}

void RowEncoder::note(const UniformRow& row) {
  entries_ += row.columns.size() + 2;
  if (events_.empty() || events_.back() != row.stamp) events_.push_back(row.stamp);
}

void RowEncoder::write_events() {
  if (entries_ > kMaxDeltaEntries) {
    throw Error(ErrorCode::limit_exceeded, "a delta has " + std::to_string(entries_) +
                                               " entries, above the limit of " +
                                               std::to_string(kMaxDeltaEntries));
  }
  if (std::ranges::adjacent_find(events_, std::ranges::greater_equal(), dot_of) != events_.end()) {
    std::ranges::sort(events_, {}, dot_and_time);
    // An event has one time, unless a malicious writer gave it another in each chunk of a delta.
    // What was taken of that must not keep the rest from others: they are told the earliest.
    const auto retold = std::ranges::unique(events_, {}, dot_of);
    events_.erase(retold.begin(), retold.end());
  }
  out_.varint(events_.size());
  std::size_t next_replica = 0;
  std::uint64_t last_ms = 0;
  for (auto begin = events_.begin(); begin != events_.end();) {
    const ReplicaId& id = begin->dot.replica;
    const auto end = std::find_if(begin, events_.end(),
                                  [&](const Stamp& event) { return event.dot.replica != id; });
    const std::size_t replica = replica_number(id);
    out_.varint(replica - next_replica);
    next_replica = replica + 1;
    out_.varint(static_cast<std::uint64_t>(end - begin) - 1);
    std::uint64_t last_counter = 0;
    for (; begin != end; ++begin) {
      write_listed_event(*begin, last_counter, last_ms);
      last_counter = begin->dot.counter;
      last_ms = begin->time.ms();
    }
  }
}

void RowEncoder::write_listed_event(const Stamp& event, std::uint64_t last_counter,
                                    std::uint64_t last_ms) {
  if (event.dot.counter == 0) bug("an event has no counter");
  out_.varint(event.dot.counter - last_counter - 1);
  const auto step = static_cast<std::int64_t>(event.time.ms() - last_ms);
  const std::uint16_t tick = event.time.counter();
  // Steps have 50 bits, so the flag for a tick, which is 0 almost always, rides with them.
  out_.zigzag(step * 2 + (tick != 0 ? 1 : 0));
  if (tick != 0) out_.varint(tick);
}

std::uint8_t RowEncoder::flags(const RowView& row, std::size_t table_columns) const {
  unsigned flags = content_flags(row, table_columns);
  if (may_name_next_event(flags)) {
    if (is_next(row.existence.fresh->front().stamp())) flags |= row_next_event;
  }
  return static_cast<std::uint8_t>(flags);
}

std::uint8_t RowEncoder::flags(const UniformRow& row, std::size_t table_columns) const {
  unsigned flags = uniform_flags(row.columns.size(), table_columns);
  if (is_next(row.stamp)) flags |= row_next_event;
  return static_cast<std::uint8_t>(flags);
}

bool RowEncoder::is_next(const Stamp& stamp) const {
  return event_number(stamp) == last_event_ + 1;
}

void RowEncoder::write(const UniformRow& row, std::uint8_t flags) {
  write_first_event(row.stamp, flags);
  if ((flags & row_columns) != 0) {
    out_.varint(row.columns.size() - 1);
    ColumnId next = 0;
    for (const ColumnId id : row.columns) {
      out_.varint(id - next);
      next = id + 1;
    }
  }
  out_.raw(row.values);
}

void RowEncoder::write(const RowView& row, std::uint8_t flags) {
  for (std::size_t i = 1; i < row.columns.size(); ++i) {
    if (row.columns[i].first <= row.columns[i - 1].first) bug("a row's columns do not ascend");
  }
  if ((flags & row_uniform) != 0) return write_uniform(row, flags);
  if ((flags & row_plain_existence) != 0) {
    write_first_event(row.existence.fresh->front().stamp(), flags);
  } else if (row.existence.present()) {
    write_part(row.existence);
  }
  if (row.births.present() && (flags & row_plain_births) != 0) {
    write_event(row.births.fresh->front().stamp());
  } else if (row.births.present()) {
    write_part(row.births);
  }
  for (std::size_t i = 0; i < row.columns.size(); ++i) write_column(row, i);
}

void RowEncoder::write_uniform(const RowView& row, std::uint8_t flags) {
  write_first_event(row.existence.fresh->front().stamp(), flags);
  if ((flags & row_columns) != 0) {
    out_.varint(row.columns.size() - 1);
    ColumnId next = 0;
    for (const auto& [id, part] : row.columns) {
      out_.varint(id - next);
      next = id + 1;
    }
  }
  for (const auto& [id, part] : row.columns) out_.value(part.fresh->front().value);
}

void RowEncoder::write_column(const RowView& row, std::size_t index) {
  const auto& [id, part] = row.columns[index];
  const std::uint64_t gap = index == 0 ? id : id - row.columns[index - 1].first - 1;
  const bool plain = is_plain(part);
  unsigned flags = 0;
  if (plain) flags |= column_plain;
  const bool same_event = plain && last_event_ < events_.size() &&
                          events_[last_event_].dot == part.fresh->front().id.dot;
  if (same_event) flags |= column_same_event;
  if (index + 1 < row.columns.size()) flags |= column_more;
  out_.varint(gap << kColumnFlagBits | flags);
  if (!plain) return write_part(part);
  if (!same_event) write_event(part.fresh->front().stamp());
  out_.value(part.fresh->front().value);
}

void RowEncoder::write_part(const PartView& part) {
  if (part.fresh->empty() && part.kept->empty()) bug("a row lists a column without entries");
  out_.varint(part.fresh->size() << 1U | (part.kept->empty() ? 0U : 1U));
  const Entry* previous = nullptr;
  for (const Entry& entry : *part.fresh) {
    write_entry(entry, previous);
    previous = &entry;
  }
  if (!part.kept->empty()) write_kept(*part.kept);
}

void RowEncoder::write_entry(const Entry& entry, const Entry* previous) {
  if (previous != nullptr && entry.id <= previous->id) bug("a column's entries do not ascend");
  const bool same_event = previous != nullptr && previous->id.dot == entry.id.dot;
  const std::uint32_t expected = same_event ? previous->id.ordinal + 1 : 0;
  unsigned flags = 0;
  if (same_event) flags |= entry_same_event;
  if (entry.id.ordinal != expected) flags |= entry_ordinal;
  if (!entry.sub_key.empty()) flags |= entry_sub_key;
  if (entry.first != entry.id.dot.counter) flags |= entry_range;
  if (!entry.unseen_births.empty()) flags |= entry_unseen_births;
  out_.byte(static_cast<std::uint8_t>(flags));
  if (!same_event) write_event(entry.stamp());
  if ((flags & entry_ordinal) != 0) out_.varint(entry.id.ordinal - expected - 1);
  if ((flags & entry_sub_key) != 0) out_.string(entry.sub_key);
  if ((flags & entry_range) != 0) {
    if (entry.first == 0 || entry.first > entry.id.dot.counter) bug("a folded range is inverted");
    out_.varint(entry.id.dot.counter - entry.first - 1);
  }
  if ((flags & entry_unseen_births) != 0) write_unseen(entry.unseen_births);
  out_.value(entry.value);
}

void RowEncoder::write_kept(const std::vector<EntryId>& kept) {
  if (std::ranges::adjacent_find(kept, std::greater_equal<>{}) != kept.end()) {
    bug("a column's kept entries do not ascend");
  }
  std::size_t later_dots = 0;
  for (std::size_t i = 1; i < kept.size(); ++i) {
    if (kept[i].dot != kept[i - 1].dot) ++later_dots;
  }
  out_.varint(later_dots);
  std::size_t replica = 0;
  std::uint64_t counter = 0;
  for (std::size_t begin = 0; begin < kept.size();) {
    const Dot& dot = kept[begin].dot;
    std::size_t end = begin + 1;
    while (end < kept.size() && kept[end].dot == dot) ++end;
    if (dot.counter == 0) bug("a kept entry has no counter");
    const std::size_t number = replica_number(dot.replica);
    const bool simple = end - begin == 1 && kept[begin].ordinal == 0;
    out_.varint((number - replica) << 1U | (simple ? 0U : 1U));
    if (number != replica) counter = 0;
    out_.varint(dot.counter - counter - 1);
    if (!simple) write_runs(kept, begin, end);
    replica = number;
    counter = dot.counter;
    begin = end;
  }
}

void RowEncoder::write_runs(const std::vector<EntryId>& kept, std::size_t begin, std::size_t end) {
  const auto run_end = [&](std::size_t i) {
    ++i;
    while (i < end && kept[i].ordinal == kept[i - 1].ordinal + 1) ++i;
    return i;
  };
  std::size_t runs = 0;
  for (std::size_t i = begin; i < end; i = run_end(i)) ++runs;
  out_.varint(runs - 1);
  for (std::size_t i = begin; i < end;) {
    // A later run starts at least one beyond the end of the one before.
    const std::uint32_t least = i == begin ? 0 : kept[i - 1].ordinal + 2;
    const std::size_t after = run_end(i);
    out_.varint(kept[i].ordinal - least);
    out_.varint(after - i - 1);
    i = after;
  }
}

void RowEncoder::write_unseen(const std::vector<Dot>& births) {
  if (std::ranges::adjacent_find(births, std::greater_equal<>{}) != births.end()) {
    bug("an entry's unseen births do not ascend");
  }
  out_.varint(births.size() - 1);
  for (const Dot& birth : births) {
    out_.varint(replica_number(birth.replica));
    out_.varint(birth.counter);
  }
}

void RowEncoder::write_event(const Stamp& stamp) {
  const std::size_t number = event_number(stamp);
  out_.zigzag(static_cast<std::int64_t>(number - last_event_));
  last_event_ = number;
}

void RowEncoder::write_first_event(const Stamp& stamp, unsigned flags) {
  if (may_name_next_event(flags) && (flags & row_next_event) != 0) {
    ++last_event_;
  } else {
    write_event(stamp);
  }
}

std::size_t RowEncoder::event_number(const Stamp& stamp) const {
  // Rows come mostly in the order of their events.
  for (const std::size_t guess : {last_event_, last_event_ + 1}) {
    if (guess < events_.size() && events_[guess].dot == stamp.dot) return guess;
  }
  const auto at = std::ranges::lower_bound(events_, stamp.dot, {}, dot_of);
  if (at == events_.end() || at->dot != stamp.dot) bug("a row names an event that was not noted");
  return static_cast<std::size_t>(at - events_.begin());
}

std::size_t RowEncoder::replica_number(const ReplicaId& id) {
  if (last_replica_ < replicas_.size() && replicas_[last_replica_] == id) return last_replica_;
  const auto at = std::ranges::lower_bound(replicas_, id);
  if (at == replicas_.end() || *at != id) bug("an event's replica is not in the sender's vector");
  last_replica_ = static_cast<std::size_t>(at - replicas_.begin());
  return last_replica_;
}

}  // namespace rill
