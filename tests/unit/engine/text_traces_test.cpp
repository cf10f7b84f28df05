#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "rill/text_document.hpp"
#include "support/editing_trace.hpp"
#include "support/events.hpp"
#include "support/texts.hpp"

// The recorded writing of real texts. The traces are no part of the project.

namespace rill {
namespace {

using test::EditingTrace;
using test::find_editing_trace;
using test::read_editing_trace;
using test::replica;

constexpr const char* kMissing = "no such trace in the folder RILL_TRACES";

std::optional<EditingTrace> find_trace(std::string_view name) {
  const auto path = find_editing_trace(name);
  if (!path) return std::nullopt;
  return read_editing_trace(*path);
}

class SequentialTrace : public ::testing::TestWithParam<const char*> {};

TEST_P(SequentialTrace, EndsAsItDid) {
  const auto trace = find_trace(GetParam());
  if (!trace) GTEST_SKIP() << kMissing;
  TextDocument document(replica('A'));
  for (const test::TraceStep& step : trace->steps) {
    for (const test::Patch& patch : step.patches) test::edit(document, patch);
    document.commit();
  }
  EXPECT_EQ(document.text(), trace->end);
  EXPECT_EQ(document.length(), test::to_code_points(trace->end).size());
  document.check();
}

TEST_P(SequentialTrace, EndsAsItDidElsewhere) {
  const auto trace = find_trace(GetParam());
  if (!trace) GTEST_SKIP() << kMissing;
  const std::vector<TextOp> ops = test::operations_of(*trace);
  TextDocument document(replica('B'));
  for (const TextOp& op : ops) document.apply(op);
  document.check();
  EXPECT_EQ(document.text(), trace->end);
  // What is told of it later leaves out what was erased.
  TextDocument told(replica('C'));
  test::pull(told, document);
  told.check();
  EXPECT_EQ(told.text(), trace->end);
}

TEST_P(SequentialTrace, EndsAsItDidAfterRestarts) {
  const auto trace = find_trace(GetParam());
  if (!trace) GTEST_SKIP() << kMissing;
  TextDocument document(replica('A'));
  const std::size_t between = trace->steps.size() / 5;
  for (std::size_t number = 0; number < trace->steps.size(); ++number) {
    for (const test::Patch& patch : trace->steps[number].patches) test::edit(document, patch);
    document.commit();
    if (number % between != between - 1) continue;
    const std::string saved = document.save();
    document = TextDocument(replica('A'), saved);
    document.check();
    EXPECT_EQ(document.save(), saved);
  }
  EXPECT_EQ(document.text(), trace->end);
}

TEST_P(SequentialTrace, EndsAsItDidWhereErasedCharactersAreForgotten) {
  const auto trace = find_trace(GetParam());
  if (!trace) GTEST_SKIP() << kMissing;
  TextDocument author(replica('A'));
  TextDocument forgetful(replica('B'));
  const std::size_t between = trace->steps.size() / 7;
  for (std::size_t number = 0; number < trace->steps.size(); ++number) {
    for (const test::Patch& patch : trace->steps[number].patches) test::edit(author, patch);
    forgetful.apply(author.op(author.commit()));
    if (number % between != between - 1) continue;
    author.seal(author.version());
    forgetful.seal(author.version());
    forgetful.compact(author.version());
    forgetful.check();
  }
  EXPECT_EQ(forgetful.text(), trace->end);
  EXPECT_EQ(author.text(), trace->end);
  EXPECT_LT(forgetful.save().size(), author.save().size());
}

INSTANTIATE_TEST_SUITE_P(EachText, SequentialTrace,
                         ::testing::Values("automerge-paper", "rustcode", "sveltecomponent"),
                         [](const auto& information) {
                           std::string name = information.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(ConcurrentTrace, EndsAsItDid) {
  const auto trace = find_trace("friendsforever");
  if (!trace) GTEST_SKIP() << kMissing;
  ASSERT_EQ(trace->agents, 2U);
  const std::vector<TextOp> ops = test::operations_of(*trace);
  TextDocument document(replica('Z'));
  std::string shown;
  std::vector<TextChange> changes;
  for (const TextOp& op : ops) document.apply(op, &changes);
  document.check();
  EXPECT_EQ(document.text(), trace->end);
  // All changes one after another, on a text of bytes: the trace is ASCII.
  for (const TextChange& change : changes) {
    shown.replace(change.position, change.erased, change.inserted);
  }
  EXPECT_EQ(shown, trace->end);
  const TextDocument loaded(replica('Y'), document.save());
  loaded.check();
  EXPECT_EQ(loaded.text(), trace->end);
}

}  // namespace
}  // namespace rill
