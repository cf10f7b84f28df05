#include "message.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "archive.hpp"
#include "frame.hpp"
#include "rill/session.hpp"

namespace rill {

template <typename Archive>
void serialize(Archive& archive, ColumnSummary& column) {
  archive(limited(column.name, kMaxNameBytes), limited(column.rule, kMaxNameBytes),
          column.rule_version);
}

template <typename Archive>
void serialize(Archive& archive, TableSummary& table) {
  archive(limited(table.name, kMaxNameBytes), limited(table.rule, kMaxNameBytes),
          table.rule_version, limited(table.columns, kMaxColumns));
}

template <typename Archive>
void serialize(Archive& archive, EpochTip& tip) {
  archive(tip.newest.replica, limited(tip.newest.first, kMaxCounter), tip.newest.value,
          tip.history);
}

void CEREAL_SAVE_FUNCTION_NAME(BoundedOutputArchive& archive, const Forks& forks) {
  const std::vector<ReplicaId> certificates(forks.begin(), forks.end());
  archive(limited(certificates, kMaxForks));
}

void CEREAL_LOAD_FUNCTION_NAME(BoundedInputArchive& archive, Forks& forks) {
  std::vector<ReplicaId> certificates;
  archive(limited(certificates, kMaxForks));
  const auto unordered = std::ranges::adjacent_find(certificates, std::greater_equal());
  if (unordered != certificates.end()) {
    throw Error(ErrorCode::malformed, "the peer's certificates of forks do not ascend");
  }
  forks = {};
  for (const ReplicaId& certificate : certificates) forks.add(certificate);
}

template <typename Archive>
void serialize(Archive& archive, InboxSummary& inbox) {
  archive(inbox.opening, inbox.chunks, limited(inbox.position, kMaxCounter));
}

template <typename Archive>
void serialize(Archive& archive, ReplicaSummary& summary) {
  archive(summary.id, summary.nonce, summary.opening, summary.vector,
          limited(summary.epochs, kMaxReplicas), summary.forks,
          limited(summary.inboxes, kMaxInboxes), limited(summary.tables, kMaxTables));
}

namespace {

constexpr std::array<std::uint8_t, 4> kMagic = {'R', 'I', 'L', 'L'};
constexpr std::size_t kMaxErrorName = 64;

/// What every version of the protocol begins with.
struct Greeting {
  std::array<std::uint8_t, 4> magic = kMagic;
  std::uint32_t oldest = kOldestProtocol;
  std::uint32_t newest = kNewestProtocol;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(magic, oldest, newest);
  }
};

/// What follows in this version.
template <typename Archive>
void describe(Archive& archive, Hello& hello) {
  archive(hello.features, hello.space, limited(hello.name, kMaxDeviceName),
          limited(hello.credit, kMaxCredit), hello.group, hello.summary);
}

struct NamedError {
  std::string code;
  std::string text;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(limited(code, kMaxErrorName), limited(text, kMaxErrorText));
  }
};

/// Codes travel by name, so that their order may change; one that this build lacks counts as
/// `protocol`.
ErrorCode code_named(std::string_view name) {
  for (unsigned index = 0; index <= static_cast<unsigned>(ErrorCode::internal); ++index) {
    const auto code = static_cast<ErrorCode>(index);
    if (to_string(code) == name) return code;
  }
  return ErrorCode::protocol;
}

/// What a peer wrote may end up in a log or a terminal.
void make_printable(std::string& text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
}

std::string versions(std::uint32_t oldest, std::uint32_t newest) {
  if (oldest == newest) return "version " + std::to_string(oldest);
  return "versions " + std::to_string(oldest) + " to " + std::to_string(newest);
}

void check_version(const Hello& hello) {
  if (hello.oldest > hello.newest) {
    throw Error(ErrorCode::malformed, "the peer's protocol range is upside down");
  }
  if (hello.oldest > kNewestProtocol || hello.newest < kOldestProtocol) {
    const bool peer_is_older = hello.newest < kOldestProtocol;
    throw Error(ErrorCode::version_mismatch,
                "the peer speaks " + versions(hello.oldest, hello.newest) +
                    " of the protocol, this side " + versions(kOldestProtocol, kNewestProtocol) +
                    ": update the app on " + (peer_is_older ? "the peer" : "this device"));
  }
}

}  // namespace

std::string encode(const Hello& message) {
  BoundedOutputArchive archive;
  Hello hello = message;
  archive(Greeting{kMagic, hello.oldest, hello.newest});
  describe(archive, hello);
  return archive.finish();
}

Hello decode_hello(std::string_view payload) {
  BoundedInputArchive archive(payload, kMaxHelloBytes);
  Greeting greeting;
  archive(greeting);
  if (greeting.magic != kMagic) {
    throw Error(ErrorCode::malformed, "the peer does not speak Rill's protocol");
  }
  Hello hello;
  hello.oldest = greeting.oldest;
  hello.newest = greeting.newest;
  check_version(hello);
  describe(archive, hello);
  archive.finish();
  if (hello.credit < kMinCredit) {
    throw Error(ErrorCode::protocol, "the peer grants too little credit for one frame");
  }
  return hello;
}

std::string encode(const Begin& message) { return to_bytes(message); }
std::string encode(const Have& message) { return to_bytes(message); }
std::string encode(const Ack& message) { return to_bytes(message); }
std::string encode(const Retry& message) { return to_bytes(message); }

Begin decode_begin(std::string_view payload) { return from_bytes<Begin>(payload, kMaxFrameBytes); }
Have decode_have(std::string_view payload) { return from_bytes<Have>(payload, kMaxFrameBytes); }
Ack decode_ack(std::string_view payload) { return from_bytes<Ack>(payload, kMaxFrameBytes); }
Retry decode_retry(std::string_view payload) { return from_bytes<Retry>(payload, kMaxFrameBytes); }

std::string encode(const CreditMessage& message) { return to_bytes(message); }

CreditMessage decode_credit(std::string_view payload) {
  return from_bytes<CreditMessage>(payload, kMaxFrameBytes);
}

std::string encode(const GroupMessage& message) { return to_bytes(message, kMaxGroupMessageBytes); }

GroupMessage decode_group_message(std::string_view payload) {
  return from_bytes<GroupMessage>(payload, kMaxGroupMessageBytes);
}

std::string encode(const DigestMessage& message) { return to_bytes(message); }
std::string encode(const DigestRanges& message) { return to_bytes(message); }
std::string encode(const DigestRows& message) { return to_bytes(message); }

DigestMessage decode_digest(std::string_view payload) {
  return from_bytes<DigestMessage>(payload, kMaxFrameBytes);
}

DigestRanges decode_digest_ranges(std::string_view payload) {
  auto message = from_bytes<DigestRanges>(payload, kMaxFrameBytes);
  if (message.ranges.size() != kDigestRanges) {
    throw Error(ErrorCode::malformed, "the peer's digests are not one for each range");
  }
  return message;
}

DigestRows decode_digest_rows(std::string_view payload) {
  auto message = from_bytes<DigestRows>(payload, kMaxFrameBytes);
  const auto unordered = std::ranges::adjacent_find(
      message.rows, [](const auto& left, const auto& right) { return left.place >= right.place; });
  if (unordered != message.rows.end()) {
    throw Error(ErrorCode::malformed, "the peer's rows do not ascend by their place");
  }
  for (RowDigest& row : message.rows) make_printable(row.name);
  return message;
}

std::string encode(const ReplicaHistory& message) {
  HistoryMessage history{message.replica, message.counter, {}};
  history.epochs.reserve(message.epochs.size());
  for (const Epoch& epoch : message.epochs) history.epochs.push_back({epoch.first, epoch.value});
  return to_bytes(history);
}

ReplicaHistory decode_history(std::string_view payload) {
  const auto message = from_bytes<HistoryMessage>(payload, kMaxFrameBytes);
  ReplicaHistory history{message.replica, message.counter, {}};
  std::uint64_t before = 0;
  for (const auto& [first, value] : message.epochs) {
    if (first <= std::exchange(before, first)) {
      throw Error(ErrorCode::malformed, "the epochs of the peer's history do not ascend");
    }
    history.epochs.push_back({message.replica, first, value});
  }
  return history;
}

std::string encode(const ErrorMessage& message) {
  return to_bytes(
      NamedError{std::string(to_string(message.code)), message.text.substr(0, kMaxErrorText)});
}

ErrorMessage decode_error(std::string_view payload) {
  NamedError named = from_bytes<NamedError>(payload, kMaxFrameBytes);
  make_printable(named.text);
  return {code_named(named.code), std::move(named.text)};
}

}  // namespace rill
