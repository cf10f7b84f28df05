#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive.hpp"
#include "credit.hpp"
#include "rill/delta.hpp"
#include "rill/error.hpp"
#include "rill/group_log.hpp"
#include "rill/replica.hpp"
#include "rill/row_digest.hpp"
#include "rill/version_vector.hpp"

namespace rill {

/// The protocol versions this build speaks.
inline constexpr std::uint32_t kOldestProtocol = 3;
inline constexpr std::uint32_t kNewestProtocol = 3;
/// `Hello::features`: the sender follows only; it will send no changes.
inline constexpr std::uint64_t kFeatureFollows = 1U << 0U;
/// The longest text of an ERROR.
inline constexpr std::size_t kMaxErrorText = 1'024;

template <typename Archive>
void serialize(Archive& archive, Digest& digest) {
  archive(digest.high, digest.low);
}

template <typename Archive>
void serialize(Archive& archive, RowDigest& row) {
  archive(row.place, row.digest, limited(row.name, kMaxRowName));
}

/// `Hello::features`: the sender takes compressed pieces of deltas.
inline constexpr std::uint64_t kFeatureZstd = 1U << 1U;

/// The first message of each side.
struct Hello {
  std::uint32_t oldest = kOldestProtocol;
  std::uint32_t newest = kNewestProtocol;
  /// Bits for what this side can do beyond the protocol's version; unknown ones are ignored.
  std::uint64_t features = 0;
  SpaceId space = kMainSpace;
  std::string name;
  /// How many bytes of DELTA payload the peer may send before it is granted more.
  std::uint64_t credit = kCredit;
  /// Over the records of the sender's group; none without a group.
  std::optional<GroupDigest> group;
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

/// The sender has seen `vector`. One that is no answer is to be answered by the same of the other
/// side.
struct Have {
  VersionVector vector;
  bool answer = false;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(vector, answer);
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

/// The peer may send so many more bytes of DELTA payload.
struct CreditMessage {
  std::uint64_t bytes = 0;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(limited(bytes, kMaxCredit));
  }
};

/// Records of the sender's group.
struct GroupMessage {
  std::vector<std::string> records;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(limited(records, kMaxGroupRecords));
  }
};
/// The longest of them: the records, and their lengths.
inline constexpr std::size_t kMaxGroupMessageBytes = kMaxGroupBytes + 4 * kMaxGroupRecords + 4;

/// The digest of all live rows of a sender that has seen `vector`.
struct DigestMessage {
  VersionVector vector;
  Digest digest;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(vector, digest);
  }
};

/// The same range by range; `kDigestRanges` of them.
struct DigestRanges {
  std::vector<Digest> ranges;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(limited(ranges, kDigestRanges));
  }
};

/// Rows of the ranges that differ, ascending by place; all of them if `complete`.
struct DigestRows {
  std::vector<RowDigest> rows;
  bool complete = true;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(limited(rows, kMaxRowDigests), complete);
  }
};

/// A replica whose past the two sides know differently, as the sender knows it.
struct HistoryMessage {
  /// The first event of an epoch, and its value.
  struct Opening {
    std::uint64_t first = 0;
    std::uint64_t value = 0;

    template <typename Archive>
    void serialize(Archive& archive) {
      archive(limited(first, kMaxCounter), value);
    }
  };
  ReplicaId replica;
  std::uint64_t counter = 0;
  /// Ascending.
  std::vector<Opening> epochs;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(replica, limited(counter, kMaxCounter), limited(epochs, kMaxHistory));
  }
};

/// Why the sender closes the session.
struct ErrorMessage {
  ErrorCode code = ErrorCode::internal;
  std::string text;
};

std::string encode(const Hello& message);
std::string encode(const Begin& message);
std::string encode(const Have& message);
std::string encode(const Ack& message);
std::string encode(const Retry& message);
std::string encode(const CreditMessage& message);
std::string encode(const GroupMessage& message);
std::string encode(const DigestMessage& message);
std::string encode(const DigestRanges& message);
std::string encode(const DigestRows& message);
std::string encode(const ReplicaHistory& message);
std::string encode(const ErrorMessage& message);

/// The inverse of `encode`. All throw `Error{malformed}` or `Error{limit_exceeded}`; `decode_hello`
/// also `Error{version_mismatch}`, judged before anything that another version may lay out
/// differently.
Hello decode_hello(std::string_view payload);
Begin decode_begin(std::string_view payload);
Have decode_have(std::string_view payload);
Ack decode_ack(std::string_view payload);
Retry decode_retry(std::string_view payload);
CreditMessage decode_credit(std::string_view payload);
GroupMessage decode_group_message(std::string_view payload);
DigestMessage decode_digest(std::string_view payload);
DigestRanges decode_digest_ranges(std::string_view payload);
DigestRows decode_digest_rows(std::string_view payload);
ReplicaHistory decode_history(std::string_view payload);
ErrorMessage decode_error(std::string_view payload);

}  // namespace rill
