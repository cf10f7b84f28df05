#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "rill/text_document.hpp"
#include "support/events.hpp"
#include "support/expect_error.hpp"
#include "support/texts.hpp"

namespace rill {
namespace {

using test::replica;

constexpr TextUnit kPoints = TextUnit::code_points;
constexpr TextUnit kUtf16 = TextUnit::utf16;
constexpr TextUnit kBytes = TextUnit::bytes;

/// "añ漢😀b": code points of one, two, three and four bytes; the emoji takes two units of UTF-16.
class TextUnits : public testing::Test {
 protected:
  TextUnits() : document_(replica('A')) { document_.insert(0, "añ漢😀b"); }

  TextDocument document_;
};

TEST_F(TextUnits, MeasureTheSameText) {
  EXPECT_EQ(document_.length(), 5U);
  EXPECT_EQ(document_.length(kPoints), 5U);
  EXPECT_EQ(document_.length(kUtf16), 6U);
  EXPECT_EQ(document_.length(kBytes), 11U);
}

TEST_F(TextUnits, AreConvertedAtEveryBoundary) {
  constexpr std::array<std::array<std::size_t, 3>, 6> kPlaces{
      {{0, 0, 0}, {1, 1, 1}, {2, 2, 3}, {3, 3, 6}, {4, 5, 10}, {5, 6, 11}}};
  constexpr std::array kUnits{kPoints, kUtf16, kBytes};
  for (const auto& place : kPlaces) {
    for (std::size_t from = 0; from < 3; ++from) {
      for (std::size_t to = 0; to < 3; ++to) {
        EXPECT_EQ(document_.convert(place[from], kUnits[from], kUnits[to]), place[to]);
      }
    }
  }
}

TEST_F(TextUnits, AreRefusedInsideACodePoint) {
  EXPECT_ERROR(document_.convert(4, kUtf16, kPoints), ErrorCode::invalid_argument);
  for (const std::size_t inside : {2U, 4U, 5U, 7U, 8U, 9U}) {
    EXPECT_ERROR(document_.convert(inside, kBytes, kPoints), ErrorCode::invalid_argument);
    EXPECT_ERROR(document_.convert(inside, kBytes, kBytes), ErrorCode::invalid_argument);
    EXPECT_ERROR(document_.insert(inside, "x", kBytes), ErrorCode::invalid_argument);
    EXPECT_ERROR(document_.erase(inside, 0, kBytes), ErrorCode::invalid_argument);
    EXPECT_ERROR(document_.erase(1, inside - 1, kBytes), ErrorCode::invalid_argument);
  }
  EXPECT_ERROR(document_.insert(4, "x", kUtf16), ErrorCode::invalid_argument);
  EXPECT_ERROR(document_.erase(4, 1, kUtf16), ErrorCode::invalid_argument);
  EXPECT_ERROR(document_.erase(3, 1, kUtf16), ErrorCode::invalid_argument);
  EXPECT_EQ(document_.text(), "añ漢😀b");
}

TEST_F(TextUnits, PlaceInsertionsAlike) {
  document_.insert(6, "3", kBytes);
  document_.insert(6, "4", kUtf16);
  document_.insert(6, "5", kPoints);
  EXPECT_EQ(document_.text(), "añ漢3😀45b");
}

TEST_F(TextUnits, MeasureErasuresAlike) {
  document_.erase(3, 2, kUtf16);
  EXPECT_EQ(document_.text(), "añ漢b");
  document_.erase(1, 5, kBytes);
  EXPECT_EQ(document_.text(), "ab");
  EXPECT_EQ(document_.length(kUtf16), 2U);
  EXPECT_EQ(document_.length(kBytes), 2U);
}

TEST_F(TextUnits, CountTheTextInManyRuns) {
  // Typed in front of each other: a run for each, so that conversions pass through many.
  std::u32string expected = test::to_code_points(document_.text());
  for (int round = 0; round < 600; ++round) {
    for (const char32_t value : {U'x', U'é', U'漢', U'\U0001f600'}) {
      const std::size_t position = expected.size() / 2;
      document_.insert(position, test::to_utf8({&value, 1}));
      expected.insert(position, 1, value);
    }
  }
  document_.erase(100, 700);
  expected.erase(100, 700);
  std::size_t utf16 = 0;
  std::size_t bytes = 0;
  for (std::size_t position = 0; position <= expected.size(); ++position) {
    ASSERT_EQ(document_.convert(position, kPoints, kUtf16), utf16);
    ASSERT_EQ(document_.convert(position, kPoints, kBytes), bytes);
    ASSERT_EQ(document_.convert(utf16, kUtf16, kBytes), bytes);
    ASSERT_EQ(document_.convert(bytes, kBytes, kPoints), position);
    if (position == expected.size()) break;
    utf16 += test::utf16_length({&expected[position], 1});
    bytes += test::to_utf8({&expected[position], 1}).size();
  }
  EXPECT_EQ(document_.text(), test::to_utf8(expected));
}

TEST_F(TextUnits, StayRightForWhatOthersWrote) {
  TextDocument other(replica('B'));
  document_.commit();
  test::pull(other, document_);
  EXPECT_EQ(other.length(kUtf16), 6U);
  EXPECT_EQ(other.length(kBytes), 11U);
  test::erased(other, 3, 1);
  test::pull(document_, other);
  EXPECT_EQ(document_.length(kUtf16), 4U);
  EXPECT_EQ(document_.length(kBytes), 7U);
  const TextDocument loaded(replica('C'), document_.save());
  EXPECT_EQ(loaded.length(kUtf16), 4U);
  EXPECT_EQ(loaded.convert(6, kBytes, kUtf16), 3U);
}

}  // namespace
}  // namespace rill
