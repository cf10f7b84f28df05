#pragma once

#include <vector>

#include "bounded_events.hpp"
#include "capture.hpp"
#include "catalog.hpp"
#include "interner.hpp"
#include "rill/fork.hpp"
#include "row_store.hpp"
#include "sqlite.hpp"
#include "text/cells.hpp"

namespace rill::storage {

/// Gives all events of a file the names that a grown set of certificates calls for: rows, dead
/// ones, those of tables that this schema lacks, texts, vector, marks and epochs. What waits in the
/// inbox is under old names, and goes.
///
/// Thread safety: used under its connection's lock, inside one write transaction, with a capture
/// that is applying. The file's own replica must not be among those concerned (`Identity::renew`).
class ForkRenamer {
 public:
  ForkRenamer(sqlite::Connection& connection, Capture& capture, const Forks& forks);

  /// Does all of it. Returns what the app is to be told. Throws a storage error.
  BoundedEvents run();

 private:
  void rename_vector();
  void rename_epochs();
  void rename_marks();
  void rename_rows(const Table& table);
  void rename_tombstones(const Table& table);
  void rename_row(const Table& table, const std::vector<Value>& key);
  ShownRow show_renamed(const Table& table, const RowState& state, const StoredRow& before);
  void rename_unknown();
  [[nodiscard]] BoundedEvents events() const;

  sqlite::Connection& connection_;
  Capture& capture_;
  Interner& interner_;
  Epochs epochs_;
  Renaming renaming_;
  RowStore rows_;
  TextCells cells_;
  std::int64_t seq_ = 0;
  /// By number of the replica: beyond these are events that get new names.
  std::vector<std::uint64_t> kept_;
};

}  // namespace rill::storage
