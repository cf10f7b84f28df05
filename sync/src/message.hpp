#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "archive.hpp"
#include "rill/delta.hpp"
#include "rill/error.hpp"
#include "rill/replica.hpp"
#include "rill/version_vector.hpp"

namespace rill {

/// The protocol versions this build speaks.
inline constexpr std::uint32_t kOldestProtocol = 1;
inline constexpr std::uint32_t kNewestProtocol = 1;
/// The longest text of an ERROR.
inline constexpr std::size_t kMaxErrorText = 1'024;

/// The first message of each side.
struct Hello {
  std::uint32_t oldest = kOldestProtocol;
  std::uint32_t newest = kNewestProtocol;
  /// Bits for what this side can do beyond the protocol's version; unknown ones are ignored.
  std::uint64_t features = 0;
  SpaceId space = kMainSpace;
  std::string name;
  ReplicaSummary summary;

  friend bool operator==(const Hello&, const Hello&) = default;
};

/// A delta follows; its sender has seen `vector`.
struct Begin {
  VersionVector vector;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(vector);
  }
};

/// The delta stands in the replica, which has seen `vector` now.
struct Ack {
  VersionVector vector;
  std::uint64_t rows_changed = 0;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(vector, limited(rows_changed, kMaxCounter));
  }
};

/// The delta did not fit; send what lies beyond `vector`.
struct Retry {
  VersionVector vector;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(vector);
  }
};

/// Why the sender closes the session.
struct ErrorMessage {
  ErrorCode code = ErrorCode::internal;
  std::string text;
};

std::string encode(const Hello& message);
std::string encode(const Begin& message);
std::string encode(const Ack& message);
std::string encode(const Retry& message);
std::string encode(const ErrorMessage& message);

/// The inverse of `encode`. All throw `Error{malformed}` or `Error{limit_exceeded}`; `decode_hello`
/// also `Error{version_mismatch}`, judged before anything that another version may lay out
/// differently.
Hello decode_hello(std::string_view payload);
Begin decode_begin(std::string_view payload);
Ack decode_ack(std::string_view payload);
Retry decode_retry(std::string_view payload);
ErrorMessage decode_error(std::string_view payload);

}  // namespace rill
