#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "oracle/text_history.hpp"
#include "support/effort.hpp"

namespace oracle {
namespace {

/// Runs histories with seeds from 0 on; a seed's history runs alone with RILL_TEXT_SEED.
void expect_agreement(const TextHistoryOptions& options, unsigned count) {
  const char* only = std::getenv("RILL_TEXT_SEED");
  std::uint64_t seed = only != nullptr ? std::stoull(only) : 0;
  const std::uint64_t end = only != nullptr ? seed + 1 : rill::testing::scaled(count);
  for (; seed < end; ++seed) {
    const std::optional<std::string> failure = TextHistory(Random(seed), options).run();
    ASSERT_FALSE(failure.has_value()) << "seed " << seed << ": " << *failure;
  }
}

class TextHistories : public testing::TestWithParam<std::size_t> {};

TEST_P(TextHistories, AgreeWithTheNaiveText) {
  expect_agreement({.replicas = GetParam(), .steps = 60}, 1500);
}

TEST_P(TextHistories, AgreeWithTheNaiveTextWhenErasedCharactersAreForgottenHereAndThere) {
  expect_agreement({.replicas = GetParam(), .steps = 80, .collects = true}, 1500);
}

TEST_P(TextHistories, ConvergeWhereEditsAreUndone) {
  expect_agreement({.replicas = GetParam(), .steps = 60, .undoes = true}, 500);
  expect_agreement({.replicas = GetParam(), .steps = 80, .collects = true, .undoes = true}, 500);
}

INSTANTIATE_TEST_SUITE_P(Replicas, TextHistories, testing::Range<std::size_t>(2, 6),
                         testing::PrintToStringParamName());

TEST(LongTextHistories, AgreeWithTheNaiveText) {
  expect_agreement({.replicas = 3, .steps = 600}, 40);
  expect_agreement({.replicas = 4, .steps = 600, .collects = true}, 40);
}

/// A naive text that makes a mistake must disagree with the documents soon: else the comparison is
/// worth nothing.
class FaultyNaiveText : public testing::TestWithParam<NaiveFault> {};

TEST_P(FaultyNaiveText, DisagreesSoon) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const auto failure = TextHistory(Random(seed), {.fault = GetParam()}).run();
    if (failure) {
      EXPECT_NE(failure->find(" shows\n"), std::string::npos) << *failure;
      return;
    }
  }
  FAIL() << "300 histories agree with a mistaken text";
}

INSTANTIATE_TEST_SUITE_P(EachFault, FaultyNaiveText,
                         testing::Values(NaiveFault::ids_reversed,
                                         NaiveFault::right_origins_ignored,
                                         NaiveFault::never_left));

}  // namespace
}  // namespace oracle
