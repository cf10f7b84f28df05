#include "rules/multi_value_rule.hpp"

#include <cmath>

#include "json.hpp"

namespace rill {

Value multi_value_normal_form(const Value& written) {
  switch (written.type()) {
    case Value::Type::null:
      return "[]";
    case Value::Type::integer:
      return "[" + std::to_string(written.integer()) + "]";
    case Value::Type::real:
      if (!std::isfinite(written.real())) {
        throw Error(ErrorCode::bad_value,
                    "multi_value() holds JSON, which has no infinite numbers");
      }
      return "[" + dump(written.real()) + "]";
    case Value::Type::blob:
      throw Error(ErrorCode::bad_value,
                  "multi_value() holds a JSON array and cannot keep a BLOB; store text, such as "
                  "hexadecimal digits");
    case Value::Type::text:
      break;
  }
  const std::string& text = written.text();
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string::npos || text[start] != '[') return "[" + dump_string(text) + "]";
  if (nests_deeper(text, kMaxJsonDepth)) parse_json(text);  // Throws, naming the limit.
  const auto array = try_parse_json(text);
  return array ? dump(*array) : "[" + dump_string(text) + "]";
}

Value show_multi_value(const Entries& entries) {
  if (entries.size() == 1) return entries.front().value;
  Json all = Json::array();
  for (const Entry& entry : entries) {
    // A peer may have sent anything; what is not an array has nothing to add.
    if (entry.value.type() != Value::Type::text) continue;
    auto array = try_parse_json(entry.value.text());
    if (!array || !array->is_array()) continue;
    for (Json& element : *array) all.push_back(std::move(element));
  }
  return dump(all);
}

}  // namespace rill
