#include "status_rule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "rill/testing/check_rule.hpp"

namespace notes {
namespace {

rill::ReplicaId replica(std::uint8_t number) {
  rill::ReplicaId id;
  id.bytes[0] = number;
  return id;
}

rill::Sibling written(rill::Value status, std::uint64_t minute, std::uint8_t by) {
  return {std::move(status), replica(by), rill::Timestamp::from_ms(minute * 60'000)};
}

/// The rule's choice, which must not hang on the order of its siblings.
rill::Value settled(std::vector<rill::Sibling> siblings) {
  const rill::Value result = settle_status({"notes", "status", siblings});
  std::reverse(siblings.begin(), siblings.end());
  EXPECT_EQ(settle_status({"notes", "status", siblings}), result);
  return result;
}

TEST(StatusRule, lets_done_beat_open_whatever_the_times) {
  EXPECT_EQ(settled({written(kDone, 0, 1), written(kOpen, 5, 2)}), rill::Value(kDone));
  EXPECT_EQ(settled({written(kDone, 5, 1), written(kOpen, 0, 2)}), rill::Value(kDone));
}

TEST(StatusRule, lets_a_later_reopening_beat_done) {
  EXPECT_EQ(settled({written(kDone, 0, 1), written(kReopened, 5, 2)}), rill::Value(kReopened));
}

TEST(StatusRule, lets_done_beat_an_earlier_reopening) {
  EXPECT_EQ(settled({written(kReopened, 0, 1), written(kDone, 5, 2), written(kOpen, 10, 3)}),
            rill::Value(kDone));
}

TEST(StatusRule, lets_reopened_beat_open) {
  EXPECT_EQ(settled({written(kReopened, 0, 1), written(kOpen, 5, 2)}), rill::Value(kReopened));
}

TEST(StatusRule, breaks_a_tie_of_time_by_replica) {
  EXPECT_EQ(settled({written(kDone, 5, 1), written(kReopened, 5, 2)}), rill::Value(kReopened));
  EXPECT_EQ(settled({written(kDone, 5, 2), written(kReopened, 5, 1)}), rill::Value(kDone));
}

TEST(StatusRule, shows_the_latest_write_where_nobody_decided_anything) {
  EXPECT_EQ(settled({written(kOpen, 5, 1), written("parked", 6, 2)}), rill::Value("parked"));
  EXPECT_EQ(settled({written(kOpen, 7, 1), written(nullptr, 6, 2)}), rill::Value(kOpen));
}

TEST(StatusRule, keeps_what_replicas_rely_on) {
  const std::array<rill::Value, 5> statuses{kOpen, kDone, kReopened, "parked", nullptr};
  const auto report = rill::testing::check_rule(
      status_rule(), [&](std::mt19937_64& random) { return statuses[random() % statuses.size()]; });
  EXPECT_TRUE(report.ok) << report.to_string();
}

}  // namespace
}  // namespace notes
