#include "rill/session.hpp"

#include <utility>

#include "frame.hpp"
#include "session_implementation.hpp"

namespace rill {

std::string_view to_string(SessionEvent::Kind kind) noexcept {
  using Kind = SessionEvent::Kind;
  switch (kind) {
    case Kind::connected:
      return "connected";
    case Kind::rules_differ:
      return "rules_differ";
    case Kind::progress:
      return "progress";
    case Kind::delta_applied:
      return "delta_applied";
    case Kind::exchanged:
      return "exchanged";
    case Kind::in_sync:
      return "in_sync";
    case Kind::group_changed:
      return "group_changed";
    case Kind::diverged:
      return "diverged";
    case Kind::closed:
      return "closed";
  }
  return "unknown";
}

Session::Session(Replica& replica, SessionOptions options)
    : implementation_(std::make_unique<Implementation>(replica, std::move(options))) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

void Session::start() { implementation_->start(); }
void Session::receive(std::string_view bytes) { implementation_->receive(bytes); }
std::string Session::take_output() { return implementation_->take_output(); }
void Session::vector_changed() { implementation_->vector_changed(); }
void Session::group_changed() { implementation_->group_changed(); }
void Session::tick(std::chrono::milliseconds now) { implementation_->tick(now); }
void Session::close() { implementation_->close(); }
void Session::disconnected() { implementation_->disconnected(); }
std::vector<SessionEvent> Session::take_events() { return implementation_->take_events(); }
Session::State Session::state() const noexcept { return implementation_->state(); }
bool Session::in_sync() const { return implementation_->in_sync(); }
std::uint64_t Session::lag() const { return implementation_->lag(); }
bool Session::exchanged() const noexcept { return implementation_->exchanged(); }
bool Session::comparing() const noexcept { return implementation_->comparing(); }
const std::optional<Peer>& Session::peer() const noexcept { return implementation_->peer(); }
const std::optional<Error>& Session::error() const noexcept { return implementation_->error(); }
const SessionProgress& Session::progress() const noexcept { return implementation_->progress(); }

std::string Session::working_frame() {
  std::string out;
  append_frame(out, FrameType::working, kControlStream, {});
  return out;
}

std::string Session::ping_frame() {
  std::string out;
  append_frame(out, FrameType::ping, kControlStream, {});
  return out;
}

}  // namespace rill
