#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace rill {

/// What went wrong, for a program to act upon. The message of an `Error` is for people: it names
/// the table, column, file or peer concerned, and says what to do.
enum class ErrorCode : std::uint8_t {
  // The caller.
  invalid_argument,  ///< An argument that makes no sense; nothing was done.
  sql,               ///< SQLite refused a statement (syntax, unknown name, constraint…).
  constraint,        ///< A constraint of the app's schema failed for a local write.
  busy,              ///< Another connection holds the lock; try again.
  interrupted,       ///< The call was cut short by an interrupt or by closing.
  bad_value,         ///< A value that the column's merge rule cannot hold.
  too_large,         ///< A value above the limit for one cell.
  cannot_replicate,  ///< The table's shape rules out replication; the message names the reason.
  unknown_table,     ///< No replicated table has this name.
  unknown_column,    ///< The table has no such column.
  unknown_rule,      ///< A custom rule that the file names is not registered.
  rule_changed,      ///< A column's rule may not change its kind.
  rule_failed,       ///< A custom rule threw, was impure, or returned what the column cannot hold.
  not_found,         ///< No row has this key.
  // The file.
  cannot_open,     ///< The file cannot be opened or created.
  not_a_database,  ///< The file exists and is not a SQLite database.
  read_only,       ///< The file cannot be written, or this device is a reader of its group.
  newer_format,    ///< The file was written by a newer Rill; it was left untouched.
  corrupt,         ///< SQLite or Rill found damage in the file.
  io,              ///< The operating system failed a read or a write.
  disk_full,       ///< No space left; the transaction was rolled back.
  file_replaced,   ///< The file was moved, deleted or replaced while it was open.
  capture_lost,    ///< A table changed behind Rill's back; `recapture` repairs it.
  unsupported,     ///< This build, or this version of SQLite, cannot do it.
  // The peer.
  malformed,         ///< Bytes that do not decode: truncated, trailing, out of range.
  limit_exceeded,    ///< A peer asked for more than a named limit allows.
  protocol,          ///< A well-formed message that the state of the session does not allow.
  version_mismatch,  ///< No protocol version in common.
  causality_gap,     ///< A delta that starts beyond what this replica has seen.
  forked,            ///< Two files used the same dots, and names do not tell them apart.
  renamed,           ///< Events got other names, as a fork was found: begin the session anew.
  refused_address,   ///< An address that the transport will not use.
  address_in_use,    ///< The port is taken.
  unreachable,       ///< Nobody answers at the address.
  peer_gone,         ///< The peer closed or fell silent in the middle of the session.
  not_a_member,      ///< One of the two devices does not belong to the other's group.
  revoked,           ///< The device was removed from the group; it may return under a new key.
  already_in_group,  ///< The device belongs to another group; it must leave that first.
  not_allowed,       ///< The device's role in the group does not permit this.
  wrong_code,        ///< A pairing code or link that the other device does not accept.
  expired,           ///< A pairing code or link that was used, withdrawn, or is too old.
  declined,          ///< The other device's user said no.
  // Rill.
  internal,  ///< A broken invariant: please report it.
};

/// The enumerator's own name, such as "bad_value".
std::string_view to_string(ErrorCode code) noexcept;

/// The one exception type that Rill throws. Thread safety: a value.
class Error : public std::runtime_error {
 public:
  /// `message` says what and where, and what to do about it.
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

  /// What a program acts upon; `what()` is for people.
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace rill
