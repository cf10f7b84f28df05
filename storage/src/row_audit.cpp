#include "row_audit.hpp"

#include "row_store.hpp"

namespace rill::storage {
namespace {

bool same(const Value& left, const Value& right) {
  if (left == right) return true;
  return left.is_number() && right.is_number() && rill::compare(left, right) == 0;
}

bool can_judge(const Table& table, ColumnId id) {
  const Rule& rule = table.rules.columns[id].rule;
  if (rule.kind() == RuleKind::custom && rule.function() == nullptr) return false;
  return !table.rules.row_rule || table.rules.row_rule->function() != nullptr;
}

}  // namespace

RowAudit audit(const Table& table, const RowState& state, const std::vector<Value>& values,
               TextCells& cells) {
  RowAudit result{show(table.rules, cells.readable(table, state)), {}};
  make_storable(table, state, result.shown);
  for (const ColumnId id : table.columns) {
    if (!can_judge(table, id)) continue;
    if (!same(result.shown.values[id], values[id])) result.unexplained.push_back(id);
  }
  return result;
}

}  // namespace rill::storage
