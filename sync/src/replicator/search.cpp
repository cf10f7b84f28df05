#include "replicator/search.hpp"

#include "rill/error.hpp"

namespace rill {

asio::awaitable<HostAndPort> Replicator::Implementation::Search::next() {
  while (waiting_.empty()) {
    if (cancelled_) throw Error(ErrorCode::interrupted, "the replicator was ended");
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end_ - Clock::now());
    if (left.count() <= 0) {
      throw Error(ErrorCode::unreachable,
                  "no device in this network invites with a code that begins with " + digits_ +
                      ": check the code, and that both are in the same network");
    }
    co_await wake_.wait_for(left);
  }
  HostAndPort address = std::move(waiting_.front());
  waiting_.pop_front();
  co_return address;
}

void Replicator::Implementation::Search::found(const Discovery::Sighting& sighting) {
  if (sighting.inviting != digits_ || seen_.size() >= kMaxFound) return;
  // One device is seen at several addresses; each attempt costs one of three.
  if (!seen_.insert(sighting.device).second) return;
  waiting_.push_back({sighting.endpoint.address().to_string(), sighting.endpoint.port()});
  wake_.notify();
}

}  // namespace rill
