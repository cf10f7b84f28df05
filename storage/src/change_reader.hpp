#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "extract.hpp"
#include "replaced_rows.hpp"
#include "rill/change_set.hpp"
#include "row_meta.hpp"

namespace rill::storage {

/// What committed between two snapshots.
struct SeenChanges {
  /// The changes of the tables that were asked for.
  ChangeSet listed;
  /// All tables that may have changed.
  std::set<std::string> tables;
  /// Whether the vector rose.
  bool vector_moved = false;
};

/// Reads, from a snapshot, the rows that changed after a given point.
/// Thread safety: one user at a time.
class ChangeReader {
 public:
  /// Which tables' rows are to be listed.
  struct Wanted {
    bool all = false;
    std::set<std::string> tables;

    [[nodiscard]] bool holds(const std::string& table) const {
      return all || tables.contains(table);
    }
  };

  /// Starts at the state of `reader`'s snapshot.
  explicit ChangeReader(Reader& reader);
  /// The changes up to `reader`'s snapshot. Old values come from `replaced` as far as that reaches
  /// back without gap to the last snapshot: where another process wrote in between, they are not
  /// known. Throws `Error`, and then starts at the same point the next time.
  SeenChanges read(Reader& reader, const Wanted& wanted, std::vector<ReplacedRows>& replaced);

 private:
  void index(std::vector<ReplacedRows>& replaced);
  bool table_changed(Reader& reader, const Table& table, std::int64_t until);
  void read_table(Reader& reader, const Table& table, std::int64_t until);
  void read_tombstones(Reader& reader, const Wanted& wanted, SeenChanges& seen, std::int64_t until);
  void add(Reader& reader, std::int64_t seq, Change change, const Table& table, const RowMeta& meta,
           const std::vector<Value>& values);
  void fill_columns(Change& change, const Table& table, const RowBefore* before,
                    const std::vector<Value>& values) const;
  void charge(const Change& change);

  std::int64_t seq_ = 0;
  VersionVector vector_;

  // While `read` runs.
  ReplicaId own_;
  std::map<std::pair<std::int64_t, std::string>, const RowBefore*> before_;
  std::map<std::int64_t, Change> found_;  // by seq
  std::set<std::string> unlisted_;
  std::size_t bytes_ = 0;  // of `found_`
  std::map<std::string, std::size_t> bytes_by_table_;
};

}  // namespace rill::storage
