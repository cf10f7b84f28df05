// invite, join, devices, revoke

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <iostream>
#include <mutex>

#include "commands.hpp"
#include "failure.hpp"
#include "network.hpp"
#include "qr_code.hpp"
#include "question.hpp"
#include "rill/replicator.hpp"
#include "stop_signal.hpp"
#include "table.hpp"
#include "text.hpp"

namespace notes {
namespace {

using namespace std::chrono_literals;
using Kind = rill::ReplicatorEvent::Kind;

constexpr std::chrono::seconds kCodeLasts = 2min;
constexpr std::chrono::seconds kLinkLasts = 10min;

/// Events of other threads, for one that waits. Thread safety: all members.
class EventQueue {
 public:
  void push(const rill::ReplicatorEvent& event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(event);
  }
  std::optional<rill::ReplicatorEvent> pop() {
    const std::lock_guard lock(mutex_);
    if (events_.empty()) return std::nullopt;
    rill::ReplicatorEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

 private:
  std::mutex mutex_;
  std::deque<rill::ReplicatorEvent> events_;
};

void show_invitation(Application& application, const InviteOptions& options,
                     rill::Replicator& replicator) {
  const rill::Role role = role_named(options.role);
  std::ostream& out = application.out();
  if (!options.link) {
    const std::string code = replicator.invite(role);
    out << "Code: " << application.terminal().styled(code, Style::bold) << '\n'
        << "On the other device, within 2 minutes: notes join \"" << code << "\"\n"
        << std::flush;
    return;
  }
  const std::string link = replicator.invite_link(role);
  if (application.terminal().is_terminal()) out << qr_code(link);
  out << "Link: " << link << '\n'
      << "On the other device, within 10 minutes: notes join \"" << link << "\"\n"
      << std::flush;
}

/// Answers one request; false if the user wants to stop.
bool answer(const rill::PairingRequest& request, const InviteOptions& options,
            rill::Replicator& replicator, const StopSignal& stop) {
  const std::string question = "Let " + device_text(request.name, request.device) + " in as " +
                               std::string(rill::to_string(request.role)) + "?";
  const std::optional<bool> yes = options.yes ? true : ask(question, stop);
  if (!yes) return false;
  if (*yes) {
    replicator.confirm(request.number);
  } else {
    replicator.decline(request.number);
  }
  return true;
}

const rill::Member& member_meant(const std::vector<rill::Member>& members,
                                 const std::string& text) {
  std::vector<const rill::Member*> meant;
  for (const rill::Member& member : members) {
    if (member.revoked) continue;
    const bool by_print = text.size() >= 4 && rill::fingerprint(member.id).starts_with(text);
    if (by_print || member.name == text) meant.push_back(&member);
  }
  if (meant.empty()) {
    throw Failure("no device of the group is called '" + one_line(text) + "': see 'notes devices'");
  }
  if (meant.size() > 1) {
    throw Failure("several devices are called '" + one_line(text) +
                  "': give the beginning of one's fingerprint, see 'notes devices'");
  }
  return *meant.front();
}

}  // namespace

void invite(Application& application, const InviteOptions& options) {
  const StopSignal stop;
  EventQueue events;
  rill::Replicator replicator(application.store().database(), replicator_options(options.network));
  const auto listening =
      replicator.on_event([&](const rill::ReplicatorEvent& event) { events.push(event); });
  show_invitation(application, options, replicator);
  const auto end = std::chrono::steady_clock::now() + (options.link ? kLinkLasts : kCodeLasts);
  bool asked = false;
  while (asked || std::chrono::steady_clock::now() < end) {
    const std::optional<rill::ReplicatorEvent> event = events.pop();
    if (!event) {
      if (stop.wait_for(50ms)) throw Failure("the invitation was withdrawn");
      continue;
    }
    if (event->request) {
      asked = true;
      if (!answer(*event->request, options, replicator, stop)) {
        throw Failure("the invitation was withdrawn");
      }
    }
    if (event->kind == Kind::pairing_failed && event->error) {
      asked = false;
      std::cerr << "notes: " << one_line(event->error->what()) << '\n';
      if (event->error->code() == rill::ErrorCode::declined) return;
    }
    if (event->kind == Kind::paired) {
      const rill::DeviceId device = event->peer.value_or(rill::DeviceId{});
      application.out() << device_text(event->name, device) << " is in the group now\n";
      return;
    }
  }
  throw Failure("nobody came with the code in time: 'notes invite' gives a new one");
}

void join(Application& application, const JoinOptions& options) {
  const StopSignal stop;
  rill::Replicator replicator(application.store().database(), replicator_options(options.network));
  std::string code;
  for (const std::string& part : options.code) code += part;
  std::cerr << "Looking for the other device, whose user has to confirm…\n";
  const rill::Member inviter = replicator.join(code, options.address);
  application.out() << "Let in by " << device_text(inviter.name, inviter.id)
                    << ". 'notes run' keeps this device in sync from now on.\n";
}

void list_devices(Application& application, const NetworkOptions& options) {
  const rill::Replicator replicator(application.store().database(), replicator_options(options));
  const rill::DeviceId own = replicator.status().device;
  const std::vector<rill::Member> members = replicator.members();
  if (members.empty()) {
    application.out() << "This device (" << rill::fingerprint(own)
                      << ") is in no group: 'notes invite' begins one, 'notes join' enters one\n";
    return;
  }
  Table table({{"DEVICE", Align::left, true}, {"FINGERPRINT"}, {"ROLE"}, {""}});
  for (const rill::Member& member : members) {
    std::string remark = member.id == own ? "this device" : "";
    if (member.revoked) remark = "removed";
    table.add({one_line(member.name), rill::fingerprint(member.id),
               std::string(rill::to_string(member.role)), remark});
  }
  table.print(application.out(), application.terminal());
}

void revoke(Application& application, const RevokeOptions& options) {
  rill::Replicator replicator(application.store().database(), replicator_options(options.network));
  const rill::Member member = member_meant(replicator.members(), options.device);
  replicator.revoke(member.id);
  application.out() << device_text(member.name, member.id)
                    << " is removed; what it has already, it keeps\n";
}

void leave(Application& application, const NetworkOptions& options) {
  rill::Replicator replicator(application.store().database(), replicator_options(options));
  if (replicator.members().empty()) throw Failure("this device is in no group");
  replicator.leave();
  application.out() << "This device has left the group; its notes stay here\n";
}

}  // namespace notes
