#include "oracle/engine_site.hpp"

#include <utility>

#include "oracle/app_rules.hpp"
#include "oracle/site.hpp"
#include "oracle/world.hpp"
#include "rill/delta.hpp"
#include "rill/delta_reader.hpp"

namespace oracle {
namespace {

rill::DeltaTable named(const rill::TableRules& rules) {
  rill::DeltaTable table{rules.name, {}};
  for (const rill::ColumnRules& column : rules.columns) {
    table.columns.push_back({column.name, column.rule.kind()});
  }
  return table;
}

/// A chunk's rows, as a database reads them.
rill::Delta read(const std::string& chunk) {
  rill::DeltaReader reader(chunk);
  rill::Delta delta = reader.header();
  while (reader.next()) {
    const rill::InsertedRow* inserted = reader.inserted();
    delta.rows.push_back(inserted != nullptr ? inserted->fragment() : reader.take());
  }
  return delta;
}

}  // namespace

EngineSite::EngineSite(const Plan& plan, std::size_t number)
    : plan_(plan),
      device_(plan.devices[number]),
      current_schema_(device_.current_schema),
      rows_(plan.shape.tables.size() * kKeys) {
  // Which of two is the greater is not to be the one that comes first.
  Random random(plan.seed * 16 + number);
  for (std::uint8_t& byte : id_.bytes) byte = static_cast<std::uint8_t>(random.below(256));
  declare();
}

void EngineSite::declare() {
  rules_.clear();
  for (const Table& table : plan_.shape.tables) {
    rill::TableRules rules;
    rules.name = table.name;
    if (table.delete_wins) rules.delete_policy = rill::DeletePolicy::delete_wins;
    if (table.row_rule) rules.row_rule = widest_row();
    for (const Column& column : table.columns) {
      const rill::Value shown = value_of(cell_of(column.family, column.default_content));
      // A REAL column shows 0.0 where nothing was counted.
      const bool no_default = column.default_sql.empty() && column.family != Family::real_counter;
      rules.columns.push_back({column.name, rule_of(column.family),
                               no_default ? rill::Value() : shown,
                               knows(current_schema_, table, column)});
    }
    rules_.push_back(std::move(rules));
  }
}

rill::ShownRow EngineSite::shown(std::size_t table, std::size_t key) const {
  return show(rules_[table], rows_[table * kKeys + key]);
}

void EngineSite::set_time(std::uint64_t world_ms) {
  wall_ms_ =
      static_cast<std::uint64_t>(static_cast<std::int64_t>(world_ms) + device_.clock_offset_ms);
}

void EngineSite::adopt() {
  current_schema_ = true;
  declare();
}

void EngineSite::restart() {
  for (rill::RowState& row : rows_) {
    rill::RowState kept = rill::decode_row_state(encode(row));
    if (kept != row) throw Mismatch("a row changes by being kept");
    row = std::move(kept);
  }
  if (rill::decode_version_vector(encode(seen_)) != seen_) {
    throw Mismatch("a vector changes by being kept");
  }
}

rill::Stamp EngineSite::next_stamp() const {
  rill::HybridClock clock = clock_;
  return {{id_, seen_[id_] + 1}, clock.next(wall_ms_)};
}

rill::Value EngineSite::written(const Column& column, rill::ColumnId id,
                                const RowView& after) const {
  const rill::Value value = value_of(cell_of(column.family, after.columns[id].shown));
  return rill::normal_form(rule_of(column.family), value);
}

void EngineSite::write(const Operation& operation, const RowView& after, const rill::Stamp& stamp) {
  rill::RowState& row = rows_[operation.table * kKeys + operation.key];
  if (operation.kind == Operation::Kind::erase) return row.erase(stamp);
  const std::vector<Column>& columns = plan_.shape.tables[operation.table].columns;
  const rill::TableRules& rules = rules_[operation.table];
  if (operation.kind == Operation::Kind::insert) {
    row.insert(stamp);
    for (const auto& [index, unused] : operation.writes) {
      const auto id = static_cast<rill::ColumnId>(index);
      row.at(id) =
          rill::written_at_once(rules.columns[id].rule, written(columns[id], id, after), stamp);
    }
  } else {
    const rill::ShownRow before = show(rules, row);
    row.touch(stamp);
    for (const auto& [index, unused] : operation.writes) {
      const auto id = static_cast<rill::ColumnId>(index);
      const rill::Rule& rule = rules.columns[id].rule;
      const rill::Value value = written(columns[id], id, after);
      if (!rule.is_register() && value == before.values[id]) continue;
      rill::record_change(rule, row.at(id), before.values[id], value, {stamp, exported_});
    }
  }
  row.drop_empty_columns();
}

void EngineSite::commit(const rill::Stamp& stamp) {
  seen_.raise(stamp.dot);
  clock_ = rill::HybridClock(stamp.time);
}

std::vector<std::string> EngineSite::changes_since(rill::VersionVector known,
                                                   std::size_t chunk_bytes) {
  exported_ = seen_[id_];
  known.meet(seen_);
  std::vector<std::string> chunks;
  rill::Delta delta;
  delta.sender = id_;
  delta.known = std::move(known);
  delta.sender_vector = seen_;
  for (const rill::TableRules& rules : rules_) delta.tables.push_back(named(rules));
  const auto finish = [&](bool last) {
    delta.chunk = static_cast<std::uint32_t>(chunks.size());
    delta.last = last;
    chunks.push_back(encode(delta));
    delta.rows.clear();
  };
  for (std::size_t place = 0; place < rows_.size(); ++place) {
    if (!has_news(rows_[place], delta.known)) continue;
    // Some 60 bytes for a row.
    if (!delta.rows.empty() && delta.rows.size() * 60 > chunk_bytes) finish(false);
    delta.rows.push_back(fragment_beyond(rows_[place], delta.known));
    delta.rows.back().table = static_cast<std::uint32_t>(place / kKeys);
    delta.rows.back().key = rill::encode_key(std::vector<rill::Value>{place % kKeys});
  }
  finish(true);
  return chunks;
}

void EngineSite::observe(const rill::RowFragment& row) {
  const auto look = [&](const rill::ColumnFragment& fragment) {
    for (const rill::Entry& entry : fragment.fresh) clock_.observe(entry.time, wall_ms_);
  };
  if (row.existence) look(*row.existence);
  if (row.births) look(*row.births);
  for (const auto& [column, fragment] : row.columns) look(fragment);
}

bool EngineSite::receive(const std::vector<std::string>& chunks) {
  for (const std::string& chunk : chunks) {
    const rill::Delta delta = read(chunk);
    if (!(delta.known <= seen_)) return false;
    for (const rill::RowFragment& fragment : delta.rows) {
      const auto key = static_cast<std::size_t>(rill::decode_key(fragment.key)[0].integer());
      rill::RowState& row = rows_[fragment.table * kKeys + key];
      rill::RowState before = row;
      if (join(row, seen_, fragment, delta.range()) != (row != before)) {
        throw Mismatch("join() does not tell whether it has changed a row");
      }
      observe(fragment);
    }
    if (delta.last) seen_.merge(delta.sender_vector);
  }
  return true;
}

}  // namespace oracle
