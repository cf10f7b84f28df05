#include "row_meta.hpp"

#include <gmock/gmock.h>

namespace rill::storage {
namespace {

const Event kBirth{1, 70'000, Timestamp::from_ms(1'700'000'000'000).bits};
const Event kUpdate{1, 70'001, Timestamp::from_ms(1'700'000'000'123, 7).bits};

/// No file: the metas here name replicas by number only.
struct RowMetaTest : ::testing::Test {
  sqlite::Connection connection;
  Interner interner{connection};
};

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

}  // namespace
}  // namespace rill::storage
