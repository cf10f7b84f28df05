#pragma once

#include <sqlite3.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "rill/error.hpp"
#include "support/disk_device.hpp"

namespace rill::testing {

/// A connection of another program, without Rill. Throws what SQLite says as `std::runtime_error`.
class StockConnection {
 public:
  explicit StockConnection(const SimulatedDisk& disk);
  ~StockConnection() { sqlite3_close(db_); }
  StockConnection(const StockConnection&) = delete;
  StockConnection& operator=(const StockConnection&) = delete;

  /// The last value that the SQL gives; empty for NULL and for none.
  std::string text(const std::string& sql);
  std::size_t count(const std::string& table);
  /// Replaces one row's bytes of a column by what `change` makes of them.
  void alter(const std::string& table, const std::string& column, std::size_t row,
             const std::function<std::string(const std::string&)>& change);

 private:
  sqlite3* db_ = nullptr;
};

/// A device with something in each of Rill's tables, and a peer that can go on with it: for tests
/// that damage its file.
class WornDevice {
 public:
  /// At least 4 rows.
  explicit WornDevice(int rows);

  /// Puts the file back that the device has after construction. Close it before.
  void restore() { device.disk.restore(DiskDevice::kPath, whole); }
  /// In how many ways `use` uses a file.
  [[nodiscard]] std::size_t uses() const { return uses_.size(); }
  /// Opens the file and uses it in those ways, in all by default, going on after errors; returns
  /// what was thrown. The file is closed then.
  std::vector<Error> use(const std::vector<std::size_t>& ways = {});
  /// Migrates to the schema that the peer has.
  void adopt();

  DiskDevice device{1};
  DiskDevice peer{2};
  SimulatedDisk::Copy whole;

 private:
  void stage_a_chunk();

  std::vector<std::function<void(Database&)>> uses_;
};

}  // namespace rill::testing
