#include "schema_writer.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "adoption.hpp"
#include "app_triggers.hpp"
#include "capture_drift.hpp"
#include "recapture.hpp"
#include "rill/bytes.hpp"
#include "rill/error.hpp"
#include "row_store.hpp"
#include "statement_trial.hpp"
#include "triggers.hpp"

namespace rill {

using sqlite::quoted;
using storage::Table;
using storage::TableShape;

namespace {

/// Without the comments and white space that it starts with.
std::string_view without_preamble(std::string_view sql) {
  while (!sql.empty()) {
    const char* end = nullptr;
    if (sql.starts_with("--")) {
      end = "\n";
    } else if (sql.starts_with("/*")) {
      end = "*/";
    } else if (std::string_view(" \t\r\n\f;").find(sql.front()) == std::string_view::npos) {
      break;
    }
    const std::size_t at = end != nullptr ? sql.find(end) : 0;
    sql.remove_prefix(at == std::string_view::npos ? sql.size()
                                                   : at + (end != nullptr ? std::strlen(end) : 1));
  }
  return sql;
}

/// The first word of a statement, in capitals.
std::string first_word(std::string_view sql) {
  std::string word;
  for (const char character : without_preamble(sql)) {
    const bool letter =
        (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
    if (!letter) break;
    word += static_cast<char>(character & ~0x20);
  }
  return word;
}

Error rule_error(ErrorCode code, const TableShape& shape, const std::string& column,
                 const std::string& reason) {
  return {code, "table " + shape.name + ", column " + column + ": " + reason};
}

}  // namespace

SchemaWriter::SchemaWriter(sqlite::Connection& connection, storage::Capture& capture,
                           storage::RuleRegistry& registry)
    : connection_(connection), capture_(capture), registry_(registry) {
  capture_.suspend_tripwire(true);
}

SchemaWriter::~SchemaWriter() { capture_.suspend_tripwire(false); }

void Schema::execute(std::string_view sql) { writer_.execute(sql); }

void Schema::replicate(std::string_view table, const std::vector<ColumnRule>& rules,
                       const TableOptions& options) {
  writer_.replicate(table, rules, options);
}

void SchemaWriter::execute(std::string_view sql) {
  const std::string text(sql);
  const char* rest = text.c_str();
  while (*rest != '\0') {
    sqlite3_stmt* raw = nullptr;
    const char* start = rest;
    const std::string word = first_word(start);
    // Rill's triggers would make ALTER TABLE fail on a column that they name.
    const bool alters = word == "ALTER";
    if (alters) drop_capture();
    const int result_code = sqlite3_prepare_v2(connection_.raw(), start, -1, &raw, &rest);
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(raw, sqlite3_finalize);
    const std::string one(start, rest);
    if (result_code != SQLITE_OK) throw sqlite::error_of(connection_.raw(), "in \"" + one + "\"");
    std::vector<Renaming> renamings;
    if (raw != nullptr && (alters || word == "DROP")) renamings = keep_what_goes(one, alters);
    if (raw != nullptr) run_statement(raw, one);
    if (alters) align_capture(renamings);
  }
}

void SchemaWriter::run_statement(sqlite3_stmt* statement, const std::string& sql) {
  int result_code = SQLITE_ROW;
  while (result_code == SQLITE_ROW) result_code = sqlite3_step(statement);
  if (result_code == SQLITE_DONE) return;
  const Error error = sqlite::error_of(connection_.raw(), "in \"" + sql + "\"");
  throw capture_.take_error().value_or(error);
}

std::vector<SchemaWriter::Renaming> SchemaWriter::keep_what_goes(const std::string& sql,
                                                                 bool alters) {
  std::vector<Renaming> renamings;
  const std::shared_ptr<const storage::Catalog> catalog = capture_.catalog();
  for (const storage::TableLoss& loss : storage::try_out(connection_, *catalog, sql)) {
    const Table& table = *loss.table;
    if (loss.gone && alters) {
      throw Error(ErrorCode::cannot_replicate,
                  "table " + table.name() +
                      " cannot be renamed: other devices know it by its name. Create a table of "
                      "the new name, copy the rows and replicate it");
    }
    if (loss.gone) {
      storage::set_aside(connection_, capture_, table);
      dropped_.push_back(table.name());
      reload();
      continue;
    }
    std::vector<ColumnId> going;
    for (const storage::TableLoss::Column& column : loss.columns) {
      going.push_back(column.id);
      if (!column.new_name.empty()) renamings.push_back({table.id, column.id, column.new_name});
    }
    storage::keep_entries(connection_, capture_, table, going);
  }
  return renamings;
}

void SchemaWriter::check_not_dropped(std::string_view name) const {
  const bool dropped = std::any_of(dropped_.begin(), dropped_.end(), [&](const std::string& gone) {
    return storage::same_name(gone, name);
  });
  if (!dropped) return;
  throw Error(ErrorCode::cannot_replicate,
              "table " + std::string(name) +
                  " was dropped and made anew in one migration; its rows, which are kept for other "
                  "devices, would come back beside the new ones: change a replicated table by "
                  "ALTER TABLE, or give the new one another name");
}

void SchemaWriter::check_rules(const TableShape& shape, const std::vector<ColumnRule>& rules,
                               const TableOptions& options) const {
  for (const ColumnRule& named : rules) {
    const TableShape::Column* column = shape.find(named.column);
    if (column == nullptr) {
      throw rule_error(ErrorCode::unknown_column, shape, named.column,
                       "the table has no such column");
    }
    if (column->key_position > 0) {
      throw rule_error(ErrorCode::cannot_replicate, shape, named.column,
                       "it is part of the primary key, which names the row and does not merge");
    }
    if (column->generated) {
      throw rule_error(ErrorCode::cannot_replicate, shape, named.column,
                       "it is generated from other columns; give those their rules");
    }
    if (named.rule.kind() == RuleKind::custom && named.rule.function() == nullptr) {
      throw rule_error(ErrorCode::unknown_rule, shape, named.column,
                       "the rule " + named.rule.name() + " has no function");
    }
    if (options.row_rule) {
      throw rule_error(ErrorCode::cannot_replicate, shape, named.column,
                       "the table has a row rule, which settles all columns together");
    }
  }
}

void SchemaWriter::replicate(std::string_view name, const std::vector<ColumnRule>& rules,
                             const TableOptions& options) {
  const TableShape shape = storage::read_shape(connection_, name);
  check_not_dropped(shape.name);
  storage::check_replicable(connection_, shape);
  check_rules(shape, rules, options);
  for (const ColumnRule& named : rules) {
    if (named.rule.kind() == RuleKind::custom) registry_.add(named.rule);
  }
  if (options.row_rule) registry_.add(*options.row_rule);
  const std::int64_t id = save_table(shape, options);
  const std::vector<std::string> new_names = save_columns(id, shape, rules);
  save_shape(id);
  reload();
  const bool is_new = !shape.has_rill_columns();
  if (is_new) add_rill_columns(shape, id);
  reload();
  const std::shared_ptr<const storage::Catalog> catalog = capture_.catalog();
  const Table& table = *catalog->find(id);
  std::vector<ColumnId> new_columns;
  new_columns.reserve(new_names.size());
  for (const std::string& column : new_names) new_columns.push_back(table.column(column));
  for (const std::string& sql : storage::drop_statements(id)) connection_.execute(sql);
  normalise_rows(table, new_columns);
  create_capture(table);
  show_anew(table);
}

void SchemaWriter::show_anew(const Table& table) {
  std::vector<std::string> keys;
  if (std::exchange(rules_changed_, false)) keys = storage::conflicted_rows(connection_, table);
  if (std::exchange(policy_changed_, false)) {
    const auto more = storage::contested_rows(connection_, capture_, table);
    keys.insert(keys.end(), more.begin(), more.end());
  }
  for (const std::string& column : std::exchange(adopted_[table.id], {})) {
    const auto more =
        storage::rows_with_entries(connection_, capture_, table, table.column(column));
    keys.insert(keys.end(), more.begin(), more.end());
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  storage::show_again(connection_, capture_, table, keys);
  storage::adopt_unknown_rows(connection_, capture_, table);
}

std::int64_t SchemaWriter::save_table(const TableShape& shape, const TableOptions& options) {
  const Value rule = options.row_rule ? Value(options.row_rule->name()) : Value();
  const Value version = options.row_rule ? Value(options.row_rule->version()) : Value();
  {
    sqlite::Using known(connection_.cached(
        "SELECT delete_policy, row_rule, row_rule_version FROM main.rill_table WHERE name = ?"));
    known->bind_text(1, shape.name);
    if (known->step()) {
      policy_changed_ |= known->integer(0) != static_cast<int>(options.delete_policy);
      rules_changed_ |= known->value(1) != rule || known->value(2) != version;
    }
  }
  connection_
      .cached(
          "INSERT INTO main.rill_table(name, space, delete_policy, row_rule, row_rule_version) "
          "VALUES(?, 1, ?, ?, ?) ON CONFLICT(name) DO UPDATE SET delete_policy = "
          "excluded.delete_policy, row_rule = excluded.row_rule, "
          "row_rule_version = excluded.row_rule_version")
      .bind_text(1, shape.name)
      .bind(2, static_cast<int>(options.delete_policy))
      .bind(3, rule)
      .bind(4, version)
      .run();
  sqlite::Using row(connection_.cached("SELECT id FROM main.rill_table WHERE name = ?"));
  row->bind_text(1, shape.name);
  row->step();
  return row->integer(0);
}

std::vector<std::string> SchemaWriter::save_columns(std::int64_t table, const TableShape& shape,
                                                    const std::vector<ColumnRule>& rules) {
  std::vector<std::string> new_names;
  connection_.cached("UPDATE main.rill_column SET captured = 0 WHERE tbl = ?").bind(1, table).run();
  for (const std::string& name : shape.data_columns()) {
    const auto named = std::find_if(rules.begin(), rules.end(), [&](const ColumnRule& rule) {
      return storage::same_name(rule.column, name);
    });
    const bool is_new = save_column(table, name, named != rules.end() ? &named->rule : nullptr);
    if (is_new) new_names.push_back(name);
  }
  return new_names;
}

bool SchemaWriter::save_column(std::int64_t table, const std::string& name, const Rule* rule) {
  sqlite::Using known(
      connection_.cached("SELECT kind, rule, rule_version FROM main.rill_column WHERE tbl = ? AND "
                         "name = ? COLLATE NOCASE"));
  known->bind(1, table).bind_text(2, name);
  const bool exists = known->step();
  const auto kind = exists ? static_cast<RuleKind>(known->integer(0)) : RuleKind::last_writer;
  const auto version = exists ? static_cast<std::uint32_t>(known->integer(2)) : 0;
  // A column that only peers had so far is known by its kind alone.
  const bool was_named = exists && !known->bytes(1).empty();
  const bool is_adopted = exists && is_hidden(table, name);
  if (is_adopted) adopted_[table].push_back(name);
  const bool is_new = is_adopted || !exists || provisional_.contains({table, name});
  if (exists && rule == nullptr && was_named) {
    connection_
        .cached(
            "UPDATE main.rill_column SET captured = 1 WHERE tbl = ? AND name = ? COLLATE NOCASE")
        .bind(1, table)
        .bind_text(2, name)
        .run();
    return is_new;
  }
  // Its rule may be named by a later call of the same migration.
  if (rule == nullptr && exists && kind != RuleKind::last_writer && !finishing_) return is_new;
  const Rule chosen = rule != nullptr ? *rule : last_writer();
  const bool settled = exists && !provisional_.contains({table, name});
  if (rule == nullptr && !exists) provisional_.emplace(table, name);
  if (settled && chosen.kind() != kind) {
    throw Error(ErrorCode::rule_changed,
                "column " + name +
                    " already merges by another kind of rule, here or on another "
                    "device; a column's kind is for ever: add a new column instead");
  }
  if (was_named && chosen.version() != version) rules_changed_ = true;
  connection_
      .cached(
          "INSERT INTO main.rill_column(tbl, id, name, kind, rule, rule_version, captured) "
          "VALUES(?1, (SELECT count(*) FROM main.rill_column WHERE tbl = ?1), ?2, ?3, ?4, ?5, 1) "
          "ON CONFLICT(tbl, name) DO UPDATE SET kind = excluded.kind, "
          "rule = excluded.rule, rule_version = excluded.rule_version, captured = 1")
      .bind(1, table)
      .bind_text(2, name)
      .bind(3, static_cast<int>(chosen.kind()))
      .bind_text(4, chosen.name())
      .bind(5, chosen.version())
      .run();
  return is_new;
}

bool SchemaWriter::is_hidden(std::int64_t table, const std::string& column) const {
  const Table* loaded = capture_.catalog()->find(table);
  const auto id = loaded != nullptr ? loaded->find(column) : std::nullopt;
  return id && !loaded->rules.columns[*id].known;
}

void SchemaWriter::save_shape(std::int64_t table) {
  std::vector<std::uint64_t> ids;
  sqlite::Using columns(
      connection_.cached("SELECT id FROM main.rill_column WHERE tbl = ? AND captured ORDER BY id"));
  columns->bind(1, table);
  while (columns->step()) ids.push_back(columns->unsigned_integer(0));
  ByteWriter writer;
  writer.varint(ids.size());
  for (const std::uint64_t id : ids) writer.varint(id);
  const std::string shape = writer.take();
  connection_
      .cached(
          "INSERT INTO main.rill_shape(tbl, shape, columns) SELECT ?1, (SELECT count(*) FROM "
          "main.rill_shape WHERE tbl = ?1), ?2 WHERE ?2 IS NOT (SELECT columns FROM "
          "main.rill_shape WHERE tbl = ?1 ORDER BY shape DESC LIMIT 1)")
      .bind(1, table)
      .bind_blob(2, shape)
      .run();
}

void SchemaWriter::add_rill_columns(const TableShape& shape, std::int64_t table) {
  const std::string name = quoted(shape.name);
  if (connection_.integer("SELECT EXISTS(SELECT 1 FROM main." + name + ")") != 0) {
    return rebuild(shape, table);
  }
  const std::int64_t file = capture_.catalog()->file();
  connection_.execute("ALTER TABLE main." + name + " ADD COLUMN _rill_seq " +
                      storage::seq_default(file));
  connection_.execute("ALTER TABLE main." + name + " ADD COLUMN _rill_meta " +
                      storage::meta_default(file, table));
}

void SchemaWriter::rebuild(const TableShape& shape, std::int64_t table) {
  std::vector<std::string> attached;  // indexes and triggers, which go with the old table
  {
    sqlite::Statement rows(
        connection_.raw(),
        "SELECT sql FROM main.sqlite_schema WHERE tbl_name = ? COLLATE NOCASE AND "
        "type IN ('index', 'trigger') AND sql IS NOT NULL",
        false);
    rows.bind_text(1, shape.name);
    while (rows.step()) attached.emplace_back(rows.bytes(0));
  }
  const std::string old_name = quoted("rill_old_" + std::to_string(table));
  const std::string name = quoted(shape.name);
  connection_.execute("ALTER TABLE main." + name + " RENAME TO " + old_name);
  // Indexes keep their names through the renaming, so the old table goes before they come back.
  connection_.execute(shape.sql);
  const std::int64_t file = capture_.catalog()->file();
  connection_.execute("ALTER TABLE main." + name + " ADD COLUMN _rill_seq " +
                      storage::seq_default(file));
  connection_.execute("ALTER TABLE main." + name + " ADD COLUMN _rill_meta " +
                      storage::meta_default(file, table));
  // Full-text tables point at rowids, so they are kept.
  std::string columns = shape.without_rowid || shape.integer_key ? "" : "rowid";
  for (const TableShape::Column& column : shape.columns) {
    if (column.generated) continue;
    columns += (columns.empty() ? "" : ", ") + quoted(column.name);
  }
  connection_.execute("INSERT INTO main." + name + "(" + columns + ") SELECT " + columns +
                      " FROM main." + old_name);
  connection_.execute("DROP TABLE main." + old_name);
  for (const std::string& sql : attached) connection_.execute(sql);
}

void SchemaWriter::normalise_rows(const Table& table, const std::vector<ColumnId>& columns) {
  for (const ColumnId id : columns) {
    if (!table.rules.columns[id].rule.is_normal_when_inserted()) continue;
    const std::string column = quoted(table.rules.columns[id].name);
    const std::string normal = "rill_normal(" + std::to_string(table.id) + ", " +
                               std::to_string(id) + ", 0, " + column + ")";
    sqlite::Statement update(connection_.raw(),
                             "UPDATE main." + quoted(table.name()) + " SET " + column + " = " +
                                 normal + " WHERE " + normal + " IS NOT " + column,
                             false);
    run_statement(update.raw(), "bringing " + storage::column_name(table, id) +
                                    " to the form that its rule keeps");
  }
}

void SchemaWriter::drop_capture() {
  for (const Table& table : capture_.catalog()->tables()) {
    for (const std::string& sql : storage::drop_statements(table.id)) connection_.execute(sql);
  }
}

void SchemaWriter::create_capture(const Table& table) {
  for (const std::string& sql : storage::drop_statements(table.id)) connection_.execute(sql);
  const TableShape shape = storage::read_shape(connection_, table.name());
  for (const std::string& sql :
       storage::capture_statements(capture_.catalog()->file(), table, shape)) {
    connection_.execute(sql);
  }
}

void SchemaWriter::reload() {
  connection_.cached("UPDATE main.rill_clock SET generation = generation + 1").run();
  capture_.reload_catalog();
}

void SchemaWriter::finish() {
  finishing_ = true;
  align_capture({});
  for (const std::string& name : dropped_) {
    sqlite::Using again(connection_.cached(
        "SELECT name FROM main.sqlite_schema WHERE name = ? COLLATE NOCASE AND type = 'table'"));
    again->bind_text(1, name);
    if (again->step()) check_not_dropped(again->bytes(0));
  }
}

void SchemaWriter::recapture(std::string_view name) {
  finishing_ = true;
  reload();
  const std::shared_ptr<const storage::Catalog> before = capture_.catalog();
  const Table* known = before->find(name);
  if (known == nullptr) {
    throw Error(ErrorCode::unknown_table,
                "no replicated table is named " + std::string(name) +
                    "; a table that never was is replicated in a migration");
  }
  const std::int64_t id = known->id;
  const storage::TableDrift drift = storage::read_drift(connection_, *before, *known);
  if (drift.gone) throw storage::capture_lost(drift);
  TableShape shape = storage::read_shape(connection_, known->name());
  storage::check_replicable(connection_, shape);
  for (const std::string& sql : storage::drop_statements(id)) connection_.execute(sql);
  connection_.execute("DROP INDEX IF EXISTS main.rill_seq_" + std::to_string(id));
  if (drift.columns_lost) renew_rill_columns(shape, id);
  save_columns(id, shape, {});
  save_shape(id);
  reload();
  const std::shared_ptr<const storage::Catalog> catalog = capture_.catalog();
  const Table& table = *catalog->find(id);
  normalise_rows(table, table.columns);
  storage::stamp_missed_writes(connection_, capture_, table, *known,
                               drift.rekeys_missed    ? storage::Missed::keys
                               : drift.updates_missed ? storage::Missed::values
                                                      : storage::Missed::nothing);
  create_capture(table);
  show_anew(table);
  storage::fit_app_triggers(connection_, *capture_.catalog());
}

void SchemaWriter::renew_rill_columns(const TableShape& shape, std::int64_t table) {
  const std::string name = "main." + quoted(shape.name);
  const bool complete = shape.has_rill_columns();
  // Out of the way, or out altogether where one of the two is missing.
  for (const char* column : {"seq", "meta"}) {
    const std::string own = std::string("_rill_") + column;
    if (shape.find(own) == nullptr) continue;
    connection_.execute(
        "ALTER TABLE " + name +
        (complete ? " RENAME COLUMN " + own + " TO _rill_old_" + column : " DROP COLUMN " + own));
  }
  add_rill_columns(storage::read_shape(connection_, shape.name), table);
  if (!complete) return;
  connection_.execute("UPDATE " + name +
                      " SET _rill_seq = _rill_old_seq, _rill_meta = _rill_old_meta "
                      "WHERE _rill_old_seq IS NOT NULL AND _rill_old_meta IS NOT NULL");
  connection_.execute("ALTER TABLE " + name + " DROP COLUMN _rill_old_seq");
  connection_.execute("ALTER TABLE " + name + " DROP COLUMN _rill_old_meta");
}

void SchemaWriter::carry_over(const Table& table, const std::vector<Renaming>& renamings) {
  std::vector<storage::Renamed> columns;
  for (const Renaming& renaming : renamings) {
    if (renaming.table != table.id) continue;
    columns.push_back({renaming.column, table.column(renaming.name)});
  }
  if (!columns.empty()) storage::carry_over(connection_, capture_, table, columns);
}

void SchemaWriter::align_capture(const std::vector<Renaming>& renamings) {
  std::vector<std::string> names;
  for (const Table& table : capture_.catalog()->tables()) names.push_back(table.name());
  for (const std::string& name : names) {
    const std::int64_t id = capture_.catalog()->find(name)->id;
    const TableShape shape = storage::read_shape(connection_, name);
    if (!shape.has_rill_columns()) {
      throw Error(ErrorCode::cannot_replicate, "the migration made table " + name +
                                                   " anew without Rill's columns; change a "
                                                   "replicated table by ALTER TABLE instead");
    }
    storage::check_replicable(connection_, shape);
    std::vector<ColumnRule> rules;  // a renamed column keeps its own
    for (const Renaming& renaming : renamings) {
      if (renaming.table != id) continue;
      const Table& table = *capture_.catalog()->find(id);
      rules.push_back({renaming.name, table.rules.columns[renaming.column].rule});
    }
    save_columns(id, shape, rules);
    save_shape(id);
  }
  reload();
  const std::shared_ptr<const storage::Catalog> catalog = capture_.catalog();
  for (const Table& table : catalog->tables()) {
    carry_over(table, renamings);
    create_capture(table);
    show_anew(table);
  }
  storage::fit_app_triggers(connection_, *capture_.catalog());
}

}  // namespace rill
