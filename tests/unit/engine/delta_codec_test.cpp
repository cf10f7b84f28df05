#include <gtest/gtest.h>

#include "rill/bytes.hpp"
#include "rill/delta.hpp"
#include "rill/row_state.hpp"
#include "support/events.hpp"
#include "support/expect_error.hpp"

namespace rill {
namespace {

using namespace std::string_literals;
using test::dot;
using test::replica;
using test::stamp;
using test::vector_of;

std::string key(std::int64_t number) { return encode_key(std::vector<Value>{number}); }

/// A delta between replicas A and B that the tests fill: A knows A:9 and B:9, its peer A:4 and B:4.
Delta empty_delta() {
  Delta delta;
  delta.sender = replica('A');
  delta.opening = {7, 7};
  delta.position = 300;
  delta.known = vector_of(dot('A', 4), dot('B', 4));
  delta.sender_vector = vector_of(dot('A', 9), dot('B', 9));
  delta.chunk = 2;
  delta.last = false;
  delta.tables = {
      {"notes", {{"title", RuleKind::last_writer}, {"tags", RuleKind::set}}},
      {"counts", {{"n", RuleKind::counter}}},
  };
  return delta;
}

RowFragment fragment(std::int64_t number, std::uint32_t table = 0) {
  RowFragment row;
  row.table = table;
  row.key = key(number);
  return row;
}

ColumnFragment fresh(Entries entries) { return {.fresh = std::move(entries), .kept = {}}; }

/// An update of one column by one event.
RowFragment update(std::int64_t number, const Stamp& stamp, Value value) {
  RowFragment row = fragment(number);
  row.existence = fresh({Entry::make(stamp, 1)});
  row.columns = {{0, fresh({Entry::make(stamp, std::move(value))})}};
  return row;
}

Delta delta_of(std::vector<RowFragment> rows) {
  Delta delta = empty_delta();
  delta.rows = std::move(rows);
  return delta;
}

/// A row with everything that is not plain.
RowFragment intricate_row() {
  RowFragment row = fragment(1);
  row.complete = true;
  row.existence =
      ColumnFragment{.fresh = {Entry::make(stamp('A', 5), 0)}, .kept = {{dot('B', 1), 0}}};
  row.births =
      ColumnFragment{.fresh = {Entry::make(stamp('A', 6), {}), Entry::make(stamp('B', 5), {})},
                     .kept = {{dot('A', 2), 0}}};
  Entry sibling = Entry::make(stamp('A', 9, 3), 1.5);
  sibling.time = Timestamp::from_ms(3, 77);
  sibling.unseen_births = {dot('A', 6), dot('B', 5)};
  row.columns = {
      {0, {.fresh = {sibling, Entry::make(stamp('B', 9, 1), Blob{std::byte{1}})}, .kept = {}}},
      {1,
       {.fresh = {Entry::make(stamp('B', 8), {}), Entry::make(stamp('B', 8), 1, 1, "x"),
                  Entry::make(stamp('B', 8), 1, 7, "y")},
        .kept = {{dot('A', 1), 0},
                 {dot('A', 3), 1},
                 {dot('A', 3), 2},
                 {dot('A', 3), 9},
                 {dot('B', 4), 0}}}},
  };
  return row;
}

RowFragment counter_row() {
  RowFragment row = fragment(2, 1);
  Entry range = Entry::make(stamp('A', 4), 40);
  range.first = 1;
  row.columns = {
      {0, {.fresh = {range, Entry::make(stamp('A', 7), 1)}, .kept = {{dot('B', 2), 0}}}}};
  return row;
}

/// Inserted by one event, which wrote all columns of `notes`.
RowFragment uniform_row(std::int64_t number, const Stamp& stamp) {
  RowFragment row = fragment(number);
  row.complete = true;
  row.existence = fresh({Entry::make(stamp, 1)});
  row.births = fresh({Entry::make(stamp, {})});
  row.columns = {{0, fresh({Entry::make(stamp, "title")})}, {1, fresh({Entry::make(stamp, "[]")})}};
  return row;
}

void expect_round_trip(const Delta& delta) { EXPECT_EQ(decode_delta(encode(delta)), delta); }

TEST(DeltaCodec, DecodesToWhatWasEncoded) {
  expect_round_trip(Delta());
  expect_round_trip(empty_delta());
  expect_round_trip(delta_of({update(1, stamp('A', 5), "x"), update(2, stamp('A', 5), {})}));
  expect_round_trip(delta_of({intricate_row(), counter_row(), uniform_row(3, stamp('B', 6))}));
}

TEST(DeltaCodec, DecodesEpochs) {
  Delta delta = empty_delta();
  delta.last = true;
  delta.epochs = {{replica('A'), 2, 1}, {replica('A'), 5, UINT64_MAX}, {replica('A'), 9, 0}};
  expect_round_trip(delta);
  delta.epochs.push_back({replica('B'), 9, 3});
  expect_round_trip(delta);
  delta.epochs.erase(delta.epochs.begin(), delta.epochs.begin() + 3);
  expect_round_trip(delta);
}

TEST(DeltaCodec, RefusesEpochsOutsideItsRange) {
  Delta delta = empty_delta();
  delta.epochs = {{replica('A'), 5, 1}};
  EXPECT_ERROR(encode(delta), ErrorCode::internal);  // not the last chunk
  delta.last = true;
  const std::string good = encode(delta);
  for (const std::vector<Epoch>& epochs :
       std::vector<std::vector<Epoch>>{{{replica('A'), 10, 1}},
                                       {{replica('C'), 1, 1}},
                                       {{replica('A'), 6, 1}, {replica('A'), 6, 1}},
                                       {{replica('A'), 2, 1}, {replica('A'), 4, 1}},
                                       {{replica('B'), 6, 1}, {replica('A'), 6, 1}}}) {
    delta.epochs = epochs;
    EXPECT_ERROR(encode(delta), ErrorCode::internal);
  }
  // The same by its bytes: value, after count, replica and first.
  const std::size_t place = good.find("\x01\x00\x04\x01\0\0\0\0\0\0\0"s);
  ASSERT_NE(place, std::string::npos);
  for (const auto& [offset, byte] : {std::pair{0, '\x02'}, {1, '\x02'}, {2, '\x09'}}) {
    std::string bad = good;
    bad[place + static_cast<std::size_t>(offset)] = byte;
    EXPECT_ERROR(decode_delta(bad), ErrorCode::malformed);
  }
}

TEST(DeltaCodec, DecodesUniformRowsThatLackColumns) {
  RowFragment some = uniform_row(1, stamp('A', 5));
  some.columns.erase(some.columns.begin());
  RowFragment none = uniform_row(2, stamp('A', 5));
  none.columns.clear();
  expect_round_trip(delta_of({some, none}));
  expect_round_trip(delta_of({none}));
}

TEST(DeltaCodec, DecodesRowsWithoutNewsOfExistence) {
  RowFragment only_column = update(1, stamp('B', 5), "x");
  only_column.existence.reset();
  RowFragment only_existence = update(2, stamp('B', 6), "x");
  only_existence.columns.clear();
  expect_round_trip(delta_of({only_column, only_existence}));
}

TEST(DeltaCodec, IsByteForByteAsDescribed) {
  Delta delta;
  delta.sender = replica('A');
  delta.sender_vector = vector_of(dot('A', 2));
  delta.known = vector_of(dot('A', 1));
  delta.position = 7;
  delta.epochs = {{replica('A'), 2, 0x1234}};
  delta.tables = {{"t", {{"c", RuleKind::counter}}}};
  delta.rows = {update(5, stamp('A', 2, 3), 9)};
  ByteWriter expected;
  expected.raw("\x02\x01");  // format, space
  expected.replica(replica('A'));
  expected.raw(std::string(16, '\0'));  // opening
  expected.raw("\x01\x07\x00"s);        // chunk 0, the last; position; names
  expected.raw("\x01");
  expected.replica(replica('A'));
  expected.raw("\x02\x01");       // sender at 2, peer 1 behind
  expected.raw("\x01\x00\x01"s);  // one epoch: replica 0, from event 2 on
  expected.fixed64(0x1234);
  expected.raw(
      "\x01\x01t\x01\x01"
      "c\x05");                           // one table, one column, a counter
  expected.raw("\x01\x00\x00\x01\x0c"s);  // one event: replica 0, alone, counter 2, 3 ms
  expected.raw("\x01");                   // one row
  expected.raw("\xe4");                   // columns, next event, plain existence
  expected.raw("\x01\x85");               // key
  expected.raw("\x03\x89");               // column 0, plain, same event, last; 9
  EXPECT_EQ(encode(delta), expected.view());
}

TEST(DeltaCodec, AChangedCellTakesAtMostEightBytesBeyondKeyAndValue) {
  Delta delta = empty_delta();
  delta.sender_vector.raise(dot('A', 100'000));
  std::uint64_t ms = 1'700'000'000'000;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    ms += 1000 + i * 300;  // a second to five minutes between two writes
    delta.rows.push_back(update(100, stamp('A', 10 + i, ms), "x"));
  }
  const std::size_t fixed = encode(empty_delta()).size();
  const std::size_t content = key(100).size() + 2;
  EXPECT_LE(encode(delta).size(), fixed + delta.rows.size() * (content + 8));
}

TEST(DeltaCodec, ARowThatOneEventWroteTakesThreeBytesBeyondKeyAndValues) {
  Delta delta = empty_delta();
  const auto size_of = [&](std::size_t rows) {
    delta.rows.assign(rows, uniform_row(1, stamp('A', 5)));
    return encode(delta).size();
  };
  const std::size_t content = key(1).size() + 6 + 3;
  EXPECT_EQ(size_of(101) - size_of(1), 100 * (content + 3));
}

// What only a peer's mistake or malice would send. ------------------------------------------------

void expect_malformed(const Delta& delta) {
  EXPECT_ERROR(decode_delta(encode(delta)), ErrorCode::malformed);
}

TEST(DeltaCodec, RefusesFreshEntriesOutsideTheRange) {
  expect_malformed(delta_of({update(1, stamp('A', 4), "x")}));
  expect_malformed(delta_of({update(1, stamp('A', 10), "x")}));
  expect_malformed(delta_of({uniform_row(1, stamp('B', 4))}));
  RowFragment row = intricate_row();
  row.columns[0].second.fresh[0].id.dot = dot('A', 4);
  row.columns[0].second.fresh[0].first = 4;
  expect_malformed(delta_of({row}));
}

TEST(DeltaCodec, RefusesKeptEntriesThatTheReceiverCannotKnow) {
  RowFragment row = update(1, stamp('A', 5), "x");
  row.columns[0].second.kept = {{dot('B', 4), 0}};
  expect_round_trip(delta_of({row}));
  row.columns[0].second.kept = {{dot('B', 5), 0}};
  expect_malformed(delta_of({row}));
}

TEST(DeltaCodec, RefusesUnseenBirthsBeyondTheSender) {
  RowFragment row = intricate_row();
  row.columns[0].second.fresh[0].unseen_births = {dot('B', 10)};
  expect_malformed(delta_of({row}));
}

TEST(DeltaCodec, RefusesMarksOfExistenceOtherThanZeroAndOne) {
  RowFragment row = update(1, stamp('A', 5), "x");
  for (const Value& mark : {Value(2), Value(), Value("1"), Value(1.0)}) {
    row.existence->fresh[0].value = mark;
    expect_malformed(delta_of({row}));
  }
}

TEST(DeltaCodec, RefusesBirthsAndMarksThatHoldMoreThanTheyCan) {
  RowFragment with_value = intricate_row();
  with_value.births->fresh[0].value = 1;
  expect_malformed(delta_of({with_value}));
  RowFragment with_sub_key = intricate_row();
  with_sub_key.existence->fresh[0].sub_key = "x";
  expect_malformed(delta_of({with_sub_key}));
  RowFragment with_unseen = intricate_row();
  with_unseen.births->fresh[0].unseen_births = {dot('B', 5)};
  expect_malformed(delta_of({with_unseen}));
}

TEST(DeltaCodec, RefusesRangesWithOrdinalsOrUnseenBirths) {
  RowFragment with_unseen = counter_row();
  with_unseen.columns[0].second.fresh[0].unseen_births = {dot('B', 1)};
  expect_malformed(delta_of({with_unseen}));
  RowFragment with_ordinal = counter_row();
  with_ordinal.columns[0].second.fresh[0].id.ordinal = 1;
  expect_malformed(delta_of({with_ordinal}));
}

TEST(DeltaCodec, RefusesBirthsInARowThatIsNotComplete) {
  RowFragment row = uniform_row(1, stamp('A', 5));
  row.complete = false;
  expect_malformed(delta_of({row}));
}

TEST(DeltaCodec, RefusesARowThatSaysNothing) { expect_malformed(delta_of({fragment(1)})); }

TEST(DeltaCodec, RefusesAColumnThatTheTableLacks) {
  RowFragment row = counter_row();
  row.columns[0].first = 1;
  expect_malformed(delta_of({row}));
  RowFragment plain = update(1, stamp('A', 5), "x");
  plain.columns[0].first = 2;
  expect_malformed(delta_of({plain}));
}

TEST(DeltaCodec, RefusesKeysThatDoNotDecode) {
  for (const std::string& bad : {""s, "\x00"s, "\x42x"s}) {
    RowFragment row = update(1, stamp('A', 5), "x");
    row.key = bad;
    expect_malformed(delta_of({row}));
  }
}

TEST(DeltaCodec, RefusesNamesThatAreEmptyOrNotDistinct) {
  Delta delta = empty_delta();
  delta.tables[1].name = "notes";
  expect_malformed(delta);
  delta.tables[1].name = "";
  expect_malformed(delta);
  delta = empty_delta();
  delta.tables[0].columns[1].name = "title";
  expect_malformed(delta);
  delta.tables[0].columns[1].name = "";
  expect_malformed(delta);
}

TEST(DeltaCodec, RefusesUnknownRules) {
  Delta delta = empty_delta();
  delta.tables[0].columns[0].kind = static_cast<RuleKind>(10);
  expect_malformed(delta);
}

TEST(DeltaCodec, RefusesBytesThatEndEarlyOrLate) {
  const std::string bytes =
      encode(delta_of({intricate_row(), counter_row(), uniform_row(3, stamp('B', 6))}));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_ERROR(decode_delta(std::string_view(bytes).substr(0, length)), ErrorCode::malformed);
  }
  EXPECT_ERROR(decode_delta(bytes + "x"), ErrorCode::malformed);
}

TEST(DeltaCodec, RefusesAnUnknownFormat) {
  std::string bytes = encode(empty_delta());
  ++bytes[0];
  EXPECT_ERROR(decode_delta(bytes), ErrorCode::malformed);
}

TEST(DeltaCodec, RefusesMoreEntriesThanTheLimitBeforeMakingThem) {
  RowFragment row = update(1, stamp('A', 5), "x");
  for (std::uint32_t i = 0; i < 4; ++i) row.columns[0].second.kept.push_back({dot('A', 1), i});
  std::string bytes = encode(delta_of({row}));
  ASSERT_EQ(bytes.substr(bytes.size() - 2), "\x00\x03"s) << "the run: from 0, three more";
  bytes.pop_back();
  ByteWriter run;
  run.varint((std::uint64_t{1} << 31U) - 1);
  EXPECT_ERROR(decode_delta(bytes + run.take()), ErrorCode::limit_exceeded);
}

TEST(DeltaCodec, RefusesToEncodeMoreEntriesThanTheLimit) {
  RowFragment row = update(1, stamp('A', 5), "x");
  for (std::uint32_t i = 0; i < kMaxDeltaEntries - 2; ++i) {
    row.columns[0].second.kept.push_back({dot('A', 1), i});
  }
  ASSERT_EQ(entry_count(row), kMaxDeltaEntries);
  EXPECT_EQ(decode_delta(encode(delta_of({row}))).rows[0], row);
  row.columns[0].second.kept.push_back({dot('A', 2), 0});
  EXPECT_ERROR(encode(delta_of({row})), ErrorCode::limit_exceeded);
}

// What a caller's mistake would send. -------------------------------------------------------------

void expect_internal(const Delta& delta) { EXPECT_ERROR(encode(delta), ErrorCode::internal); }

TEST(DeltaCodec, RefusesToEncodeWhatDoesNotAscend) {
  RowFragment entries = intricate_row();
  std::swap(entries.columns[1].second.fresh[1], entries.columns[1].second.fresh[2]);
  expect_internal(delta_of({entries}));
  RowFragment kept = intricate_row();
  std::swap(kept.columns[1].second.kept[1], kept.columns[1].second.kept[2]);
  expect_internal(delta_of({kept}));
  RowFragment columns = intricate_row();
  std::swap(columns.columns[0], columns.columns[1]);
  expect_internal(delta_of({columns}));
  RowFragment births = intricate_row();
  births.columns[0].second.fresh[0].unseen_births = {dot('B', 5), dot('A', 6)};
  expect_internal(delta_of({births}));
}

TEST(DeltaCodec, TellsTheEarliestOfTheTimesOfAnEvent) {
  const RowFragment early = update(1, stamp('A', 5, 1), "x");
  const RowFragment late = update(2, stamp('A', 5, 2), "x");
  Delta told = delta_of({early, update(2, stamp('A', 5, 1), "x")});
  EXPECT_EQ(decode_delta(encode(delta_of({early, late}))), told);
  std::swap(told.rows[0], told.rows[1]);
  EXPECT_EQ(decode_delta(encode(delta_of({late, early}))), told);
}

TEST(DeltaCodec, RefusesToEncodeReplicasThatTheSenderHasNotSeen) {
  expect_internal(delta_of({update(1, stamp('C', 1), "x")}));
}

TEST(DeltaCodec, RefusesToEncodeARangeThatDoesNotFollow) {
  Delta delta = empty_delta();
  delta.known.raise(dot('A', 10));
  expect_internal(delta);
}

TEST(DeltaCodec, RefusesToEncodeRowsOfTablesThatAreNotListed) {
  expect_internal(delta_of({fragment(1, 2)}));
}

TEST(DeltaCodec, RefusesToEncodeColumnsWithoutEntries) {
  RowFragment row = update(1, stamp('A', 5), "x");
  row.columns[0].second.fresh.clear();
  expect_internal(delta_of({row}));
}

}  // namespace
}  // namespace rill
