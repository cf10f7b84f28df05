#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "frame.hpp"
#include "group/group.hpp"
#include "rill/device_key.hpp"
#include "rill/error.hpp"
#include "rill/member.hpp"

namespace rill {

/// The longest frame of a peer that has not shown yet that it is a member.
inline constexpr std::size_t kMaxGateFrameBytes = std::size_t{4} << 10U;

/// Frames of a gate. Their numbers are none of a session's, so that one that strays is refused.
enum class GateFrame : std::uint8_t {
  proof = 64,       ///< Both, at once: tags by which a key of the group shows.
  credential = 65,  ///< Both, once the other's proof was right: the records of the admission.
  welcome = 66,     ///< Both, once the other's records were right. Behind it the session begins.
  error = 67,       ///< Either: why it ends.
};

/// What stands before a session: two devices that know each other's keys find out whether they are
/// members of one group, before either says a word about it.
///
/// First each proves that it holds a key of the group, by tags bound to this connection: a stranger
/// learns nothing from them, and cannot carry them elsewhere. Then each shows the records by which
/// it was admitted, for a peer that has not heard of that yet. Like a session it has no socket, no
/// clock and no thread. Thread safety: one user at a time.
class Gate {
 public:
  /// How the gate knows the connection.
  struct Connection {
    /// The peer's key, proved by the transport.
    PublicKey peer{};
    /// What both ends know of this connection, and nobody else.
    std::string channel;
    /// Where this device listens; 0 if it does not.
    std::uint16_t own_port = 0;
    /// Whether this device began it.
    bool dialed = false;
  };

  /// `group` must outlive the gate, and exist.
  Gate(const Group& group, Connection connection);

  /// The next bytes to send; also after an error, which is told to the peer.
  std::string take_output();
  /// Takes bytes from the front of `bytes`; what belongs to the session behind the gate is left.
  void receive(std::string_view& bytes);

  /// Whether each has shown the other that it is a member.
  [[nodiscard]] bool open() const noexcept { return member_ && welcome_; }
  /// The peer, once it has shown that it is a member.
  [[nodiscard]] const std::optional<Member>& member() const noexcept { return member_; }
  /// Where the peer listens; 0 if it does not.
  [[nodiscard]] std::uint16_t peer_port() const noexcept { return peer_port_; }
  /// Why the gate stays closed: not_a_member, revoked, malformed, limit_exceeded, protocol.
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

 private:
  void handle(const Frame& frame);
  void on_proof(std::string_view payload);
  void on_credential(std::string_view payload);
  [[nodiscard]] std::string proof(const GroupSecret& key, bool of_dialer) const;
  void send_proofs();
  void send(GateFrame type, std::string_view payload);

  const Group& group_;
  const Connection connection_;
  FrameReader reader_;
  std::string output_;
  bool proved_ = false;   ///< The peer holds a key of the group.
  bool welcome_ = false;  ///< The peer takes this device for a member.
  std::optional<Member> member_;
  std::uint16_t peer_port_ = 0;
  std::optional<Error> error_;
};

}  // namespace rill
