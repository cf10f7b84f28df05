#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "entry_codec.hpp"
#include "rill/bytes.hpp"
#include "rill/dot.hpp"

namespace rill {

/// A row that one event wrote whole, its values encoded already.
struct UniformRow {
  Stamp stamp;
  const std::vector<ColumnId>& columns;
  std::string_view values;
};

/// Writes rows: first told of all of them by `note`, then the events by `write_events`, then each
/// row. Throws `Error{internal}` for rows that are not sorted, or name a replica that is not
/// listed, and `Error{limit_exceeded}` for more than `kMaxDeltaEntries`.
class RowEncoder {
 public:
  /// `replicas` ascend.
  RowEncoder(ByteWriter& out, std::vector<ReplicaId> replicas);

  void note(const RowView& row);
  void note(const UniformRow& row);
  void write_events();
  /// The row's flags, without row_other_table.
  [[nodiscard]] std::uint8_t flags(const RowView& row, std::size_t table_columns) const;
  [[nodiscard]] std::uint8_t flags(const UniformRow& row, std::size_t table_columns) const;
  /// Everything after flags, table and key.
  void write(const RowView& row, std::uint8_t flags);
  void write(const UniformRow& row, std::uint8_t flags);

 private:
  void note(const PartView& part);
  [[nodiscard]] bool is_next(const Stamp& stamp) const;
  void write_listed_event(const Stamp& event, std::uint64_t last_counter, std::uint64_t last_ms);
  void write_uniform(const RowView& row, std::uint8_t flags);
  void write_column(const RowView& row, std::size_t index);
  void write_part(const PartView& part);
  void write_entry(const Entry& entry, const Entry* previous);
  void write_kept(const std::vector<EntryId>& kept);
  /// The ordinals of one dot, [begin, end) in `kept`.
  void write_runs(const std::vector<EntryId>& kept, std::size_t begin, std::size_t end);
  void write_unseen(const std::vector<Dot>& births);
  void write_event(const Stamp& stamp);
  /// The same, unless the row's flags tell already.
  void write_first_event(const Stamp& stamp, unsigned flags);
  [[nodiscard]] std::size_t event_number(const Stamp& stamp) const;
  std::size_t replica_number(const ReplicaId& id);

  ByteWriter& out_;
  std::vector<ReplicaId> replicas_;
  std::vector<Stamp> events_;
  std::size_t entries_ = 0;
  /// One before the first at first; arithmetic on it wraps.
  std::size_t last_event_ = std::size_t{0} - 1;
  std::size_t last_replica_ = 0;
};

}  // namespace rill
