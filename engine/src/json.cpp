#include "json.hpp"

#include "rill/error.hpp"

namespace rill {
namespace {

/// The library's message without its own "[json.exception…] " label.
std::string reason(const Json::exception& error) {
  const std::string_view message = error.what();
  const std::size_t label_end = message.find("] ");
  return std::string(label_end == std::string_view::npos ? message : message.substr(label_end + 2));
}

}  // namespace

bool nests_deeper(std::string_view text, std::size_t limit) noexcept {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > limit) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

Json parse_json(std::string_view text) {
  // Before parsing, because copying and dumping a value recurse into it.
  if (nests_deeper(text, kMaxJsonDepth)) {
    throw Error(ErrorCode::bad_value, "JSON that nests deeper than " +
                                          std::to_string(kMaxJsonDepth) + " levels cannot be kept");
  }
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::bad_value, "not valid JSON: " + reason(error));
  }
}

std::optional<Json> try_parse_json(std::string_view text) {
  if (nests_deeper(text, kMaxJsonDepth)) return std::nullopt;
  try {
    return Json::parse(text);
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::string dump(const Json& json) { return json.dump(); }

std::string dump_string(const std::string& text) {
  try {
    return Json(text).dump();
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::bad_value, "not UTF-8 text: " + reason(error));
  }
}

}  // namespace rill
