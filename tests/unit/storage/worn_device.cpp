#include "unit/storage/worn_device.hpp"

#include <numeric>
#include <utility>

namespace rill::testing {
namespace {

void migrate_all(Database& db) {
  migrate_notes(db);
  db.migrate(2, [](Schema& schema) {
    schema.execute(
        "CREATE TABLE plain(id TEXT PRIMARY KEY NOT NULL, text TEXT);"
        "CREATE TABLE letters(id TEXT PRIMARY KEY NOT NULL, words TEXT)");
    schema.replicate("plain", {});
    schema.replicate("letters", {{"words", text()}});
  });
}

void migrate_newer(Database& db) {
  db.migrate(3, [](Schema& schema) {
    schema.execute("CREATE TABLE newer(id TEXT PRIMARY KEY NOT NULL, words TEXT)");
    schema.replicate("newer", {{"words", set()}});
  });
}

void take_all(Database& db) {
  const auto changes = db.changes_since({});
  while (changes->next(1'000)) {
  }
}

std::string hex_of(const std::string& bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string hex;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    hex += {kDigits[value / 16], kDigits[value % 16]};
  }
  return hex;
}

std::string bytes_of(const std::string& hex) {
  std::string bytes;
  for (std::size_t place = 0; place + 1 < hex.size(); place += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(place, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace

StockConnection::StockConnection(const SimulatedDisk& disk) {
  sqlite3_open_v2(DiskDevice::kPath, &db_, SQLITE_OPEN_READWRITE, disk.vfs().c_str());
}

std::string StockConnection::text(const std::string& sql) {
  std::string result;
  const auto take = [](void* into, int, char** values, char**) {
    *static_cast<std::string*>(into) = values[0] != nullptr ? values[0] : "";
    return 0;
  };
  if (sqlite3_exec(db_, sql.c_str(), take, &result, nullptr) != SQLITE_OK) {
    throw std::runtime_error(sql + ": " + sqlite3_errmsg(db_));
  }
  return result;
}

std::size_t StockConnection::count(const std::string& table) {
  return std::stoul(text("SELECT count(*) FROM " + table));
}

void StockConnection::alter(const std::string& table, const std::string& column, std::size_t row,
                            const std::function<std::string(const std::string&)>& change) {
  const std::string old =
      text("SELECT hex(" + column + ") FROM " + table + " LIMIT 1 OFFSET " + std::to_string(row));
  // Keys of tables without rowid are not at hand: the value itself finds the row. It may become one
  // that another row has, and then stays.
  text("UPDATE OR IGNORE " + table + " SET " + column + " = x'" + hex_of(change(bytes_of(old))) +
       "' WHERE " + column + " = x'" + old + "' OR " + column + " = CAST(x'" + old + "' AS TEXT)");
}

WornDevice::WornDevice(int rows) {
  migrate_all(device.open());
  migrate_all(peer.open());
  migrate_newer(*peer.db);
  Database& own = *device.db;
  for (int row = 0; row < rows; ++row) {
    own.execute("INSERT INTO notes(id, body, tags) VALUES(?, ?, '[\"a\",\"b\"]')",
                "n" + std::to_string(10 + row), std::string(200, 'b'));
  }
  own.execute("INSERT INTO plain(id, text) VALUES('p', 'of the app')");
  own.execute("INSERT INTO letters(id, words) VALUES('l', 'Dear peer'), ('m', 'Dear device')");
  exchange(own, *peer.db);
  own.execute("UPDATE notes SET title = 'by a', views = views + 1, tags = '[\"a\"]'");
  own.execute("UPDATE letters SET words = words || ', good morning'");
  peer.db->execute("UPDATE notes SET title = 'by b', views = views + 2, tags = '[\"c\"]'");
  peer.db->execute("UPDATE letters SET words = 'My ' || words WHERE id = 'l'");
  peer.db->execute("DELETE FROM notes WHERE id = ?", "n" + std::to_string(10 + rows - 1));
  peer.db->execute("INSERT INTO newer(id, words) VALUES('w', '[\"x\",\"y\"]'), ('v', '[]')");
  exchange(own, *peer.db);
  own.execute("DELETE FROM notes WHERE id >= ?", "n" + std::to_string(10 + rows / 2));
  stage_a_chunk();
  device.close();
  whole = device.disk.copy(DiskDevice::kPath);

  const std::string kept = "n10";
  const std::string dead = "n" + std::to_string(10 + rows / 2);
  uses_ = {
      migrate_all,
      [](Database& db) { db.query("SELECT * FROM notes ORDER BY body"); },
      [](Database& db) { db.query("SELECT * FROM rill_conflicts"); },
      [](Database& db) { db.conflicts(); },
      [](Database& db) {
        db.execute("UPDATE notes SET title = 't', views = views + 1, tags = '[]'");
      },
      [](Database& db) { db.execute("DELETE FROM notes WHERE id = 'n11'"); },
      [dead](Database& db) {
        db.execute("INSERT OR REPLACE INTO notes(id) VALUES(?), ('new')", dead);
      },
      [](Database& db) { db.execute("UPDATE letters SET words = words || '!'"); },
      [](Database& db) {
        TextEdit edit = db.edit_text("letters", "l", "words");
        edit.insert(0, "P.S. ");
        edit.commit();
      },
      [](Database& db) { db.digest(); },
      [](Database& db) { static_cast<void>(db.summary()); },
      take_all,
      [this](Database& db) { pull(db, *peer.db, 500); },
      [this](Database& db) { db.receive(*peer.db->changes_since({})->next(10'000'000)); },
      [kept](Database& db) {
        if (!db.query("SELECT 1 FROM notes WHERE id = ?", kept).empty()) {
          db.resolve("notes", kept, "title");
        }
      },
      [](Database& db) { db.recapture("notes"); },
      [](Database& db) { static_cast<void>(db.check()); },
      migrate_newer,
  };
}

void WornDevice::stage_a_chunk() {
  peer.db->execute("UPDATE notes SET body = 'staged'");
  const auto changes = peer.db->changes_since(device.db->vector());
  if (device.db->receive(*changes->next(1)).applied) {
    throw std::logic_error("a chunk is the whole delta");
  }
}

std::vector<Error> WornDevice::use(const std::vector<std::size_t>& ways) {
  std::vector<std::size_t> chosen = ways;
  if (ways.empty()) {
    chosen.resize(uses_.size());
    std::iota(chosen.begin(), chosen.end(), 0U);
  }
  std::vector<Error> errors;
  for (const std::size_t way : chosen) {
    try {
      if (!device.db) device.db = std::make_unique<Database>(DiskDevice::kPath, device.options);
      uses_.at(way)(*device.db);
    } catch (const Error& error) {
      errors.push_back(error);
    }
  }
  device.close();
  return errors;
}

void WornDevice::adopt() { migrate_newer(*device.db); }

}  // namespace rill::testing
