#include <gtest/gtest.h>

#include "rill/delta.hpp"
#include "rill/row_state.hpp"
#include "support/events.hpp"
#include "support/expect_error.hpp"

namespace rill {
namespace {

using namespace std::string_literals;
using test::dot;
using test::stamp;

RowState uniform_row() {
  RowState row;
  row.insert(stamp('A', 1));
  row.at(0) = {Entry::make(stamp('A', 1), "title")};
  row.at(5'000'000) = {Entry::make(stamp('A', 1), 3)};
  return row;
}

RowState intricate_row() {
  RowState row;
  row.existence = {Entry::make(stamp('B', 2), 0)};
  row.births = {Entry::make(stamp('A', 1), {}), Entry::make(stamp('C', 1), {})};
  Entry sibling = Entry::make(stamp('A', 3), "x");
  sibling.unseen_births = {dot('C', 1)};
  Entry range = Entry::make(stamp('A', 9), 12);
  range.first = 4;
  row.at(0) = {sibling, Entry::make(stamp('B', 1), {})};
  row.at(1) = {range};
  row.at(2) = {Entry::make(stamp('C', 1), {}), Entry::make(stamp('C', 1), 1, 1, "key")};
  return row;
}

TEST(RowCodec, DecodesToWhatWasEncoded) {
  for (const RowState& row : {RowState(), uniform_row(), intricate_row()}) {
    EXPECT_EQ(decode_row_state(encode(row)), row);
  }
}

TEST(RowCodec, ADeadRowDecodes) {
  RowState row = uniform_row();
  row.erase(stamp('A', 2));
  EXPECT_EQ(decode_row_state(encode(row)), row);
}

TEST(RowCodec, LeavesOutColumnsWithoutEntries) {
  RowState row = uniform_row();
  row.at(7);
  EXPECT_EQ(encode(row), encode(uniform_row()));
}

TEST(RowCodec, RefusesBytesThatEndEarlyOrLate) {
  for (const RowState& row : {RowState(), uniform_row(), intricate_row()}) {
    const std::string bytes = encode(row);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      EXPECT_ERROR(decode_row_state(bytes.substr(0, length)), ErrorCode::malformed);
    }
    EXPECT_ERROR(decode_row_state(bytes + "x"), ErrorCode::malformed);
  }
}

TEST(RowCodec, RefusesReplicasAndEventsThatNoEntryNames) {
  const std::string nothing = "\x01\x00\x00\x00"s;
  EXPECT_EQ(decode_row_state(nothing), RowState());
  const std::string replica(16, 'r');
  EXPECT_ERROR(decode_row_state("\x01\x01"s + replica + "\x00\x00"s), ErrorCode::malformed);
  EXPECT_ERROR(decode_row_state("\x01\x01"s + replica + "\x01\x00\x00\x00\x00\x00"s),
               ErrorCode::malformed);
}

TEST(RowCodec, RefusesAnUnknownFormat) {
  EXPECT_ERROR(decode_row_state("\x02\x00\x00\x00"s), ErrorCode::malformed);
}

}  // namespace
}  // namespace rill
