#include "rill/fork.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "support/effort.hpp"
#include "support/events.hpp"
#include "support/expect_error.hpp"

namespace rill {
namespace {

using test::dot;
using test::replica;
using test::vector_of;

Epochs epochs_of(const std::vector<Epoch>& list) {
  Epochs epochs;
  for (const Epoch& epoch : list) epochs.add(epoch);
  return epochs;
}

Forks forks_of(const std::vector<ReplicaId>& certificates) {
  Forks forks;
  for (const ReplicaId& certificate : certificates) forks.add(certificate);
  return forks;
}

const ReplicaId kA = replica('A');
const Epoch kFirst{kA, 1, 11};
const Epoch kSecond{kA, 5, 22};
const Epoch kThird{kA, 9, 33};

TEST(BranchId, OrdersAmongOtherReplicasAsItsReplicaDoes) {
  const ReplicaId branch = branch_id(kA, 0xFFFF'FFFF'FFFF'FFFF);
  EXPECT_NE(branch, kA);
  EXPECT_LT(branch, replica('B'));
  EXPECT_GT(branch, replica('@'));
  EXPECT_EQ(branch_id(branch, 22), branch_id(kA, 22));
}

TEST(Forks, HaveNamesThatDoNotDependOnTheOrderOfLearning) {
  Forks one;
  Forks other;
  EXPECT_EQ(one.names(), 0U);
  EXPECT_TRUE(one.add(branch_id(kA, 11)));
  EXPECT_TRUE(one.add(branch_id(kA, 22)));
  EXPECT_TRUE(other.add(branch_id(kA, 22)));
  EXPECT_NE(one.names(), other.names());
  EXPECT_TRUE(other.add(branch_id(kA, 11)));
  EXPECT_FALSE(other.add(branch_id(kA, 11)));
  EXPECT_EQ(one, other);
  EXPECT_EQ(one.names(), other.names());
}

TEST(Forks, AreLimitedForAReplicaAndInAll) {
  Forks forks;
  for (std::uint64_t epoch = 0; epoch < kMaxForksPerReplica; ++epoch) {
    forks.add(branch_id(kA, epoch));
  }
  EXPECT_ERROR(forks.add(branch_id(kA, 1'000)), ErrorCode::limit_exceeded);
  EXPECT_FALSE(forks.add(branch_id(kA, 1)));
  for (int other = 0; forks.size() < kMaxForks; ++other) {
    ReplicaId id = replica('B');
    id.bytes[1] = static_cast<std::uint8_t>(other / 16);
    forks.add(branch_id(id, static_cast<std::uint64_t>(other)));
  }
  EXPECT_ERROR(forks.add(branch_id(replica('C'), 1)), ErrorCode::limit_exceeded);
}

TEST(FindCertificate, NamesTheLastEpochInCommon) {
  const Epoch other{kA, 7, 44};
  EXPECT_EQ(find_certificate(kA, 12, {kFirst, kSecond, kThird}, {kFirst, kSecond, other}),
            branch_id(kA, 22));
  EXPECT_EQ(find_certificate(kA, 8, {kFirst, kSecond, kThird}, {kFirst, kSecond, other}),
            branch_id(kA, 22));
  EXPECT_EQ(find_certificate(kA, 8, {kFirst, kSecond}, {kFirst, kThird}), branch_id(kA, 11));
  EXPECT_EQ(find_certificate(kA, 8, {kFirst}, {{kA, 1, 99}}), branch_id(kA, 0));
}

TEST(FindCertificate, LooksNoFurtherThanBothHaveSeen) {
  EXPECT_EQ(find_certificate(kA, 8, {kFirst, kSecond, kThird}, {kFirst, kSecond}), std::nullopt);
  EXPECT_EQ(find_certificate(kA, 6, {kFirst, kSecond}, {kFirst, kSecond, {kA, 7, 44}}),
            std::nullopt);
}

TEST(FindCertificate, OfALongHistoryNeedsTheNewestEpochsOnly) {
  std::vector<Epoch> ours;
  for (std::uint64_t first = 1; first <= kMaxHistory + 10; ++first) {
    ours.push_back({kA, first, 1'000 + first});
  }
  std::vector<Epoch> theirs(ours.begin() + 10, ours.end());
  const std::uint64_t last = theirs.back().first;
  EXPECT_EQ(find_certificate(kA, last, ours, theirs), std::nullopt);
  theirs.back().value = 5;
  EXPECT_EQ(find_certificate(kA, last, ours, theirs), branch_id(kA, 1'000 + last - 1));
  theirs.front().value = 5;
  EXPECT_EQ(find_certificate(kA, last, ours, theirs), std::nullopt);  // too long ago
}

TEST(Renaming, CutsAHistoryBeforeAndBehindTheEpochThatFilesShare) {
  const Epochs epochs = epochs_of({kFirst, kSecond, kThird, {kA, 12, 44}});
  const Renaming renaming(forks_of({branch_id(kA, 22)}), epochs);
  const ReplicaId shared = branch_id(kA, 22);
  const ReplicaId behind = branch_id(kA, 33);
  EXPECT_EQ(renaming.apply(dot('A', 4)), dot('A', 4));
  EXPECT_EQ(renaming.apply(dot('A', 5)), (Dot{shared, 5}));
  EXPECT_EQ(renaming.apply(dot('A', 8)), (Dot{shared, 8}));
  EXPECT_EQ(renaming.apply(dot('A', 9)), (Dot{behind, 9}));
  EXPECT_EQ(renaming.apply(dot('A', 20)), (Dot{behind, 20}));
  EXPECT_EQ(renaming.apply(dot('B', 9)), dot('B', 9));
  EXPECT_EQ(renaming.first_renamed(kA), 5U);
  EXPECT_EQ(renaming.first_renamed(replica('B')), 0U);
  EXPECT_EQ(renaming.apply(vector_of(dot('A', 20), dot('B', 3))),
            vector_of(dot('A', 4), Dot{shared, 8}, Dot{behind, 20}, dot('B', 3)));
  EXPECT_EQ(renaming.apply(vector_of(dot('A', 6))), vector_of(dot('A', 4), Dot{shared, 6}));
  EXPECT_EQ(renaming.apply(vector_of(dot('A', 4))), vector_of(dot('A', 4)));
  const Epochs renamed = renaming.apply(epochs);
  EXPECT_EQ(renamed.history(kA), std::vector{kFirst});
  EXPECT_EQ(renamed.history(shared), (std::vector<Epoch>{{shared, 5, 22}}));
  EXPECT_EQ(renamed.history(behind), (std::vector<Epoch>{{behind, 9, 33}, {behind, 12, 44}}));
}

TEST(Renaming, OfFilesWithNothingInCommonLeavesNothingUnderTheOldName) {
  const Renaming renaming(forks_of({branch_id(kA, 0)}), epochs_of({kFirst, kSecond}));
  EXPECT_EQ(renaming.apply(vector_of(dot('A', 7))), vector_of(Dot{branch_id(kA, 11), 7}));
  EXPECT_EQ(renaming.first_renamed(kA), 1U);
}

TEST(Renaming, OfForksElsewhereIsEmpty) {
  EXPECT_TRUE(Renaming(forks_of({branch_id(kA, 99), branch_id(replica('B'), 11)}),
                       epochs_of({kFirst, kSecond}))
                  .empty());
}

TEST(Renaming, RenamesAllOfARow) {
  const Renaming renaming(forks_of({branch_id(kA, 11)}), epochs_of({kFirst, kSecond}));
  const ReplicaId first = branch_id(kA, 11);
  const ReplicaId second = branch_id(kA, 22);
  RowState row;
  row.insert(test::stamp('A', 2));
  Entry range = Entry::make(test::stamp('A', 6), Value(7));
  range.first = 3;
  Entry sibling = Entry::make(test::stamp('B', 6), Value(8));
  sibling.unseen_births = {dot('A', 2)};
  row.at(0) = {range, sibling};
  renaming.apply(row);
  EXPECT_EQ(row.births.at(0).id.dot, (Dot{first, 2}));
  EXPECT_EQ(row.existence.at(0).id.dot, (Dot{first, 2}));
  EXPECT_EQ(row.at(0).at(0).id.dot, (Dot{second, 6}));
  EXPECT_EQ(row.at(0).at(0).first, 5U);
  EXPECT_EQ(row.at(0).at(1).id.dot, dot('B', 6));
  EXPECT_EQ(row.at(0).at(1).unseen_births, (std::vector{Dot{first, 2}}));
}

// --- Any histories, any order.

/// A file that acts as replica A: its epochs, and for each of its events the number by which the
/// test knows it.
struct File {
  std::vector<Epoch> epochs;
  std::vector<int> events;  // by counter, from 1
};

class Histories {
 public:
  explicit Histories(unsigned seed) : random_(seed) {
    files_.emplace_back();
    for (int step = 0; step < 12; ++step) {
      File& file = files_[below(files_.size())];
      if (below(3) == 0 && files_.size() < 5) {
        File copy = restored(file, below(file.events.size() + 1));
        open(copy);
        write(copy);
        files_.push_back(std::move(copy));
      } else {
        if (file.epochs.empty() || below(2) == 0) open(file);
        write(file);
      }
    }
  }

  std::size_t below(std::size_t bound) { return random_() % bound; }
  [[nodiscard]] const std::vector<File>& files() const { return files_; }
  /// The certificates that any two files call for, in some order.
  std::vector<ReplicaId> certificates() {
    std::set<ReplicaId> found;
    for (const File& one : files_) {
      for (const File& other : files_) {
        const std::uint64_t common = std::min(one.events.size(), other.events.size());
        const auto certificate = find_certificate(kA, common, one.epochs, other.epochs);
        if (certificate) found.insert(*certificate);
      }
    }
    std::vector<ReplicaId> list(found.begin(), found.end());
    std::ranges::shuffle(list, random_);
    return list;
  }

 private:
  static File restored(const File& file, std::size_t events) {
    File copy;
    copy.events.assign(file.events.begin(),
                       file.events.begin() + static_cast<std::ptrdiff_t>(events));
    for (const Epoch& epoch : file.epochs) {
      if (epoch.first <= events) copy.epochs.push_back(epoch);
    }
    return copy;
  }
  void open(File& file) { file.epochs.push_back({kA, file.events.size() + 1, random_() | 1U}); }
  void write(File& file) {
    for (std::size_t left = 1 + below(4); left > 0; --left) file.events.push_back(++made_);
  }

  std::mt19937_64 random_;
  std::vector<File> files_;
  int made_ = 0;
};

/// What a file's events are called after the certificates were learnt one by one.
std::vector<Dot> names_of(const File& file, const std::vector<ReplicaId>& certificates) {
  std::vector<Dot> names;
  for (std::uint64_t counter = 1; counter <= file.events.size(); ++counter) {
    names.push_back({kA, counter});
  }
  Epochs epochs = epochs_of(file.epochs);
  VersionVector seen = vector_of(Dot{kA, file.events.size()});
  Forks forks;
  for (const ReplicaId& certificate : certificates) {
    forks.add(certificate);
    const Renaming renaming(forks, epochs);
    for (Dot& name : names) name = renaming.apply(name);
    epochs = renaming.apply(epochs);
    seen = renaming.apply(seen);
    EXPECT_TRUE(Renaming(forks, epochs).empty());
  }
  for (const Dot& name : names) EXPECT_TRUE(seen.covers(name));
  return names;
}

/// After all certificates two names are equal if and only if their events are.
void expect_one_event_per_name(const Histories& histories,
                               const std::vector<ReplicaId>& certificates) {
  std::map<Dot, int> event_by_name;
  std::map<int, Dot> name_by_event;
  for (const File& file : histories.files()) {
    const std::vector<Dot> names = names_of(file, certificates);
    for (std::size_t index = 0; index < names.size(); ++index) {
      const int event = file.events[index];
      EXPECT_EQ(event_by_name.emplace(names[index], event).first->second, event);
      EXPECT_EQ(name_by_event.emplace(event, names[index]).first->second, names[index]);
    }
  }
}

TEST(Renaming, GivesEachEventOneNameWhateverTheOrderOfLearning) {
  for (unsigned seed = 0; seed < testing::scaled(20'000); ++seed) {
    SCOPED_TRACE(seed);
    Histories histories(seed);
    const std::vector<ReplicaId> certificates = histories.certificates();
    expect_one_event_per_name(histories, certificates);
    std::vector<ReplicaId> sorted = certificates;
    std::ranges::sort(sorted);
    for (const File& file : histories.files()) {
      ASSERT_EQ(names_of(file, certificates), names_of(file, sorted));
      // All at once.
      const Renaming renaming(forks_of(sorted), epochs_of(file.epochs));
      const std::vector<Dot> names = names_of(file, certificates);
      for (const Dot& name : names) ASSERT_EQ(renaming.apply(Dot{kA, name.counter}), name);
    }
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace rill
