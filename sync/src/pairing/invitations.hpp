#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pairing/code.hpp"

namespace rill::pairing {

/// From its making, how long a run may begin with a code.
inline constexpr std::chrono::milliseconds kCodeLifetime{120'000};
/// The same for a link.
inline constexpr std::chrono::milliseconds kLinkLifetime{600'000};
/// How many runs may begin with one invitation. A code is guessed by one of 333,333 who try so.
inline constexpr unsigned kMaxAttempts = 3;
/// How many links may be open; the oldest gives way to one more.
inline constexpr std::size_t kMaxOpenLinks = 4;
/// How many invitations that are over are remembered, so that who comes with one learns why.
inline constexpr std::size_t kMaxPastInvitations = 16;

/// Which invitation a joiner means, without its secret.
struct InvitationName {
  enum class Kind : std::uint8_t { code, link };
  Kind kind = Kind::code;
  /// The public digits, or the 16 bytes of the link's id.
  std::string name;

  friend bool operator==(const InvitationName&, const InvitationName&) = default;
};

/// The name of a code or link.
InvitationName name_of(const Invitation& invitation);
/// What the two sides prove to each other: the secret digits, or the 16 bytes of a link's secret.
std::string secret_of(const Invitation& invitation);

/// A run that may go on: one of the attempts of an invitation.
struct Attempt {
  /// Which invitation, among all that the book ever had.
  std::uint64_t invitation = 0;
  std::string secret;
  /// As given when the invitation was made.
  std::uint8_t role = 0;
};

/// The invitations that an inviter has open: at most one code and a few links.
///
/// An attempt counts when it begins, and stays counted whatever becomes of it: those who try at
/// once on many connections get no more of them.
///
/// Time is any that does not go back; invitations of a process end with it.
/// Thread safety: one user at a time.
class Invitations {
 public:
  /// Opens a code; an earlier one is withdrawn. `role` is handed out with the request of who comes
  /// with it; its meaning is the owner's.
  PairingCode create_code(std::uint8_t role, RandomSource& random, std::chrono::milliseconds now);
  /// Opens a link. Throws `Error{invalid_argument}` as `PairingLink::draw`; then nothing changed.
  PairingLink create_link(std::uint8_t role, const DeviceId& inviter,
                          std::vector<std::string> addresses, RandomSource& random,
                          std::chrono::milliseconds now);
  /// Withdraws all that are open.
  void withdraw();

  /// The public digits of the code that a run may begin with now: for the beacon.
  [[nodiscard]] std::optional<std::string> public_digits(std::chrono::milliseconds now) const;
  /// Whether a run may begin with any invitation now: otherwise nobody needs to be let in.
  [[nodiscard]] bool open(std::chrono::milliseconds now) const;

  /// Takes one of the invitation's attempts. Throws `Error`: wrong_code (there is none of that
  /// name), expired (used, withdrawn, too old, or all attempts taken: the message tells).
  Attempt begin(const InvitationName& name, std::chrono::milliseconds now);
  /// Marks the attempt's invitation as used: the joiner has proved that it knows the secret. An
  /// attempt that began in time may end later. Throws `Error{expired}` if another attempt used it
  /// first, or it was withdrawn.
  void use(const Attempt& attempt);
  /// How many more attempts the attempt's invitation has.
  [[nodiscard]] unsigned attempts_left(const Attempt& attempt) const;

 private:
  enum class State : std::uint8_t { open, used, withdrawn };

  struct Entry {
    std::uint64_t number = 0;
    InvitationName name;
    /// Empty as soon as it is of no use any more.
    std::string secret;
    std::uint8_t role = 0;
    std::chrono::milliseconds expires{};
    unsigned attempts = 0;
    State state = State::open;
  };

  [[nodiscard]] static bool usable(const Entry& entry, std::chrono::milliseconds now);
  static void end(Entry& entry, State state);
  void add(const Invitation& invitation, std::uint8_t role, std::chrono::milliseconds expires);
  void withdraw_code();
  void limit_links();
  void forget_past();
  Entry* find(std::uint64_t number);

  std::vector<Entry> entries_;  ///< Oldest first.
  std::uint64_t last_number_ = 0;
};

}  // namespace rill::pairing
