#include "group/record.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "archive.hpp"
#include "rill/delta.hpp"
#include "rill/error.hpp"
#include "rill/session.hpp"

namespace rill {

template <typename Archive>
void serialize(Archive& archive, Genesis& genesis) {
  archive(genesis.nonce, genesis.secret, limited(genesis.name, kMaxDeviceName));
}

template <typename Archive>
void serialize(Archive& archive, Admit& admit) {
  archive(admit.key, limited(admit.name, kMaxDeviceName), limited(admit.role, Role::reader),
          limited(admit.generation, kMaxCounter), limited(admit.seen, kMaxSeenRecords));
}

template <typename Archive>
void serialize(Archive& archive, Revoke& revoke) {
  archive(revoke.key, limited(revoke.seen, kMaxSeenRecords));
}

template <typename Archive>
void serialize(Archive& archive, NewGroupKey& key) {
  archive(limited(key.generation, kMaxCounter), key.secret);
}

namespace {

/// What a signature covers before the record itself, so that it can be taken for nothing else.
constexpr std::string_view kSignatureDomain = "rill group record 1";
constexpr std::size_t kSignatureBytes = std::tuple_size_v<Signature>;

/// By their places in `GroupRecord::content`.
enum class Kind : std::uint8_t { genesis, admit, revoke, new_group_key };

void become(GroupRecord& record, Kind kind) {
  switch (kind) {
    case Kind::genesis:
      record.content.emplace<Genesis>();
      return;
    case Kind::admit:
      record.content.emplace<Admit>();
      return;
    case Kind::revoke:
      record.content.emplace<Revoke>();
      return;
    case Kind::new_group_key:
      record.content.emplace<NewGroupKey>();
      return;
  }
}

template <typename Archive>
void describe(Archive& archive, GroupRecord& record) {
  const auto had = static_cast<Kind>(record.content.index());
  Kind kind = had;
  archive(limited(kind, Kind::new_group_key));
  if (kind != had) become(record, kind);
  if (kind != Kind::genesis) archive(record.group);
  archive(record.author, limited(record.sequence, kMaxCounter));
  std::visit([&](auto& content) { archive(content); }, record.content);
}

[[noreturn]] void refuse(const char* what) {
  throw Error(ErrorCode::malformed, std::string("a record of the group ") + what);
}

/// Names in any other order, or twice, would be a second encoding of one statement.
void check_seen(const std::vector<RecordName>& seen) {
  if (std::ranges::adjacent_find(seen, std::ranges::greater_equal()) != seen.end()) {
    refuse("lists records out of order");
  }
}

void check(const GroupRecord& record) {
  if (record.sequence == 0) refuse("has the number 0");
  if (std::holds_alternative<Genesis>(record.content) && record.sequence != 1) {
    refuse("is a genesis and not its author's first");
  }
  if (const auto* admit = std::get_if<Admit>(&record.content)) {
    if (admit->generation == 0) refuse("has the generation 0");
    check_seen(admit->seen);
  }
  if (const auto* revoke = std::get_if<Revoke>(&record.content)) check_seen(revoke->seen);
  const auto* key = std::get_if<NewGroupKey>(&record.content);
  if (key != nullptr && key->generation == 0) refuse("has the generation 0");
}

std::string signed_text(std::string_view body) {
  std::string text(kSignatureDomain);
  text += body;
  return text;
}

}  // namespace

SignedRecord sign_record(GroupRecord record, const DeviceKey& key) {
  record.author = key.public_key();
  BoundedOutputArchive archive(kMaxRecordBytes);
  describe(archive, record);
  std::string encoded = archive.finish();
  const Signature signature = key.sign(signed_text(encoded));
  encoded.append(signature.begin(), signature.end());
  const RecordName name = sha256(encoded);
  return {std::move(record), std::move(encoded), name};
}

SignedRecord open_record(std::string_view encoded) {
  if (encoded.size() < kSignatureBytes) refuse("is too short to be signed");
  const std::string_view body = encoded.substr(0, encoded.size() - kSignatureBytes);
  SignedRecord opened;
  BoundedInputArchive archive(body, kMaxRecordBytes);
  describe(archive, opened.record);
  archive.finish();
  check(opened.record);
  Signature signature{};
  std::ranges::copy(encoded.substr(body.size()), signature.begin());
  if (!verify(opened.record.author, signed_text(body), signature)) {
    refuse("is not signed by the device that it names");
  }
  opened.encoded = encoded;
  opened.name = sha256(encoded);
  return opened;
}

}  // namespace rill
