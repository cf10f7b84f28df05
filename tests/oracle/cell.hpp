#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace oracle {

/// One SQLite value as the oracle sees it: NULL, INTEGER, REAL or TEXT. Equality is of type and
/// bytes.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;

[[nodiscard]] inline bool is_null(const Cell& cell) { return cell.index() == 0; }

/// SQLite's order: NULL, then numbers by value, then text by bytes.
std::weak_ordering sqlite_order(const Cell& left, const Cell& right);

/// The cell as a number; NULL is 0. Precondition: not text.
double as_real(const Cell& cell);

/// The cell in SQL: NULL, 42, 1.5, 'it''s'.
std::string sql_literal(const Cell& cell);

/// The cell in JSON: null, 42, 1.5, "text".
std::string json_text(const Cell& cell);

}  // namespace oracle
