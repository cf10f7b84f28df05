#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog.hpp"
#include "interner.hpp"
#include "rill/row_state.hpp"
#include "rill/value.hpp"

namespace rill::storage {

/// A stamp with its replica as this file's number.
struct Event {
  std::uint32_t replica = 0;
  std::uint64_t counter = 0;
  std::uint64_t time = 0;

  friend bool operator==(const Event&, const Event&) = default;
};

/// The event that an entry comes from, for this file. A replica that is new to it gets its number.
Event event_of(const Entry& entry, Interner& interner);
/// The same event, as others know it.
Stamp stamp_of(const Event& event, Interner& interner);

/// The decoded `_rill_meta` of a row: its `RowState` less the values that the row itself shows.
///
/// A column is *whole* if one event wrote the shown value from nothing; its event is then all there
/// is to know, beside the value. Nearly all columns of nearly all rows are whole by the event that
/// inserted the row (`base`). A column that is not whole carries its entries.
struct RowMeta {
  struct Column {
    ColumnId id = 0;
    /// Set: the column is whole by this event. Empty: `entries` are all there is (maybe none).
    std::optional<Event> whole;
    Entries entries;
  };
  struct Mark {
    Event event;
    bool alive = true;
  };

  std::vector<Event> births;
  std::vector<Mark> existence;
  /// All columns of this shape of the table are whole by `base`, but for the exceptions.
  std::uint32_t shape = 0;
  std::optional<Event> base;
  /// Ascending by id.
  std::vector<Column> exceptions;

  /// The meta of a row that `event` inserted.
  static RowMeta inserted(const Event& event, std::uint32_t shape);

  [[nodiscard]] const Column* exception(ColumnId id) const noexcept;
  /// The column's exception, made (with no entries) if there was none.
  Column& except(ColumnId id);
  /// The column was overwritten from nothing by `event`.
  void set_whole(ColumnId id, const Event& event);
  /// The row is alive as of `event`.
  void touch(const Event& event) { existence.assign(1, {event, true}); }
  void erase(const Event& event) { existence.assign(1, {event, false}); }
};

/// The bytes of `_rill_meta`; the format stands in storage/README.md.
std::string encode(const RowMeta& meta, Interner& interner);
/// The bytes for a row that one event inserted, the common case, without detours.
std::string encode_inserted(const Event& event, std::uint32_t shape);
/// The same for such a row of which `event` then overwrote `columns`; empty if `bytes` is of
/// another form, and so needs the way by `decode_meta`. Precondition: the columns ascend.
std::string encode_overwritten(std::string_view bytes, const Event& event,
                               const std::vector<ColumnId>& columns);
/// The two facts of a meta as `encode_inserted` makes it.
struct InsertedMeta {
  Event event;
  std::uint32_t shape = 0;
};
/// Empty for a meta of another form. Throws `Error{corrupt}`.
std::optional<InsertedMeta> decode_inserted(std::string_view bytes);
/// Throws `Error{corrupt}`.
RowMeta decode_meta(std::string_view bytes, Interner& interner);

/// Whether any event of an encoded meta is beyond `known` (counters by replica number). Decodes no
/// more than it needs. Throws `Error{corrupt}`.
bool has_news(std::string_view bytes, const std::vector<std::uint64_t>& known);

/// The full state of a row from its meta and the values it shows, by column id.
RowState expand(const RowMeta& meta, const Table& table, const std::vector<Value>& values,
                Interner& interner);
/// The inverse: the meta of a state that shows `values`.
RowMeta collapse(const RowState& state, const Table& table, const std::vector<Value>& values,
                 Interner& interner);

/// The live inserts of the row, as `expand` gives them.
Entries expand_births(const RowMeta& meta, Interner& interner);
/// The entries of one column, as `expand` gives them.
Entries expand_column(const RowMeta& meta, ColumnId id, const Table& table, const Value& value,
                      Interner& interner);

}  // namespace rill::storage
