// Replicators over TLS on this machine. Every test starts threads, so all of them run under the
// thread sanitizer.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "rill/replicator.hpp"
#include "rill/sync.hpp"
#include "support/expect_error.hpp"
#include "support/network_device.hpp"

namespace rill {
namespace {

using std::chrono::milliseconds;
using test::error_of;
using test::eventually;
using test::kPatience;
using test::NetworkDevice;
using test::pair;
using Kind = ReplicatorEvent::Kind;

TEST(ReplicatorThreads, PairedDevicesBringEachOtherUpToDateAndStayThere) {
  NetworkDevice a(1);
  NetworkDevice b(2);
  a.replica.insert("notes", "milk", {{"title", "Milk"}});
  b.replica.insert("notes", "tea", {{"title", "Tea"}});
  const Member inviter = pair(a, b);
  EXPECT_EQ(inviter.id, a.id());
  EXPECT_EQ(inviter.name, "A");
  EXPECT_TRUE(eventually([&] { return a.replica.shown() == b.replica.shown(); }));
  a.replica.update("notes", "tea", "title", "Green tea");
  b.replica.update("notes", "milk", "title", "Oat milk");
  EXPECT_TRUE(a.replicator->wait_in_sync(kPatience));
  EXPECT_TRUE(b.replicator->wait_in_sync(kPatience));
  EXPECT_TRUE(eventually([&] { return a.replica.shown() == b.replica.shown(); }));
  EXPECT_EQ(a.replica.shown().at("notes").at("tea").at("title"), Value("Green tea"));
}

TEST(ReplicatorThreads, BothSidesTellTheStory) {
  NetworkDevice a(1);
  NetworkDevice b(2);
  a.replica.insert("notes", "milk", {{"title", "Milk"}});
  pair(a, b);
  ASSERT_TRUE(eventually([&] { return !b.seen(Kind::in_sync).empty(); }));
  // Where both devices dialed, by another session than the one that stays.
  ASSERT_TRUE(eventually([&] { return !b.seen(Kind::received).empty(); }));
  std::optional<PeerStatus> status;
  ASSERT_TRUE(eventually([&] {
    status = b.peer(a.id());
    return status && status->in_sync;
  }));
  ASSERT_EQ(a.seen(Kind::pairing_request).size(), 1U);
  EXPECT_EQ(a.seen(Kind::pairing_request).front().request->name, "B");
  EXPECT_EQ(a.seen(Kind::pairing_request).front().request->device, b.id());
  EXPECT_TRUE(eventually([&] { return a.seen(Kind::paired).size() == 1; }));
  ASSERT_EQ(b.seen(Kind::peer_online).size(), 1U);
  EXPECT_EQ(b.seen(Kind::peer_online).front().name, "A");
  ASSERT_EQ(b.seen(Kind::received).size(), 1U);
  EXPECT_EQ(b.seen(Kind::received).front().rows, 1U);
  EXPECT_EQ(status->lag, 0U);
  EXPECT_EQ(status->moved.rows_received, 1U);
  EXPECT_TRUE(status->last_contact.has_value());
  EXPECT_EQ(status->address, a.address());
  a.turn_off();
  ASSERT_TRUE(eventually([&] { return !b.seen(Kind::peer_offline).empty(); }));
  // A said BYE, if not to a second connection that B had just begun and A no longer.
  const std::optional<Error> error = b.seen(Kind::peer_offline).front().error;
  EXPECT_TRUE(!error || error->code() == ErrorCode::peer_gone) << error->what();
}

TEST(ReplicatorThreads, ALinkPairsToo) {
  ReplicatorOptions options = NetworkDevice::quiet();
  NetworkDevice a(1, options);
  NetworkDevice b(2, options);
  const std::string link = a.replicator->invite_link();
  EXPECT_EQ(b.replicator->join(link).id, a.id());
  EXPECT_ERROR(NetworkDevice(3).replicator->join(link), ErrorCode::expired);
  EXPECT_TRUE(eventually([&] { return a.online(b.id()); }));
}

TEST(ReplicatorThreads, AWrongCodeIsRefusedAndTheFourthAttemptEvenWithTheRightOne) {
  NetworkDevice a(1);
  NetworkDevice b(2);
  const std::string code = a.replicator->invite();
  std::string wrong = code;
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  for (int attempt = 0; attempt < 3; ++attempt) {
    EXPECT_ERROR(b.replicator->join(wrong, a.address()), ErrorCode::wrong_code);
  }
  EXPECT_ERROR(b.replicator->join(code, a.address()), ErrorCode::expired);
  EXPECT_TRUE(b.replicator->members().empty());
  EXPECT_TRUE(a.seen(Kind::pairing_request).empty()) << "nobody was asked";
}

TEST(ReplicatorThreads, ACodeIsGoodForOneDeviceAlone) {
  NetworkDevice a(1);
  NetworkDevice b(2);
  NetworkDevice c(3);
  const std::string code = a.replicator->invite();
  b.replicator->join(code, a.address());
  const Error error = error_of([&] { c.replicator->join(code, a.address()); });
  EXPECT_TRUE(error.code() == ErrorCode::expired || error.code() == ErrorCode::unreachable ||
              error.code() == ErrorCode::peer_gone)
      << error.what();
  EXPECT_TRUE(c.replicator->members().empty());
}

TEST(ReplicatorThreads, AUserThatSaysNoKeepsTheDeviceOut) {
  NetworkDevice a(1);
  NetworkDevice b(2);
  a.answer_requests(false);
  EXPECT_ERROR(pair(a, b), ErrorCode::declined);
  EXPECT_TRUE(b.replicator->members().empty());
  EXPECT_EQ(a.replicator->members().size(), 1U);
}

TEST(ReplicatorThreads, AMemberOfAGroupCannotJoinAnother) {
  NetworkDevice a(1);
  NetworkDevice b(2);
  NetworkDevice c(3);
  pair(a, b);
  c.replicator->invite();
  EXPECT_ERROR(b.replicator->join(c.replicator->invite(), c.address()),
               ErrorCode::already_in_group);
  b.replicator->leave();
  EXPECT_EQ(pair(c, b).id, c.id());
}

TEST(ReplicatorThreads, TextThatIsNoInvitationIsNamed) {
  NetworkDevice a(1);
  EXPECT_ERROR(a.replicator->join("1234"), ErrorCode::invalid_argument);
  EXPECT_ERROR(a.replicator->join("rill:pair?garbage"), ErrorCode::invalid_argument);
  EXPECT_ERROR(a.replicator->join("1234 5678", "nowhere"), ErrorCode::invalid_argument);
  EXPECT_ERROR(a.replicator->connect("nowhere"), ErrorCode::invalid_argument);
}

TEST(ReplicatorThreads, ADeviceAdmittedByOneMemberIsAcceptedByAll) {
  NetworkDevice a(1);
  NetworkDevice b(2);
  NetworkDevice c(3);
  pair(a, b);
  ASSERT_TRUE(eventually([&] { return a.online(b.id()); }));
  b.turn_off();  // it does not hear of what follows
  pair(a, c);
  a.turn_off();
  b.turn_on();
  c.replicator->connect(b.address());
  ASSERT_TRUE(eventually([&] { return b.online(c.id()); }));
  EXPECT_EQ(b.replicator->members().size(), 3U);
  c.replica.insert("notes", "milk", {{"title", "Milk"}});
  EXPECT_TRUE(eventually([&] { return b.replica.shown() == c.replica.shown(); }));
}

TEST(ReplicatorThreads, StrangersGetNothing) {
  NetworkDevice a(1);
  NetworkDevice b(2);
  NetworkDevice stranger(3);
  NetworkDevice other(4);
  pair(a, b);
  pair(other, stranger);
  a.replica.insert("notes", "milk", {{"title", "Milk"}});
  stranger.replicator->connect(a.address());
  ASSERT_TRUE(eventually([&] { return !stranger.seen(Kind::refused).empty(); }));
  EXPECT_EQ(stranger.seen(Kind::refused).front().error->code(), ErrorCode::not_a_member);
  EXPECT_TRUE(eventually([&] { return !a.seen(Kind::refused).empty(); }));
  EXPECT_TRUE(stranger.replica.shown().empty());
  EXPECT_TRUE(b.replicator->wait_in_sync(kPatience));
}

TEST(ReplicatorThreads, ARevokedDeviceIsDroppedAndStaysOut) {
  NetworkDevice a(1);
  NetworkDevice b(2);
  NetworkDevice c(3);
  pair(a, b);
  pair(a, c);
  ASSERT_TRUE(eventually([&] { return a.online(b.id()) && a.online(c.id()); }));
  EXPECT_ERROR(b.replicator->revoke(c.id()), ErrorCode::not_allowed);
  a.replicator->revoke(b.id());
  ASSERT_TRUE(eventually([&] { return !a.online(b.id()) && !b.online(a.id()); }));
  a.replica.insert("notes", "milk", {{"title", "Milk"}});
  EXPECT_TRUE(eventually([&] { return c.replica.shown() == a.replica.shown(); }));
  b.replicator->connect(a.address());
  ASSERT_TRUE(eventually([&] { return !b.seen(Kind::refused).empty(); }));
  EXPECT_EQ(b.seen(Kind::refused).front().error->code(), ErrorCode::revoked);
  EXPECT_TRUE(b.replica.shown().empty());
  // A member that has heard of it refuses, too.
  ASSERT_TRUE(eventually([&] {
    const auto members = c.replicator->members();
    return std::ranges::any_of(members,
                               [&](const Member& m) { return m.id == b.id() && m.revoked; });
  }));
  b.replicator->connect(c.address());
  EXPECT_TRUE(eventually([&] { return !c.seen(Kind::refused).empty(); }));
}

TEST(ReplicatorThreads, AReaderFollowsAndNothingIsTakenFromIt) {
  NetworkDevice a(1);
  NetworkDevice b(2);
  pair(a, b, Role::reader);
  ASSERT_TRUE(eventually([&] { return b.online(a.id()); }));
  EXPECT_TRUE(b.store.reader()) << "its own writes are refused by its database";
  b.replica.insert("notes", "mine", {{"title", "written all the same"}});
  a.replica.insert("notes", "milk", {{"title", "Milk"}});
  ASSERT_TRUE(eventually([&] { return b.replica.shown()["notes"].contains("milk"); }));
  EXPECT_TRUE(a.replicator->wait_in_sync(kPatience));
  EXPECT_FALSE(a.replica.shown()["notes"].contains("mine"));
  a.replicator->set_role(b.id(), Role::writer);
  EXPECT_TRUE(eventually([&] { return a.replica.shown()["notes"].contains("mine"); }));
  EXPECT_FALSE(b.store.reader());
}

TEST(ReplicatorThreads, APeerThatWasAwayIsBroughtUpToDateWhenItComesBack) {
  NetworkDevice a(1);
  NetworkDevice b(2);
  pair(a, b);
  ASSERT_TRUE(eventually([&] { return a.online(b.id()); }));
  b.turn_off();
  a.replica.insert("notes", "milk", {{"title", "Milk"}});
  b.replica.insert("notes", "tea", {{"title", "Tea"}});
  b.turn_on();  // it remembers where A listens
  EXPECT_TRUE(b.replicator->wait_in_sync(kPatience));
  EXPECT_EQ(a.replica.shown(), b.replica.shown());
}

TEST(ReplicatorThreads, PauseEndsSessionsAndResumeBringsThemBack) {
  NetworkDevice a(1);
  NetworkDevice b(2);
  pair(a, b);
  ASSERT_TRUE(eventually([&] { return a.online(b.id()); }));
  b.replicator->pause();
  ASSERT_TRUE(eventually([&] { return !a.online(b.id()); }));
  EXPECT_FALSE(b.replicator->status().running);
  a.replica.insert("notes", "milk", {{"title", "Milk"}});
  b.replicator->resume();
  EXPECT_TRUE(eventually([&] { return b.replica.shown() == a.replica.shown(); }));
}

TEST(ReplicatorThreads, TwoThatDialEachOtherAtOnceKeepOneConnection) {
  NetworkDevice a(1);
  NetworkDevice b(2);
  pair(a, b);
  for (int round = 0; round < 5; ++round) {
    a.turn_off();
    b.turn_off();
    a.turn_on();
    b.turn_on();
    a.replicator->connect(b.address());
    b.replicator->connect(a.address());
    ASSERT_TRUE(eventually([&] { return a.online(b.id()) && b.online(a.id()); }));
    a.replica.insert("notes", std::to_string(round), {{"title", round}});
    ASSERT_TRUE(a.replicator->wait_in_sync(kPatience));
    ASSERT_TRUE(eventually([&] { return a.replica.shown() == b.replica.shown(); }));
  }
}

TEST(ReplicatorThreads, ChangesTravelOnwardsAndAreNotSentBack) {
  NetworkDevice hub(1);
  NetworkDevice b(2);
  NetworkDevice c(3);
  pair(hub, b);
  pair(hub, c);
  ASSERT_TRUE(eventually([&] { return hub.online(b.id()) && hub.online(c.id()); }));
  b.replica.insert("notes", "milk", {{"title", "Milk"}});
  ASSERT_TRUE(eventually([&] { return c.replica.shown() == b.replica.shown(); }));
  c.replica.update("notes", "milk", "title", "Oat milk");
  ASSERT_TRUE(eventually([&] { return b.replica.shown() == c.replica.shown(); }));
  EXPECT_TRUE(b.replicator->wait_in_sync(kPatience));
  EXPECT_EQ(b.peer(hub.id())->moved.rows_received, 1U);
  EXPECT_EQ(c.peer(hub.id())->moved.rows_received, 1U);
}

TEST(ReplicatorThreads, LargeTransfersGoBothWaysAtOnce) {
  NetworkDevice a(1);
  NetworkDevice b(2);
  for (int row = 0; row < 40; ++row) {
    a.replica.insert("notes", "a" + std::to_string(row), {{"body", std::string(100'000, 'a')}});
    b.replica.insert("notes", "b" + std::to_string(row), {{"body", std::string(100'000, 'b')}});
  }
  pair(a, b);
  EXPECT_TRUE(eventually([&] { return a.replica.shown() == b.replica.shown(); }));
}

TEST(ReplicatorThreads, APeerAtWorkForLongIsWaitedForAndOthersAreServed) {
  ReplicatorOptions options = NetworkDevice::quiet();
  options.timeouts.stall = options.timeouts.silence = milliseconds{1'000};
  options.timeouts.ping = milliseconds{300};
  NetworkDevice hub(1, options);
  NetworkDevice slow(2, options);
  NetworkDevice quick(3, options);
  pair(hub, slow);
  pair(hub, quick);
  ASSERT_TRUE(eventually([&] { return hub.online(slow.id()) && hub.online(quick.id()); }));
  slow.replica.before_receive([] { std::this_thread::sleep_for(milliseconds{2'500}); });
  hub.replica.insert("notes", "milk", {{"title", "Milk"}});
  EXPECT_TRUE(eventually([&] { return quick.replica.shown() == hub.replica.shown(); }));
  EXPECT_TRUE(slow.replica.shown().empty());
  EXPECT_TRUE(eventually([&] { return slow.replica.shown() == hub.replica.shown(); }));
  EXPECT_TRUE(slow.seen(Kind::peer_offline).empty());
}

TEST(ReplicatorThreads, ATakenPortIsNamed) {
  NetworkDevice a(1);
  ReplicatorOptions options = NetworkDevice::quiet();
  options.port = a.replicator->status().port;
  const Error error = error_of([&] { NetworkDevice b(2, options); });
  EXPECT_EQ(error.code(), ErrorCode::address_in_use);
  EXPECT_NE(std::string(error.what()).find(std::to_string(options.port)), std::string::npos);
}

TEST(ReplicatorThreads, ACallbackThatThrowsDoesNoHarm) {
  NetworkDevice a(1);
  NetworkDevice b(2);
  const Subscription throwing = b.replicator->on_event(
      [](const ReplicatorEvent&) { throw std::runtime_error("from a callback"); });
  a.replica.insert("notes", "milk", {{"title", "Milk"}});
  pair(a, b);
  EXPECT_TRUE(eventually([&] { return a.replica.shown() == b.replica.shown(); }));
}

TEST(ReplicatorThreads, CallsThatWaitAreInterruptedByTheEnd) {
  ReplicatorOptions options = NetworkDevice::quiet();
  options.discovery = true;
  options.discovery_port = static_cast<std::uint16_t>(20'000 + ::getpid() % 20'000);
  NetworkDevice device(1, options);
  Replicator& replicator = *device.replicator;
  std::atomic<bool> interrupted = false;
  std::thread waiting([&] { interrupted = !replicator.wait_in_sync(kPatience); });
  std::optional<ErrorCode> code;
  std::thread joining([&] { code = error_of([&] { replicator.join("1234 5678"); }).code(); });
  std::this_thread::sleep_for(milliseconds{50});
  const auto before = std::chrono::steady_clock::now();
  device.turn_off();
  waiting.join();
  joining.join();
  EXPECT_TRUE(interrupted);
  EXPECT_EQ(code, ErrorCode::interrupted);
  EXPECT_LT(std::chrono::steady_clock::now() - before, kPatience / 2);
}

TEST(ReplicatorThreads, DroppingEverythingWhileBusyIsClean) {
  NetworkDevice a(1);
  NetworkDevice b(2);
  pair(a, b);
  for (int round = 0; round < 6; ++round) {
    std::atomic<bool> writing = true;
    std::thread writer([&] {
      for (int row = 0; writing; ++row) {
        a.replica.insert("notes", std::to_string(row % 50), {{"title", row}});
        b.replica.insert("notes", std::to_string(row % 50), {{"title", row}});
      }
    });
    std::this_thread::sleep_for(milliseconds{5 * round});
    b.turn_off();
    if (round % 2 == 0) a.turn_off();
    writing = false;
    writer.join();
    if (round % 2 == 0) a.turn_on();
    b.turn_on();
    b.replicator->connect(a.address());
  }
  EXPECT_TRUE(b.replicator->wait_in_sync(kPatience));
  EXPECT_TRUE(eventually([&] { return a.replica.shown() == b.replica.shown(); }));
}

}  // namespace
}  // namespace rill
