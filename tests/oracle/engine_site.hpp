#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "oracle/generator.hpp"
#include "oracle/history.hpp"
#include "rill/dot.hpp"
#include "rill/hybrid_clock.hpp"
#include "rill/row_state.hpp"
#include "rill/table_rules.hpp"
#include "rill/version_vector.hpp"

namespace oracle {

/// One device without a database: the engine's state of each row, written, told to others and
/// joined as a database does it.
class EngineSite {
 public:
  EngineSite(const Plan& plan, std::size_t number);

  [[nodiscard]] const rill::ReplicaId& id() const { return id_; }
  [[nodiscard]] bool current_schema() const { return current_schema_; }
  [[nodiscard]] const rill::VersionVector& seen() const { return seen_; }
  [[nodiscard]] const std::vector<rill::RowState>& rows() const { return rows_; }
  [[nodiscard]] rill::ShownRow shown(std::size_t table, std::size_t key) const;

  void set_time(std::uint64_t world_ms);
  void adopt();
  /// Reads back what a file would keep. Throws `Mismatch` if that is something else.
  void restart();

  /// What the next transaction is called.
  [[nodiscard]] rill::Stamp next_stamp() const;
  /// Writes one operation of a transaction; the oracle says what its row shows `after` it.
  void write(const Operation& operation, const RowView& after, const rill::Stamp& stamp);
  /// Takes back all since `rows()` were these.
  void restore(std::vector<rill::RowState> rows) { rows_ = std::move(rows); }
  void commit(const rill::Stamp& stamp);

  /// What a device that has seen `known` lacks, in chunks of about so many bytes.
  std::vector<std::string> changes_since(rill::VersionVector known, std::size_t chunk_bytes);
  /// Takes over a whole delta. False if it starts beyond what this device has seen.
  bool receive(const std::vector<std::string>& chunks);

 private:
  void declare();
  [[nodiscard]] rill::Value written(const Column& column, rill::ColumnId id,
                                    const RowView& after) const;
  void observe(const rill::RowFragment& row);

  const Plan& plan_;
  Device device_;
  rill::ReplicaId id_;
  bool current_schema_;
  std::vector<rill::TableRules> rules_;
  /// By table, then key.
  std::vector<rill::RowState> rows_;
  rill::VersionVector seen_;
  std::uint64_t exported_ = 0;
  rill::HybridClock clock_;
  std::uint64_t wall_ms_ = 0;
};

}  // namespace oracle
