#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gate.hpp"
#include "oracle/random.hpp"
#include "rill/session.hpp"
#include "simulation/device.hpp"
#include "simulation/fault.hpp"
#include "simulation/scheduler.hpp"

namespace simulation {

/// What a connection is like, and what goes wrong with it.
struct LinkTerms {
  Time delay = 1;
  /// Each portion takes up to so much longer.
  Time jitter = 0;
  /// Both say BYE then.
  Time lasts = kMinute;
  /// Both ends go on sending what is new; otherwise they send once.
  bool live = true;
  /// Portions that arrive have at most so many bytes.
  std::size_t portion = 1U << 16U;
  /// The connection ends behind so many bytes of one end.
  std::optional<std::uint64_t> cut_after;
  /// Nothing that one end sends behind so many bytes arrives.
  std::optional<std::uint64_t> swallow_after;
  /// Which end that is.
  std::size_t faulty_end = 0;
  /// Nothing arrives from then on for so long.
  Time stall_at = 0;
  Time stall_for = 0;
};

/// Two devices talking over a virtual link: at each end a gate, where there are groups, and behind
/// it a session, as the transport has them.
///
/// All that happens is due in the scheduler. A connection that is over stays until its owner drops
/// it; what is due then does nothing.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  /// What the owner hears of.
  struct Listener {
    /// An end handed something to its device, which may have changed or failed.
    std::function<void(Device&)> touched;
    std::function<void(Device&, const rill::SessionEvent&)> happened;
    std::function<void(Device&, const rill::Error&)> refused;  ///< By a gate.
    std::function<void(Fault)> fired;
  };

  Connection(Scheduler& scheduler, Listener listener, const LinkTerms& terms, Device& dialer,
             Device& acceptor, std::uint64_t seed);

  /// Begins to talk.
  void open();
  /// Both say BYE.
  void close();
  /// The device goes; without a word, where `silently`, so that the other finds out by itself.
  void drop(const Device& device, bool silently);
  /// The device may have news.
  void changed(const Device& device);

  [[nodiscard]] bool over() const { return !ends_[0].open && !ends_[1].open; }
  [[nodiscard]] bool joins(const Device& device) const {
    return ends_[0].device == &device || ends_[1].device == &device;
  }
  /// Whether both ends know that both have seen the same.
  [[nodiscard]] bool in_sync() const;
  /// What a device was sent, as far as it is remembered.
  [[nodiscard]] const std::string& heard(std::size_t end) const { return ends_.at(end).heard; }
  [[nodiscard]] Device& device(std::size_t end) { return *ends_.at(end).device; }

 private:
  struct End {
    Device* device = nullptr;
    std::optional<rill::Gate> gate;
    std::optional<rill::Session> session;
    bool open = true;
    std::string heard;
    /// Of what this end sends.
    std::uint64_t sent = 0;
    Time last_arrival = 0;
    bool pump_due = false;
  };

  void begin_session(End& end);
  /// Hands bytes from the link to the end.
  void feed(std::size_t index, const std::string& bytes);
  /// Sends what the end has to say, soon.
  void pump_soon(std::size_t index);
  void pump(std::size_t index);
  std::string take_output(End& end);
  void send(std::size_t from, std::string bytes);
  void deliver_later(std::size_t to, Time arrival, std::string bytes);
  void hang_up_later(std::size_t to, Time arrival);
  void listen(End& end);
  void tick();
  [[nodiscard]] Time arrival(End& sender);
  /// Runs `work` later, unless the connection is gone by then.
  void later(Time delay, std::function<void(Connection&)> work);

  Scheduler& scheduler_;
  Listener listener_;
  LinkTerms terms_;
  oracle::Random random_;
  Time opened_;
  std::array<End, 2> ends_;
};

}  // namespace simulation
