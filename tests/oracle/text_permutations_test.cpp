#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "oracle/naive_text.hpp"
#include "oracle/random.hpp"
#include "rill/text_document.hpp"
#include "support/effort.hpp"
#include "support/events.hpp"
#include "support/texts.hpp"
#include "support/unicode.hpp"

// Every order in which a few operations can come.

namespace oracle {
namespace {

using rill::TextDocument;
using rill::TextOp;
using rill::VersionVector;
using rill::test::replica;
using rill::test::to_utf8;

struct Event {
  TextOp op;
  NaiveOp naive;
  VersionVector known;
};

/// A few replicas that write two operations each and hear of some of the others' in between.
std::vector<Event> few_events(Random& random, std::size_t replicas, std::size_t operations) {
  struct Site {
    TextDocument document;
    NaiveText naive;
  };
  std::vector<Site> sites;
  for (std::size_t index = 0; index < replicas; ++index) {
    const rill::ReplicaId author = replica(static_cast<char>('A' + index));
    sites.push_back({TextDocument(author), NaiveText(author)});
  }
  std::vector<Event> events;
  while (events.size() < operations) {
    Site& site = sites[random.below(sites.size())];
    for (const Event& event : events) {
      const VersionVector known = site.document.version();
      if (known.covers(event.op.dot) || !(event.known <= known) || random.percent(60)) continue;
      site.document.apply(event.op);
      site.naive.apply(event.naive);
    }
    const VersionVector known = site.document.version();
    const std::size_t length = site.document.length();
    const std::size_t position = random.below(length + 1);
    if (position < length && random.percent(30)) {
      const std::size_t count = 1 + random.below(length - position);
      site.document.erase(position, count);
      site.naive.erase(position, count);
    }
    const auto letter = static_cast<char32_t>('a' + events.size());
    const std::u32string text(1 + random.below(3), letter);
    site.document.insert(position, to_utf8(text));
    site.naive.insert(position, text);
    events.push_back({site.document.op(site.document.commit()), site.naive.commit(), known});
  }
  return events;
}

/// Every order of `events` in which each comes after those that it builds upon.
class Orders {
 public:
  explicit Orders(const std::vector<Event>& events) : events_(events) {}

  template <typename Visit>
  void visit(const Visit& visit) {
    extend({}, visit);
  }

 private:
  template <typename Visit>
  void extend(const VersionVector& known, const Visit& visit) {
    if (order_.size() == events_.size()) return visit(order_);
    for (const Event& event : events_) {
      if (known.covers(event.op.dot) || !(event.known <= known)) continue;
      VersionVector next = known;
      next.raise(event.op.dot);
      order_.push_back(&event);
      extend(next, visit);
      order_.pop_back();
    }
  }

  const std::vector<Event>& events_;
  std::vector<const Event*> order_;
};

/// Returns how many orders there are.
std::size_t expect_one_text(const std::vector<Event>& events) {
  NaiveText naive(replica('Z'));
  for (const Event& event : events) naive.apply(event.naive);
  const std::string expected = to_utf8(naive.text());
  std::size_t orders = 0;
  Orders(events).visit([&](const std::vector<const Event*>& order) {
    ++orders;
    TextDocument document(replica('Z'));
    std::string shown;
    std::string names;
    for (const Event* event : order) {
      std::vector<rill::TextChange> changes;
      document.apply(event->op, &changes);
      shown = rill::test::changed(shown, changes);
      names += static_cast<char>(event->op.dot.replica.bytes[0]);
      names += std::to_string(event->op.dot.counter) + " ";
    }
    document.check();
    EXPECT_EQ(document.text(), expected) << names;
    EXPECT_EQ(shown, expected) << names;
  });
  return orders;
}

TEST(TextPermutations, OfConcurrentOperationsShowOneText) {
  std::size_t orders = 0;
  for (std::uint64_t seed = 0; seed < rill::testing::scaled(400); ++seed) {
    Random random(seed);
    const std::size_t replicas = 2 + random.below(4);
    orders += expect_one_text(few_events(random, replicas, 6));
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
  }
  EXPECT_GT(orders, rill::testing::scaled(400) * 10);
}

TEST(TextPermutations, OfAllConcurrentOperationsShowOneText) {
  std::vector<Event> events;
  TextDocument base(replica('0'));
  NaiveText naive_base(replica('0'));
  base.insert(0, "ab");
  naive_base.insert(0, U"ab");
  events.push_back({base.op(base.commit()), naive_base.commit(), {}});
  for (const char name : {'C', 'A', 'F', 'B', 'E', 'D'}) {
    TextDocument document(replica(name));
    NaiveText naive(replica(name));
    document.apply(events.front().op);
    naive.apply(events.front().naive);
    // Typed in front of each other, or behind.
    for (std::size_t count = 0; count < 3; ++count) {
      const std::u32string letter(1, static_cast<char32_t>(name));
      document.insert(1, to_utf8(letter));
      naive.insert(1, letter);
    }
    if (name < 'C') document.erase(0, 1);
    if (name < 'C') naive.erase(0, 1);
    const VersionVector known = base.version();
    events.push_back({document.op(document.commit()), naive.commit(), known});
  }
  EXPECT_EQ(expect_one_text(events), 720U);
}

}  // namespace
}  // namespace oracle
