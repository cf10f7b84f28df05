#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frame.hpp"
#include "pairing/pairing_message.hpp"
#include "rill/device_key.hpp"
#include "rill/error.hpp"

namespace rill::pairing {

/// Something that happened in a pairing, in the order it happened.
struct PairingEvent {
  enum class Kind : std::uint8_t {
    waiting,  ///< Joiner: both know the code; the inviter's user is asked. `id`, `name`.
    request,  ///< Inviter: ask the user, then `confirm` or `decline`. `id`, `name`, `role`.
    records,  ///< Joiner: the user agreed; store the `records`, then call `stored` or `fail`.
    closed,   ///< The end; `error` tells why, or is empty if the joiner is in the group now.
  };
  Kind kind = Kind::closed;
  /// The other device: proved by its key. People compare `fingerprint(id)`.
  DeviceId id;
  /// What it calls itself, as `readable_text` leaves it: not proved, and perhaps empty.
  std::string name;
  /// As given when the invitation was made.
  std::uint8_t role = 0;
  std::vector<std::string> records;
  std::optional<Error> error;
};

/// What both sides of a pairing do alike: cut bytes into frames, wait until a deadline, and end
/// once, with an error or without.
///
/// Thread safety: one user at a time.
class PairingChannel {
 public:
  /// A frame whose type is known.
  struct Message {
    PairingFrame type = PairingFrame::error;
    std::string_view payload;
    bool more = false;
  };

  /// The other side's next step is awaited until `deadline`; after that the run ends with this
  /// error.
  void await(std::chrono::milliseconds deadline, Error otherwise);
  /// It is this side's turn, for as long as it likes.
  void stop_waiting() noexcept { wait_.reset(); }
  /// The longest frame from now on.
  void limit_frames(std::size_t bytes) noexcept { limit_ = bytes; }

  /// Hands the frames in `bytes` on until the run ends; an `Error` that is thrown meanwhile ends
  /// it, as does one that the other side sent.
  void receive(std::string_view bytes, const std::function<void(const Message&)>& handle);
  void send(PairingFrame type, std::string_view payload, bool more = false);
  std::string take_output();
  void note(PairingEvent event) { events_.push_back(std::move(event)); }
  std::vector<PairingEvent> take_events();

  void tick(std::chrono::milliseconds now);
  /// Ends the run: `error` is the reason, none if all went well. `tell` sends it, too, without its
  /// text if that is about this device alone. A later end is ignored.
  void end(std::optional<Error> error, bool tell);

  [[nodiscard]] bool ended() const noexcept { return ended_; }

 private:
  struct Wait {
    std::chrono::milliseconds deadline;
    Error otherwise;
  };

  std::optional<Message> next(std::string_view& bytes);

  FrameReader reader_;
  std::size_t limit_ = kMaxEarlyFrameBytes;
  std::string output_;
  std::optional<Wait> wait_;
  bool ended_ = false;
  std::vector<PairingEvent> events_;
};

}  // namespace rill::pairing
