#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rill {

/// Bytes, as SQLite's BLOB holds them.
using Blob = std::vector<std::byte>;

/// One SQLite value: NULL, INTEGER, REAL, TEXT (UTF-8) or BLOB.
///
/// Equality is SQLite's storage identity, not its comparison: 1 and 1.0 differ, 'a' and 'A' differ.
/// A NaN becomes NULL, as SQLite would store it.
/// Thread safety: a value.
class Value {
 public:
  /// SQLite's five storage classes; TEXT is UTF-8.
  enum class Type : std::uint8_t { null, integer, real, text, blob };

  Value() = default;
  /// NULL.
  Value(std::nullptr_t) {}  // NOLINT(google-explicit-constructor)
  /// INTEGER; bool gives 0 or 1. A number above the 63 bits of a positive INTEGER wraps.
  template <std::integral T>
  Value(T integer)
      : data_(static_cast<std::int64_t>(integer)) {}  // NOLINT(google-explicit-constructor)
  /// REAL, or NULL for NaN.
  Value(double real) {  // NOLINT(google-explicit-constructor)
    if (real == real) data_ = real;
  }
  /// TEXT; the bytes should be UTF-8 and are not checked.
  Value(std::string text) : data_(std::move(text)) {}  // NOLINT(google-explicit-constructor)
  /// TEXT, copied.
  Value(std::string_view text) : data_(std::string(text)) {}  // NOLINT(google-explicit-constructor)
  /// TEXT, copied up to the first zero byte.
  Value(const char* text) : data_(std::string(text)) {}  // NOLINT(google-explicit-constructor)
  /// BLOB.
  Value(Blob blob) : data_(std::move(blob)) {}  // NOLINT(google-explicit-constructor)
  /// An empty optional is NULL.
  template <typename T>
  Value(const std::optional<T>& value) : Value(value ? Value(*value) : Value()) {}  // NOLINT

  /// Which of the five it is.
  [[nodiscard]] Type type() const noexcept { return static_cast<Type>(data_.index()); }
  /// Whether it is NULL.
  [[nodiscard]] bool is_null() const noexcept { return type() == Type::null; }
  /// Whether it is INTEGER or REAL.
  [[nodiscard]] bool is_number() const noexcept {
    return type() == Type::integer || type() == Type::real;
  }

  /// The held alternative. Precondition: `type()` is that alternative.
  [[nodiscard]] std::int64_t integer() const { return std::get<std::int64_t>(data_); }
  /// The REAL. Precondition: `type()` is `real`.
  [[nodiscard]] double real() const { return std::get<double>(data_); }
  /// The TEXT. Precondition: `type()` is `text`.
  [[nodiscard]] const std::string& text() const { return std::get<std::string>(data_); }
  /// The BLOB. Precondition: `type()` is `blob`.
  [[nodiscard]] const Blob& blob() const { return std::get<Blob>(data_); }

  /// Bytes the value itself takes: 8 for numbers, the length of TEXT and BLOB.
  [[nodiscard]] std::size_t size() const noexcept;

  friend bool operator==(const Value&, const Value&) = default;

 private:
  std::variant<std::monostate, std::int64_t, double, std::string, Blob> data_;
};

/// A value looked at where it stands, without a copy. The bytes of TEXT and BLOB must outlive it.
struct ValueView {
  Value::Type type = Value::Type::null;  ///< Which of the others counts.
  std::int64_t integer = 0;              ///< Of INTEGER.
  double real = 0;                       ///< Of REAL; not NaN.
  std::string_view bytes;                ///< Of TEXT and BLOB.

  /// A view of `value`, which must outlive it.
  static ValueView of(const Value& value);
  /// The value with bytes of its own.
  [[nodiscard]] Value copy() const;
};

/// SQLite's order with BINARY collation: NULL, then numbers by value (1 and 1.0 are equivalent),
/// then TEXT by bytes, then BLOB by bytes.
std::weak_ordering compare(const Value& left, const Value& right);

/// How a person would read it: NULL, 42, 1.5, the text itself, x'00ff'.
std::string to_display(const Value& value);

}  // namespace rill
