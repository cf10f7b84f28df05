#include "row_meta.hpp"

#include <gmock/gmock.h>

#include "support/events.hpp"
#include "support/expect_error.hpp"

namespace rill::storage {
namespace {

const Event kBirth{1, 70'000, Timestamp::from_ms(1'700'000'000'000).bits};
const Event kUpdate{1, 70'001, Timestamp::from_ms(1'700'000'000'123, 7).bits};

/// A file that knows one replica, number 1.
struct RowMetaTest : ::testing::Test {
  RowMetaTest() {
    connection.execute(
        "CREATE TABLE rill_replica(id INTEGER PRIMARY KEY, replica BLOB NOT NULL UNIQUE)");
    interner.number(test::replica(1));
  }

  [[nodiscard]] RowMeta stored(const RowMeta& meta) {
    return decode_meta(encode(meta, interner), interner);
  }

  sqlite::Connection connection{":memory:", {true, false, true, {}, 0}};
  Interner interner{connection};
};

/// The same dot as `event`, at another time: what only a damaged file tells of it.
Event retold(Event event) {
  ++event.time;
  return event;
}

TEST_F(RowMetaTest, AnInsertedRowIsEncodedTheSameWithAndWithoutDetours) {
  EXPECT_EQ(encode(RowMeta::inserted(kBirth, 3), interner), encode_inserted(kBirth, 3));
}

TEST_F(RowMetaTest, OverwritingColumnsOfAnInsertedRowIsEncodedTheSameWithAndWithoutDetours) {
  const std::string inserted = encode_inserted(kBirth, 3);
  for (const std::vector<ColumnId>& columns :
       {std::vector<ColumnId>{0}, {2}, {0, 1, 2}, {1, 300}}) {
    RowMeta meta = decode_meta(inserted, interner);
    for (const ColumnId column : columns) meta.set_whole(column, kUpdate);
    meta.touch(kUpdate);
    EXPECT_EQ(encode_overwritten(inserted, kUpdate, columns), encode(meta, interner));
  }
}

TEST_F(RowMetaTest, OtherRowsAreNotOverwrittenWithoutDetours) {
  const std::string inserted = encode_inserted(kBirth, 3);
  EXPECT_THAT(encode_overwritten(inserted, kBirth, {0}), ::testing::IsEmpty());
  const std::string updated = encode_overwritten(inserted, kUpdate, {0});
  EXPECT_THAT(encode_overwritten(updated, kUpdate, {0}), ::testing::IsEmpty());
  EXPECT_THAT(encode_overwritten("", kUpdate, {0}), ::testing::IsEmpty());
}

TEST_F(RowMetaTest, BirthsThatShareADotAreDamage) {
  RowMeta meta = RowMeta::inserted(kBirth, 3);
  meta.births = {kUpdate, kBirth};
  EXPECT_EQ(stored(meta).births, meta.births);
  meta.births = {kBirth, kUpdate, retold(kBirth)};
  EXPECT_ERROR(stored(meta), ErrorCode::corrupt);
}

TEST_F(RowMetaTest, MarksThatShareADotAreDamage) {
  RowMeta meta = RowMeta::inserted(kBirth, 3);
  meta.existence = {{kUpdate, false}, {kBirth, true}};
  EXPECT_THAT(stored(meta).existence, ::testing::SizeIs(2));
  meta.existence.push_back({retold(kUpdate), true});
  EXPECT_ERROR(stored(meta), ErrorCode::corrupt);
}

TEST_F(RowMetaTest, UnseenBirthsThatDoNotAscendFromOneAreDamage) {
  RowMeta meta = RowMeta::inserted(kBirth, 3);
  meta.except(0).entries = {Entry::make(stamp_of(kUpdate, interner), Value(1))};
  const auto with_unseen = [&](const std::vector<Dot>& births) {
    meta.exceptions[0].entries[0].unseen_births = births;
    return stored(meta).exceptions[0].entries[0].unseen_births;
  };
  using test::dot;
  EXPECT_THAT(with_unseen({dot(1, 3), dot(1, 4)}), ::testing::SizeIs(2));
  EXPECT_ERROR(with_unseen({dot(1, 3), dot(1, 3)}), ErrorCode::corrupt);
  EXPECT_ERROR(with_unseen({dot(1, 4), dot(1, 3)}), ErrorCode::corrupt);
  EXPECT_ERROR(with_unseen({dot(1, 0), dot(1, 3)}), ErrorCode::corrupt);
}

}  // namespace
}  // namespace rill::storage
