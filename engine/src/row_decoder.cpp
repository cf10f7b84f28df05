#include "row_decoder.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "fail.hpp"
#include "rill/delta.hpp"
#include "rill/error.hpp"

namespace rill {
namespace {

constexpr std::uint64_t kMaxMs = (std::uint64_t{1} << 48U) - 1;
constexpr std::uint64_t kMaxOrdinal = (std::uint64_t{1} << 31U) - 1;

/// `base` plus what a varint adds, at most `maximum`.
std::uint64_t read_step(ByteReader& in, std::uint64_t base, std::uint64_t maximum,
                        const char* message) {
  const std::uint64_t step = in.varint();
  if (base > maximum || step > maximum - base) fail(message);
  return base + step;
}

bool is_mark(const Value& value) { return value == Value(0) || value == Value(1); }

}  // namespace

RowDecoder::RowDecoder(ByteReader& in, std::vector<KnownReplica> replicas)
    : in_(in), replicas_(std::move(replicas)), entries_left_(kMaxDeltaEntries) {}

// Events -----------------------------------------------------------------------------------------

void RowDecoder::read_events() {
  constexpr std::size_t kLeastEventBytes = 2;
  const std::size_t count = in_.count(kMaxDeltaEntries, kLeastEventBytes);
  events_.reserve(count);
  std::size_t next_replica = 0;
  std::uint64_t last_ms = 0;
  while (events_.size() < count) {
    const KnownReplica& replica = read_replica(next_replica);
    const std::uint64_t left = count - events_.size();
    const std::uint64_t here = read_step(in_, 1, left, "events of a replica are more than all");
    read_events_of(replica, static_cast<std::size_t>(here), last_ms);
  }
}

void RowDecoder::read_events_of(const KnownReplica& replica, std::size_t count,
                                std::uint64_t& last_ms) {
  std::uint64_t counter = 0;
  for (; count > 0; --count) {
    counter = read_step(in_, counter + 1, replica.sender, "an event is beyond the sender's vector");
    const std::int64_t step_and_flag = in_.zigzag();
    const std::uint64_t ms = last_ms + static_cast<std::uint64_t>(step_and_flag >> 1U);
    if (ms > kMaxMs) fail("an event's time is out of range");
    last_ms = ms;
    std::uint64_t tick = 0;
    if ((step_and_flag & 1) != 0) {
      tick = in_.varint();
      if (tick == 0 || tick > 0xFFFF) fail("an event's time is out of range");
    }
    events_.push_back({.stamp = {.dot = {replica.id, counter},
                                 .time = Timestamp::from_ms(ms, static_cast<std::uint16_t>(tick))},
                       .beyond_known = counter > replica.known});
  }
}

const KnownReplica& RowDecoder::read_replica(std::size_t& next) {
  const std::uint64_t step = in_.varint();
  if (next >= replicas_.size() || step >= replicas_.size() - next) {
    fail("an event's replica is not in the sender's vector");
  }
  next += static_cast<std::size_t>(step) + 1;
  replicas_[next - 1].used = true;
  return replicas_[next - 1];
}

RowDecoder::Event& RowDecoder::last_event() {
  if (last_event_ >= events_.size()) fail("an entry names an event that is not listed");
  Event& event = events_[last_event_];
  event.used = true;
  return event;
}

RowDecoder::Event& RowDecoder::read_event() {
  // Unsigned arithmetic wraps, so that one comparison refuses whatever leads outside.
  last_event_ += static_cast<std::size_t>(in_.zigzag());
  return last_event();
}

const RowDecoder::Event& RowDecoder::read_fresh_event() {
  const Event& event = read_event();
  if (!event.beyond_known) fail("a fresh entry is of an event that is known already");
  return event;
}

const RowDecoder::Event& RowDecoder::read_first_event(unsigned flags) {
  const std::size_t next = last_event_ + 1;
  if (!may_name_next_event(flags) || (flags & row_next_event) == 0) {
    const Event& event = read_fresh_event();
    if (may_name_next_event(flags) && last_event_ == next) fail("a row names its event needlessly");
    return event;
  }
  last_event_ = next;
  const Event& event = last_event();
  if (!event.beyond_known) fail("a fresh entry is of an event that is known already");
  return event;
}

void RowDecoder::expect_all_events_used() const {
  if (!std::ranges::all_of(events_, &Event::used)) fail("an event is listed but not named");
}

void RowDecoder::expect_all_replicas_used() const {
  if (!std::ranges::all_of(replicas_, &KnownReplica::used)) {
    fail("a replica is listed but not named");
  }
}

// Rows -------------------------------------------------------------------------------------------

void RowDecoder::read(RowFragment& row, std::uint8_t flags, std::size_t table_columns,
                      std::uint64_t column_bound) {
  if ((flags & row_uniform) != 0) {
    read(uniform_, flags, table_columns, column_bound);
    RowFragment whole = uniform_.fragment();
    row.complete = true;
    row.existence = std::move(whole.existence);
    row.births = std::move(whole.births);
    row.columns = std::move(whole.columns);
    return;
  }
  const bool plain_existence = (flags & row_plain_existence) != 0;
  const bool existence = (flags & row_existence) != 0;
  const bool births = (flags & row_births) != 0;
  const bool plain_births = births && (flags & row_plain_births) != 0;
  if (plain_existence && !existence) fail("a row's flags contradict");
  if (!births && !may_name_next_event(flags) && (flags & row_next_event) != 0) {
    fail("a row's flags contradict");
  }
  row.complete = (flags & row_complete) != 0;
  if (births && !row.complete) fail("a row has news of births and is not complete");
  if (plain_existence) {
    row.existence = read_plain(read_first_event(flags), 1);
  } else if (existence) {
    row.existence = read_part(Part::existence);
  }
  const std::size_t existence_event = last_event_;
  if (plain_births) {
    row.births = read_plain(read_fresh_event(), {});
  } else if (births) {
    row.births = read_part(Part::births);
  }
  bool uniform = plain_existence && plain_births && existence_event == last_event_;
  if ((flags & row_columns) != 0 && !read_columns(row, column_bound)) uniform = false;
  if (uniform) fail("a uniform row is not in its shortest form");
  if (!row.existence && !row.births && row.columns.empty()) fail("a row says nothing");
}

void RowDecoder::read(InsertedRow& row, std::uint8_t flags, std::size_t table_columns,
                      std::uint64_t column_bound) {
  constexpr unsigned kAllowed =
      row_other_table | row_uniform | row_dense | row_columns | row_next_event;
  const bool dense = (flags & row_dense) != 0;
  const bool listed = (flags & row_columns) != 0;
  if ((flags & ~kAllowed) != 0 || (dense && listed)) fail("a uniform row's flags contradict");
  if (dense && table_columns == 0) fail("a dense row has no columns");
  row.stamp = read_first_event(flags).stamp;
  std::size_t count = dense ? table_columns : 0;
  if (listed) count = in_.count(kMaxDeltaEntries) + 1;
  if (count > column_bound) fail("a row names an unknown column");
  if (count > in_.remaining()) fail("a row has more columns than bytes remain");
  spend_entries(count + 2);
  row.columns.resize(count);
  row.values.resize(count);
  std::uint64_t next = 0;
  for (ColumnId& id : row.columns) {
    if (listed) next = read_step(in_, next, column_bound - 1, "a row names an unknown column");
    id = static_cast<ColumnId>(next++);
  }
  if (listed && count == table_columns) fail("a dense row lists its columns");
  for (ValueView& value : row.values) value = in_.value_view(kMaxDeltaBytes);
}

bool RowDecoder::read_columns(RowFragment& row, std::uint64_t column_bound) {
  constexpr std::uint64_t kPlainSameEvent = column_plain | column_same_event;
  bool all_plain_same_event = true;
  std::uint64_t next = 0;
  std::uint64_t header = column_more;
  while ((header & column_more) != 0) {
    header = in_.varint();
    const std::uint64_t gap = header >> kColumnFlagBits;
    if (next >= column_bound || gap >= column_bound - next) fail("a row names an unknown column");
    next += gap;
    row.columns.emplace_back(static_cast<ColumnId>(next++), read_column(header));
    if ((header & kPlainSameEvent) != kPlainSameEvent) all_plain_same_event = false;
  }
  return all_plain_same_event;
}

ColumnFragment RowDecoder::read_column(std::uint64_t header) {
  const bool same_event = (header & column_same_event) != 0;
  if ((header & column_plain) == 0) {
    if (same_event) fail("a column's flags contradict");
    return read_part(Part::column);
  }
  if (same_event) {
    const Event& event = last_event();
    if (!event.beyond_known) fail("a fresh entry is of an event that is known already");
    return read_plain(event, in_.value(kMaxDeltaBytes));
  }
  const std::size_t event_before = last_event_;
  const Event& event = read_fresh_event();
  if (last_event_ == event_before) fail("a column names its event needlessly");
  return read_plain(event, in_.value(kMaxDeltaBytes));
}

// Entries ----------------------------------------------------------------------------------------

ColumnFragment RowDecoder::read_plain(const Event& event, Value value) {
  spend_entries(1);
  ColumnFragment part;
  part.fresh.push_back(Entry::make(event.stamp, std::move(value)));
  return part;
}

ColumnFragment RowDecoder::read_part(Part part) {
  constexpr std::size_t kLeastEntryBytes = 2;
  const std::uint64_t header = in_.varint();
  const std::uint64_t count = header >> 1U;
  const bool has_kept = (header & 1U) != 0;
  if (count > in_.remaining() / kLeastEntryBytes)
    fail("a column has more entries than bytes remain");
  if (count == 0 && !has_kept) fail("a row lists a column without entries");
  spend_entries(static_cast<std::size_t>(count));
  ColumnFragment fragment;
  fragment.fresh.reserve(static_cast<std::size_t>(count));
  while (fragment.fresh.size() < count) read_entry(fragment.fresh, part);
  if (has_kept) fragment.kept = read_kept();
  // What could have been written as plain must have been; existence only where it says alive.
  const bool plain = is_plain({&fragment.fresh, &fragment.kept});
  const bool dead = part == Part::existence && plain && fragment.fresh[0].value == Value(0);
  if (plain && !dead) fail("a plain column is not in its shortest form");
  return fragment;
}

void RowDecoder::read_entry(Entries& entries, Part part) {
  const unsigned flags = in_.byte();
  if ((flags & ~unsigned{entry_all_flags}) != 0) fail("an entry has unknown flags");
  const bool same_event = (flags & entry_same_event) != 0;
  if (same_event && entries.empty()) fail("an entry refers to one before the first");
  const Event& event = same_event ? events_[last_event_] : read_event();
  Entry entry = Entry::make(event.stamp, {});
  if (!entries.empty() && !same_event && entry.id.dot <= entries.back().id.dot) {
    fail("a column's entries do not ascend");
  }
  std::uint64_t ordinal = same_event ? std::uint64_t{entries.back().id.ordinal} + 1 : 0;
  if ((flags & entry_ordinal) != 0) {
    ordinal = read_step(in_, ordinal + 1, kMaxOrdinal, "an entry's ordinal is out of range");
  }
  if (ordinal > kMaxOrdinal) fail("an entry's ordinal is out of range");
  entry.id.ordinal = static_cast<std::uint32_t>(ordinal);
  if ((flags & entry_sub_key) != 0) {
    entry.sub_key = in_.string(kMaxDeltaBytes);
    if (entry.sub_key.empty()) fail("an entry's sub-key is marked and empty");
  }
  if ((flags & entry_range) != 0) {
    entry.first -= read_step(in_, 1, entry.first - 1, "a folded range is out of range");
  }
  if ((flags & entry_unseen_births) != 0) entry.unseen_births = read_unseen();
  entry.value = in_.value(kMaxDeltaBytes);
  check_entry(entry, event, part);
  entries.push_back(std::move(entry));
}

void RowDecoder::check_entry(const Entry& entry, const Event& event, Part part) const {
  const bool range = entry.first != entry.id.dot.counter;
  // Ranges always travel in full.
  if (!event.beyond_known && !range) fail("a fresh entry is of an event that is known already");
  if (range && (entry.id.ordinal != 0 || !entry.unseen_births.empty())) {
    fail("a folded range has an ordinal or unseen births");
  }
  if (part == Part::column) return;
  if (!is_plain(entry)) fail("a birth or mark of existence holds more than it can");
  if (part == Part::existence && !is_mark(entry.value)) fail("a mark of existence is not 0 or 1");
  if (part == Part::births && !entry.value.is_null()) fail("a birth has a value");
}

std::vector<Dot> RowDecoder::read_unseen() {
  constexpr std::size_t kLeastDotBytes = 2;
  const std::size_t count = in_.count(kMaxDeltaEntries, kLeastDotBytes) + 1;
  spend_entries(count);
  std::vector<Dot> births;
  while (births.size() < count) {
    std::size_t next = 0;
    const KnownReplica& replica = read_replica(next);
    const std::uint64_t counter = in_.varint();
    if (counter == 0 || counter > replica.sender)
      fail("an unseen birth is beyond the sender's vector");
    const Dot birth{replica.id, counter};
    if (!births.empty() && birth <= births.back()) fail("an entry's unseen births do not ascend");
    births.push_back(birth);
  }
  return births;
}

// Kept -------------------------------------------------------------------------------------------

std::vector<EntryId> RowDecoder::read_kept() {
  constexpr std::size_t kLeastDotBytes = 2;
  std::vector<EntryId> kept;
  std::size_t replica = 0;
  std::uint64_t counter = 0;
  for (std::size_t left = in_.count(kMaxDeltaEntries, kLeastDotBytes) + 1; left > 0; --left) {
    const std::uint64_t header = in_.varint();
    const std::uint64_t step = header >> 1U;
    if (replica >= replicas_.size() || step >= replicas_.size() - replica) {
      fail("a kept entry's replica is not in the sender's vector");
    }
    replica += static_cast<std::size_t>(step);
    if (step != 0) counter = 0;
    counter = read_step(in_, counter + 1, replicas_[replica].known,
                        "a kept entry is of an event that is not known yet");
    const Dot dot{replicas_[replica].id, counter};
    if ((header & 1U) != 0) {
      read_runs(dot, kept);
    } else {
      spend_entries(1);
      kept.push_back({dot, 0});
    }
  }
  return kept;
}

void RowDecoder::read_runs(const Dot& dot, std::vector<EntryId>& kept) {
  constexpr std::size_t kLeastRunBytes = 2;
  const std::size_t runs = in_.count(kMaxDeltaEntries, kLeastRunBytes) + 1;
  std::uint64_t least = 0;
  for (std::size_t run = 0; run < runs; ++run) {
    const auto begin = read_step(in_, least, kMaxOrdinal, "a kept entry's ordinal is out of range");
    const auto end = read_step(in_, begin, kMaxOrdinal, "a kept entry's ordinal is out of range");
    if (runs == 1 && begin == 0 && end == 0) fail("a kept entry is not in its shortest form");
    spend_entries(static_cast<std::size_t>(end - begin) + 1);
    for (std::uint64_t i = begin; i <= end; ++i) {
      kept.push_back({dot, static_cast<std::uint32_t>(i)});
    }
    least = end + 2;
  }
}

void RowDecoder::spend_entries(std::size_t count) {
  if (count > entries_left_) {
    throw Error(ErrorCode::limit_exceeded,
                "a delta has more than " + std::to_string(kMaxDeltaEntries) + " entries");
  }
  entries_left_ -= count;
}

}  // namespace rill
