#include "simulation/connection.hpp"

#include <algorithm>
#include <utility>

namespace simulation {
namespace {

/// What an end remembers of what it heard.
constexpr std::size_t kMemory = std::size_t{64} << 10U;

}  // namespace

Connection::Connection(Scheduler& scheduler, Listener listener, const LinkTerms& terms,
                       Device& dialer, Device& acceptor, std::uint64_t seed)
    : scheduler_(scheduler),
      listener_(std::move(listener)),
      terms_(terms),
      random_(seed),
      opened_(scheduler.now()) {
  const std::string channel = std::to_string(seed);
  ends_[0].device = &dialer;
  ends_[1].device = &acceptor;
  if (!dialer.terms().groups) return;
  ends_[0].gate.emplace(*dialer.group,
                        rill::Gate::Connection{acceptor.key.public_key(), channel, 4711, true});
  ends_[1].gate.emplace(*acceptor.group,
                        rill::Gate::Connection{dialer.key.public_key(), channel, 4712, false});
}

void Connection::later(Time delay, std::function<void(Connection&)> work) {
  scheduler_.after(delay, [self = weak_from_this(), work = std::move(work)] {
    if (const auto connection = self.lock()) work(*connection);
  });
}

void Connection::open() {
  for (std::size_t index = 0; index < 2; ++index) {
    if (!ends_[index].gate) begin_session(ends_[index]);
    pump_soon(index);
  }
  later(kSecond, [](Connection& self) { self.tick(); });
  later(terms_.lasts, [](Connection& self) { self.close(); });
}

void Connection::begin_session(End& end) {
  rill::SessionOptions options;
  options.name = end.device->name();
  options.live = terms_.live;
  options.group = end.device->group.get();
  end.session.emplace(*end.device->replica, std::move(options));
  end.session->start();
}

// What comes -------------------------------------------------------------------------------------

void Connection::feed(std::size_t index, const std::string& bytes) {
  End& end = ends_[index];
  if (!end.open) return;
  end.device->set_time(scheduler_.now());
  if (end.heard.size() < kMemory) end.heard += bytes;
  std::string_view rest = bytes;
  if (end.gate && !end.session) {
    end.gate->receive(rest);
    if (end.gate->open()) {
      send(index, end.gate->take_output());
      begin_session(end);
    }
  }
  if (end.session) end.session->receive(rest);
  pump_soon(index);
  listen(end);
}

void Connection::listen(End& end) {
  if (!end.session) return;
  const std::vector<rill::SessionEvent> events = end.session->take_events();
  for (const rill::SessionEvent& event : events) listener_.happened(*end.device, event);
  if (!events.empty() || end.device->disk.is_down()) listener_.touched(*end.device);
}

// What goes --------------------------------------------------------------------------------------

void Connection::pump_soon(std::size_t index) {
  if (std::exchange(ends_[index].pump_due, true)) return;
  later(0, [index](Connection& self) { self.pump(index); });
}

std::string Connection::take_output(End& end) {
  if (end.session) return end.session->take_output();
  return end.gate ? end.gate->take_output() : std::string();
}

void Connection::pump(std::size_t index) {
  End& end = ends_[index];
  end.pump_due = false;
  if (!end.open) return;
  end.device->set_time(scheduler_.now());
  for (std::string bytes = take_output(end); !bytes.empty(); bytes = take_output(end)) {
    send(index, std::move(bytes));
  }
  const bool refused = end.gate && end.gate->error();
  if (refused) listener_.refused(*end.device, *end.gate->error());
  if (refused || (end.session && end.session->state() == rill::Session::State::closed)) {
    end.open = false;
    hang_up_later(1 - index, arrival(end));
  }
  listen(end);
}

Time Connection::arrival(End& sender) {
  Time when = scheduler_.now() + terms_.delay;
  if (terms_.jitter > 0) when += random_.below(terms_.jitter);
  const Time stall = opened_ + terms_.stall_at;
  if (when >= stall && when < stall + terms_.stall_for) {
    when = stall + terms_.stall_for;
    listener_.fired(Fault::link_stalled);
  }
  sender.last_arrival = std::max(sender.last_arrival, when);
  return sender.last_arrival;
}

void Connection::send(std::size_t from, std::string bytes) {
  End& end = ends_[from];
  const bool faulty = from == terms_.faulty_end;
  const std::uint64_t before = std::exchange(end.sent, end.sent + bytes.size());
  const bool cut = faulty && terms_.cut_after && end.sent > *terms_.cut_after;
  const bool swallowed = faulty && terms_.swallow_after && end.sent > *terms_.swallow_after;
  const auto keep = [&](std::uint64_t limit) {
    bytes.resize(std::min<std::uint64_t>(bytes.size(), limit - std::min(before, limit)));
  };
  if (cut) keep(*terms_.cut_after);
  if (swallowed) keep(*terms_.swallow_after);
  if (swallowed) listener_.fired(Fault::link_one_way);
  for (std::size_t begin = 0; begin < bytes.size();) {
    const std::size_t size = 1 + random_.below(terms_.portion);
    deliver_later(1 - from, arrival(end), bytes.substr(begin, size));
    begin += size;
  }
  if (!cut) return;
  listener_.fired(Fault::link_cut);
  hang_up_later(from, arrival(end));
  hang_up_later(1 - from, arrival(end));
}

void Connection::deliver_later(std::size_t to, Time when, std::string bytes) {
  later(when - scheduler_.now(),
        [to, bytes = std::move(bytes)](Connection& self) { self.feed(to, bytes); });
}

void Connection::hang_up_later(std::size_t to, Time when) {
  later(when - scheduler_.now(), [to](Connection& self) {
    End& end = self.ends_[to];
    if (!end.open) return;
    if (end.session) end.session->disconnected();
    self.listen(end);
    end.open = false;
  });
}

// Time and end -----------------------------------------------------------------------------------

void Connection::tick() {
  for (std::size_t index = 0; index < 2; ++index) {
    End& end = ends_[index];
    if (!end.open) continue;
    if (end.session) {
      end.session->tick(std::chrono::milliseconds(scheduler_.now()));
    } else if (scheduler_.now() > opened_ + 3 * kSecond) {
      end.open = false;  // the transport's own deadline of a gate
      hang_up_later(1 - index, arrival(end));
    }
    pump(index);
  }
  if (!over()) later(kSecond, [](Connection& self) { self.tick(); });
}

void Connection::close() {
  for (std::size_t index = 0; index < 2; ++index) {
    End& end = ends_[index];
    if (!end.open) continue;
    if (end.session) {
      end.session->close();
      pump(index);
    } else {
      end.open = false;
    }
  }
}

void Connection::drop(const Device& device, bool silently) {
  for (std::size_t index = 0; index < 2; ++index) {
    End& end = ends_[index];
    if (end.device != &device) continue;
    end.open = false;
    end.session.reset();
    end.gate.reset();
    if (!silently) hang_up_later(1 - index, arrival(end));
  }
}

void Connection::changed(const Device& device) {
  for (std::size_t index = 0; index < 2; ++index) {
    End& end = ends_[index];
    if (end.device != &device || !end.open || !end.session) continue;
    end.session->vector_changed();
    if (device.terms().groups) end.session->group_changed();
    pump_soon(index);
  }
}

bool Connection::in_sync() const {
  return std::all_of(ends_.begin(), ends_.end(), [](const End& end) {
    return end.open && end.session && end.session->in_sync();
  });
}

}  // namespace simulation
