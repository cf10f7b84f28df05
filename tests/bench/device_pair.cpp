#include "device_pair.hpp"

#include <stdexcept>

namespace rill::bench {
namespace {

ReplicatorOptions options_with_key() {
  ReplicatorOptions options = loopback_options();
  options.key_store = std::make_shared<KeyInMemory>();
  return options;
}

}  // namespace

ReplicatorOptions loopback_options() {
  ReplicatorOptions options;
  options.loopback_only = true;
  options.discovery = false;
  return options;
}

Subscription confirm_all(Replicator& inviter) {
  return inviter.on_event([&inviter](const ReplicatorEvent& event) {
    if (event.request) inviter.confirm(event.request->number);
  });
}

void pair(Replicator& inviter, Replicator& joiner, const std::string& host) {
  const Subscription confirming = confirm_all(inviter);
  joiner.join(inviter.invite(), host + ":" + std::to_string(inviter.status().port));
  if (!joiner.wait_in_sync(kPatience) || !inviter.wait_in_sync(kPatience)) {
    throw std::runtime_error("two devices do not get in sync");
  }
}

DevicePair::DevicePair(const std::filesystem::path& folder)
    : here_(folder),
      there_(folder),
      a_(here_->database(), options_with_key()),
      b_(there_->database(), options_with_key()) {
  a_.start();
  b_.start();
}

}  // namespace rill::bench
