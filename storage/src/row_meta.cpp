#include "row_meta.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "damage.hpp"
#include "rill/bytes.hpp"
#include "rill/delta.hpp"
#include "rill/error.hpp"

// The format is described byte by byte in storage/README.md.

namespace rill::storage {
namespace {

constexpr std::uint8_t kInserted = 1;
constexpr std::uint8_t kGeneral = 2;

// Column forms.
constexpr std::uint8_t kAbsent = 0;
constexpr std::uint8_t kWhole = 1;
constexpr std::uint8_t kEntries = 2;

// Entry flags: which optional parts follow.
constexpr std::uint8_t kHasOrdinal = 1;
constexpr std::uint8_t kHasRange = 2;
constexpr std::uint8_t kHasSubKey = 4;
constexpr std::uint8_t kHasUnseen = 8;

constexpr std::size_t kMaxItems = 1U << 28U;

constexpr const char* kPlace = "a row's _rill_meta";

/// Collects the distinct events of a meta, in order of first use.
class EventTable {
 public:
  std::size_t add(const Event& event) {
    const auto found = std::find(events_.begin(), events_.end(), event);
    if (found != events_.end()) return static_cast<std::size_t>(found - events_.begin());
    events_.push_back(event);
    return events_.size() - 1;
  }
  [[nodiscard]] const std::vector<Event>& events() const noexcept { return events_; }

 private:
  std::vector<Event> events_;
};

void write_event(ByteWriter& writer, const Event& event) {
  writer.varint(event.replica);
  writer.varint(event.counter);
  writer.varint(event.time);
}

Event read_event(ByteReader& reader) {
  Event event;
  event.replica = static_cast<std::uint32_t>(reader.varint(UINT32_MAX));
  event.counter = reader.varint(kMaxCounter);
  if (event.counter == 0) throw Error(ErrorCode::malformed, "an event without a counter");
  event.time = reader.varint();
  return event;
}

void write_entry(ByteWriter& writer, const Entry& entry, EventTable& events, Interner& interner) {
  std::uint8_t flags = 0;
  if (entry.id.ordinal != 0) flags |= kHasOrdinal;
  if (entry.first != entry.id.dot.counter) flags |= kHasRange;
  if (!entry.sub_key.empty()) flags |= kHasSubKey;
  if (!entry.unseen_births.empty()) flags |= kHasUnseen;
  writer.byte(flags);
  writer.varint(events.add(event_of(entry, interner)));
  if ((flags & kHasOrdinal) != 0) writer.varint(entry.id.ordinal);
  if ((flags & kHasRange) != 0) writer.varint(entry.first);
  if ((flags & kHasSubKey) != 0) writer.string(entry.sub_key);
  if ((flags & kHasUnseen) != 0) {
    writer.varint(entry.unseen_births.size());
    for (const Dot& birth : entry.unseen_births) {
      writer.varint(interner.number(birth.replica));
      writer.varint(birth.counter);
    }
  }
  writer.value(entry.value);
}

Entry read_entry(ByteReader& reader, const std::vector<Event>& events, Interner& interner) {
  const std::uint8_t flags = reader.byte();
  const Event& event = events.at(reader.varint(events.size() - 1));
  Entry entry = Entry::make(stamp_of(event, interner), Value());
  if ((flags & kHasOrdinal) != 0) {
    entry.id.ordinal = static_cast<std::uint32_t>(reader.varint(UINT32_MAX));
  }
  if ((flags & kHasRange) != 0) entry.first = reader.varint(event.counter);
  if ((flags & kHasSubKey) != 0) entry.sub_key = reader.string(reader.remaining());
  if ((flags & kHasUnseen) != 0) {
    const std::size_t count = reader.count(kMaxItems, 2);
    for (std::size_t index = 0; index < count; ++index) {
      const auto replica = static_cast<std::uint32_t>(reader.varint(UINT32_MAX));
      const Dot birth{interner.id(replica), reader.varint(kMaxCounter)};
      if (birth.counter == 0 || (index > 0 && birth <= entry.unseen_births.back())) {
        throw Error(ErrorCode::malformed, "an entry's unseen births are no ascending dots");
      }
      entry.unseen_births.push_back(birth);
    }
  }
  entry.value = reader.value(reader.remaining());
  return entry;
}

void write_column(ByteWriter& writer, const RowMeta::Column& column, EventTable& events,
                  Interner& interner) {
  writer.varint(column.id);
  if (column.whole) {
    writer.byte(kWhole);
    writer.varint(events.add(*column.whole));
  } else if (column.entries.empty()) {
    writer.byte(kAbsent);
  } else {
    writer.byte(kEntries);
    writer.varint(column.entries.size());
    for (const Entry& entry : column.entries) write_entry(writer, entry, events, interner);
  }
}

RowMeta::Column read_column(ByteReader& reader, const std::vector<Event>& events,
                            Interner& interner) {
  RowMeta::Column column;
  column.id = static_cast<ColumnId>(reader.varint(UINT32_MAX));
  switch (reader.byte()) {
    case kWhole:
      column.whole = events.at(reader.varint(events.size() - 1));
      break;
    case kEntries: {
      const std::size_t count = reader.count(kMaxItems, 3);
      column.entries.reserve(count);
      for (std::size_t index = 0; index < count; ++index) {
        column.entries.push_back(read_entry(reader, events, interner));
        const std::size_t size = column.entries.size();
        if (size > 1 && !(column.entries[size - 2].id < column.entries[size - 1].id)) {
          throw Error(ErrorCode::malformed, "a column's entries do not ascend");
        }
      }
      break;
    }
    default:
      break;
  }
  return column;
}

/// The births of a row, and its marks, are sets in any order: no event is there twice.
template <typename Item, typename EventOf>
void expect_distinct(const std::vector<Item>& items, EventOf event_of) {
  if (items.size() < 2) return;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> dots;
  dots.reserve(items.size());
  for (const Item& item : items) {
    const Event& event = std::invoke(event_of, item);
    dots.emplace_back(event.replica, event.counter);
  }
  std::ranges::sort(dots);
  if (std::ranges::adjacent_find(dots) != dots.end()) {
    throw Error(ErrorCode::malformed, "an event bears the row, or marks it, twice");
  }
}

std::vector<Event> read_events(ByteReader& reader) {
  std::vector<Event> events(reader.count(kMaxItems, 3));
  if (events.empty()) throw Error(ErrorCode::malformed, "a row without events");
  for (Event& event : events) event = read_event(reader);
  return events;
}

RowMeta read_general(ByteReader& reader, Interner& interner) {
  const std::vector<Event> events = read_events(reader);
  const auto event = [&] { return events.at(reader.varint(events.size() - 1)); };
  RowMeta meta;
  meta.births.resize(reader.count(kMaxItems));
  for (Event& birth : meta.births) birth = event();
  expect_distinct(meta.births, std::identity());
  meta.existence.resize(reader.count(kMaxItems, 2));
  for (RowMeta::Mark& mark : meta.existence) {
    mark.alive = reader.byte() != 0;
    mark.event = event();
  }
  expect_distinct(meta.existence, &RowMeta::Mark::event);
  meta.shape = static_cast<std::uint32_t>(reader.varint(UINT32_MAX));
  if (reader.byte() != 0) meta.base = event();
  const std::size_t count = reader.count(kMaxItems, 2);
  meta.exceptions.reserve(count);
  for (std::size_t index = 0; index < count; ++index) {
    meta.exceptions.push_back(read_column(reader, events, interner));
    if (index > 0 && meta.exceptions[index].id <= meta.exceptions[index - 1].id) {
      throw Error(ErrorCode::malformed, "the columns do not ascend");
    }
  }
  reader.expect_end();
  return meta;
}

RowMeta read_inserted(ByteReader& reader) {
  const Event event = read_event(reader);
  const auto shape = static_cast<std::uint32_t>(reader.varint(UINT32_MAX));
  reader.expect_end();
  return RowMeta::inserted(event, shape);
}

bool is_inserted(const RowMeta& meta) {
  return meta.births.size() == 1 && meta.existence.size() == 1 && meta.existence[0].alive &&
         meta.base && meta.exceptions.empty() && meta.births[0] == *meta.base &&
         meta.existence[0].event == *meta.base;
}

bool beyond(const Event& event, const std::vector<std::uint64_t>& known) {
  return event.replica >= known.size() || event.counter > known[event.replica];
}

}  // namespace

Event event_of(const Entry& entry, Interner& interner) {
  return {interner.number(entry.id.dot.replica), entry.id.dot.counter, entry.time.bits};
}

Stamp stamp_of(const Event& event, Interner& interner) {
  return {{interner.id(event.replica), event.counter}, {event.time}};
}

RowMeta RowMeta::inserted(const Event& event, std::uint32_t shape) {
  RowMeta meta;
  meta.births.push_back(event);
  meta.touch(event);
  meta.shape = shape;
  meta.base = event;
  return meta;
}

const RowMeta::Column* RowMeta::exception(ColumnId id) const noexcept {
  const auto found =
      std::lower_bound(exceptions.begin(), exceptions.end(), id,
                       [](const Column& column, ColumnId wanted) { return column.id < wanted; });
  return found != exceptions.end() && found->id == id ? &*found : nullptr;
}

RowMeta::Column& RowMeta::except(ColumnId id) {
  const auto place =
      std::lower_bound(exceptions.begin(), exceptions.end(), id,
                       [](const Column& column, ColumnId wanted) { return column.id < wanted; });
  if (place != exceptions.end() && place->id == id) return *place;
  return *exceptions.insert(place, Column{id, std::nullopt, {}});
}

void RowMeta::set_whole(ColumnId id, const Event& event) {
  Column& column = except(id);
  column.whole = event;
  column.entries.clear();
}

std::string encode_inserted(const Event& event, std::uint32_t shape) {
  ByteWriter writer;
  writer.byte(kInserted);
  write_event(writer, event);
  writer.varint(shape);
  return writer.take();
}

std::string encode_overwritten(std::string_view bytes, const Event& event,
                               const std::vector<ColumnId>& columns) {
  if (bytes.empty() || static_cast<std::uint8_t>(bytes.front()) != kInserted) return {};
  ByteReader reader(bytes.substr(1));
  const Event birth = read_event(reader);
  const auto shape = static_cast<std::uint32_t>(reader.varint(UINT32_MAX));
  if (birth == event) return {};
  ByteWriter writer;
  writer.byte(kGeneral);
  writer.varint(2);
  write_event(writer, birth);
  write_event(writer, event);
  // Of the two events, the first bore the row, the second says that it is alive, and all is whole
  // by the first but for the columns of the second.
  writer.raw({"\x01\x00\x01\x01\x01", 5});
  writer.varint(shape);
  writer.raw({"\x01\x00", 2});
  writer.varint(columns.size());
  for (const ColumnId column : columns) {
    writer.varint(column);
    writer.byte(kWhole);
    writer.byte(1);
  }
  return writer.take();
}

std::string encode(const RowMeta& meta, Interner& interner) {
  if (is_inserted(meta)) return encode_inserted(meta.births[0], meta.shape);
  EventTable events;
  ByteWriter body;
  body.varint(meta.births.size());
  for (const Event& birth : meta.births) body.varint(events.add(birth));
  body.varint(meta.existence.size());
  for (const RowMeta::Mark& mark : meta.existence) {
    body.byte(mark.alive ? 1 : 0);
    body.varint(events.add(mark.event));
  }
  body.varint(meta.shape);
  body.byte(meta.base ? 1 : 0);
  if (meta.base) body.varint(events.add(*meta.base));
  body.varint(meta.exceptions.size());
  for (const RowMeta::Column& column : meta.exceptions) {
    write_column(body, column, events, interner);
  }
  ByteWriter writer;
  writer.byte(kGeneral);
  writer.varint(events.events().size());
  for (const Event& event : events.events()) write_event(writer, event);
  writer.raw(body.view());
  return writer.take();
}

std::optional<InsertedMeta> decode_inserted(std::string_view bytes) {
  return read_stored(kPlace, [&]() -> std::optional<InsertedMeta> {
    ByteReader reader(bytes);
    if (reader.byte() != kInserted) return std::nullopt;
    InsertedMeta meta;
    meta.event = read_event(reader);
    meta.shape = static_cast<std::uint32_t>(reader.varint(UINT32_MAX));
    reader.expect_end();
    return meta;
  });
}

RowMeta decode_meta(std::string_view bytes, Interner& interner) {
  return read_stored(kPlace, [&]() -> RowMeta {
    ByteReader reader(bytes);
    const std::uint8_t form = reader.byte();
    if (form == kInserted) return read_inserted(reader);
    if (form == kGeneral) return read_general(reader, interner);
    throw Error(ErrorCode::malformed, "unknown form " + std::to_string(form));
  });
}

bool has_news(std::string_view bytes, const std::vector<std::uint64_t>& known) {
  return read_stored(kPlace, [&] {
    ByteReader reader(bytes);
    if (reader.byte() == kInserted) return beyond(read_event(reader), known);
    const std::size_t count = reader.count(kMaxItems, 3);
    for (std::size_t index = 0; index < count; ++index) {
      if (beyond(read_event(reader), known)) return true;
    }
    return false;
  });
}

}  // namespace rill::storage
