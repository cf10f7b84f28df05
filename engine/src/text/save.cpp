#include <algorithm>
#include <string>
#include <vector>

#include "checkpoint_format.hpp"
#include "rill/bytes.hpp"
#include "rill/error.hpp"
#include "run_order.hpp"
#include "state.hpp"

namespace rill {

using fugue::Author;
using fugue::AuthorTable;
using fugue::Run;

namespace {

bool has_marks(const AuthorTable& authors) {
  for (Author author = 0; author < authors.size(); ++author) {
    if (!authors[author].marks.empty()) return true;
  }
  return false;
}

void write_marks(const AuthorTable::Replica& replica, ByteWriter& bytes) {
  bytes.varint(replica.marks.size());
  AuthorTable::Mark last{0, 0};
  for (const AuthorTable::Mark& mark : replica.marks) {
    bytes.varint(mark.counter - last.counter - 1);
    bytes.varint(mark.number - last.number - 1);
    last = mark;
  }
}

void write_authors(const AuthorTable& authors, bool marked, ByteWriter& bytes) {
  bytes.varint(authors.size());
  for (Author author = 0; author < authors.size(); ++author) {
    bytes.replica(authors[author].id);
    bytes.varint(authors[author].counter);
    bytes.varint(authors[author].next);
    if (marked) write_marks(authors[author], bytes);
  }
  std::vector<std::uint32_t> next(authors.size(), 1);
  bytes.varint(authors.spans().size());
  for (const AuthorTable::Span& span : authors.spans()) {
    bytes.varint(span.author);
    bytes.varint(span.count);
    bytes.varint(span.number - next[span.author]);
    next[span.author] = span.number + span.count;
  }
}

// Ranges of serials, ascending and apart.
void write_sealed(const fugue::RunTree& tree, ByteWriter& bytes) {
  std::vector<Run> sealed;
  tree.for_each([&](const Run& run) {
    if (run.sealed()) sealed.push_back({run.first, run.count(), 0});
  });
  std::sort(sealed.begin(), sealed.end(),
            [](const Run& left, const Run& right) { return left.first < right.first; });
  std::vector<Run> ranges;
  for (const Run& run : sealed) {
    if (!ranges.empty() && ranges.back().end() == run.first) {
      ranges.back().packed += run.packed;
    } else {
      ranges.push_back(run);
    }
  }
  bytes.varint(ranges.size());
  fugue::Serial end = 0;
  for (const Run& range : ranges) {
    bytes.varint(range.first - end);
    bytes.varint(range.count());
    end = range.end();
  }
}

void write_origins(const fugue::OriginTable& origins, ByteWriter& bytes) {
  bytes.varint(origins.items().size());
  fugue::Serial end = 0;
  for (const fugue::OriginTable::Item& item : origins.items()) {
    bytes.varint(item.first - end);
    bytes.varint(item.count);
    // Wraps to 0 for no character.
    bytes.varint(static_cast<std::uint32_t>(item.origins.left + 1));
    bytes.varint(static_cast<std::uint32_t>(item.origins.right + 1));
    bytes.varint(static_cast<std::uint32_t>(item.settled + 1));
    end = item.first + item.count;
  }
}

}  // namespace

void TextDocument::State::require_committed(const char* what) const {
  if (pending.empty()) return;
  throw Error(
      ErrorCode::invalid_argument,
      std::string("cannot ") + what + " a text that has edits of its own; commit them first");
}

std::string TextDocument::State::save() const {
  require_committed("save");
  ByteWriter bytes;
  bytes.reserve(tree.total().bytes + tree.total().bytes / 2);
  const bool marked = has_marks(authors);
  bytes.byte(marked ? fugue::kMarkedCheckpoint : fugue::kPlainCheckpoint);
  write_authors(authors, marked, bytes);
  bytes.varint(frozen);
  write_sealed(tree, bytes);
  write_origins(origins, bytes);
  bytes.varint(tree.total().bytes);
  tree.for_each([&](const Run& run) {
    if (run.erased()) return;
    bytes.raw(store.slice(run.offset, store.advance(run.offset, run.count())));
  });
  fugue::RunOrder order;
  Run last;
  tree.for_each([&](Run run) {
    run.packed &= ~Run::kSealed;
    // Runs that only the end of a leaf, or a seal, parts are one.
    if (last.packed != 0 && last.end() == run.first && last.flags() == run.flags() &&
        !origins.begins_at(run.first)) {
      last.packed += run.count();
      return;
    }
    if (last.packed != 0) order.write(last, bytes);
    last = run;
  });
  if (last.packed != 0) order.write(last, bytes);
  return bytes.take();
}

}  // namespace rill
