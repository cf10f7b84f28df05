#include "rill/rows.hpp"

#include <string>

namespace rill {
namespace {

Error wrong_type(const Value& value, std::string_view column, const char* wanted) {
  return {ErrorCode::bad_value,
          "column " + std::string(column) + " holds " +
              (value.is_null() ? std::string("NULL; ask for std::optional") : to_display(value)) +
              ", not " + wanted};
}

}  // namespace

const Value& Row::operator[](std::string_view column) const {
  for (std::size_t index = 0; index < columns_->size(); ++index) {
    if ((*columns_)[index] == column) return values_[index];
  }
  throw Error(ErrorCode::unknown_column, "the result has no column " + std::string(column));
}

std::int64_t Row::to_integer(const Value& value, std::string_view column, std::int64_t least,
                             std::uint64_t greatest) {
  if (value.type() != Value::Type::integer) throw wrong_type(value, column, "an integer");
  const std::int64_t integer = value.integer();
  if (integer < least || (integer > 0 && static_cast<std::uint64_t>(integer) > greatest)) {
    throw wrong_type(value, column, "a number within the range asked for");
  }
  return integer;
}

double Row::to_real(const Value& value, std::string_view column) {
  if (value.type() == Value::Type::integer) return static_cast<double>(value.integer());
  if (value.type() != Value::Type::real) throw wrong_type(value, column, "a number");
  return value.real();
}

const std::string& Row::to_text(const Value& value, std::string_view column) {
  if (value.type() != Value::Type::text) throw wrong_type(value, column, "text");
  return value.text();
}

const Blob& Row::to_blob(const Value& value, std::string_view column) {
  if (value.type() != Value::Type::blob) throw wrong_type(value, column, "a blob");
  return value.blob();
}

const Row& Rows::front() const {
  if (rows_.empty()) throw Error(ErrorCode::not_found, "the query found no row");
  return rows_.front();
}

const std::vector<std::string>& Rows::columns() const {
  static const std::vector<std::string> kNone;
  return columns_ != nullptr ? *columns_ : kNone;
}

}  // namespace rill
