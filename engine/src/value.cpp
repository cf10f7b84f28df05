#include "rill/value.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "value_list.hpp"

namespace rill {
namespace {

/// SQLite compares INTEGER with REAL exactly, never by converting a large integer to a rounded
/// double.
std::weak_ordering compare_mixed(std::int64_t integer, double real) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (real < -kTwoTo63) return std::weak_ordering::greater;
  if (real >= kTwoTo63) return std::weak_ordering::less;
  const auto truncated = static_cast<std::int64_t>(real);
  if (integer != truncated) {
    return integer < truncated ? std::weak_ordering::less : std::weak_ordering::greater;
  }
  const double fraction = real - std::trunc(real);
  if (fraction == 0) return std::weak_ordering::equivalent;
  return fraction > 0 ? std::weak_ordering::less : std::weak_ordering::greater;
}

std::weak_ordering reversed(std::weak_ordering order) { return 0 <=> order; }

std::weak_ordering compare_reals(double left, double right) {
  if (left < right) return std::weak_ordering::less;
  if (left > right) return std::weak_ordering::greater;
  return std::weak_ordering::equivalent;
}

std::weak_ordering compare_numbers(const Value& left, const Value& right) {
  const bool left_is_integer = left.type() == Value::Type::integer;
  const bool right_is_integer = right.type() == Value::Type::integer;
  if (left_is_integer && right_is_integer) return left.integer() <=> right.integer();
  if (left_is_integer) return compare_mixed(left.integer(), right.real());
  if (right_is_integer) return reversed(compare_mixed(right.integer(), left.real()));
  return compare_reals(left.real(), right.real());
}

std::weak_ordering compare_bytes(const void* left, std::size_t left_size, const void* right,
                                 std::size_t right_size) {
  const std::size_t common = std::min(left_size, right_size);
  // An empty vector may have no data at all, which memcmp must not be given.
  if (common > 0) {
    if (const int order = std::memcmp(left, right, common); order != 0) return order <=> 0;
  }
  return left_size <=> right_size;
}

/// NULL, numbers, TEXT, BLOB.
int storage_class(const Value& value) {
  switch (value.type()) {
    case Value::Type::null:
      return 0;
    case Value::Type::integer:
    case Value::Type::real:
      return 1;
    case Value::Type::text:
      return 2;
    case Value::Type::blob:
      return 3;
  }
  return 0;
}

std::string display_real(double real) {
  if (std::isinf(real)) return real > 0 ? "Inf" : "-Inf";
  std::array<char, 32> buffer;
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), real);
  std::string text(buffer.data(), result.ptr);
  // 1.0 must not read like the integer 1.
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string display_blob(const Blob& blob) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "x'";
  text.reserve(3 + 2 * blob.size());
  for (const std::byte byte : blob) {
    text.push_back(kDigits[std::to_integer<unsigned>(byte >> 4U)]);
    text.push_back(kDigits[std::to_integer<unsigned>(byte & std::byte{0xF})]);
  }
  text.push_back('\'');
  return text;
}

}  // namespace

std::size_t Value::size() const noexcept {
  if (const auto* text = std::get_if<std::string>(&data_)) return text->size();
  if (const auto* blob = std::get_if<Blob>(&data_)) return blob->size();
  return is_null() ? 0 : 8;
}

ValueView ValueView::of(const Value& value) {
  ValueView view{.type = value.type(), .integer = 0, .real = 0, .bytes = {}};
  switch (view.type) {
    case Value::Type::null:
      break;
    case Value::Type::integer:
      view.integer = value.integer();
      break;
    case Value::Type::real:
      view.real = value.real();
      break;
    case Value::Type::text:
      view.bytes = value.text();
      break;
    case Value::Type::blob:
      view.bytes = {reinterpret_cast<const char*>(value.blob().data()), value.blob().size()};
      break;
  }
  return view;
}

Value ValueView::copy() const {
  switch (type) {
    case Value::Type::null:
      break;
    case Value::Type::integer:
      return integer;
    case Value::Type::real:
      return real;
    case Value::Type::text:
      return bytes;
    case Value::Type::blob: {
      const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
      return Blob(begin, begin + bytes.size());
    }
  }
  return {};
}

std::weak_ordering compare(const Value& left, const Value& right) {
  const int left_class = storage_class(left);
  const int right_class = storage_class(right);
  if (left_class != right_class) return left_class <=> right_class;
  if (left.is_null()) return std::weak_ordering::equivalent;
  if (left.is_number()) return compare_numbers(left, right);
  if (left.type() == Value::Type::text) {
    return compare_bytes(left.text().data(), left.size(), right.text().data(), right.size());
  }
  return compare_bytes(left.blob().data(), left.size(), right.blob().data(), right.size());
}

std::string to_display(const Value& value) {
  switch (value.type()) {
    case Value::Type::null:
      return "NULL";
    case Value::Type::integer:
      return std::to_string(value.integer());
    case Value::Type::real:
      return display_real(value.real());
    case Value::Type::text:
      return value.text();
    case Value::Type::blob:
      return display_blob(value.blob());
  }
  return {};
}

std::string to_display(const std::vector<Value>& values) {
  std::string text = "(";
  for (const Value& value : values) {
    if (text.size() > 1) text += ", ";
    text += to_display(value);
  }
  return text += ')';
}

}  // namespace rill
