#include "oracle/cell.hpp"

#include <array>
#include <cstdio>

namespace oracle {
namespace {

std::string number_text(double real) {
  std::array<char, 40> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.15g", real);
  std::string text = buffer.data();
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string quoted(const std::string& text, char quote) {
  std::string out(1, quote);
  for (const char letter : text) {
    if (letter == quote || (quote == '"' && letter == '\\')) out += quote == '"' ? '\\' : quote;
    out += letter;
  }
  return out += quote;
}

std::string hexadecimal(const std::string& bytes) {
  std::string text = "X'";
  for (const char byte : bytes) {
    for (const unsigned shift : {4U, 0U}) {
      text += "0123456789ABCDEF"[static_cast<unsigned char>(byte) >> shift & 0xFU];
    }
  }
  return text + "'";
}

int type_rank(const Cell& cell) {
  if (is_null(cell)) return 0;
  return std::holds_alternative<std::string>(cell) ? 2 : 1;
}

}  // namespace

double as_real(const Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*integer);
  return is_null(cell) ? 0.0 : std::get<double>(cell);
}

std::weak_ordering sqlite_order(const Cell& left, const Cell& right) {
  if (const auto order = type_rank(left) <=> type_rank(right); order != 0) return order;
  if (type_rank(left) == 0) return std::weak_ordering::equivalent;
  if (type_rank(left) == 2) {
    return std::get<std::string>(left).compare(std::get<std::string>(right)) <=> 0;
  }
  const double a = as_real(left);
  const double b = as_real(right);
  if (a < b) return std::weak_ordering::less;
  return a > b ? std::weak_ordering::greater : std::weak_ordering::equivalent;
}

std::string sql_literal(const Cell& cell) {
  if (is_null(cell)) return "NULL";
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&cell)) return number_text(*real);
  if (const auto* blob = std::get_if<Bytes>(&cell)) return hexadecimal(blob->bytes);
  return quoted(std::get<std::string>(cell), '\'');
}

std::string json_text(const Cell& cell) {
  if (is_null(cell)) return "null";
  if (const auto* text = std::get_if<std::string>(&cell)) return quoted(*text, '"');
  return sql_literal(cell);
}

}  // namespace oracle
