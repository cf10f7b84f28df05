#include "simulation/crash_probe.hpp"

#include <sqlite3.h>

#include <memory>
#include <string>

#include "rill/error.hpp"
#include "simulation/violation.hpp"

namespace simulation {
namespace {

struct Close {
  void operator()(sqlite3* handle) const { sqlite3_close(handle); }
};

/// How often the whole file is read, and not only what it says of its events.
constexpr std::uint64_t kWholeFileEvery = 16;

bool sound(sqlite3* handle) {
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(handle, "PRAGMA integrity_check", -1, &statement, nullptr);
  const bool ok =
      sqlite3_step(statement) == SQLITE_ROW &&
      std::string(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0))) == "ok";
  sqlite3_finalize(statement);
  return ok;
}

}  // namespace

void CrashProbe::check(const Device& device, const Ledger& ledger, rill::testing::Crash how,
                       std::uint64_t seed) {
  ++checks_;
  disk_.restore(Device::kPath, device.disk.left_by(Device::kPath, how, seed));
  sqlite3* opened = nullptr;
  sqlite3_open_v2(Device::kPath, &opened, SQLITE_OPEN_READWRITE, disk_.vfs().c_str());
  const std::unique_ptr<sqlite3, Close> handle(opened);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  try {
    HoldingsReader reader(handle.get());
    const Holdings holdings = reader.read();
    const EventSet lost = device.owed & ~ledger.seen(holdings);
    if (lost.any()) {
      throw Violation("a crash of " + device.name() + " now would lose event " +
                      std::to_string(lost._Find_first()) + ", which it owes to others");
    }
    if (checks_ % kWholeFileEvery == 0 && !sound(handle.get())) {
      throw Violation("a crash of " + device.name() + " now would damage the file");
    }
  } catch (const rill::Error& error) {
    throw Violation("after a crash of " + device.name() + " now: " + error.what());
  }
}

}  // namespace simulation
