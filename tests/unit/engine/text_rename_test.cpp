#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rill/fork.hpp"
#include "rill/text_document.hpp"
#include "support/events.hpp"
#include "support/expect_error.hpp"
#include "support/texts.hpp"

namespace rill {
namespace {

using test::copy_of;
using test::dot;
using test::replica;
using test::typed;
using test::vector_of;

const ReplicaId kA = replica('A');

Epochs epochs_of(const std::vector<Epoch>& list) {
  Epochs epochs;
  for (const Epoch& epoch : list) epochs.add(epoch);
  return epochs;
}

/// A text of A as two files went on with it: both wrote the events 1 and 2 in epoch 11, one went on
/// in it, the other one began epoch 22 with event 3.
class ForkedText : public ::testing::Test {
 protected:
  ForkedText() : original_(kA), copy_(kA) {
    typed(original_, 0, "one ");
    typed(original_, 4, "two ");
    copy_ = copy_of(original_, kA);
    forks_.add(branch_id(kA, 11));
  }

  /// As a file keeps it: a checkpoint.
  static std::string saved(TextDocument& document, const Epochs& epochs) {
    document.note_epochs(epochs);
    return document.save();
  }
  TextDocument renamed(const std::string& checkpoint, const Epochs& epochs) const {
    TextDocument document(replica('Z'), checkpoint);
    document.rename(Renaming(forks_, epochs));
    document.check();
    return document;
  }

  TextDocument original_;
  TextDocument copy_;
  const Epochs original_epochs_ = epochs_of({{kA, 1, 11}});
  const Epochs copy_epochs_ = epochs_of({{kA, 1, 11}, {kA, 3, 22}});
  Forks forks_;
};

TEST_F(ForkedText, BranchesUniteAndKeepWhatEachTyped) {
  typed(original_, 8, "original ");
  typed(copy_, 8, "copy ");
  typed(copy_, 0, "zero ");
  TextDocument left = renamed(saved(original_, original_epochs_), original_epochs_);
  TextDocument right = renamed(saved(copy_, copy_epochs_), copy_epochs_);
  EXPECT_EQ(left.text(), "one two original ");
  EXPECT_EQ(right.text(), "zero one two copy ");
  EXPECT_EQ(left.version(), vector_of(Dot{branch_id(kA, 11), 3}));
  EXPECT_EQ(right.version(), vector_of(Dot{branch_id(kA, 11), 2}, Dot{branch_id(kA, 22), 4}));
  const std::string of_right = right.save();
  right.merge(left.save());
  left.merge(of_right);
  EXPECT_EQ(left.text(), right.text());
  EXPECT_TRUE(left.text() == "zero one two original copy " ||
              left.text() == "zero one two copy original ")
      << left.text();
}

TEST_F(ForkedText, OperationsOfOthersFindTheCharactersThatTheyNameInTheRenamedText) {
  typed(original_, 8, "original ");
  TextDocument before = copy_of(original_, replica('B'));
  TextDocument left = renamed(saved(original_, original_epochs_), original_epochs_);
  // B renames what it has, too, and writes on.
  TextDocument b = renamed(saved(before, original_epochs_), original_epochs_);
  const TextOp op = typed(b, 8, "from b ");
  left.apply(op);
  EXPECT_EQ(left.text(), "one two from b original ");
}

TEST_F(ForkedText, ConcurrentWordsOfOthersKeepTheirPlaces) {
  // B and @ type where A did, one of them later in the order of ids, one earlier.
  TextDocument b = copy_of(original_, replica('B'));
  TextDocument early = copy_of(original_, replica('@'));
  typed(original_, 8, "a ");
  const TextOp of_b = typed(b, 8, "b ");
  const TextOp of_early = typed(early, 8, "early ");
  TextDocument all = copy_of(original_, replica('Z'));
  all.apply(of_b);
  all.apply(of_early);
  // One learns of the fork before it hears of the others, the other one after.
  TextDocument first = renamed(saved(original_, original_epochs_), original_epochs_);
  TextDocument b_renamed = renamed(saved(b, original_epochs_), original_epochs_);
  TextDocument early_renamed = renamed(saved(early, original_epochs_), original_epochs_);
  first.merge(early_renamed.save());
  first.merge(b_renamed.save());
  const TextDocument last = renamed(saved(all, original_epochs_), original_epochs_);
  EXPECT_EQ(last.text(), all.text());
  EXPECT_EQ(first.text(), all.text());
}

TEST_F(ForkedText, CheckpointsOfCheckpointsStillKnowWhereEpochsBegin) {
  typed(copy_, 8, "copy ");
  TextDocument again(kA, saved(copy_, copy_epochs_));
  const Epochs later = epochs_of({{kA, 1, 11}, {kA, 3, 22}, {kA, 4, 33}});
  again.insert(0, "zero ");
  again.commit(4);
  TextDocument right = renamed(saved(again, later), later);
  EXPECT_EQ(right.version(), vector_of(Dot{branch_id(kA, 11), 2}, Dot{branch_id(kA, 22), 4}));
  EXPECT_EQ(right.anchor(5).after, (TextId{branch_id(kA, 22), 18}));
  EXPECT_EQ(right.anchor(9).after, (TextId{branch_id(kA, 11), 4}));
  EXPECT_EQ(right.anchor(18).after, (TextId{branch_id(kA, 22), 13}));
}

TEST_F(ForkedText, EditsThatAreNotCommittedGoOnUnderTheNameOfTheLastPart) {
  copy_.note_epochs(copy_epochs_);
  typed(copy_, 8, "copy ");
  copy_.begin_undo_step();
  copy_.insert(0, "edit ");
  copy_.rename(Renaming(forks_, copy_epochs_));
  EXPECT_EQ(copy_.text(), "edit one two copy ");
  EXPECT_EQ(copy_.author(), branch_id(kA, 22));
  const Dot made = copy_.commit(4);
  EXPECT_EQ(made, (Dot{branch_id(kA, 22), 4}));
  copy_.undo();
  EXPECT_EQ(copy_.text(), "one two copy ");
  copy_.commit(5);
  copy_.note_epochs(epochs_of({{branch_id(kA, 22), 3, 22}}));
  TextDocument loaded(replica('B'), copy_.save());
  EXPECT_EQ(loaded.text(), copy_.text());
}

TEST_F(ForkedText, CheckpointWithMarksDecodesStrictly) {
  const std::string bytes = saved(original_, original_epochs_);
  EXPECT_EQ(bytes.front(), 2);
  EXPECT_EQ(TextDocument(kA, bytes).save(), bytes);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_ERROR(TextDocument(kA, std::string_view(bytes).substr(0, length)), ErrorCode::malformed);
  }
  std::string without = bytes;
  without[20] = 0;  // format, count, id, counter, next; then how many marks
  EXPECT_ERROR(TextDocument(kA, without), ErrorCode::malformed);
  TextDocument plain(kA);
  EXPECT_EQ(plain.save().front(), 1);
}

}  // namespace
}  // namespace rill
