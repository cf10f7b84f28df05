#include "rules/text_rule.hpp"

#include "rill/error.hpp"
#include "text/utf8.hpp"

namespace rill {

Value text_normal_form(const Value& written) {
  if (written.is_null()) return "";
  if (written.type() != Value::Type::text) {
    throw Error(ErrorCode::bad_value, "a text column cannot become " + to_display(written) +
                                          "; write TEXT, or NULL to erase all of it");
  }
  fugue::measure_checked(written.text());
  return written;
}

}  // namespace rill
