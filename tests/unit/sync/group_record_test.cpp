#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "group/evaluation.hpp"
#include "group/record.hpp"
#include "rill/error.hpp"
#include "rill/session.hpp"
#include "support/expect_error.hpp"
#include "support/group_devices.hpp"

namespace rill {
namespace {

using test::device_key;

GroupId some_group() { return sha256("some group"); }

template <typename Content>
SignedRecord signed_by(char letter, Content content, std::uint64_t sequence = 2) {
  GroupRecord record;
  record.content = std::move(content);
  record.group = some_group();
  record.sequence = sequence;
  return sign_record(std::move(record), device_key(letter));
}

std::vector<SignedRecord> one_of_each() {
  const PublicKey key = device_key('B').public_key();
  std::vector<RecordName> seen{sha256("one"), sha256("two")};
  std::ranges::sort(seen);
  return {signed_by('A', Genesis{sha256("nonce"), sha256("secret"), "Kitchen"}, 1),
          signed_by('A', Admit{key, "Hall", Role::writer, 3, seen}),
          signed_by('A', Revoke{key, seen}), signed_by('A', NewGroupKey{4, sha256("new")})};
}

TEST(GroupRecord, ComesBackAsItWasSigned) {
  for (const SignedRecord& made : one_of_each()) {
    const SignedRecord opened = open_record(made.encoded);
    EXPECT_EQ(opened.name, made.name);
    EXPECT_EQ(opened.encoded, made.encoded);
    EXPECT_EQ(opened.group(), made.group());
    EXPECT_EQ(opened.record.author, device_key('A').public_key());
    EXPECT_EQ(opened.record.sequence, made.record.sequence);
    EXPECT_EQ(sign_record(opened.record, device_key('A')).encoded, made.encoded);
  }
  const SignedRecord admit = open_record(one_of_each().at(1).encoded);
  const auto& content = std::get<Admit>(admit.record.content);
  EXPECT_EQ(content.key, device_key('B').public_key());
  EXPECT_EQ(content.name, "Hall");
  EXPECT_EQ(content.role, Role::writer);
  EXPECT_EQ(content.generation, 3U);
  EXPECT_EQ(content.seen.size(), 2U);
}

TEST(GroupRecord, OfAGenesisNamesTheGroup) {
  const SignedRecord genesis = one_of_each().front();
  EXPECT_EQ(genesis.group(), sha256(genesis.encoded));
  EXPECT_EQ(one_of_each().at(1).group(), some_group());
}

TEST(GroupRecord, IsRefusedWithAnyBitFlipped) {
  for (const SignedRecord& made : one_of_each()) {
    for (std::size_t bit = 0; bit < 8 * made.encoded.size(); ++bit) {
      std::string bytes = made.encoded;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
      try {
        static_cast<void>(open_record(bytes));
        FAIL() << "bit " << bit << " of a record of kind " << made.record.content.index();
      } catch (const Error& error) {
        EXPECT_TRUE(error.code() == ErrorCode::malformed ||
                    error.code() == ErrorCode::limit_exceeded)
            << error.what();
      }
    }
  }
}

TEST(GroupRecord, IsRefusedIfCutShortOrLengthened) {
  for (const SignedRecord& made : one_of_each()) {
    for (std::size_t size = 0; size < made.encoded.size(); ++size) {
      EXPECT_ANY_THROW(static_cast<void>(open_record(made.encoded.substr(0, size)))) << size;
    }
    EXPECT_ERROR(open_record(made.encoded + '\0'), ErrorCode::malformed);
  }
}

TEST(GroupRecord, IsRefusedIfWellSignedAndSenseless) {
  const PublicKey key = device_key('B').public_key();
  std::vector<RecordName> descending{sha256("one"), sha256("two")};
  std::ranges::sort(descending, std::greater());
  EXPECT_ERROR(open_record(signed_by('A', Revoke{key, {}}, 0).encoded), ErrorCode::malformed);
  EXPECT_ERROR(open_record(signed_by('A', Genesis{}, 2).encoded), ErrorCode::malformed);
  EXPECT_ERROR(open_record(signed_by('A', Revoke{key, descending}).encoded), ErrorCode::malformed);
  EXPECT_ERROR(open_record(signed_by('A', Revoke{key, {sha256("one"), sha256("one")}}).encoded),
               ErrorCode::malformed);
  EXPECT_ERROR(open_record(signed_by('A', Admit{key, "", Role::admin, 0, {}}).encoded),
               ErrorCode::malformed);
  EXPECT_ERROR(open_record(signed_by('A', NewGroupKey{0, {}}).encoded), ErrorCode::malformed);
}

TEST(GroupRecord, HasLimits) {
  const PublicKey key = device_key('B').public_key();
  const std::string longest(kMaxDeviceName, 'n');
  EXPECT_NO_THROW(
      static_cast<void>(open_record(signed_by('A', Admit{key, longest, {}, 1, {}}).encoded)));
  EXPECT_ERROR(signed_by('A', Admit{key, longest + 'n', {}, 1, {}}), ErrorCode::limit_exceeded);
  std::vector<RecordName> seen;
  seen.reserve(kMaxSeenRecords + 1);
  for (std::size_t index = 0; index < kMaxSeenRecords; ++index) {
    seen.push_back(sha256(std::to_string(index)));
  }
  std::ranges::sort(seen);
  EXPECT_NO_THROW(static_cast<void>(open_record(signed_by('A', Revoke{key, seen}).encoded)));
  seen.push_back(seen.back());
  EXPECT_ERROR(signed_by('A', Revoke{key, seen}), ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace rill
