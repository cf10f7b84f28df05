#include "rill/value.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace rill {
namespace {

constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

Blob blob(std::initializer_list<unsigned> bytes) {
  Blob result;
  for (const unsigned byte : bytes) result.push_back(static_cast<std::byte>(byte));
  return result;
}

TEST(Value, HoldsOneOfFiveTypes) {
  EXPECT_EQ(Value().type(), Value::Type::null);
  EXPECT_EQ(Value(true).integer(), 1);
  EXPECT_EQ(Value(1.5).real(), 1.5);
  EXPECT_EQ(Value("text").text(), "text");
  EXPECT_EQ(Value(blob({1})).blob(), blob({1}));
  EXPECT_TRUE(Value(std::optional<int>()).is_null());
  EXPECT_EQ(Value(std::optional<int>(7)), Value(7));
}

TEST(Value, NotANumberBecomesNull) {
  EXPECT_TRUE(Value(std::numeric_limits<double>::quiet_NaN()).is_null());
}

TEST(Value, EqualityTellsTypesApart) {
  EXPECT_NE(Value(1), Value(1.0));
  EXPECT_NE(Value("1"), Value(1));
  EXPECT_NE(Value("a"), Value(blob({'a'})));
  EXPECT_NE(Value("a"), Value("A"));
}

TEST(Value, SizeIsThatOfTheContent) {
  EXPECT_EQ(Value().size(), 0U);
  EXPECT_EQ(Value(1).size(), 8U);
  EXPECT_EQ(Value(1.0).size(), 8U);
  EXPECT_EQ(Value("abc").size(), 3U);
  EXPECT_EQ(Value(blob({1, 2})).size(), 2U);
}

TEST(Value, TypesCompareInSqlitesOrder) {
  EXPECT_TRUE(compare({}, -1) < 0);
  EXPECT_TRUE(compare(std::numeric_limits<double>::infinity(), "") < 0);
  EXPECT_TRUE(compare("zzz", Blob()) < 0);
  EXPECT_TRUE(compare({}, {}) == 0);
}

TEST(Value, NumbersCompareByValueAcrossTypes) {
  EXPECT_TRUE(compare(1, 1.0) == 0);
  EXPECT_TRUE(compare(1, 1.5) < 0);
  EXPECT_TRUE(compare(2, 1.5) > 0);
  EXPECT_TRUE(compare(-1, -1.5) > 0);
  EXPECT_TRUE(compare(1.5, 2) < 0);
  EXPECT_TRUE(compare(0, -0.0) == 0);
}

TEST(Value, LargeIntegersCompareExactlyWithReals) {
  const double two_to_63 = std::ldexp(1.0, 63);
  EXPECT_TRUE(compare(kGreatest, two_to_63) < 0);
  EXPECT_TRUE(compare(kLeast, -two_to_63) == 0);
  EXPECT_TRUE(compare((std::int64_t{1} << 53) + 1, std::ldexp(1.0, 53)) > 0);
  EXPECT_TRUE(compare(kLeast, -std::numeric_limits<double>::infinity()) > 0);
}

TEST(Value, TextAndBlobsCompareByUnsignedBytes) {
  EXPECT_TRUE(compare("a", "ab") < 0);
  EXPECT_TRUE(compare("b", "ab") > 0);
  EXPECT_TRUE(compare("z", "é") < 0);
  EXPECT_TRUE(compare(std::string("a\0b", 3), "a") > 0);
  EXPECT_TRUE(compare(blob({0x7f}), blob({0x80})) < 0);
  EXPECT_TRUE(compare(Blob(), Blob()) == 0);
}

TEST(Value, IsDisplayedAsAPersonWouldReadIt) {
  EXPECT_EQ(to_display({}), "NULL");
  EXPECT_EQ(to_display(-42), "-42");
  EXPECT_EQ(to_display(1.5), "1.5");
  EXPECT_EQ(to_display(2.0), "2.0");
  EXPECT_EQ(to_display(1e300), "1e+300");
  EXPECT_EQ(to_display(-std::numeric_limits<double>::infinity()), "-Inf");
  EXPECT_EQ(to_display("text"), "text");
  EXPECT_EQ(to_display(blob({0, 255})), "x'00ff'");
}

}  // namespace
}  // namespace rill
