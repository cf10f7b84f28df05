#include <gmock/gmock.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "rill/database.hpp"
#include "rill/delta.hpp"
#include "support/database_fixture.hpp"

// Rows that take more than one value may: by SQL, by many columns, by concurrent versions.

namespace rill {
namespace {

using testing::Device;
using testing::pull;
using testing::value_of;

constexpr std::int64_t kLarge = 12'000'000;

class LargeRows : public ::testing::Test {
 public:
  LargeRows() {
    for (Device* device : {&a, &b, &c, &late}) {
      device->db.migrate(1, [](Schema& schema) {
        schema.execute("CREATE TABLE photos(id TEXT PRIMARY KEY NOT NULL, small, middle, large)");
        schema.replicate("photos");
      });
    }
  }

  static Value lengths(Database& db) {
    return value_of(db,
                    "SELECT format('%d %d %d', length(small), length(middle), length(large)) "
                    "FROM photos");
  }

  testing::TemporaryFolder folder;
  Device a{folder / "a.db"};
  Device b{folder / "b.db"};
  Device c{folder / "c.db"};
  Device late{folder / "late.db"};
};

TEST_F(LargeRows, OfAValueThatSqlMadeGoToOthers) {
  const std::int64_t size = kMaxValueBytes + 1;
  a.db.execute("INSERT INTO photos(id, large) VALUES('p', zeroblob(?))", size);
  pull(b.db, a.db);
  EXPECT_EQ(value_of(b.db, "SELECT length(large) FROM photos"), Value(size));
}

TEST_F(LargeRows, OfManyColumnsGoToOthers) {
  a.db.execute("INSERT INTO photos(id, small, middle, large) VALUES('p', ?1, ?1, ?1)",
               std::string(static_cast<std::size_t>(kLarge), 'x'));
  pull(b.db, a.db);
  EXPECT_EQ(lengths(b.db), Value("12000000 12000000 12000000"));
}

TEST_F(LargeRows, OfConcurrentVersionsReachWhoComesLate) {
  a.db.execute("INSERT INTO photos(id) VALUES('p')");
  pull(b.db, a.db);
  pull(c.db, a.db);
  for (Device* device : {&a, &b, &c}) {
    device->db.execute("UPDATE photos SET large = randomblob(?)", kLarge);
  }
  pull(a.db, b.db);
  pull(a.db, c.db);
  pull(late.db, a.db);
  const std::vector<ConflictRecord> conflicts = late.db.conflicts();
  ASSERT_EQ(conflicts.size(), 1U);
  EXPECT_EQ(conflicts[0].others.size(), 2U);
}

TEST_F(LargeRows, BeyondWhatOneDeltaHoldsAreNamedAndTheRestGoesOnOnceTheyAreSmaller) {
  a.db.execute("INSERT INTO photos(id, small) VALUES('first', 1), ('second', 2)");
  a.db.execute("UPDATE photos SET large = zeroblob(?) WHERE id = 'first'",
               static_cast<std::int64_t>(kMaxDeltaBytes));
  try {
    pull(b.db, a.db);
    ADD_FAILURE() << "it was sent";
  } catch (const Error& error) {
    EXPECT_EQ(to_string(error.code()), to_string(ErrorCode::limit_exceeded));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("row (first) of photos"));
  }
  a.db.execute("UPDATE photos SET large = NULL WHERE id = 'first'");
  pull(b.db, a.db);
  EXPECT_EQ(a.db.digest(), b.db.digest());
}

}  // namespace
}  // namespace rill
