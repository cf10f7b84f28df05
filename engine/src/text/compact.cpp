#include <algorithm>
#include <utility>
#include <vector>

#include "rill/error.hpp"
#include "state.hpp"

namespace rill {

using fugue::Author;
using fugue::AuthorTable;
using fugue::Origins;
using fugue::Run;
using fugue::Serial;
using fugue::SerialSet;
using fugue::TextLog;

namespace {

SerialSet::Range range_of(const TextLog::Part& part) {
  return {part.first, part.first + part.count, 0};
}

// Where characters go when others are forgotten: the same order without gaps.
class Renumbering {
 public:
  explicit Renumbering(const SerialSet& forgotten) : forgotten_(forgotten) {}

  [[nodiscard]] bool forgotten(Serial serial) const {
    return serial != fugue::kNoSerial && forgotten_.contains(serial);
  }
  [[nodiscard]] Serial operator()(Serial serial) const {
    return serial == fugue::kNoSerial ? serial : serial - forgotten_.count_before(serial);
  }
  // Calls `visit(first, count)` for what remains of a range, by old serials.
  template <typename Visit>
  void kept(Serial first, std::uint32_t count, Visit visit) const {
    forgotten_.for_each_outside(first, count, visit);
  }

 private:
  const SerialSet& forgotten_;
};

}  // namespace

// Characters that an operation within `stable` erased. What no operation in the log erased, a
// checkpoint held so: within `history_begin`, and hence within `stable`.
SerialSet TextDocument::State::erased_within(const VersionVector& stable) const {
  std::vector<SerialSet::Range> mentioned;
  std::vector<SerialSet::Range> within;
  within.reserve(absorbed.size());
  for (const TextLog::Part& part : absorbed) within.push_back(range_of(part));
  log.for_each([](Author) { return std::uint64_t{0}; },
               [&](Author author, std::uint64_t counter, const std::vector<TextLog::Part>& parts) {
                 const bool covered = stable.covers({authors[author].id, counter});
                 for (const TextLog::Part& part : parts) {
                   if (part.inserts) continue;
                   mentioned.push_back(range_of(part));
                   if (covered) within.push_back(range_of(part));
                 }
               });
  std::vector<SerialSet::Range> erased;
  tree.for_each([&](const Run& run) {
    if (run.erased()) erased.push_back({run.first, run.end(), 0});
  });
  // Within, or not mentioned.
  const SerialSet others = SerialSet::of(std::move(mentioned))
                               .combine(SerialSet::of(std::move(within)),
                                        [](bool in, bool known) { return in && !known; });
  return SerialSet::of(std::move(erased)).combine(others, [](bool in, bool other) {
    return in && !other;
  });
}

void TextDocument::State::seal(const VersionVector& stable) {
  require_committed("seal");
  if (!(stable <= version())) {
    throw Error(ErrorCode::causality_gap,
                "cannot seal a text at " + stable.to_string() + ": not all of it has arrived here");
  }
  if (!(history_begin <= stable)) return;
  const SerialSet erased = erased_within(stable);
  for (const SerialSet::Range& range : erased.ranges()) {
    seal_range({range.first, range.end - range.first, 0});
  }
  frozen = tree.end();
}

void TextDocument::State::seal_range(const Run& range) {
  for (Serial serial = range.first; serial < range.end();) {
    serial += tree.mark(serial, range.end() - serial, Run::kErased | Run::kSealed);
  }
}

void TextDocument::State::compact(const VersionVector& stable) {
  seal(stable);
  if (!(history_begin <= stable)) return;
  const SerialSet forgotten = erased_within(stable);
  if (forgotten.empty()) return;
  const Renumbering fresh(forgotten);

  std::vector<Run> runs;
  fugue::OriginTable kept_origins;
  for (const fugue::OriginTable::Item& item : origins.items()) {
    fresh.kept(item.first, item.count, [&](Serial first, std::uint32_t count) {
      const bool whole = first == item.first;
      const Origins given = whole ? item.origins : Origins{first - 1, item.origins.right};
      if (fresh.forgotten(given.left) || fresh.forgotten(given.right)) return;
      const Serial settled = whole && !fresh.forgotten(item.settled) ? item.settled : given.left;
      kept_origins.add(fresh(first), count, {fresh(given.left), fresh(given.right)},
                       fresh(settled));
    });
  }
  tree.for_each([&](const Run& run) {
    fresh.kept(run.first, run.count(), [&](Serial first, std::uint32_t count) {
      // What is shown is kept whole.
      const Run kept{fresh(first), count | run.flags(), run.offset};
      if (!runs.empty() && runs.back().end() == kept.first && runs.back().flags() == kept.flags() &&
          (kept.erased() ||
           store.advance(runs.back().offset, runs.back().count()) == kept.offset) &&
          !kept_origins.begins_at(kept.first)) {
        runs.back().packed += count;
      } else {
        runs.push_back(kept);
      }
    });
  });
  forget_names(fresh);
  forget_operations(fresh, stable);
  origins = std::move(kept_origins);
  tree.build(runs);
  frozen = fresh(frozen);
  steps = {steps.recording, {}, {}};
}

template <typename Fresh>
void TextDocument::State::forget_names(const Fresh& fresh) {
  AuthorTable kept;
  for (Author author = 0; author < authors.size(); ++author) {
    kept.intern(authors[author].id);
    kept[author].counter = authors[author].counter;
    kept[author].marks = authors[author].marks;
  }
  for (const AuthorTable::Span& span : authors.spans()) {
    fresh.kept(span.first, span.count, [&](Serial first, std::uint32_t count) {
      kept.append(span.author, fresh(first), count, span.number + (first - span.first));
    });
  }
  for (Author author = 0; author < authors.size(); ++author)
    kept[author].next = authors[author].next;
  authors = std::move(kept);
}

template <typename Fresh>
void TextDocument::State::forget_operations(const Fresh& fresh, const VersionVector& stable) {
  TextLog kept;
  log.for_each([&](Author author) { return stable[authors[author].id]; },
               [&](Author author, std::uint64_t counter, const std::vector<TextLog::Part>& parts) {
                 for (const TextLog::Part& part : parts) {
                   fresh.kept(part.first, part.count, [&](Serial first, std::uint32_t count) {
                     kept.add(author, counter, part.inserts, fresh(first), count);
                   });
                 }
               });
  log = std::move(kept);
  std::vector<TextLog::Part> still_absorbed;
  for (const TextLog::Part& part : absorbed) {
    fresh.kept(part.first, part.count, [&](Serial first, std::uint32_t count) {
      still_absorbed.push_back({false, fresh(first), count});
    });
  }
  absorbed = std::move(still_absorbed);
  history_begin.merge(stable);
}

}  // namespace rill
