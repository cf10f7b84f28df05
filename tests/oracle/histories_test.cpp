#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "oracle/runner.hpp"
#include "support/effort.hpp"

namespace oracle {
namespace {

RunnerOptions options_for(const std::string& name) {
  RunnerOptions options;
  options.folder = temporary_folder().string() + "-" + name;
  return options;
}

void expect_no_failure(RunnerOptions options, unsigned whole_count) {
  const std::uint64_t count = rill::testing::scaled(whole_count);
  Runner runner(std::move(options));
  // Far from the seeds that the program `histories` begins with.
  const auto report = runner.run(1'000'000'000, count);
  EXPECT_FALSE(report.has_value()) << *report;
  EXPECT_EQ(runner.statistics().histories, count);
}

class HistoriesOfRule : public testing::TestWithParam<int> {};

TEST_P(HistoriesOfRule, AgreeWithTheOracle) {
  for (const bool delete_wins : {false, true}) {
    RunnerOptions options = options_for("rule");
    options.flavour.family = static_cast<Family>(GetParam());
    options.flavour.delete_wins = delete_wins;
    expect_no_failure(options, 64);
  }
}

INSTANTIATE_TEST_SUITE_P(EachRule, HistoriesOfRule, testing::Range(0, kFamilies),
                         [](const auto& information) {
                           return std::string(family_name(static_cast<Family>(information.param)));
                         });

TEST(Histories, OfTwoToFiveReplicasAgreeWithTheOracle) {
  for (std::size_t replicas = 2; replicas <= 5; ++replicas) {
    RunnerOptions options = options_for("replicas");
    options.flavour.replicas = replicas;
    expect_no_failure(options, 64);
  }
}

TEST(Histories, OfManyStepsAgreeWithTheOracle) {
  RunnerOptions options = options_for("long");
  options.flavour.steps = 120;
  expect_no_failure(options, 16);
}

TEST(Histories, AreTheSameTwice) {
  Runner first(options_for("first"));
  Runner second(options_for("second"));
  EXPECT_FALSE(first.run(77, 20).has_value());
  EXPECT_FALSE(second.run(77, 20).has_value());
  EXPECT_EQ(first.hash(), second.hash());
  EXPECT_EQ(first.statistics().events, second.statistics().events);
}

/// An oracle that makes a mistake must disagree with the databases soon: else the comparison is
/// worth nothing.
class FaultyOracle : public testing::TestWithParam<Fault> {};

TEST_P(FaultyOracle, DisagreesSoon) {
  if (rill::testing::kEffortPercent < 100) GTEST_SKIP() << "shows what comparisons are worth";
  RunnerOptions options = options_for("faulty");
  options.fault = GetParam();
  options.shorten = false;
  Runner runner(options);
  const auto report = runner.run(0, 1600);
  ASSERT_TRUE(report.has_value());
  EXPECT_NE(report->find("expected"), std::string::npos) << *report;
  RecordProperty("histories", static_cast<int>(runner.statistics().histories));
}

RunnerOptions options_for_the_engine() {
  RunnerOptions options;
  options.engine_only = true;
  options.flavour.texts = false;
  options.flavour.brief = true;
  return options;
}

class EngineHistoriesOfRule : public testing::TestWithParam<int> {};

TEST_P(EngineHistoriesOfRule, AgreeWithTheOracle) {
  RunnerOptions options = options_for_the_engine();
  options.flavour.family = static_cast<Family>(GetParam());
  options.flavour.adoption = true;
  expect_no_failure(options, 640);
}

INSTANTIATE_TEST_SUITE_P(EachRule, EngineHistoriesOfRule, testing::Range(0, kFamilies),
                         [](const auto& information) {
                           return std::string(family_name(static_cast<Family>(information.param)));
                         });

class FaultyOracleOfTheEngine : public testing::TestWithParam<Fault> {};

TEST_P(FaultyOracleOfTheEngine, DisagreesSoon) {
  if (rill::testing::kEffortPercent < 100) GTEST_SKIP() << "shows what comparisons are worth";
  RunnerOptions options = options_for_the_engine();
  options.fault = GetParam();
  options.shorten = false;
  const auto report = Runner(options).run(0, 1600);
  ASSERT_TRUE(report.has_value());
  EXPECT_NE(report->find("expected"), std::string::npos) << *report;
}

INSTANTIATE_TEST_SUITE_P(EachFault, FaultyOracle,
                         testing::Values(Fault::births_ignored, Fault::inserts_overwrite_nothing,
                                         Fault::delete_policy_swapped, Fault::latest_is_earliest,
                                         Fault::siblings_reversed, Fault::bias_swapped,
                                         Fault::removals_ignored, Fault::counters_keep_all,
                                         Fault::hidden_leaves_shown_first,
                                         Fault::edits_overwrite_nothing, Fault::edits_overwrite_all,
                                         Fault::words_in_wrong_order));

INSTANTIATE_TEST_SUITE_P(EachFault, FaultyOracleOfTheEngine,
                         testing::Values(Fault::births_ignored, Fault::inserts_overwrite_nothing,
                                         Fault::delete_policy_swapped, Fault::latest_is_earliest,
                                         Fault::siblings_reversed, Fault::bias_swapped,
                                         Fault::removals_ignored, Fault::counters_keep_all,
                                         Fault::hidden_leaves_shown_first));

}  // namespace
}  // namespace oracle
