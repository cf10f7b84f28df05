#include "new_rows.hpp"

#include <algorithm>

#include "rill/bytes.hpp"
#include "row_meta.hpp"
#include "row_store.hpp"

namespace rill::storage {
namespace {

constexpr int kFirstKey = 3;  // after seq and meta

/// Whether a single value of any column is shown as it is.
bool shows_single_values(const Table& table) {
  if (table.rules.row_rule) return false;
  return std::all_of(table.columns.begin(), table.columns.end(), [&](ColumnId id) {
    const Rule& rule = table.rules.columns[id].rule;
    return rule.has_siblings() && !rule.is_normal_when_inserted() &&
           rule.kind() != RuleKind::custom;
  });
}

std::string insert_if_absent(const Table& table) {
  std::string key;
  for (const std::string& column : table.key_columns) {
    key += (key.empty() ? "" : ", ") + sqlite::quoted(column);
  }
  return insert_statement(table) + " ON CONFLICT(" + key + ") DO NOTHING";
}

}  // namespace

NewRows::Plan& NewRows::plan(const Table& table) {
  const auto found = plans_.find(table.id);
  if (found != plans_.end()) return found->second;
  Plan& made = plans_[table.id];
  made.open =
      shows_single_values(table) &&
      connection_.integer("SELECT NOT EXISTS(SELECT 1 FROM main." + sqlite::quoted(table.name()) +
                          ") AND NOT EXISTS(SELECT 1 FROM main.rill_tombstone WHERE tbl = " +
                          std::to_string(table.id) + ")") != 0;
  if (made.open) made.insert = sqlite::Statement(connection_.raw(), insert_if_absent(table));
  return made;
}

bool NewRows::bind_key(const Table& table, sqlite::Statement& insert, std::string_view key) {
  ByteReader reader(key);
  int index = kFirstKey;
  const int end = kFirstKey + static_cast<int>(table.key_columns.size());
  while (reader.remaining() > 0) {
    if (index == end) return false;
    const ValueView value = reader.value_view(reader.remaining());
    if (!table.key_types[static_cast<std::size_t>(index - kFirstKey)].holds(value.type))
      return false;
    insert.bind_view(index++, value);
  }
  return index == end;
}

bool NewRows::bind_values(const Table& table, sqlite::Statement& insert,
                          const std::vector<ColumnId>& columns, const InsertedRow& row) {
  if (row.columns.size() != table.columns.size()) return false;
  const int first = kFirstKey + static_cast<int>(table.key_columns.size());
  for (std::size_t index = 0; index < row.columns.size(); ++index) {
    const ColumnId id = columns.at(row.columns[index]);
    const auto place = std::lower_bound(table.columns.begin(), table.columns.end(), id);
    if (place == table.columns.end() || *place != id) return false;
    if (!table.types[id].holds(row.values[index].type)) return false;
    insert.bind_view(first + static_cast<int>(place - table.columns.begin()), row.values[index]);
  }
  return true;
}

bool NewRows::write(const Table& table, const std::vector<ColumnId>& columns,
                    const InsertedRow& row, std::int64_t seq) {
  Plan& plan = this->plan(table);
  if (!plan.open) return false;
  sqlite::Using insert(plan.insert);
  if (!bind_key(table, *insert, row.key) || !bind_values(table, *insert, columns, row)) {
    return false;
  }
  if (plan.meta.empty() || plan.stamp != row.stamp) {
    plan.stamp = row.stamp;
    plan.meta = encode_inserted(
        {interner_.number(row.stamp.dot.replica), row.stamp.dot.counter, row.stamp.time.bits},
        table.shape());
  }
  insert->bind(1, seq).bind_blob(2, plan.meta);
  insert->step();
  return sqlite3_changes64(connection_.raw()) > 0;
}

}  // namespace rill::storage
