#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace rill {

/// A parsed JSON value. Objects keep their keys sorted by bytes, so equal values have equal dumps.
using Json = nlohmann::json;

/// How deep arrays and objects may nest in a value kept by a rule: `[]` is 1 deep, a scalar 0.
inline constexpr std::size_t kMaxJsonDepth = 64;

/// Whether arrays and objects nest deeper than `limit` in `text`, which need not be valid JSON.
bool nests_deeper(std::string_view text, std::size_t limit) noexcept;

/// Parses strictly: UTF-8, no comments, nothing after the value. Of duplicate keys the last counts;
/// an integer beyond 64 bits becomes a double. Throws `Error{bad_value}`, saying where `text` goes
/// wrong or that it nests deeper than the limit.
Json parse_json(std::string_view text);

/// The same, empty instead of an error.
std::optional<Json> try_parse_json(std::string_view text);

/// Without white space; doubles with the fewest digits that read back as the same number.
std::string dump(const Json& json);

/// Like `dump`, with `text` as a JSON string. Throws `Error{bad_value}` if it is not UTF-8.
std::string dump_string(const std::string& text);

}  // namespace rill
