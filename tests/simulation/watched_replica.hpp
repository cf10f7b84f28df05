#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rill/replica.hpp"

namespace simulation {

/// A replica as sessions see it, with deltas in chunks of a size of its own, so that small ones
/// have several, too. Tells what it reveals to peers: by contract no power cut may undo that.
class WatchedReplica final : public rill::Replica {
 public:
  using Promise = std::function<void(const rill::VersionVector&)>;
  /// Called where a delta of several chunks goes on that was cut.
  using Resumed = std::function<void()>;

  /// `replica` must outlive it.
  WatchedReplica(rill::Replica& replica, std::size_t chunk_bytes, Promise promised, Resumed resumed)
      : replica_(replica),
        chunk_bytes_(chunk_bytes),
        promised_(std::move(promised)),
        resumed_(std::move(resumed)) {}

  [[nodiscard]] rill::ReplicaSummary summary() override {
    rill::ReplicaSummary summary = replica_.summary();
    promised_(summary.vector);
    return summary;
  }
  std::optional<rill::ReplicaId> check_history(const rill::ReplicaSummary& peer) override {
    return replica_.check_history(peer);
  }
  [[nodiscard]] rill::ReplicaHistory history(const rill::ReplicaId& replica) override {
    return replica_.history(replica);
  }
  void settle_fork(const rill::ReplicaHistory& peer) override { replica_.settle_fork(peer); }
  std::unique_ptr<rill::ChangeStream> changes_since(
      const rill::VersionVector& known, rill::SpaceId space,
      const std::optional<rill::InboxSummary>& received) override {
    auto stream = replica_.changes_since(known, space, received);
    promised_(stream->sender_vector());
    if (received) resumed_();
    return std::make_unique<Chunks>(std::move(stream), chunk_bytes_);
  }
  rill::ReceiveResult receive(std::string_view encoded_delta) override {
    rill::ReceiveResult result = replica_.receive(encoded_delta);
    promised_(result.vector);
    return result;
  }
  std::unique_ptr<rill::DigestScan> digest_scan(const std::vector<std::uint32_t>& listed) override {
    return replica_.digest_scan(listed);
  }
  rill::Subscription on_vector_change(std::function<void()> changed) override {
    return replica_.on_vector_change(std::move(changed));
  }

 private:
  class Chunks final : public rill::ChangeStream {
   public:
    Chunks(std::unique_ptr<rill::ChangeStream> stream, std::size_t chunk_bytes)
        : stream_(std::move(stream)), chunk_bytes_(chunk_bytes) {}
    std::optional<std::string> next(std::size_t target_bytes) override {
      return stream_->next(std::min(target_bytes, chunk_bytes_));
    }
    [[nodiscard]] const rill::VersionVector& sender_vector() const override {
      return stream_->sender_vector();
    }

   private:
    std::unique_ptr<rill::ChangeStream> stream_;
    std::size_t chunk_bytes_;
  };

  rill::Replica& replica_;
  std::size_t chunk_bytes_;
  Promise promised_;
  Resumed resumed_;
};

}  // namespace simulation
