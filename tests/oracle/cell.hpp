#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace oracle {

/// A BLOB's bytes.
struct Bytes {
  std::string bytes;

  friend bool operator==(const Bytes&, const Bytes&) = default;
};

/// One SQLite value as the oracle sees it: NULL, INTEGER, REAL, TEXT or BLOB. Equality is of type
/// and bytes.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string, Bytes>;

[[nodiscard]] inline bool is_null(const Cell& cell) { return cell.index() == 0; }

/// SQLite's order: NULL, then numbers by value, then text by bytes. Precondition: no BLOB.
std::weak_ordering sqlite_order(const Cell& left, const Cell& right);

/// The cell as a number; NULL is 0. Precondition: neither text nor BLOB.
double as_real(const Cell& cell);

/// The cell in SQL: NULL, 42, 1.5, 'it''s', X'00FF'.
std::string sql_literal(const Cell& cell);

/// The cell in JSON: null, 42, 1.5, "text". Precondition: no BLOB.
std::string json_text(const Cell& cell);

}  // namespace oracle
