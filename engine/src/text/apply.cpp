#include <algorithm>
#include <string>
#include <utility>

#include "op_reader.hpp"
#include "rill/delta.hpp"
#include "rill/error.hpp"
#include "state.hpp"

namespace rill {

using fugue::Author;
using fugue::Origins;
using fugue::Place;
using fugue::Serial;

// The left origin that the order goes by. An author who leaves out sealed characters may name
// origins that are no neighbours. If the right one then belongs to what was typed behind the left
// one, new characters belong to the right one, as if its own left origin had been named; of
// neighbours that is the same.
Serial TextDocument::State::settled(const Origins& wanted) {
  if (wanted.right == fugue::kNoSerial) return wanted.left;
  const Place begin = tree.place_behind(wanted.left);
  const Serial own = tree.settled_origins(wanted.right).left;
  for (Serial left = own; left != wanted.left; left = tree.settled_origins(left).left) {
    if (left == fugue::kNoSerial) return wanted.left;
    // All of a run was typed behind its first character.
    const Place place = tree.place_behind(left);
    if (tree.precedes(place, begin)) return wanted.left;
    const Serial first = left - (place.offset - 1);
    if (wanted.left != fugue::kNoSerial && first <= wanted.left && wanted.left < left) break;
    left = first;
  }
  return own;
}

// FugueMax as a search between the origins: the newest character goes before the first one there
// that its author would have placed behind it. What stands between the origins was inserted
// concurrently, or depends on what was.
TextDocument::State::Destination TextDocument::State::destination(Author author,
                                                                  std::uint32_t number,
                                                                  const Origins& given) {
  const Place behind_left = tree.place_behind(given.left);
  if (tree.behind(behind_left) == given.right) return {behind_left, true, given.left};
  const Origins wanted{settled(given), given.right};
  const Place begin = tree.place_behind(wanted.left);
  Place end;
  if (wanted.right != fugue::kNoSerial) end = tree.place_behind(wanted.right);
  Place found = begin;
  Place at = begin;
  // Whether what was passed last goes before or behind depends on what comes.
  bool undecided = false;
  while (true) {
    if (!undecided) found = at;
    const Serial other = tree.behind(at);
    if (other == fugue::kNoSerial || other == wanted.right) break;
    const bool towards_end = wanted.right != fugue::kNoSerial && tree.precedes(at, end);
    tree.advance(at);
    if (towards_end && at.leaf == end.leaf && at.index == end.index) {
      at.offset = end.offset - 1;  // the right origin is in the middle of this run
    }
    const Origins others = tree.settled_origins(other);
    if (others.left != wanted.left) {
      if (wanted.left == fugue::kNoSerial) continue;
      if (others.left == fugue::kNoSerial || tree.precedes(tree.place_behind(others.left), begin)) {
        break;
      }
      continue;
    }
    if (others.right == wanted.right) {
      if (TextId{authors[author].id, number} < authors.name_of(other)) break;
      undecided = false;
    } else {
      undecided =
          others.right != fugue::kNoSerial &&
          (wanted.right == fugue::kNoSerial || tree.precedes(tree.place_behind(others.right), end));
    }
  }
  const bool between = tree.before(found) == given.left && tree.behind(found) == given.right;
  return {found, between, wanted.left};
}

void TextDocument::State::insert_step(Author author, const fugue::OpStep& step,
                                      std::vector<TextChange>* changes) {
  const Serial serial = tree.end();
  const std::uint32_t number = authors[author].next;
  const bool erased = step.kind == fugue::OpStep::Kind::insert_erased;
  const auto [place, between, left] = destination(author, number, step.origins);
  if (!between) origins.add(serial, step.count, step.origins, left);
  std::uint32_t offset = store.end();
  if (!erased) offset = store.append(step.text, step.extent);
  const Place behind = tree.insert(place, step.count, offset, erased ? fugue::Run::kErased : 0);
  authors.append(author, serial, step.count);
  if (changes != nullptr && !erased) {
    const std::uint32_t end = tree.extent_before(behind).chars;
    changes->push_back({end - step.count, 0, std::string(step.text)});
  }
}

void TextDocument::State::erase_step(const fugue::OpStep& step, std::vector<TextChange>* changes) {
  Serial serial = step.first;
  const Serial end = step.first + step.count;
  while (serial < end) {
    const Place place = tree.place_behind(serial);
    const fugue::Run& run = tree.run(place);
    std::uint32_t count = std::min(end - serial, run.count() - place.offset + 1);
    if (!run.erased()) {
      const std::uint32_t position = changes == nullptr ? 0 : tree.extent_before(place).chars - 1;
      count = tree.mark(serial, count, fugue::Run::kErased);
      if (changes != nullptr) changes->push_back({position, count, {}});
    }
    serial += count;
  }
}

// The commonest operation by far: one author types on where the text changed last.
bool TextDocument::State::apply_typed(Author author, std::uint64_t counter,
                                      std::string_view content) {
  if (!tree.extensible()) return false;
  const auto step = fugue::read_typed(content, authors[author].next);
  if (!step) return false;
  const Serial serial = tree.end();
  const auto& last = authors.span_of(serial - 1);
  if (last.author != author || serial - 1 < frozen) return false;
  require_room(step->count, step->text.size());
  note_origins_of_typed(serial, step->count);
  if (step->text.size() == 1) {
    store.append_ascii(step->text.front());
  } else {
    store.append(step->text, step->extent);
  }
  tree.extend(step->extent);
  authors.append(author, serial, step->count);
  log.add(author, counter, true, serial, step->count);
  return true;
}

void TextDocument::State::apply(const Dot& dot, std::string_view content,
                                std::vector<TextChange>* changes) {
  const auto known = authors.find(dot.replica);
  if (known && dot.counter <= authors[*known].counter) return;
  if (dot.counter == 0 || dot.counter > kMaxCounter) {
    throw Error(ErrorCode::malformed, "a text operation has an impossible counter");
  }
  if (known == self && !pending.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "an operation of this text's own author came while it had edits of its own; "
                "commit these first");
  }
  if (content.size() > kMaxTextOpBytes) {
    throw Error(ErrorCode::limit_exceeded, "a text operation of " + std::to_string(content.size()) +
                                               " bytes; the limit is " +
                                               std::to_string(kMaxTextOpBytes));
  }
  if (known && changes == nullptr && apply_typed(*known, dot.counter, content)) {
    authors[*known].counter = dot.counter;
    return;
  }
  const Author author = known ? *known : authors.intern(dot.replica);
  try {
    read({tree, authors, author}, content);
  } catch (...) {
    if (!known) authors.forget_newest();
    throw;
  }
  // Nothing throws from here on but for want of memory.
  for (const fugue::OpStep& step : scratch_) {
    const bool erases = step.kind == fugue::OpStep::Kind::erase;
    const Serial first = erases ? step.first : tree.end();
    erases ? erase_step(step, changes) : insert_step(author, step, changes);
    log.add(author, dot.counter, !erases, first, step.count);
  }
  authors[author].counter = dot.counter;
}

std::vector<TextChange> TextDocument::State::rebase(const TextOp& op) {
  const auto known = authors.find(op.dot.replica);
  const Author author = known ? *known : authors.intern(op.dot.replica);
  try {
    read({tree, authors, author, true}, op.content);
  } catch (...) {
    if (!known) authors.forget_newest();
    throw;
  }
  if (!known) authors.forget_newest();  // its names stand in the operation only
  std::vector<TextChange> changes;
  for (const fugue::OpStep& step : scratch_) {
    const bool erases = step.kind == fugue::OpStep::Kind::erase;
    const Serial first = erases ? step.first : tree.end();
    erases ? erase_step(step, &changes) : insert_step(self, step, &changes);
    note(!erases, first, step.count);
  }
  return changes;
}

void TextDocument::State::read(const fugue::OpContext& context, std::string_view content) {
  fugue::read_op(context, content, scratch_);
  std::size_t bytes = 0;
  std::uint64_t chars = 0;
  for (const fugue::OpStep& step : scratch_) {
    bytes += step.text.size();
    if (step.kind != fugue::OpStep::Kind::erase) chars += step.count;
  }
  require_room(static_cast<std::uint32_t>(std::min<std::uint64_t>(chars, kMaxTextCharacters + 1)),
               bytes);
}

}  // namespace rill
