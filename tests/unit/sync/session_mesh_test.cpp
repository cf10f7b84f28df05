// Many replicas: how often a row crosses the links between them.

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "rill/session.hpp"
#include "rill/subscription.hpp"
#include "rill/sync.hpp"
#include "support/memory_replica.hpp"
#include "support/session_pair.hpp"

namespace rill {
namespace {

using test::MemoryReplica;
using test::replica_id;
using test::SessionPair;

/// Replicas joined by live sessions, each of which is told of every commit, as a transport does.
class Mesh {
 public:
  explicit Mesh(std::size_t size) {
    for (std::size_t index = 0; index < size; ++index) {
      replicas_.push_back(
          std::make_unique<MemoryReplica>(replica_id(static_cast<std::uint8_t>(index + 1))));
    }
  }

  MemoryReplica& operator[](std::size_t index) { return *replicas_[index]; }
  [[nodiscard]] std::size_t size() const noexcept { return replicas_.size(); }

  void connect(std::size_t left, std::size_t right) {
    links_.push_back(std::make_unique<SessionPair>(*replicas_[left], *replicas_[right]));
    SessionPair& link = *links_.back();
    subscriptions_.push_back(
        replicas_[left]->on_vector_change([&link] { link.left.vector_changed(); }));
    subscriptions_.push_back(
        replicas_[right]->on_vector_change([&link] { link.right.vector_changed(); }));
  }

  /// In each round each link carries what its ends have, until none has anything.
  void settle() {
    bool quiet = false;
    while (!quiet) {
      quiet = true;
      for (const auto& link : links_) quiet = link->pump(1) == 0 && quiet;
    }
  }

  [[nodiscard]] std::uint64_t rows_received() const {
    std::uint64_t sum = 0;
    for (const auto& replica : replicas_) sum += replica->rows_received();
    return sum;
  }
  void expect_equal() {
    for (const auto& replica : replicas_) EXPECT_EQ(replica->shown(), replicas_[0]->shown());
    for (const auto& link : links_) EXPECT_TRUE(link->left.in_sync() && link->right.in_sync());
  }

 private:
  std::vector<std::unique_ptr<MemoryReplica>> replicas_;
  std::vector<std::unique_ptr<SessionPair>> links_;
  std::vector<Subscription> subscriptions_;
};

void write(MemoryReplica& replica, int rows) {
  for (int row = 0; row < rows; ++row) {
    replica.insert("notes", std::to_string(row), {{"title", "Milk"}});
  }
}

TEST(SessionMesh, InAChainEachRowCrossesEachLinkOnce) {
  Mesh mesh(4);
  for (std::size_t index = 0; index < 3; ++index) mesh.connect(index, index + 1);
  mesh.settle();
  write(mesh[1], 100);
  mesh.settle();
  mesh.expect_equal();
  EXPECT_EQ(mesh[1].rows_received(), 0U) << "an echo";
  EXPECT_EQ(mesh.rows_received(), 300U);
}

TEST(SessionMesh, InATriangleEachRowReachesEachReplicaOnce) {
  Mesh mesh(3);
  // Both links of the writer carry its news before the third carries what came of them.
  mesh.connect(0, 1);
  mesh.connect(0, 2);
  mesh.connect(1, 2);
  mesh.settle();
  for (int round = 0; round < 20; ++round) {
    mesh[0].insert("notes", std::to_string(round), {{"title", "Milk"}});
    mesh.settle();
  }
  mesh.expect_equal();
  EXPECT_EQ(mesh[0].rows_received(), 0U) << "an echo";
  EXPECT_EQ(mesh.rows_received(), 40U);
}

TEST(SessionMesh, NewsOfOthersIsOfferedAndSentIfThePeerLacksIt) {
  Mesh mesh(3);
  mesh.connect(0, 1);
  mesh.connect(1, 2);
  mesh.settle();
  write(mesh[0], 10);
  mesh.settle();
  mesh.expect_equal();
  EXPECT_EQ(mesh.rows_received(), 20U);
}

TEST(SessionMesh, RandomContactsBringEachRowToEachReplicaOnce) {
  for (unsigned seed = 0; seed < 2; ++seed) {
    std::mt19937 random(seed);
    Mesh mesh(20);
    write(mesh[0], 1'000);
    for (int contact = 0; contact < 250; ++contact) {
      const std::size_t left = random() % mesh.size();
      const std::size_t right = random() % mesh.size();
      if (left != right) sync(mesh[left], mesh[right]);
    }
    mesh.expect_equal();
    EXPECT_EQ(mesh.rows_received(), 19U * 1'000U) << "seed " << seed;
  }
}

}  // namespace
}  // namespace rill
