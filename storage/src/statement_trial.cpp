#include "statement_trial.hpp"

#include <optional>
#include <utility>

#include "rill/error.hpp"
#include "table_shape.hpp"

namespace rill::storage {
namespace {

std::optional<TableShape> shape_if_there(sqlite::Connection& connection, const Table& table) {
  try {
    return read_shape(connection, table.name());
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unknown_table) throw;
    return std::nullopt;
  }
}

/// A renamed column stands where it stood; a dropped one leaves a table of fewer columns.
std::string name_in_its_place(const std::string& name, const TableShape& before,
                              const TableShape& after) {
  if (before.columns.size() != after.columns.size()) return {};
  const TableShape::Column* column = before.find(name);
  if (column == nullptr) return {};
  return after.columns.at(static_cast<std::size_t>(column - before.columns.data())).name;
}

TableLoss loss_of(const Table& table, const std::optional<TableShape>& before,
                  const std::optional<TableShape>& after) {
  TableLoss loss{&table, before && !after, {}};
  if (!before || !after) return loss;
  for (const ColumnId id : table.columns) {
    const std::string& name = table.rules.columns[id].name;
    if (after->find(name) != nullptr) continue;
    loss.columns.push_back({id, name_in_its_place(name, *before, *after)});
  }
  return loss;
}

}  // namespace

std::vector<TableLoss> try_out(sqlite::Connection& connection, const Catalog& catalog,
                               const std::string& sql) {
  std::vector<std::optional<TableShape>> before;
  before.reserve(catalog.tables().size());
  for (const Table& table : catalog.tables()) before.push_back(shape_if_there(connection, table));
  std::vector<TableLoss> losses;
  connection.execute("SAVEPOINT rill_trial");
  try {
    connection.execute(sql);
    for (std::size_t index = 0; index < before.size(); ++index) {
      const Table& table = catalog.tables()[index];
      TableLoss loss = loss_of(table, before[index], shape_if_there(connection, table));
      if (loss.gone || !loss.columns.empty()) losses.push_back(std::move(loss));
    }
  } catch (const Error&) {
    losses.clear();
  }
  connection.execute("ROLLBACK TO rill_trial; RELEASE rill_trial");
  return losses;
}

}  // namespace rill::storage
