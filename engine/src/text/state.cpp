#include "state.hpp"

#include <algorithm>

#include "rill/delta.hpp"
#include "rill/error.hpp"
#include "text_diff.hpp"

namespace rill {

using fugue::Extent;
using fugue::Place;
using fugue::Run;
using fugue::Serial;

TextDocument::State::State(const ReplicaId& author) { self = authors.intern(author); }

// --- Reading.

std::string TextDocument::State::text(std::uint32_t position, std::uint32_t length) const {
  std::string result;
  result.reserve(length);
  std::uint32_t skipped = position;
  tree.for_each([&](const Run& run) {
    if (run.erased() || length == 0) return;
    const std::uint32_t count = run.count();
    if (skipped >= count) {
      skipped -= count;
      return;
    }
    const std::uint32_t taken = std::min(length, count - skipped);
    const std::uint32_t begin = store.advance(run.offset, skipped);
    result.append(store.slice(begin, store.advance(begin, taken)));
    length -= taken;
    skipped = 0;
  });
  return result;
}

std::uint32_t TextDocument::State::position(std::size_t given, TextUnit unit) const {
  if (unit == TextUnit::code_points && given <= tree.total().chars) {
    return static_cast<std::uint32_t>(given);
  }
  return tree.extent_at(given, unit).chars;
}

std::pair<std::uint32_t, std::uint32_t> TextDocument::State::range(std::size_t position,
                                                                   std::size_t length,
                                                                   TextUnit unit) const {
  const std::uint32_t begin = this->position(position, unit);
  if (unit == TextUnit::code_points && length <= tree.total().chars - begin) {
    return {begin, static_cast<std::uint32_t>(length)};
  }
  // No text is so long that a sum would not show it.
  const std::size_t end = position + std::min<std::size_t>(length, 0xFFFF'FFFFU);
  return {begin, this->position(end, unit) - begin};
}

VersionVector TextDocument::State::version() const {
  VersionVector vector;
  for (fugue::Author author = 0; author < authors.size(); ++author) {
    if (authors[author].counter > 0) vector.raise({authors[author].id, authors[author].counter});
  }
  return vector;
}

Serial TextDocument::State::serial_of(const TextId& id) const {
  const auto author = authors.find(id.replica);
  const auto* span = author ? authors.find(*author, id.number) : nullptr;
  return span == nullptr ? fugue::kNoSerial : span->first + (id.number - span->number);
}

TextAnchor TextDocument::State::anchor(std::size_t position) {
  const Serial serial = tree.before(tree.place_at(this->position(position, TextUnit::code_points)));
  if (serial == fugue::kNoSerial) return {};
  return {authors.name_of(serial)};
}

std::size_t TextDocument::State::position_of(const TextAnchor& anchor) {
  if (!anchor.after) return 0;
  const Serial serial = serial_of(*anchor.after);
  if (serial == fugue::kNoSerial) {
    throw Error(ErrorCode::not_found,
                "the text knows no character " + std::to_string(anchor.after->number) + " of " +
                    anchor.after->replica.to_string() +
                    "; it has not arrived yet, or was forgotten after it was erased");
  }
  return tree.extent_before(tree.place_behind(serial)).chars;
}

// --- Editing.

void TextDocument::State::require_room(std::uint32_t chars, std::size_t bytes) const {
  constexpr std::size_t kMaxBytes = 0xFFFF'FFFFU;
  if (chars > kMaxTextCharacters - tree.end() || bytes > kMaxBytes - store.end()) {
    throw Error(ErrorCode::too_large, "a text may hold " + std::to_string(kMaxTextCharacters) +
                                          " characters, erased ones included; start a new one");
  }
}

void TextDocument::State::note(bool inserts, Serial first, std::uint32_t count) {
  if (!pending.empty() && pending.back().inserts == inserts) {
    fugue::TextLog::Part& last = pending.back();
    if (last.first + last.count == first) {
      last.count += count;
      return;
    }
    if (!inserts && first + count == last.first) {
      last.first = first;
      last.count += count;
      return;
    }
  }
  pending.push_back({inserts, first, count});
}

void TextDocument::State::note_origins_of_typed(Serial serial, std::uint32_t count) {
  if (const auto* item = origins.find(serial - 1)) {
    origins.add(serial, count, {serial - 1, item->origins.right}, serial - 1);
  }
}

// Where new characters go that are not to depend on the sealed ones beside them.
Place TextDocument::State::place_around_sealed(const fugue::Origins& wanted, std::uint32_t count) {
  const Destination found = destination(self, authors[self].next, wanted);
  if (!found.between_origins) origins.add(tree.end(), count, wanted, found.settled);
  return found.place;
}

void TextDocument::State::insert(std::uint32_t position, std::string_view text) {
  const Serial serial = tree.end();
  std::uint32_t count = 1;
  if (text.size() == 1 && position == tree.newest_position() && fugue::is_ascii(text) &&
      serial < kMaxTextCharacters) {
    store.append_ascii(text.front());
    note_origins_of_typed(serial, 1);
    tree.extend({1, 1, 1});
  } else {
    if (text.empty()) return;
    if (text.size() > kMaxTextCharacters) require_room(kMaxTextCharacters + 1, text.size());
    const Extent extent = fugue::measure_checked(text);
    require_room(extent.chars, text.size());
    count = extent.chars;
    Place place = tree.place_at(position);
    const Serial right = tree.unsealed_behind(place);
    if (right != tree.behind(place))
      place = place_around_sealed({tree.before(place), right}, count);
    tree.insert(place, count, store.append(text, extent), 0, position);
  }
  authors.append(self, serial, count);
  note(true, serial, count);
  if (steps.recording) record_insert(serial, count);
}

void TextDocument::State::erase(std::uint32_t position, std::uint32_t length) {
  if (length > tree.total().chars - position) {
    throw Error(ErrorCode::invalid_argument, "cannot erase " + std::to_string(length) +
                                                 " characters from position " +
                                                 std::to_string(position) + " on: the text has " +
                                                 std::to_string(tree.total().chars));
  }
  while (length > 0) {
    const Run part = tree.erase_shown(position, length);
    length -= part.count();
    note(false, part.first, part.count());
    if (steps.recording) record_erase(part);
  }
}

std::vector<TextChange> TextDocument::State::assign(std::string_view wanted) {
  fugue::measure_checked(wanted);
  std::vector<TextChange> changes = fugue::diff(text(0, tree.total().chars), wanted);
  for (const TextChange& change : changes) {
    const auto position = static_cast<std::uint32_t>(change.position);
    erase(position, static_cast<std::uint32_t>(change.erased));
    insert(position, change.inserted);
  }
  return changes;
}

Dot TextDocument::State::commit(std::uint64_t counter) {
  auto& own = authors[self];
  if (pending.empty()) return {own.id, own.counter};
  const bool extends = counter == own.counter && log.ends_with(self, counter);
  if ((counter <= own.counter && !extends) || counter > kMaxCounter) {
    throw Error(ErrorCode::invalid_argument,
                "an operation's counter is " + std::to_string(counter) +
                    ", but must be greater than the last one, " + std::to_string(own.counter) +
                    ", and at most " + std::to_string(kMaxCounter));
  }
  for (const auto& part : pending) log.add(self, counter, part.inserts, part.first, part.count);
  pending.clear();
  own.counter = counter;
  return {own.id, counter};
}

}  // namespace rill
