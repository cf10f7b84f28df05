// What a member gets that means ill, or whoever has its key: it passes the gate and breaks the
// rules behind it. Every test checks the answer, that memory stays bounded, that the database is as
// it was, and that another member goes on undisturbed.

#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "compression.hpp"
#include "rill/bytes.hpp"
#include "rill/delta.hpp"
#include "support/database_device.hpp"
#include "support/effort.hpp"
#include "support/hostile_member.hpp"
#include "support/noise.hpp"
#include "support/process_memory.hpp"

namespace rill {
namespace {

using namespace std::chrono_literals;
using test::agree;
using test::DatabaseDevice;
using test::eventually;
using test::HostileMember;
using testing::kMebibyte;
using Kind = ReplicatorEvent::Kind;

std::string name_of(const std::optional<ErrorCode>& code) {
  return code ? std::string(to_string(*code)) : "none";
}

/// A is attacked, B another member, M the one whose key the attacker has.
class HostileMembersThreads : public ::testing::Test {
 public:
  /// What an attack may cost.
  static constexpr std::uint64_t kMemory = 16 * kMebibyte;
  /// The same where the attacker makes A hold a chunk as large as there may be.
  static constexpr std::uint64_t kLargestChunk = kMaxDeltaBytes + 8 * kMebibyte;

  struct State {
    VersionVector vector;
    std::string digest;

    friend bool operator==(const State&, const State&) = default;
  };

  static ReplicatorOptions options() { return test::hasty(DatabaseDevice::quiet()); }

  HostileMembersThreads() {
    std::signal(SIGPIPE, SIG_IGN);  // attackers write to connections that were ended
    a.add("first");
    pair(a, b);
    pair(a, m);
    m_id = m.id();
    EXPECT_TRUE(agree(a, b));
    EXPECT_TRUE(agree(a, m));
    m.turn_off();
    FileKeyStore keys(folder / "m.db-key");
    key = load_or_create(keys);
    EXPECT_TRUE(eventually([this] { return !a.online(m_id); }));
    state = now();
    peak.emplace();
  }
  void TearDown() override {
    expect_unchanged();
    EXPECT_TRUE(undisturbed("after"));
    EXPECT_TRUE(b.seen(Kind::peer_offline).empty()) << "B was disturbed";
    EXPECT_EQ(a.replicator->members().size(), 3U);
    RecordProperty("kilobytes", std::to_string(peak->grown() / 1'024));
    EXPECT_LT(peak->grown(), memory);
    EXPECT_EQ(testing::value_of(a.db, "PRAGMA integrity_check"), Value("ok"));
  }

  State now() { return {a.db.vector(), a.db.digest()}; }
  void expect_unchanged() { EXPECT_TRUE(now() == state) << "the database has changed"; }
  /// Whether a change of A reaches B at once.
  bool undisturbed(const std::string& note) {
    a.add(note);
    const bool agreed = agree(a, b, test::kAtOnce);
    state = now();
    return agreed;
  }

  /// Enters, as M's own replicator would.
  HostileMember enter() {
    const Group group(m.db, key);
    HostileMember member(a.port(), key, group);
    EXPECT_TRUE(member.open()) << name_of(member.gate_error());
    return member;
  }
  [[nodiscard]] Hello hello() {
    Hello hello;
    hello.features = kFeatureZstd;
    hello.summary = m.db.summary();
    hello.group = Group(m.db, key).digest();
    return hello;
  }
  /// Enters and says HELLO.
  HostileMember greet() {
    HostileMember member = enter();
    member.send(FrameType::hello, encode(hello()));
    EXPECT_TRUE(member.wait_for(FrameType::hello).has_value());
    return member;
  }
  /// Enters, says HELLO and announces changes.
  HostileMember begin() {
    HostileMember member = greet();
    member.send(FrameType::begin, encode(Begin{m.db.vector()}));
    return member;
  }

  /// How often A's app was told that a session with M ended, or came to nothing, by that error.
  std::size_t losses(ErrorCode code) {
    std::size_t count = 0;
    for (const Kind kind : {Kind::peer_offline, Kind::refused}) {
      for (const ReplicatorEvent& event : a.seen(kind)) {
        if (event.peer == m_id && event.error && event.error->code() == code) ++count;
      }
    }
    return count;
  }
  /// The attacker is told, and so is A's app.
  void expect_refused(HostileMember& member, ErrorCode code) {
    EXPECT_EQ(name_of(member.error()), to_string(code));
    EXPECT_TRUE(eventually([&] { return losses(code) > seen_[code]; })) << to_string(code);
    seen_[code] = losses(code);
    expect_unchanged();
  }
  /// M's database writes, and what A lacks of it.
  Delta news() {
    for (int note = 0; note < 3; ++note) m.add("m" + std::to_string(notes_++));
    return decode_delta(m.db.changes_since(a.db.vector())->next(kMebibyte).value_or(""));
  }

  testing::TemporaryFolder folder;
  DatabaseDevice a{folder / "a.db", options()};
  DatabaseDevice b{folder / "b.db", options()};
  DatabaseDevice m{folder / "m.db", options()};
  DeviceId m_id;
  DeviceKey key = DeviceKey::generate();
  State state;
  std::uint64_t memory = kMemory;
  std::optional<testing::MemoryPeak> peak;

 private:
  std::map<ErrorCode, std::size_t> seen_;
  int notes_ = 0;
};

std::string bytes_of(std::string_view id, std::uint64_t counter) {
  ByteWriter writer;
  writer.varint(counter);
  return std::string(id) + writer.take();
}
std::string bytes_of(const ReplicaId& id) { return {id.bytes.begin(), id.bytes.end()}; }

/// A list that says how many elements it has, and has none.
std::string empty_list_of(std::uint64_t count) {
  ByteWriter writer;
  writer.varint(count);
  return writer.take();
}

std::string packed(std::uint64_t says, const std::string& content) {
  std::string frame(ZSTD_compressBound(content.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), content.data(), content.size(), 1));
  return empty_list_of(says) + frame;
}

// Frames and messages -----------------------------------------------------------------------------

TEST_F(HostileMembersThreads, FramesThatBreakTheProtocolAreNamedAndEndTheSession) {
  struct Case {
    FrameType type;
    std::string payload;
    std::uint8_t flags;
    ErrorCode answer;
  };
  const std::string id(16, 'i');
  const std::vector<Case> cases{
      {FrameType::hello, encode(hello()), 0, ErrorCode::protocol},
      {static_cast<FrameType>(200), "", 0, ErrorCode::protocol},
      {FrameType::ping, "x", 0, ErrorCode::malformed},
      {FrameType::ping, "", 0x80, ErrorCode::protocol},
      {FrameType::ack, encode(Ack{m.db.vector(), 0}), 0, ErrorCode::protocol},
      {FrameType::retry, encode(Retry{}), 0, ErrorCode::protocol},
      {FrameType::have, encode(Have{m.db.vector(), true}), 0, ErrorCode::protocol},
      {FrameType::credit, empty_list_of(std::uint64_t{1} << 40U), 0, ErrorCode::limit_exceeded},
      // Trailing bytes, counts without elements, numbers out of range.
      {FrameType::begin, encode(Begin{m.db.vector()}) + "x", 0, ErrorCode::malformed},
      {FrameType::begin, empty_list_of(std::uint64_t{1} << 40U), 0, ErrorCode::limit_exceeded},
      {FrameType::begin, "\x01" + bytes_of(id, std::uint64_t{1} << 63U), 0, ErrorCode::malformed},
      {FrameType::begin, "\x01" + id, 0, ErrorCode::malformed},
      {FrameType::group, empty_list_of(std::uint64_t{1} << 40U), 0, ErrorCode::limit_exceeded},
      {FrameType::group, encode(GroupMessage{{"not a record"}}), 0, ErrorCode::malformed},
      {FrameType::digest_ranges, encode(DigestRanges{}), 0, ErrorCode::malformed},
      {FrameType::delta, "", kFrameMore, ErrorCode::malformed},
      {FrameType::delta, "not a delta", 0, ErrorCode::malformed},
      {FrameType::delta, std::string(100, '\xff'), 0, ErrorCode::malformed},
      // Bombs.
      {FrameType::delta, packed(std::uint64_t{1} << 40U, "x"), kFrameCompressed,
       ErrorCode::limit_exceeded},
      {FrameType::delta, packed(1'000, std::string(64 * kMebibyte, 'x')), kFrameCompressed,
       ErrorCode::malformed},
      {FrameType::delta, packed(1'000'000, "x"), kFrameCompressed, ErrorCode::malformed},
  };
  peak.emplace();  // without what the bombs themselves took
  for (std::size_t index = 0; index < cases.size(); ++index) {
    SCOPED_TRACE(index);
    const Case& it = cases[index];
    HostileMember member = it.type == FrameType::delta ? begin() : greet();
    member.send(it.type, it.payload, it.flags);
    expect_refused(member, it.answer);
  }
}

TEST_F(HostileMembersThreads, OversizeFramesAreRefusedByTheirHeader) {
  HostileMember before = enter();
  before.send(std::string("\x01\x00\x04\x00\x01\x00\x00\x00", 8));
  expect_refused(before, ErrorCode::limit_exceeded);
  HostileMember after = greet();
  after.send(std::string("\xff\xff\xff\x7f\x03\x00\x01\x00", 8));
  expect_refused(after, ErrorCode::limit_exceeded);
}

TEST_F(HostileMembersThreads, WhatIsNoHelloIsRefused) {
  for (const std::string& words :
       {std::string("GET / HTTP/1.1\r\nHost: rill\r\n\r\n"), std::string(100, '\0')}) {
    HostileMember member = enter();
    member.send(words);
    const auto answer = member.error();
    EXPECT_TRUE(answer == ErrorCode::limit_exceeded || answer == ErrorCode::protocol)
        << name_of(answer);
  }
  HostileMember newer = enter();
  Hello other = hello();
  other.oldest = other.newest = 99;
  newer.send(FrameType::hello, encode(other));
  expect_refused(newer, ErrorCode::version_mismatch);
}

TEST_F(HostileMembersThreads, AVectorOfMoreReplicasThanTheLimitIsRefused) {
  constexpr std::size_t kAtOnce = 12'000;
  HostileMember member = greet();
  std::uint32_t number = 0;
  for (std::size_t sent = 0; sent <= kMaxReplicas; sent += kAtOnce) {
    VersionVector vector;
    for (std::size_t replica = 0; replica < kAtOnce; ++replica) {
      ReplicaId id;
      ++number;
      for (std::size_t byte = 0; byte < 4; ++byte) {
        id.bytes.at(byte) = static_cast<std::uint8_t>(number >> (8 * byte));
      }
      vector.raise({id, 1});
    }
    member.send(FrameType::have, encode(Have{std::move(vector), false}));
  }
  expect_refused(member, ErrorCode::limit_exceeded);
}

TEST_F(HostileMembersThreads, ADeltaChunkWithoutEndIsRefusedAtItsLimit) {
  memory = kLargestChunk;
  const std::string piece = packed(kMebibyte, std::string(kMebibyte, 'x'));
  HostileMember member = begin();
  for (std::size_t sent = 0; sent <= kMaxDeltaBytes; sent += kMebibyte) {
    member.send(FrameType::delta, piece, kFrameCompressed | kFrameMore);
  }
  expect_refused(member, ErrorCode::limit_exceeded);
}

TEST_F(HostileMembersThreads, ADeltaChunkWithoutEndIsRefusedAtItsLimitIfItIsNotPackedEither) {
  memory = kLargestChunk;
  HostileMember member = begin();
  const std::string piece(kBulkFrameBytes, 'x');
  for (std::size_t sent = 0; sent <= kMaxDeltaBytes + kMebibyte; sent += piece.size()) {
    member.send(FrameType::delta, piece, kFrameMore);
  }
  expect_refused(member, ErrorCode::limit_exceeded);
}

TEST_F(HostileMembersThreads, RecordsOfTheGroupWithoutEndAreRefused) {
  HostileMember member = greet();
  const std::string piece(200'000, 'x');
  for (std::size_t sent = 0; sent <= 2 * kMaxGroupBytes; sent += piece.size()) {
    member.send(FrameType::group, piece, kFrameMore);
  }
  expect_refused(member, ErrorCode::limit_exceeded);
}

// Deltas ------------------------------------------------------------------------------------------

TEST_F(HostileMembersThreads, DeltasThatContradictThemselvesAreRefused) {
  const Delta delta = news();
  const std::string good = encode(delta);
  const std::string id = bytes_of(m.db.id());
  const std::string end = bytes_of(id, delta.sender_vector[m.db.id()]);
  const std::size_t place = good.rfind(end);
  ASSERT_NE(place, std::string::npos);
  ASSERT_EQ(end.size(), 17U);
  std::string outside = good;
  outside[place + 16] = static_cast<char>(outside[place + 16] - 1);
  std::string huge = good;
  huge.replace(place, end.size(), bytes_of(id, std::uint64_t{1} << 63U));
  const std::vector<std::string> bad{outside, huge, good + "x", good.substr(0, good.size() - 1),
                                     good.substr(0, good.size() / 2)};
  for (std::size_t index = 0; index < bad.size(); ++index) {
    SCOPED_TRACE(index);
    HostileMember member = begin();
    member.send(FrameType::delta, bad[index]);
    const auto answer = member.error();
    EXPECT_TRUE(answer == ErrorCode::malformed || answer == ErrorCode::limit_exceeded)
        << name_of(answer);
    expect_unchanged();
  }
}

TEST_F(HostileMembersThreads, ADeltaWithAnotherPastOfThisReplicaIsRefused) {
  Delta delta = news();
  // "You began another life at your first event."
  delta.known = {};
  delta.epochs.push_back({a.db.id(), 1, 0x5EED});
  std::ranges::sort(delta.epochs);
  HostileMember member = begin();
  member.send(FrameType::delta, encode(delta));
  expect_refused(member, ErrorCode::renamed);
}

TEST_F(HostileMembersThreads, OwnEventsWithOtherContentChangeNothing) {
  Delta delta = decode_delta(m.db.changes_since({})->next(kMebibyte).value_or(""));
  std::size_t forged = 0;
  for (RowFragment& row : delta.rows) {
    for (auto& [column, part] : row.columns) {
      for (Entry& entry : part.fresh) {
        if (entry.id.dot.replica != a.db.id() || entry.value.type() != Value::Type::text) continue;
        entry.value = "never written here";
        ++forged;
      }
    }
  }
  ASSERT_GT(forged, 0U);
  HostileMember member = begin();
  member.send(FrameType::delta, encode(delta));
  const auto answer = member.wait_for(FrameType::ack);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(decode_ack(answer.value_or("")).rows_changed, 0U);
  expect_unchanged();
}

TEST_F(HostileMembersThreads, AHelloWithAnotherPastOfThisReplicaIsAnsweredByItsHistoryAlone) {
  HostileMember member = enter();
  Hello lying = hello();
  for (EpochTip& tip : lying.summary.epochs) tip.newest.value ^= 1U;
  member.send(FrameType::hello, encode(lying));
  const auto history = member.wait_for(FrameType::history);
  ASSERT_TRUE(history.has_value());
  EXPECT_FALSE(decode_history(history.value_or("")).epochs.empty());
  // Changes are not taken in such a session.
  Delta delta = news();
  member.send(FrameType::begin, encode(Begin{m.db.vector()}));
  member.send(FrameType::delta, encode(delta));
  member.send(FrameType::history, "nonsense");
  EXPECT_EQ(name_of(member.error()), to_string(ErrorCode::malformed));
  expect_unchanged();
}

TEST_F(HostileMembersThreads, ADeltaThatBeginsBeyondWhatWasSeenIsAskedForAgainAndThenRefused) {
  Delta delta = news();
  const ReplicaId unknown{.bytes = {9}};
  delta.known.raise({unknown, 7});
  delta.sender_vector.raise({unknown, 7});
  HostileMember member = begin();
  for (int time = 0; time < 8; ++time) {
    member.send(FrameType::delta, encode(delta));
    member.send(FrameType::begin, encode(Begin{delta.sender_vector}));
  }
  expect_refused(member, ErrorCode::causality_gap);
}

TEST_F(HostileMembersThreads, AReplayedDeltaHasNoEffect) {
  const std::string delta = encode(news());
  for (int time = 0; time < 3; ++time) {
    SCOPED_TRACE(time);
    HostileMember member = begin();
    member.send(FrameType::delta, delta);
    const auto answer = member.wait_for(FrameType::ack);
    ASSERT_TRUE(answer.has_value());
    if (time == 0) {
      EXPECT_EQ(decode_ack(answer.value_or("")).rows_changed, 3U);
      ASSERT_TRUE(agree(a, b));
      state = now();
    } else {
      EXPECT_EQ(decode_ack(answer.value_or("")).rows_changed, 0U);
    }
    expect_unchanged();
    // Also within one session.
    member.send(FrameType::begin, encode(Begin{m.db.vector()}));
    member.send(FrameType::delta, delta);
    EXPECT_TRUE(member.wait_for(FrameType::ack).has_value());
    expect_unchanged();
    member.send(FrameType::bye, "");
  }
}

TEST_F(HostileMembersThreads, ATruncatedTransferIsNotAppliedAndResumes) {
  for (int note = 0; note < 100; ++note) {
    m.db.execute("INSERT INTO notes(id, body) VALUES(?, ?)", "m" + std::to_string(note),
                 test::noise(5'000, static_cast<unsigned>(note)));
  }
  const auto changes = m.db.changes_since(a.db.vector());
  std::vector<std::string> chunks;
  while (auto chunk = changes->next(50'000)) chunks.push_back(*std::move(chunk));
  ASSERT_GT(chunks.size(), 5U);
  {
    HostileMember member = begin();
    for (std::size_t chunk = 0; chunk < 3; ++chunk) member.send(FrameType::delta, chunks[chunk]);
    // And half a frame.
    std::string cut;
    append_frame(cut, FrameType::delta, kMainSpace, chunks[3]);
    member.send(cut.substr(0, cut.size() / 2));
    EXPECT_TRUE(eventually([this] { return !a.db.summary().inboxes.empty(); }));
  }
  EXPECT_TRUE(eventually([this] { return losses(ErrorCode::peer_gone) > 0; }));
  EXPECT_TRUE(eventually([this] { return a.db.summary().inboxes.front().chunks == 3; }));
  expect_unchanged();
  HostileMember honest = begin();
  for (std::size_t chunk = 3; chunk < chunks.size(); ++chunk) {
    honest.send(FrameType::delta, chunks[chunk]);
  }
  ASSERT_TRUE(honest.wait_for(FrameType::ack).has_value());
  EXPECT_EQ(a.db.digest(), m.db.digest());
  EXPECT_TRUE(agree(a, b));
  state = now();
}

// Time --------------------------------------------------------------------------------------------

TEST_F(HostileMembersThreads, OneThatNeverReadsIsGivenUpAndHeldToItsQueue) {
  HostileMember member = enter();
  Hello generous = hello();
  generous.credit = kMaxCredit;
  member.send(FrameType::hello, encode(generous));
  // More than the system takes off A's hands.
  const unsigned notes = std::max(1'500U, testing::scaled(4'000));
  a.db.transaction([&] {
    for (unsigned note = 0; note < notes; ++note) {
      a.db.execute("INSERT INTO notes(id, body) VALUES(?, ?)", "a" + std::to_string(note),
                   test::noise(8'000, note));
    }
  });
  peak.emplace();
  EXPECT_TRUE(agree(a, b)) << "B gets all of it meanwhile";
  state = now();
  EXPECT_TRUE(eventually([this] { return losses(ErrorCode::peer_gone) > 0; }));
  // All of it went to B, by both devices of this process.
  memory = 2 * kMemory;
}

TEST_F(HostileMembersThreads, OneThatNeverAcknowledgesIsGivenUp) {
  HostileMember member = greet();
  EXPECT_TRUE(undisturbed("for both"));
  ASSERT_TRUE(member.wait_for(FrameType::delta).has_value());
  const auto began = std::chrono::steady_clock::now();
  std::thread pings([&member] {
    // It is alive, and owes an ACK.
    for (int count = 0; count < 30; ++count) {
      member.send(FrameType::ping, "");
      std::this_thread::sleep_for(100ms);
    }
  });
  EXPECT_TRUE(eventually([this] { return losses(ErrorCode::peer_gone) > 0; }));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 3 * options().timeouts.stall);
  pings.join();
}

TEST_F(HostileMembersThreads, OneThatAnnouncesAndNeverSendsIsGivenUp) {
  HostileMember member = greet();
  VersionVector promised = m.db.vector();
  promised.raise({m.db.id(), 1'000});
  member.send(FrameType::begin, encode(Begin{promised}));
  expect_refused(member, ErrorCode::peer_gone);
}

TEST_F(HostileMembersThreads, OneThatDripsAFrameIsGivenUp) {
  HostileMember member = greet();
  std::string frame;
  append_frame(frame, FrameType::begin, kMainSpace, encode(Begin{m.db.vector()}));
  std::thread drips([&] {
    for (const char byte : frame.substr(0, 30)) {
      member.send(std::string(1, byte));
      std::this_thread::sleep_for(150ms);
    }
  });
  EXPECT_TRUE(eventually([this] { return losses(ErrorCode::peer_gone) > 0; }));
  drips.join();
}

TEST_F(HostileMembersThreads, OneThatFallsSilentIsGivenUp) {
  HostileMember silent = enter();  // not even HELLO, which is no news to the app
  EXPECT_EQ(name_of(silent.error()), "peer_gone");
  HostileMember member = greet();
  EXPECT_TRUE(member.wait_for(FrameType::ping).has_value());
  expect_refused(member, ErrorCode::peer_gone);
}

// Membership --------------------------------------------------------------------------------------

TEST_F(HostileMembersThreads, AReaderThatWritesIsRefusedAndTheAppIsTold) {
  const std::string delta = encode(news());
  a.replicator->set_role(m_id, Role::reader);
  ASSERT_TRUE(eventually([this] {
    for (const Member& member : b.replicator->members()) {
      if (member.id == m_id) return member.role == Role::reader;
    }
    return false;
  }));
  // It says that it has heard of that, and not that it only follows.
  Hello lying = hello();
  FileKeyStore keys(folder / "a.db-key");
  lying.group = Group(a.db, load_or_create(keys)).digest();
  HostileMember member = enter();
  member.send(FrameType::hello, encode(lying));
  member.send(FrameType::begin, encode(Begin{m.db.vector()}));
  member.send(FrameType::delta, delta);
  expect_refused(member, ErrorCode::not_allowed);
}

TEST_F(HostileMembersThreads, ARevokedDeviceIsNotLetInByItsOldRecords) {
  a.replicator->revoke(m_id);
  const Group old(m.db, key);
  HostileMember member(a.port(), key, old);
  EXPECT_FALSE(member.open());
  EXPECT_EQ(name_of(member.gate_error()), "revoked");
  EXPECT_TRUE(eventually([this] { return !a.seen(Kind::refused).empty(); }));
  EXPECT_EQ(a.seen(Kind::refused).back().peer, m_id);
}

TEST_F(HostileMembersThreads, ALiveSessionEndsWhenItsDeviceIsRevoked) {
  HostileMember member = begin();
  a.replicator->revoke(m_id);
  member.send(FrameType::delta, encode(news()));
  member.wait_for(FrameType::bye);
  EXPECT_TRUE(eventually([this] { return !a.online(m_id); }));
  expect_unchanged();
}

}  // namespace
}  // namespace rill
