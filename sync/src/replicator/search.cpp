#include "replicator/search.hpp"

#include "rill/error.hpp"

namespace rill {

asio::awaitable<Replicator::Implementation::Search::Found>
Replicator::Implementation::Search::next() {
  while (waiting_.empty()) {
    if (cancelled_) throw Error(ErrorCode::interrupted, "the replicator was ended");
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end_ - Clock::now());
    if (left.count() <= 0) {
      if (!trouble_.empty()) throw Error(ErrorCode::unreachable, trouble_);
      throw Error(ErrorCode::unreachable,
                  "no device in this network invites with a code that begins with " + digits_ +
                      ": check the code, and that both are in the same network");
    }
    co_await wake_.wait_for(left);
  }
  Found found = std::move(waiting_.front());
  waiting_.pop_front();
  co_return found;
}

void Replicator::Implementation::Search::missed(const Found& found, const Error& error) {
  seen_.erase(found.device);
  trouble_ = "a device that invites with a code that begins with " + digits_ +
             " was found, but: " + error.what();
}

void Replicator::Implementation::Search::found(const Discovery::Sighting& sighting) {
  if (sighting.inviting != digits_ || seen_.size() >= kMaxFound) return;
  // One device is seen at several addresses; each attempt costs one of three.
  if (!seen_.insert(sighting.device).second) return;
  waiting_.push_back(
      {{sighting.endpoint.address().to_string(), sighting.endpoint.port()}, sighting.device});
  wake_.notify();
}

}  // namespace rill
