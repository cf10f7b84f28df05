#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "rill/error.hpp"
#include "rill/value.hpp"

namespace rill {

/// One row of a result: values by position or by column name.
/// Thread safety: a value.
class Row {
 public:
  /// A row of `values`, one for each of `columns`.
  Row(std::shared_ptr<const std::vector<std::string>> columns, std::vector<Value> values)
      : columns_(std::move(columns)), values_(std::move(values)) {}

  /// The number of columns.
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
  /// The value at `index`, from 0. Throws `std::out_of_range`.
  [[nodiscard]] const Value& operator[](std::size_t index) const { return values_.at(index); }
  /// Throws `Error{unknown_column}` if the result has no column of this name.
  [[nodiscard]] const Value& operator[](std::string_view column) const;

  /// The value as a C++ type: `std::int64_t` (and other integers, range-checked), `double`, `bool`,
  /// `std::string`, `Blob`, `Value`, or `std::optional` of one of these for columns that may be
  /// NULL. Throws `Error{bad_value}` for NULL or another type; integers convert to double, not
  /// back.
  template <typename T>
  [[nodiscard]] T get(std::string_view column) const {
    return convert<T>((*this)[column], column);
  }
  /// The same by position, from 0. Throws `std::out_of_range`, too.
  template <typename T>
  [[nodiscard]] T get(std::size_t index) const {
    return convert<T>((*this)[index], name(index));
  }
  /// The result column's name. Precondition: `index < size()`.
  [[nodiscard]] const std::string& name(std::size_t index) const { return columns_->at(index); }
  /// All values, in the order of the columns.
  [[nodiscard]] const std::vector<Value>& values() const noexcept { return values_; }

  friend bool operator==(const Row& left, const Row& right) {
    return left.values_ == right.values_;
  }

 private:
  template <typename T>
  static T convert(const Value& value, std::string_view column);
  static std::int64_t to_integer(const Value& value, std::string_view column, std::int64_t least,
                                 std::uint64_t greatest);
  static double to_real(const Value& value, std::string_view column);
  static const std::string& to_text(const Value& value, std::string_view column);
  static const Blob& to_blob(const Value& value, std::string_view column);

  std::shared_ptr<const std::vector<std::string>> columns_;
  std::vector<Value> values_;
};

/// The rows of a query, read completely: iterate, index, or take `front()`.
/// Thread safety: a value.
class Rows {
 public:
  Rows() = default;
  /// Rows that share the names of their columns.
  Rows(std::shared_ptr<const std::vector<std::string>> columns, std::vector<Row> rows)
      : columns_(std::move(columns)), rows_(std::move(rows)) {}

  /// The number of rows.
  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  /// Whether there is no row.
  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
  /// The first row, for range-based loops.
  [[nodiscard]] auto begin() const noexcept { return rows_.begin(); }
  /// Behind the last row.
  [[nodiscard]] auto end() const noexcept { return rows_.end(); }
  /// The row at `index`, from 0. Throws `std::out_of_range`.
  [[nodiscard]] const Row& operator[](std::size_t index) const { return rows_.at(index); }
  /// The first row. Throws `Error{not_found}` if there is none.
  [[nodiscard]] const Row& front() const;
  /// The names of the result's columns; also where there are no rows.
  [[nodiscard]] const std::vector<std::string>& columns() const;

  friend bool operator==(const Rows& left, const Rows& right) { return left.rows_ == right.rows_; }

 private:
  std::shared_ptr<const std::vector<std::string>> columns_;
  std::vector<Row> rows_;
};

namespace detail {
template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
}  // namespace detail

template <typename T>
T Row::convert(const Value& value, std::string_view column) {
  if constexpr (detail::kIsOptional<T>) {
    if (value.is_null()) return std::nullopt;
    return convert<typename T::value_type>(value, column);
  } else if constexpr (std::is_same_v<T, Value>) {
    return value;
  } else if constexpr (std::is_same_v<T, bool>) {
    return to_integer(value, column, 0, 1) != 0;
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(to_integer(value, column,
                                     static_cast<std::int64_t>(std::numeric_limits<T>::min()),
                                     static_cast<std::uint64_t>(std::numeric_limits<T>::max())));
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(to_real(value, column));
  } else if constexpr (std::is_same_v<T, std::string>) {
    return to_text(value, column);
  } else {
    static_assert(std::is_same_v<T, Blob>, "a type that SQLite's values convert to");
    return to_blob(value, column);
  }
}

}  // namespace rill
