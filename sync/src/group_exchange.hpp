#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>

#include "frame.hpp"
#include "rill/group_log.hpp"

namespace rill {

/// A session's part in uniting two logs of one group: whole logs where the digests in HELLO differ,
/// later what is new. A peer is not sent what it sent, nor anything twice.
class GroupExchange {
 public:
  /// `log` may be null: this side belongs to no group.
  explicit GroupExchange(GroupLog* log) : log_(log) {}

  /// What HELLO says of the group.
  std::optional<GroupDigest> digest();
  /// Takes what the peer's HELLO says. Throws `Error{not_a_member}` if only one of both has a
  /// group.
  void greet(const std::optional<GroupDigest>& theirs);
  /// Takes a GROUP frame; returns whether it brought news. Throws `Error`: malformed,
  /// limit_exceeded, protocol, or the log's.
  bool receive(const Frame& frame);
  /// The log may have new records.
  void changed() noexcept { changed_ = log_ != nullptr; }
  /// Appends the next GROUP frame to `out`; false if there is none. Throws the log's `Error`.
  bool append_next(std::string& out);

  /// Whether the peer's records must come before any of its changes.
  [[nodiscard]] bool due() const noexcept { return due_; }
  /// Whether there may be records to send.
  [[nodiscard]] bool sending() const noexcept { return changed_ || !outgoing_.empty(); }

 private:
  void collect();
  void note(const std::string& record);

  GroupLog* log_;
  std::optional<GroupDigest> told_;  ///< What our HELLO said.
  bool due_ = false;
  bool changed_ = false;
  bool whole_ = false;            ///< The peer waits for a GROUP, even an empty one.
  std::string partial_;           ///< The message whose frames are arriving.
  std::string outgoing_;          ///< The message whose frames are leaving.
  std::size_t sent_ = 0;          ///< How much of it has left.
  std::set<std::string> shared_;  ///< Records that the peer is known to have, or will.
  std::size_t shared_bytes_ = 0;
};

}  // namespace rill
