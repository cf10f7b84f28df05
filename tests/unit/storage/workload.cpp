#include "unit/storage/workload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/storage/file_invariants.hpp"

namespace rill::testing {

void Workload::step(const std::function<void()>& body) {
  try {
    a.open();
    body();
  } catch (const Error& error) {
    errors.push_back(error);
  }
}

void Workload::write_pair(int number) {
  const std::string name = std::to_string(number);
  a.clock->advance(5);
  a.db->transaction([&] {
    a.db->execute("INSERT INTO notes(id, title, tags) VALUES(?, 'one', '[\"a\"]')", "n" + name);
    a.db->execute("INSERT INTO notes(id, title, views) VALUES(?, 'other', 3)", "twin" + name);
    a.db->execute("UPDATE notes SET views = views + 1 WHERE id = 'n1'");
  });
  committed_.insert(number);
}

void Workload::write_at_peer() {
  b.clock->advance(5);
  Database& db = b.open();
  db.execute("UPDATE notes SET title = 'by b', tags = '[\"a\",\"b\"]', views = views + 5");
  for (int number = 0; number < 6; ++number) {
    db.execute("INSERT INTO notes(id, body) VALUES(?, ?)", "b" + std::to_string(number),
               std::string(200, 'b'));
  }
  db.execute("DELETE FROM notes WHERE id = 'b0' OR id = 'gone'");
}

void Workload::run() {
  b.open();
  step([] {});
  step([&] { write_pair(1); });
  step([&] { a.db->execute("INSERT INTO notes(id) VALUES('gone')"); });
  step([&] { pull(*b.db, *a.db); });
  step([&] { a.db->execute("UPDATE notes SET title = 'by a', tags = '[\"c\"]' WHERE id = 'n1'"); });
  step([&] { a.db->execute("DELETE FROM notes WHERE id = 'gone'"); });
  write_at_peer();
  step([&] { pull(*a.db, *b.db, 150); });
  step([&] { a.db->query("PRAGMA wal_checkpoint(TRUNCATE)"); });
  step([&] { write_pair(2); });
  step([&] {
    const bool there = !a.db->query("SELECT 1 FROM notes WHERE id = 'n1'").empty();
    if (there) a.db->resolve("notes", "n1", "title");
  });
  step([&] { pull(*b.db, *a.db, 200); });
  step([&] { a.close(); });
  step([&] { a.db->query("SELECT * FROM notes ORDER BY body"); });
  step([&] { write_pair(3); });
  b.db->execute("UPDATE notes SET views = views + 1 WHERE id = 'twin1'");
  step([&] { exchange(*a.db, *b.db); });
}

void Workload::live(int day) {
  for (int hour = 0; hour < 4; ++hour) {
    step([&] { write_pair(100 * (day + 1) + hour); });
    step([&] { pull(*b.db, *a.db, 300); });
    step([&] {
      b.db->execute("INSERT INTO notes(id, body) VALUES(?, ?)", b.db->new_id(),
                    std::string(300, 'b'));
      pull(*a.db, *b.db, 200);
    });
  }
  step([&] { a.db->query("PRAGMA wal_checkpoint(TRUNCATE)"); });
  step([&] { exchange(*a.db, *b.db); });
}

void Workload::check(bool may_forget) {
  a.open();
  EXPECT_THAT(broken_invariants(DiskDevice::kPath, a.disk.vfs()), ::testing::IsEmpty());
  for (int number = 1; number <= 3; ++number) {
    const std::string name = std::to_string(number);
    const Value found = value_of(*a.db, "SELECT count(*) FROM notes WHERE id = ? OR id = ?",
                                 "n" + name, "twin" + name);
    if (committed_.contains(number) && !may_forget) {
      EXPECT_EQ(found, Value(2)) << "pair " << name << " was committed";
    } else {
      EXPECT_NE(found, Value(1)) << "pair " << name << " is there in part";
    }
  }
  EXPECT_EQ(value_of(*a.db, "SELECT count(*) FROM notes WHERE id GLOB 'n[0-9]*'"),
            value_of(*a.db, "SELECT count(*) FROM notes WHERE id GLOB 'twin*'"));
  a.db->execute("INSERT INTO notes(id) VALUES('afterwards')");
  exchange(*a.db, *b.db);
  EXPECT_EQ(a.db->digest(), b.db->digest());
  EXPECT_EQ(a.db->vector(), b.db->vector());
  EXPECT_THAT(broken_invariants(DiskDevice::kPath, a.disk.vfs()), ::testing::IsEmpty());
}

}  // namespace rill::testing
