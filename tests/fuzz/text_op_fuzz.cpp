#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/input.hpp"
#include "rill/error.hpp"
#include "rill/text_document.hpp"
#include "support/events.hpp"
#include "support/texts.hpp"

// Hostile operations and checkpoints for a text that two have written: each is refused with a typed
// error and changes nothing, or is applied and leaves a document that holds together.

namespace {

using rill::Error;
using rill::TextChange;
using rill::TextDocument;
using rill::TextOp;
using rill::fuzz::require;
using rill::fuzz::spoilt;
using rill::test::replica;

/// Two authors who wrote at once and erased from each other, partly in one commit.
struct Writing {
  TextDocument a{replica('A')};
  TextDocument b{replica('B')};
  /// What A did last; nobody else has it yet.
  std::vector<TextOp> last;

  Writing() {
    rill::test::typed(a, 0, "The quick brown fox jümps over the lazy 🐶.");
    rill::test::pull(b, a);
    rill::test::erased(a, 4, 6);
    rill::test::typed(a, 9, " and 漢字");
    b.erase(10, 8);
    b.insert(10, "rat");
    b.insert(0, "> ");
    b.commit();
    rill::test::exchange(a, b);
    a.insert(3, "xyz");
    a.erase(1, 4);
    a.insert(a.length(), "the 🦊 end");
    last.push_back(a.op(a.commit()));
    last.push_back(rill::test::typed(a, 7, "more"));
    last.push_back(rill::test::erased(a, 5, 9));
  }
};

/// What an accepted input must leave: all can be read, saved, loaded, told and edited further.
void require_whole(TextDocument& document) {
  document.check();
  const std::string text = document.text();
  require(rill::test::to_utf8(rill::test::to_code_points(text)) == text, "not UTF-8");
  const std::string saved = document.save();
  const TextDocument loaded(document.author(), saved);
  loaded.check();
  require(loaded.text() == text, "a checkpoint shows something else");
  require(loaded.save() == saved, "a checkpoint changed by loading it");
  if (document.history_begin().empty()) {
    TextDocument told(replica('T'));
    rill::test::pull(told, document);
    told.check();
    require(told.text() == text, "operations show something else");
    require(told.version() == document.version(), "operations are missing");
  }
  try {
    document.insert(document.length() / 2, "y");
  } catch (const Error& error) {
    require(error.code() == rill::ErrorCode::too_large, error.what());
    return;
  }
  document.erase(0, document.length() / 3);
  try {
    document.commit();
  } catch (const Error& error) {
    require(error.code() == rill::ErrorCode::invalid_argument, error.what());
    return;  // the last counter is taken
  }
  document.check();
  const std::string rest = document.text();
  document.seal(document.version());
  document.compact(document.version());
  document.check();
  require(document.text() == rest, "forgetting changed the text");
}

/// Runs a hostile step on B; `B` must be as before if it throws, and show what it reports if not.
template <typename Step>
void attempt(TextDocument& document, const Step& step) {
  const std::string text = document.text();
  const std::string saved = document.save();
  std::vector<TextChange> changes;
  try {
    step(changes);
  } catch (const Error&) {
    document.check();
    require(document.save() == saved, "a refused input changed something");
    require(document.text() == text, "a refused input changed the text");
    return;
  }
  require(rill::test::changed(text, changes) == document.text(), "changes are not what happened");
  require_whole(document);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto kind = static_cast<unsigned char>(input[0]);
  const auto detail = static_cast<unsigned char>(input[1]);
  input.remove_prefix(2);
  Writing writing;
  TextDocument& b = writing.b;
  // Half of the time B has forgotten what was erased.
  if (kind % 2 == 1) {
    b.seal(b.version());
    b.compact(b.version());
  }
  switch (kind / 2 % 6) {
    case 0: {  // any bytes, of an author who is known, new, or B itself
      const char author = "ACB"[detail % 3];
      const rill::Dot dot{replica(author), b.version()[replica(author)] + 1 + detail / 3 % 4};
      attempt(b, [&](auto& changes) { b.apply(dot, input, &changes); });
      break;
    }
    case 1: {  // spoilt operations, and then those that follow
      for (std::size_t index = 0; index < writing.last.size(); ++index) {
        TextOp op = writing.last[index];
        if (index == detail % writing.last.size()) op.content = spoilt(op.content, input);
        attempt(b, [&](auto& changes) { b.apply(op, &changes); });
      }
      break;
    }
    case 2:
    case 3: {  // any bytes as a checkpoint
      const bool any = kind / 2 % 6 == 2;
      const std::string checkpoint =
          any ? std::string(input) : spoilt(detail % 2 == 0 ? writing.a.save() : b.save(), input);
      try {
        TextDocument loaded(replica("ABC"[detail / 2 % 3]), checkpoint);
        require_whole(loaded);
      } catch (const Error&) {  // refused
        break;
      }
      break;
    }
    default: {  // merged into what is known already
      const bool any = kind / 2 % 6 == 4;
      const std::string checkpoint = any ? std::string(input) : spoilt(writing.a.save(), input);
      attempt(b, [&](auto& changes) { b.merge(checkpoint, &changes); });
    }
  }
  return 0;
}
