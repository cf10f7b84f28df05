#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "rill/sync.hpp"
#include "support/collected.hpp"
#include "support/database_fixture.hpp"
#include "support/disk_device.hpp"

// Stories of how data got lost elsewhere, each told once and plainly. Random lives hold all of
// them, too.

namespace rill {
namespace {

using testing::Collected;
using testing::Crash;
using testing::DiskCall;
using testing::DiskDevice;
using testing::DiskFailure;
using testing::MemoryWitness;
using testing::value_of;

constexpr std::uint64_t kYearMs = 365ULL * 24 * 3600 * 1000;

void add_note(DiskDevice& device, const std::string& id, const std::string& title = "") {
  device.clock->advance(1);
  device.open().execute("INSERT INTO notes(id, title) VALUES(?, ?)", id, title);
}

std::int64_t notes(DiskDevice& device) {
  return value_of(device.open(), "SELECT count(*) FROM notes").integer();
}

std::string title(DiskDevice& device, const std::string& id) {
  return value_of(device.open(), "SELECT title FROM notes WHERE id = ?", id).text();
}

/// All meet all, twice; then all must show the same and be sound.
void expect_agreement(const std::vector<DiskDevice*>& devices) {
  for (int round = 0; round < 3; ++round) {
    for (DiskDevice* left : devices) {
      for (DiskDevice* right : devices) {
        if (left < right) sync(left->open(), right->open());
      }
    }
  }
  for (DiskDevice* device : devices) {
    EXPECT_EQ(device->db->digest(), devices.front()->db->digest());
    EXPECT_EQ(device->db->vector(), devices.front()->db->vector());
    EXPECT_TRUE(device->db->check().empty());
  }
}

class Scenario : public ::testing::TestWithParam<Crash> {
 public:
  DiskDevice a{1};
  DiskDevice b{2};
  DiskDevice c{3};
};

using ScenarioOfPower = Scenario;

TEST_P(ScenarioOfPower, GoesAtTheAuthorRightAfterThePeerAcknowledged) {
  add_note(a, "told");
  sync(a.open(), b.open());
  add_note(a, "not told");
  a.crash(GetParam());
  EXPECT_EQ(notes(a) >= 1, true) << "the peer was told of it";
  add_note(a, "new");
  expect_agreement({&a, &b, &c});
  EXPECT_EQ(title(b, "new"), "");
  EXPECT_EQ(value_of(*c.db, "SELECT count(*) FROM notes WHERE id = 'told'"), Value(1));
}

TEST_P(ScenarioOfPower, GoesAtTheReceiverRightAfterItAcknowledged) {
  add_note(a, "note");
  sync(a.open(), b.open());
  b.crash(GetParam());
  EXPECT_EQ(notes(b), 1) << "it said that it had it";
  sync(b.open(), c.open());
  EXPECT_EQ(notes(c), 1);
  expect_agreement({&a, &b, &c});
}

INSTANTIATE_TEST_SUITE_P(HoweverItGoes, ScenarioOfPower,
                         ::testing::Values(Crash::lose_unsynced, Crash::keep_some,
                                           Crash::keep_beginning, Crash::kill));

TEST_F(Scenario, ABackupIsPutBackAndTenWritesFollow) {
  for (const bool with_witness : {false, true}) {
    SCOPED_TRACE(with_witness);
    DiskDevice old(with_witness ? 10 : 20);
    DiskDevice peer(with_witness ? 11 : 21);
    DiskDevice third(with_witness ? 12 : 22);
    auto witness = std::dynamic_pointer_cast<MemoryWitness>(old.options.witness);
    add_note(old, "before");
    const auto backup = old.disk.copy(DiskDevice::kPath);
    const auto records = witness->copy();
    for (int number = 0; number < 7; ++number) add_note(old, "sent" + std::to_string(number));
    sync(old.open(), peer.open());
    old.close();
    old.disk.restore(DiskDevice::kPath, backup);
    if (with_witness) witness->restore(records);
    for (int number = 0; number < 10; ++number) add_note(old, "later" + std::to_string(number));
    expect_agreement({&old, &peer, &third});
    EXPECT_EQ(notes(third), 18) << "nothing that anyone has seen is lost";
  }
}

TEST_F(Scenario, AFileIsCopiedToASecondDeviceAndBothWrite) {
  add_note(a, "shared");
  a.open().execute("UPDATE notes SET views = views + 1");
  b.disk.restore(DiskDevice::kPath, a.disk.copy(DiskDevice::kPath));
  for (DiskDevice* device : {&a, &b}) {
    device->open().execute("UPDATE notes SET views = views + 5 WHERE id = 'shared'");
  }
  add_note(a, "of a");
  add_note(b, "of b");
  expect_agreement({&a, &b, &c});
  EXPECT_EQ(notes(c), 3);
  EXPECT_EQ(value_of(*c.db, "SELECT views FROM notes WHERE id = 'shared'"), Value(11));
}

TEST_F(Scenario, AnFsyncFailsOnceAtCommitAndTheAppTriesAgain) {
  for (const DiskFailure failure : {DiskFailure::io_error, DiskFailure::forgetful_sync}) {
    DiskDevice device(failure == DiskFailure::io_error ? 30 : 31, Durability::full);
    DiskDevice peer(failure == DiskFailure::io_error ? 32 : 33);
    add_note(device, "before");
    device.disk.inject({failure, DiskCall::sync, 0, false});
    EXPECT_THROW(add_note(device, "note"), Error);
    for (int attempt = 0; attempt < 3; ++attempt) {
      try {
        device.open().execute("INSERT OR IGNORE INTO notes(id, title) VALUES('note', 'again')");
        break;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::io);
      }
    }
    device.crash(Crash::lose_unsynced);
    EXPECT_EQ(notes(device), 2);
    expect_agreement({&device, &peer});
  }
}

TEST_F(Scenario, AClockIsSetTo2099AndBack) {
  const std::uint64_t now = a.clock->now_ms();
  add_note(a, "note", "first");
  sync(a.open(), b.open());
  a.clock->set(now + 73 * kYearMs);
  a.open().execute("UPDATE notes SET title = 'from 2099'");
  a.clock->set(now);
  b.open().execute("UPDATE notes SET title = 'concurrent'");
  expect_agreement({&a, &b, &c});
  EXPECT_EQ(title(c, "note"), "from 2099") << "it wins against what did not see it";
  b.db->execute("UPDATE notes SET title = 'later'");
  expect_agreement({&a, &b, &c});
  EXPECT_EQ(title(a, "note"), "later") << "and loses to what did";
  EXPECT_EQ(title(c, "note"), "later");
}

TEST_F(Scenario, TimesAreEqualWhateverTheOrder) {
  std::array<int, 3> order{0, 1, 2};
  std::string winner;
  do {
    DiskDevice one(40);
    DiskDevice two(41);
    DiskDevice three(42);
    const std::array<DiskDevice*, 3> devices{&one, &two, &three};
    add_note(one, "note");
    sync(one.open(), two.open());
    sync(one.open(), three.open());
    for (DiskDevice* device : devices) device->clock->set(1'800'000'000'000);
    for (std::size_t number = 0; number < 3; ++number) {
      devices.at(number)->open().execute("UPDATE notes SET title = ?", std::to_string(number));
    }
    const auto at = [&](std::size_t place) {
      return devices.at(static_cast<std::size_t>(order.at(place)));
    };
    sync(at(0)->open(), at(1)->open());
    sync(at(1)->open(), at(2)->open());
    expect_agreement({&one, &two, &three});
    if (winner.empty()) winner = title(one, "note");
    EXPECT_EQ(title(one, "note"), winner);
    EXPECT_EQ(value_of(*one.db, "SELECT count(*) FROM rill_conflicts"), Value(2));
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_F(Scenario, ARowIsDeletedAndLongAfterwardsEditedElsewhere) {
  add_note(a, "note", "first");
  sync(a.open(), b.open());
  sync(a.open(), c.open());
  a.open().execute("DELETE FROM notes WHERE id = 'note'");
  for (int day = 0; day < 60; ++day) {
    a.clock->advance(24ULL * 3600 * 1000);
    add_note(a, "day" + std::to_string(day));
    sync(a.open(), b.open());
  }
  c.open().execute("UPDATE notes SET body = 'edited' WHERE id = 'note'");
  expect_agreement({&a, &b, &c});
  EXPECT_EQ(title(a, "note"), "first") << "the row is back whole: update wins";
  EXPECT_EQ(value_of(*b.db, "SELECT body FROM notes WHERE id = 'note'"), Value("edited"));
}

TEST_F(Scenario, TheReceiverOf500RowsIsKilledAt50Moments) {
  a.open().transaction([&] {
    for (int row = 0; row < 500; ++row) {
      a.db->execute("INSERT INTO notes(id, body) VALUES(?, ?)", "row" + std::to_string(row),
                    std::string(100, 'x'));
    }
  });
  DiskDevice whole(50);
  whole.open();
  const std::uint64_t before = whole.disk.count(testing::kMutatingCalls);
  testing::pull(*whole.db, *a.db, 2'000);
  const std::uint64_t calls = whole.disk.count(testing::kMutatingCalls) - before;
  ASSERT_GT(calls, 50U);
  for (std::uint64_t moment = 0; moment < 50; ++moment) {
    SCOPED_TRACE(moment);
    DiskDevice receiver(60 + moment);
    receiver.open();
    receiver.disk.crash_after(moment * calls / 50, static_cast<Crash>(moment % 4));
    EXPECT_THROW(testing::pull(*receiver.db, *a.db, 2'000), Error);
    receiver.restart();
    const std::int64_t count = notes(receiver);
    EXPECT_TRUE(count == 0 || count == 500) << count;
    sync(receiver.open(), a.open());
    EXPECT_EQ(notes(receiver), 500);
  }
}

TEST_F(Scenario, AnEffectComesByAnotherPathThanItsCause) {
  add_note(a, "cause", "one");
  sync(a.open(), b.open());
  b.open().execute("UPDATE notes SET title = 'two' WHERE id = 'cause'");
  add_note(b, "effect");
  // What b tells c of its own events is of no use without those of a that they saw.
  const auto changes = b.open().changes_since(a.open().vector());
  const auto chunk = changes->next(65'536);
  ASSERT_TRUE(chunk);
  c.open();
  EXPECT_THROW(c.db->receive(*chunk), Error) << "the effect alone is refused";
  EXPECT_EQ(notes(c), 0);
  sync(c.open(), a.open());
  EXPECT_EQ(title(c, "cause"), "one");
  EXPECT_TRUE(c.db->receive(*chunk).applied);
  EXPECT_EQ(title(c, "cause"), "two");
  expect_agreement({&a, &b, &c});
}

/// Brings the device to a table with one column of the rule.
Database& with_rule(DiskDevice& device, const Rule& rule) {
  if (device.db) return *device.db;
  device.db = std::make_unique<Database>(DiskDevice::kPath, device.options);
  device.db->register_rule(rule);
  device.db->migrate(1, [&](Schema& schema) {
    schema.execute("CREATE TABLE scores(id TEXT PRIMARY KEY NOT NULL, score INTEGER)");
    schema.replicate("scores", {{"score", rule}});
  });
  return *device.db;
}

TEST_F(Scenario, ARuleThrowsOrIsNotPure) {
  int calls = 0;
  const Rule throws = custom(
      "moody", 1, [](const Conflict&) -> Value { throw std::runtime_error("the rule gives up"); });
  const Rule impure = custom("moody", 1, [&calls](const Conflict&) { return Value(++calls); });
  for (const Rule& rule : {throws, impure}) {
    DiskDevice one(70);
    DiskDevice two(71);
    for (DiskDevice* device : {&one, &two}) device->options.check_rule_purity = true;
    Collected<DatabaseEvent> events;
    const Subscription listening =
        with_rule(one, rule).on_event([&](const DatabaseEvent& event) { events.add(event); });
    with_rule(one, rule).execute("INSERT INTO scores(id, score) VALUES('row', 3)");
    with_rule(two, rule).execute("INSERT INTO scores(id, score) VALUES('row', 4)");
    sync(*one.db, *two.db);
    EXPECT_EQ(value_of(*one.db, "SELECT score FROM scores"),
              value_of(*two.db, "SELECT score FROM scores"));
    const auto told = events.wait_until([](const std::vector<DatabaseEvent>& all) {
      return std::ranges::any_of(all, [](const DatabaseEvent& event) {
        return event.kind == DatabaseEvent::Kind::rule_problem;
      });
    });
    EXPECT_FALSE(told.empty()) << "the app is told";
    one.db->execute("UPDATE scores SET score = 9");
    sync(*one.db, *two.db);
    EXPECT_EQ(value_of(*two.db, "SELECT score FROM scores"), Value(9));
  }
}

TEST_F(Scenario, AnOldSchemaMeetsANewOne) {
  const auto upgrade = [](DiskDevice& device) {
    device.open().migrate(2, [](Schema& schema) {
      schema.execute("ALTER TABLE notes ADD COLUMN stars INTEGER NOT NULL DEFAULT 0");
      schema.replicate("notes", {{"stars", counter()}});
    });
  };
  upgrade(a);
  upgrade(c);
  a.db->execute("INSERT INTO notes(id, title, stars) VALUES('note', 'new', 3)");
  sync(a.open(), b.open());
  b.db->execute("UPDATE notes SET title = 'by the old app'");
  sync(b.open(), c.open());
  EXPECT_EQ(value_of(*c.db, "SELECT stars FROM notes"), Value(3))
      << "passed on by one that knows no stars";
  EXPECT_EQ(title(c, "note"), "by the old app");
  upgrade(b);
  EXPECT_EQ(value_of(*b.db, "SELECT stars FROM notes"), Value(3)) << "and shown once it does";
  expect_agreement({&a, &b, &c});
}

TEST_F(Scenario, TwoProcessesWriteDuringASync) {
  for (int note = 0; note < 30; ++note) add_note(a, "a" + std::to_string(note));
  a.open();
  Database other(DiskDevice::kPath, a.options);
  testing::migrate_notes(other);
  const auto changes = a.db->changes_since(b.open().vector());
  for (int written = 0;; ++written) {
    const auto chunk = changes->next(500);
    if (!chunk) break;
    b.db->receive(*chunk);
    (written % 2 == 0 ? *a.db : other)
        .execute("INSERT INTO notes(id) VALUES(?)", "during" + std::to_string(written));
  }
  EXPECT_EQ(notes(b), 30) << "the delta is of one moment";
  expect_agreement({&a, &b, &c});
  EXPECT_EQ(other.digest(), b.db->digest());
}

}  // namespace
}  // namespace rill
