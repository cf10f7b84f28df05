#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "rill/database.hpp"
#include "support/two_devices.hpp"

// What becomes of texts that are inserted, edited and replaced at the same time on several devices.

namespace rill {
namespace {

using testing::Device;
using testing::pull;

class TextMerge : public testing::TwoDevices {
 public:
  TextMerge() {
    for (Device* device : {&a, &b, &c, &d}) {
      device->db.migrate(1, [](Schema& schema) {
        schema.execute("CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, body TEXT)");
        schema.replicate("notes", {{"body", text()}});
      });
    }
  }

  static void insert(Device& device, const Value& body) {
    device.db.execute("INSERT OR REPLACE INTO notes(id, body) VALUES('n', ?)", body);
  }
  static void write(Device& device, const Value& body) {
    EXPECT_EQ(device.db.execute("UPDATE notes SET body = ?", body), 1);
  }
  static Value body(Device& device) {
    return testing::value_of(device.db, "SELECT body FROM notes WHERE id = 'n'");
  }
  static void expect_alike(std::initializer_list<Device*> devices) {
    for (Device* device : devices) {
      EXPECT_EQ(device->db.digest(), (*devices.begin())->db.digest());
      EXPECT_EQ(testing::findings(device->db), "");
    }
  }

  Device c{folder / "c.db"};
  Device d{folder / "d.db"};
};

TEST_F(TextMerge, TellsWhichTextsAnEditOverwroteThoughItsOwnIsReplaced) {
  insert(c, "of c");
  b.clock->advance(1'000);
  insert(b, "of b");
  pull(a.db, b.db);
  pull(a.db, c.db);
  insert(b, "of b, anew");
  pull(c.db, b.db);
  EXPECT_EQ(c.db.conflicts().size(), 1U);

  write(a, "of b, edited");
  pull(a.db, b.db);
  EXPECT_EQ(body(a), Value("of b, anew"));
  EXPECT_TRUE(a.db.conflicts().empty());

  pull(c.db, a.db);
  EXPECT_TRUE(c.db.conflicts().empty());
  expect_alike({&a, &c});
}

TEST_F(TextMerge, TellsThatNoTextIsLeft) {
  constexpr std::uint64_t kYearMs = 365ULL * 24 * 3600 * 1000;
  b.clock->advance(70 * kYearMs);  // nobody follows such a clock
  insert(b, "of b");
  pull(c.db, b.db);
  pull(d.db, b.db);
  insert(d, "of d");
  a.clock->advance(1'000);
  insert(a, "of a");
  // For c that of b is the latest; for d, who replaced it, that of a. Each edits another one.
  pull(c.db, a.db);
  write(c, "of b, edited by c");
  pull(a.db, d.db);
  pull(d.db, a.db);
  write(d, "of a, edited by d");
  pull(c.db, d.db);
  EXPECT_EQ(body(c), Value());
  pull(a.db, c.db);
  EXPECT_EQ(body(a), Value());
  expect_alike({&a, &c});
}

TEST_F(TextMerge, ResolvesInFavourOfNullAsOfAnEmptyText) {
  insert(a, "of a");
  b.clock->advance(1'000);
  insert(b, Value());
  pull(a.db, b.db);
  EXPECT_EQ(body(a), Value());
  EXPECT_TRUE(a.db.resolve("notes", "n", "body"));
  EXPECT_EQ(body(a), Value(""));
  write(b, "of b");
  pull(a.db, b.db);
  pull(b.db, a.db);
  EXPECT_EQ(body(b), Value("of b"));
  expect_alike({&a, &b});
}

TEST_F(TextMerge, ResolvesInFavourOfTheDefaultWhereThatIsShown) {
  Device older{folder / "older.db"};
  older.db.migrate(1, [](Schema& schema) {
    schema.execute("CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL)");
    schema.replicate("notes");
  });
  insert(a, "of a");
  insert(b, "of b");
  older.clock->advance(1'000);
  older.db.execute("INSERT INTO notes(id) VALUES('n')");
  pull(a.db, b.db);
  pull(a.db, older.db);
  EXPECT_EQ(body(a), Value()) << "neither saw the latest insert";
  EXPECT_EQ(a.db.conflicts().size(), 1U);

  EXPECT_TRUE(a.db.resolve("notes", "n", "body"));
  EXPECT_EQ(body(a), Value());
  EXPECT_TRUE(a.db.conflicts().empty());
  EXPECT_FALSE(a.db.resolve("notes", "n", "body"));
  pull(b.db, a.db);
  expect_alike({&a, &b});
}

}  // namespace
}  // namespace rill
