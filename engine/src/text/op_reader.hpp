#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "author_table.hpp"
#include "origin_table.hpp"
#include "run_tree.hpp"
#include "utf8.hpp"

namespace rill::fugue {

/// One part of an operation, checked, with serials for names. Characters that the operation itself
/// inserts have the serials that they are going to get.
struct OpStep {
  /// What the part does. Characters that come erased are known by name and place only.
  enum class Kind : std::uint8_t { insert, insert_erased, erase };
  Kind kind = Kind::insert;
  /// Of the first character inserted.
  Origins origins;
  /// The first character erased.
  Serial first = 0;
  std::uint32_t count = 0;
  std::string_view text;
  Extent extent;
};

/// What an operation is read against.
struct OpContext {
  RunTree& tree;
  const AuthorTable& authors;
  Author author;
  /// The numbers of the characters that it inserts are not the author's next ones, or are taken.
  bool renumbered = false;
};

/// The steps of an operation's content, into `steps`. Views of `content` remain in them. Throws
/// `malformed` for what does not decode, `causality_gap` for characters that are not known.
void read_op(const OpContext& context, std::string_view content, std::vector<OpStep>& steps);
/// The same for content that is but a few characters behind the author's last one, whose number is
/// before `next`; nothing for any other. The origins are left out.
std::optional<OpStep> read_typed(std::string_view content, std::uint32_t next);

}  // namespace rill::fugue
