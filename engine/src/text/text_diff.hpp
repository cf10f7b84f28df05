#pragma once

#include <string_view>
#include <vector>

#include "rill/text_document.hpp"

namespace rill::fugue {

/// Edits that make `before` into `after`, both valid UTF-8: one after the other, from front to
/// back.
///
/// The common beginning and end stay. What lies between is compared by lines, between lines that
/// stand once in either text, then changed stretches by characters, as long as that is less work
/// than a fixed bound; a stretch beyond it is replaced whole. Changes that only a few characters
/// part become one, so that a rewritten word is a rewritten word. Source: Myers, "An O(ND)
/// Difference Algorithm and Its Variations", 1986; Cohen's patience diff.
std::vector<TextChange> diff(std::string_view before, std::string_view after);

}  // namespace rill::fugue
