#include "simulation/life.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace simulation {
namespace {

using rill::testing::Crash;

constexpr std::size_t kMaxDevices = 6;

LinkTerms random_terms(oracle::Random& random) {
  LinkTerms terms;
  constexpr std::array<Time, 4> kDelays{0, 1, 30, 400};
  constexpr std::array<std::size_t, 4> kPortions{7, 100, 1500, 1U << 16U};
  terms.delay = kDelays.at(random.below(kDelays.size()));
  terms.jitter = random.below(2 * terms.delay + 1);
  terms.portion = kPortions.at(random.below(kPortions.size()));
  terms.live = !random.percent(15);
  terms.lasts = random.percent(80) ? random.below(3 * kMinute) : random.below(6 * kHour);
  terms.faulty_end = random.below(2);
  // Most of what two devices say to each other has a few hundred bytes.
  if (random.percent(20)) terms.cut_after = random.below(random.percent(70) ? 1200 : 6000);
  if (random.percent(6)) terms.swallow_after = random.below(2000);
  if (random.percent(10)) {
    terms.stall_at = random.below(random.percent(50) ? 100 : 20 * kSecond);
    terms.stall_for = random.below(kMinute);
  }
  return terms;
}

}  // namespace

void Statistics::merge(const Statistics& other) {
  lives += other.lives;
  events += other.events;
  transactions += other.transactions;
  saves += other.saves;
  disk_calls += other.disk_calls;
  connections += other.connections;
  deltas += other.deltas;
  recoveries += other.recoveries;
  crash_checks += other.crash_checks;
  comparisons += other.comparisons;
  forks += other.forks;
  device_ms += other.device_ms;
  most_rounds = std::max(most_rounds, other.most_rounds);
  faults.merge(other.faults);
}

Life::Life(const Script& script, oracle::Fault fault, bool print)
    : script_(script),
      trace_(print),
      random_(script.seed + 1),
      probing_(script.seed + 2),
      ledger_(script.plan.shape, fault) {
  for (std::size_t number = 0; number < script.devices.size(); ++number) {
    devices_.push_back(std::make_unique<Device>(script.plan, number, number,
                                                script.seed * 64 + number, script.devices[number]));
    const bool years_off = std::abs(script.devices[number].clock_offset_ms) > 1'000'000;
    if (years_off) statistics_.faults.add(Fault::clock_skewed);
  }
}

Life::~Life() {
  connections_.clear();
  for (const auto& device : devices_) device->stop();
}

void Life::say(const std::string& what) {
  doing_ = what;
  trace_.note(scheduler_.now(), what);
}

void Life::live() {
  ++statistics_.lives;
  for (const auto& device : devices_) begin(*device);
  if (devices_.front()->terms().groups) {
    devices_.front()->group->create(devices_.front()->name());
  }
  for (const Action& action : script_.actions) {
    scheduler_.run_until(scheduler_.now() + action.wait);
    if (probed_) throw Violation(*probed_);
    std::erase_if(connections_, [](const auto& connection) { return connection->over(); });
    ++statistics_.events;
    act(action);
  }
  heal();
  if (probed_) throw Violation(*probed_);
}

void Life::add_up() {
  statistics_.crash_checks = probe_.checks();
  statistics_.events += scheduler_.fired();
  statistics_.device_ms += scheduler_.now() * devices_.size();
  for (const auto& device : devices_) {
    statistics_.disk_calls += device->disk.count(rill::testing::kAllCalls);
    trace_.mix(device->disk.trace());
  }
}

void Life::act(const Action& action) {
  Device& device = this->device(action.device);
  oracle::Random random(action.seed);
  device.set_time(scheduler_.now());
  const auto tell = [&] { say(device.name() + " " + std::string(name_of(action.kind))); };
  if (action.kind == Action::Kind::meet) return meet(action);
  if (!device.up()) return;
  tell();
  switch (action.kind) {
    case Action::Kind::write:
      return write(device, device.site, action.step);
    case Action::Kind::visit:
      return visit(device, action.step);
    case Action::Kind::meet:
      return;
    case Action::Kind::restart:
      return restart(device);
    case Action::Kind::crash:
      return crash(device, random_crash(device, random));
    case Action::Kind::crash_later:
      return crash_later(device, random_crash(device, random),
                         random.below(random.percent(50) ? 8 : 60));
    case Action::Kind::fail_disk:
      return fail_disk(device, random);
    case Action::Kind::fill_disk:
      return fill_disk(device, random);
    case Action::Kind::lie:
      return lie(device, random);
    case Action::Kind::jump_clock:
      return jump_clock(device, random);
    case Action::Kind::freeze_clock:
      return freeze_clock(device, random);
    case Action::Kind::back_up:
      if (device.pending.empty()) backups_[&device] = device.image();
      return;
    case Action::Kind::restore:
      return restore(device, false);
    case Action::Kind::restore_image:
      return restore(device, true);
    case Action::Kind::copy:
      return devices_.size() < kMaxDevices ? copy(device, action.seed) : void();
    case Action::Kind::lose_witness:
      statistics_.faults.add(Fault::witness_lost);
      device.witness->restore({});
      return restart(device);
    case Action::Kind::upgrade:
      return upgrade(device);
    case Action::Kind::replay:
      return replay(device);
    case Action::Kind::check:
      return check_file(device);
    case Action::Kind::pair:
      return pair(device);
    case Action::Kind::revoke:
      return revoke(device);
    case Action::Kind::edit:
      return edit(device, action.step, random);
  }
}

// Connections ------------------------------------------------------------------------------------

Device* Life::peer_of(const Device& device, std::size_t number) {
  for (std::size_t tried = 0; tried < devices_.size(); ++tried) {
    Device& peer = this->device(number + tried);
    if (&peer != &device && peer.up()) return &peer;
  }
  return nullptr;
}

void Life::meet(const Action& action) {
  Device& dialer = device(action.device);
  Device* acceptor = peer_of(dialer, action.peer);
  if (!dialer.up() || acceptor == nullptr) return;
  if (dialer.group && !(dialer.group->exists() && acceptor->group->exists())) return;
  oracle::Random random(action.seed);
  say(dialer.name() + " meets " + acceptor->name());
  connect(dialer, *acceptor, random_terms(random), action.seed);
}

void Life::connect(Device& dialer, Device& acceptor, const LinkTerms& terms, std::uint64_t seed) {
  ++statistics_.connections;
  // One connection for each pair, as the app has it: the newer one stays.
  for (const auto& connection : connections_) {
    if (!connection->joins(dialer) || !connection->joins(acceptor)) continue;
    connection->drop(dialer, true);
    connection->drop(acceptor, true);
  }
  dialer.set_time(scheduler_.now());
  acceptor.set_time(scheduler_.now());
  auto connection =
      std::make_shared<Connection>(scheduler_, listener(), terms, dialer, acceptor, seed);
  connections_.push_back(connection);
  connection->open();
}

Connection::Listener Life::listener() {
  return {[this](Device& device) { touched(device); },
          [this](Device& device, const rill::SessionEvent& event) { happened(device, event); },
          [this](Device& device, const rill::Error& error) {
            say(device.name() + " refuses: " + error.what());
            const bool strangers = error.code() == rill::ErrorCode::not_a_member ||
                                   error.code() == rill::ErrorCode::revoked;
            if (!strangers) throw Violation(std::string("a gate ends with ") + error.what());
          },
          [this](Fault fault) { statistics_.faults.add(fault); }};
}

void Life::happened(Device& device, const rill::SessionEvent& event) {
  using Kind = rill::SessionEvent::Kind;
  if (event.kind == Kind::delta_applied) {
    ++statistics_.deltas;
    say(device.name() + " applies " + std::to_string(event.rows) + " rows");
  }
  if (event.kind == Kind::diverged) {
    throw Violation(device.name() + " finds that it has diverged: " + event.message);
  }
  if (event.kind != Kind::closed || !event.error) return;
  last_error_ = device.name() + ": " + std::string(rill::to_string(event.error->code())) + ", " +
                event.error->what();
  say(last_error_);
  // Then it is the peer's error, and looked at there.
  if (std::string_view(event.error->what()).starts_with("the peer ended the session")) return;
  using rill::ErrorCode;
  switch (event.error->code()) {
    case ErrorCode::peer_gone:
      return;
    case ErrorCode::not_a_member:
    case ErrorCode::revoked:
      if (device.terms().groups) return;
      break;
    case ErrorCode::renamed:
      ++statistics_.forks;
      return;
    default:
      return expect_trouble(device, *event.error, "a session");
  }
  throw Violation(last_error_);
}

void Life::touched(Device& device) {
  if (!device.up()) return;
  if (device.disk.is_down()) {
    statistics_.faults.add(Fault::crashed_in_call);
    return went_down(device, armed_[&device]);
  }
  note_failures(device);
  const std::optional<Holdings> holdings = look(device);
  if (!holdings) return;
  const EventSet seen = ledger_.seen(*holdings);
  if (seen == device.seen) return;
  device.seen = seen;
  for (const auto& connection : connections_) connection->changed(device);
  if (random_.percent(30)) compare(device, false);
}

void Life::promised(Device& device, const rill::VersionVector& vector) {
  const std::optional<Holdings> holdings = look(device);
  if (!holdings) return;
  const EventSet told = ledger_.seen(*holdings, oracle::vector_of(vector));
  if ((told & ~device.owed).any()) say(device.name() + " tells of events");
  device.owed |= told;
}

void Life::remember(Connection& connection) {
  for (std::size_t end = 0; end < 2; ++end) {
    const Device& device = connection.device(end);
    if (!device.terms().groups) heard_[&device] = connection.heard(end);
  }
}

void Life::replay(Device& device) {
  const auto heard = heard_.find(&device);
  if (heard == heard_.end() || heard->second.empty()) return;
  statistics_.faults.add(Fault::session_replayed);
  rill::Session session(*device.replica, {});
  session.start();
  session.take_output();
  session.receive(heard->second);
  while (!session.take_output().empty()) {
  }
  touched(device);
}

void Life::drop_connections(const Device& device, bool silently) {
  for (const auto& connection : connections_) {
    if (!connection->joins(device)) continue;
    remember(*connection);
    connection->drop(device, silently);
  }
}

}  // namespace simulation
