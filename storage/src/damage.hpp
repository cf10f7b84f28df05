#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "rill/error.hpp"

namespace rill::storage {

/// The `Error{corrupt}` that says what is damaged and what to do about it.
[[nodiscard]] inline Error damaged(const std::string& what) {
  return {ErrorCode::corrupt, what + " (restore the file from a backup, or sync into a new one)"};
}

/// Runs `read`, which decodes bytes that stand in this file at `place`, such as
/// "rill_tombstone.image". What a decoder would hold against a peer is damage here.
template <typename Read>
decltype(auto) read_stored(std::string_view place, Read read) {
  try {
    return read();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::malformed && error.code() != ErrorCode::limit_exceeded) throw;
    throw damaged(std::string(place) + " is damaged: " + error.what());
  } catch (const std::out_of_range&) {
    throw damaged(std::string(place) + " is damaged: it names what the file does not know");
  }
}

}  // namespace rill::storage
