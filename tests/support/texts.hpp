#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rill/text_document.hpp"
#include "support/unicode.hpp"

/// What tests of texts do again and again.
namespace rill::test {

/// `shown` as an editor would show it after `changes`.
inline std::string changed(std::string_view shown, const std::vector<TextChange>& changes) {
  std::u32string text = to_code_points(shown);
  for (const TextChange& change : changes) {
    text.replace(change.position, change.erased, to_code_points(change.inserted));
  }
  return to_utf8(text);
}

/// Applies what `to` lacks of `from`, and returns what an editor of `to` has to do.
inline std::vector<TextChange> pull(TextDocument& to, const TextDocument& from) {
  std::vector<TextChange> changes;
  for (const TextOp& op : from.ops_since(to.version())) to.apply(op, &changes);
  return changes;
}

inline void exchange(TextDocument& left, TextDocument& right) {
  pull(left, right);
  pull(right, left);
}

/// A document of `author` that holds all that `from` has committed.
inline TextDocument copy_of(const TextDocument& from, const ReplicaId& author) {
  TextDocument copy(author);
  pull(copy, from);
  return copy;
}

/// A committed insertion.
inline TextOp typed(TextDocument& document, std::size_t position, std::string_view text) {
  document.insert(position, text);
  return document.op(document.commit());
}

/// A committed erasure.
inline TextOp erased(TextDocument& document, std::size_t position, std::size_t length) {
  document.erase(position, length);
  return document.op(document.commit());
}

/// Types each character at the position of the one before, as a right-to-left habit or an editor
/// that inserts in front does: "abc" becomes "cba" in the order of typing. One operation each.
inline void type_backwards(TextDocument& document, std::size_t position, std::string_view text) {
  const std::u32string characters = to_code_points(text);
  for (const char32_t character : std::u32string(characters.rbegin(), characters.rend())) {
    typed(document, position, to_utf8({&character, 1}));
  }
}

/// Types character after character, one operation each.
inline void type_forwards(TextDocument& document, std::size_t position, std::string_view text) {
  for (const char32_t character : to_code_points(text)) {
    typed(document, position++, to_utf8({&character, 1}));
  }
}

}  // namespace rill::test
