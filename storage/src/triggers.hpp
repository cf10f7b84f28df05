#pragma once

#include <string>
#include <vector>

#include "catalog.hpp"
#include "table_shape.hpp"

namespace rill::storage {

/// The DEFAULTs of Rill's two columns, as they stand in ALTER TABLE … ADD COLUMN.
std::string seq_default(std::int64_t file);
std::string meta_default(std::int64_t file, std::int64_t table);

/// Drops whichever triggers Rill made for a table, to make them anew. The index stays.
std::vector<std::string> drop_statements(std::int64_t table);

/// The index and the triggers that capture writes to a table.
std::vector<std::string> capture_statements(std::int64_t file, const Table& table,
                                            const TableShape& shape);

}  // namespace rill::storage
