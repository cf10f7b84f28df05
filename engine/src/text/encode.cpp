#include <algorithm>
#include <string>
#include <utility>

#include "op_format.hpp"
#include "rill/bytes.hpp"
#include "rill/error.hpp"
#include "state.hpp"

namespace rill {

using fugue::Author;
using fugue::AuthorTable;
using fugue::Origins;
using fugue::PartTag;
using fugue::Place;
using fugue::Serial;
using fugue::TextLog;

namespace {

// Writes one operation's parts; see engine/README.md for the format.
class OpWriter {
 public:
  OpWriter(fugue::RunTree& tree, const AuthorTable& authors, const fugue::TextStore& store,
           Author author, Serial frozen)
      : tree_(tree), authors_(authors), store_(store), author_(author), frozen_(frozen) {}

  std::string write(const std::vector<TextLog::Part>& parts) {
    std::uint32_t first = 0;  // the number of the first character inserted
    for (const TextLog::Part& part : parts) {
      if (part.inserts && first == 0) first = authors_.number_of(part.first);
    }
    for (const TextLog::Part& part : parts) part.inserts ? inserted(part) : erased(part);
    ByteWriter head;
    head.varint(replicas_.size());
    for (const Author replica : replicas_) head.replica(authors_[replica].id);
    head.varint(first);
    head.raw(bytes_.view());
    return head.take();
  }

 private:
  void header(PartTag tag, std::uint64_t value) {
    bytes_.varint(value << fugue::kPartBits | static_cast<std::uint64_t>(tag));
  }

  void name(Serial serial) {
    if (serial == fugue::kNoSerial) return bytes_.varint(fugue::kRefNone);
    const Author author = authors_.span_of(serial).author;
    std::uint64_t tag = fugue::kRefAuthor;
    if (author != author_) {
      const auto listed = std::find(replicas_.begin(), replicas_.end(), author);
      tag = fugue::kRefListed + static_cast<std::uint64_t>(listed - replicas_.begin());
      if (listed == replicas_.end()) replicas_.push_back(author);
    }
    bytes_.varint(tag);
    bytes_.varint(authors_.number_of(serial));
  }

  // Whether the character is right behind the author's one before it, as if typed on.
  [[nodiscard]] bool continues(Serial serial, const Origins& origins) {
    if (origins.left == fugue::kNoSerial || origins.left < frozen_) return false;
    return authors_.span_of(origins.left).author == author_ &&
           authors_.number_of(origins.left) + 1 == authors_.number_of(serial) &&
           tree_.origins(origins.left).right == origins.right;
  }

  void inserted(const TextLog::Part& part) {
    Serial serial = part.first;
    const Serial end = part.first + part.count;
    while (serial < end) {
      const Place place = tree_.place_behind(serial);
      const fugue::Run run = tree_.run(place);
      const std::uint32_t count =
          tree_.origin_table().end_of_alike(serial, std::min(end, run.end())) - serial;
      const Origins origins = tree_.origins(serial);
      const bool continued = continues(serial, origins);
      if (run.erased()) {
        header(PartTag::gone, std::uint64_t{count} << 1U | (continued ? 1U : 0U));
      } else {
        const std::uint32_t begin = store_.advance(run.offset, place.offset - 1);
        const std::string_view text = store_.slice(begin, store_.advance(begin, count));
        header(continued ? PartTag::continued : PartTag::inserted, text.size());
        bytes_.raw(text);
      }
      if (!continued) {
        name(origins.left);
        name(origins.right);
      }
      serial += count;
    }
  }

  void erased(const TextLog::Part& part) {
    Serial serial = part.first;
    const Serial end = part.first + part.count;
    while (serial < end) {
      const AuthorTable::Span& span = authors_.span_of(serial);
      const std::uint32_t count = std::min(end - serial, span.first + span.count - serial);
      header(PartTag::erased, count);
      name(serial);
      serial += count;
    }
  }

  fugue::RunTree& tree_;
  const AuthorTable& authors_;
  const fugue::TextStore& store_;
  Author author_;
  Serial frozen_;
  std::vector<Author> replicas_;
  ByteWriter bytes_;
};

}  // namespace

TextOp TextDocument::State::encode(Author author, std::uint64_t counter,
                                   const std::vector<TextLog::Part>& parts) {
  OpWriter writer(tree, authors, store, author, frozen);
  return {{authors[author].id, counter}, writer.write(parts)};
}

std::vector<TextOp> TextDocument::State::ops_since(const VersionVector& known) {
  require_committed("read the operations of");
  if (!(history_begin <= known)) {
    throw Error(ErrorCode::causality_gap,
                "a text's operations before " + history_begin.to_string() +
                    " are no longer kept one by one; give a copy that lacks them a checkpoint");
  }
  std::vector<TextOp> ops;
  log.for_each([&](Author author) { return known[authors[author].id]; },
               [&](Author author, std::uint64_t counter, const std::vector<TextLog::Part>& parts) {
                 ops.push_back(encode(author, counter, parts));
               });
  return ops;
}

TextOp TextDocument::State::op(const Dot& dot) {
  require_committed("read the operations of");
  const auto author = authors.find(dot.replica);
  if (author) {
    const std::vector<TextLog::Part> parts = log.find(*author, dot.counter);
    if (!parts.empty()) return encode(*author, dot.counter, parts);
  }
  throw Error(ErrorCode::not_found, "the text keeps no operation " + std::to_string(dot.counter) +
                                        " of " + dot.replica.to_string());
}

}  // namespace rill
