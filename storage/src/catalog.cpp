#include "catalog.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "damage.hpp"
#include "device_values.hpp"
#include "rill/bytes.hpp"
#include "rill/error.hpp"

namespace rill::storage {
namespace {

Rule rule_named(const std::string& name, RuleKind kind, std::uint32_t version,
                const RuleRegistry& registry) {
  if (auto registered = registry.rule(name)) return *registered;
  if (auto built_in = built_in_rule(name)) return *built_in;
  // Not registered: keeps siblings, shows last_writer's choice.
  return {kind, name, version, SetBias::add_wins, nullptr};
}

std::optional<RowRule> row_rule_named(sqlite::Statement& row, int column,
                                      const RuleRegistry& registry) {
  if (row.is_null(column)) return std::nullopt;
  const std::string name(row.bytes(column));
  if (auto registered = registry.row_rule(name)) return registered;
  return RowRule(name, static_cast<std::uint32_t>(row.integer(column + 1)), nullptr);
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& character : result) {
    if (character >= 'a' && character <= 'z') character = static_cast<char>(character - 'a' + 'A');
  }
  return result;
}

/// SQLite's rules of affinity, "Datatypes in SQLite", section 3.1.
ColumnType type_of(std::string_view declared, bool not_null, bool strict) {
  const std::string type = upper(declared);
  const auto has = [&](const char* part) { return type.find(part) != std::string::npos; };
  ColumnType result;
  result.not_null = not_null;
  result.strict = strict;
  if (strict) {
    result.numeric = type == "INT" || type == "INTEGER" || type == "REAL";
    result.strict_text = type == "TEXT";
    result.strict_blob = type == "BLOB";
  } else {
    const bool text = !has("INT") && (has("CHAR") || has("CLOB") || has("TEXT"));
    const bool blob = !has("INT") && (type.empty() || has("BLOB"));
    result.numeric = !text && !blob;
  }
  return result;
}

/// Whether SQLite takes the text for a number where a column asks for one.
bool looks_like_number(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\n\v\f\r";
  const std::size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) return false;
  text = text.substr(begin, text.find_last_not_of(kSpaces) + 1 - begin);
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  // Not "inf" or "nan", which from_chars would take.
  if (text.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return false;
  if (text.starts_with('+') || text.starts_with('-')) return false;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error != std::errc::invalid_argument && end == text.data() + text.size();
}

/// Whether a DEFAULT is a literal: a number, a string, a blob, TRUE, FALSE or NULL.
bool is_literal(const std::string& text) {
  const std::string word = upper(text);
  if (word == "TRUE" || word == "FALSE" || word == "NULL") return true;
  if (word.starts_with('\'') || word.starts_with("X'")) {
    return word.find('\'', word.find('\'') + 1) == word.size() - 1 || word.find("''") != word.npos;
  }
  return !word.empty() && word.find_first_not_of("0123456789.E+-") == std::string::npos;
}

/// The value of a column's DEFAULT if that is a constant, else NULL. A NOT NULL column without one
/// falls back to the zero of its type, so that a merge can always show something.
Value default_of(sqlite::Connection& connection, sqlite::Statement& column,
                 const ColumnType& type) {
  Value value;
  if (!column.is_null(4)) {
    const std::string text(column.bytes(4));
    if (is_literal(text)) {
      sqlite::Statement select(connection.raw(), "SELECT " + text, false);
      if (select.step()) value = select.value(0);
    }
  }
  if (value.is_null() && type.not_null) {
    value = type.numeric ? Value(0) : type.strict_blob ? Value(Blob{}) : Value("");
  }
  return value;
}

/// A column of the primary key.
struct KeyColumn {
  std::int64_t position = 0;
  std::string name;
  std::string type;  // in capitals
};

/// `exact`: a column of a STRICT table, or a rowid.
KeyType key_type(const std::string& declared, bool exact) {
  const ColumnType column = type_of(declared, true, exact);
  if (exact && column.numeric) return {true, false, false};
  if (exact && column.strict_text) return {false, true, false};
  if (exact && column.strict_blob) return {false, false, true};
  const bool text = !column.numeric && declared.find("BLOB") == std::string::npos && !exact;
  return {!text, true, true};  // TEXT affinity makes text of integers
}

void set_key(Table& table, std::vector<KeyColumn> key, bool strict, bool without_rowid) {
  std::ranges::sort(key, {}, &KeyColumn::position);
  const bool is_rowid = key.size() == 1 && !without_rowid && key[0].type == "INTEGER";
  for (KeyColumn& column : key) {
    table.key_types.push_back(key_type(column.type, strict || is_rowid));
    table.key_columns.push_back(std::move(column.name));
  }
}

/// Fills in what the app's own schema says of the table.
void load_schema(sqlite::Connection& connection, Table& table) {
  const std::string name = sqlite::literal(table.name());
  bool strict = false;
  bool without_rowid = false;
  {
    sqlite::Statement row(
        connection.raw(),
        "SELECT strict, wr FROM pragma_table_list(" + name + ") WHERE schema = 'main'", false);
    if (row.step()) {
      strict = row.integer(0) != 0;
      without_rowid = row.integer(1) != 0;
    }
  }
  std::vector<KeyColumn> key;
  sqlite::Statement columns(connection.raw(),
                            "SELECT name, type, \"notnull\", pk, dflt_value, cid, hidden FROM "
                            "pragma_table_xinfo(" +
                                name + ", 'main')",
                            false);
  bool virtual_columns = false;
  int seq = -1;
  while (columns.step()) {
    const std::string column(columns.bytes(0));
    const int position = static_cast<int>(columns.integer(5));
    virtual_columns |= columns.integer(6) == 2;
    if (column == "_rill_seq") seq = position;
    if (column == "_rill_meta" && position == seq + 1 && !virtual_columns) table.seq_column = seq;
    if (columns.integer(3) > 0)
      key.push_back({columns.integer(3), column, upper(columns.bytes(1))});
    const auto id = table.find(column);
    if (!id || !table.rules.columns[*id].known) continue;
    table.types[*id] = type_of(columns.bytes(1), columns.integer(2) != 0, strict);
    ColumnRules& rules = table.rules.columns[*id];
    rules.default_value = default_of(connection, columns, table.types[*id]);
    if (rules.rule.is_normal_when_inserted()) {
      try {
        rules.default_value = normal_form(rules.rule, rules.default_value);
      } catch (const Error&) {
        rules.default_value = normal_form(rules.rule, Value());
      }
    }
  }
  set_key(table, std::move(key), strict, without_rowid);
}

void load_columns(sqlite::Connection& connection, Table& table, const RuleRegistry& registry) {
  sqlite::Using rows(connection.cached(
      "SELECT id, name, kind, rule, rule_version, captured FROM main.rill_column WHERE tbl = ? "
      "ORDER BY id"));
  rows->bind(1, table.id);
  while (rows->step()) {
    const auto id = static_cast<ColumnId>(rows->integer(0));
    if (id != table.rules.columns.size()) {
      throw damaged("rill_column has a gap for table " + table.name());
    }
    ColumnRules column;
    column.name = rows->bytes(1);
    column.rule = rule_named(std::string(rows->bytes(3)), static_cast<RuleKind>(rows->integer(2)),
                             static_cast<std::uint32_t>(rows->integer(4)), registry);
    column.known = rows->integer(5) != 0;
    if (column.known) table.columns.push_back(id);
    table.has_texts |= column.rule.kind() == RuleKind::text;
    table.rules.columns.push_back(std::move(column));
  }
  table.types.resize(table.rules.columns.size());
}

void load_shapes(sqlite::Connection& connection, Table& table) {
  sqlite::Using rows(
      connection.cached("SELECT columns FROM main.rill_shape WHERE tbl = ? ORDER BY shape"));
  rows->bind(1, table.id);
  while (rows->step()) {
    table.shapes.push_back(read_stored("rill_shape", [&] {
      ByteReader reader(rows->bytes(0));
      std::vector<ColumnId> shape(reader.count(kMaxColumns));
      ColumnId least = 0;
      for (ColumnId& id : shape) {
        id = static_cast<ColumnId>(reader.varint(table.rules.columns.size() - 1));
        if (id < least) throw Error(ErrorCode::malformed, "its columns do not ascend");
        least = id + 1;
      }
      return shape;
    }));
  }
  if (table.shapes.empty()) throw damaged("rill_shape holds nothing for table " + table.name());
}

}  // namespace

void RuleRegistry::add(const Rule& rule) {
  const std::lock_guard lock(mutex_);
  rules_.insert_or_assign(rule.name(), rule);
}

void RuleRegistry::add(const RowRule& rule) {
  const std::lock_guard lock(mutex_);
  row_rules_.insert_or_assign(rule.name(), rule);
}

std::optional<Rule> RuleRegistry::rule(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = rules_.find(name);
  return found != rules_.end() ? std::optional(found->second) : std::nullopt;
}

std::optional<RowRule> RuleRegistry::row_rule(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = row_rules_.find(name);
  return found != row_rules_.end() ? std::optional(found->second) : std::nullopt;
}

bool ColumnType::holds(Value::Type value) const noexcept {
  switch (value) {
    case Value::Type::null:
      return !not_null;
    case Value::Type::integer:
    case Value::Type::real:
      return !strict_text && !strict_blob;
    case Value::Type::text:
      return !numeric && !strict_blob;
    case Value::Type::blob:
      return !numeric && !strict_text;
  }
  return false;
}

bool ColumnType::keeps(const Value& value) const noexcept {
  if (holds(value.type())) return true;
  if (strict || value.is_null()) return false;
  return value.type() == Value::Type::blob || !looks_like_number(value.text());
}

bool same_name(std::string_view left, std::string_view right) noexcept {
  return left.size() == right.size() &&
         std::equal(left.begin(), left.end(), right.begin(),
                    [](char one, char other) { return sqlite3_strnicmp(&one, &other, 1) == 0; });
}

std::optional<ColumnId> Table::find(std::string_view column) const noexcept {
  for (ColumnId index = 0; index < rules.columns.size(); ++index) {
    if (same_name(rules.columns[index].name, column)) return index;
  }
  return std::nullopt;
}

bool Table::takes_key(const std::vector<Value>& key) const noexcept {
  if (key.size() != key_types.size()) return false;
  for (std::size_t place = 0; place < key.size(); ++place) {
    if (!key_types[place].holds(key[place].type())) return false;
  }
  return true;
}

ColumnId Table::column(std::string_view column_name) const {
  if (const auto found = find(column_name)) return *found;
  throw Error(ErrorCode::internal, "table " + name() + " lacks column " + std::string(column_name));
}

std::shared_ptr<const Catalog> Catalog::load(sqlite::Connection& connection,
                                             const RuleRegistry& registry) {
  auto catalog = std::make_shared<Catalog>();
  catalog->file_ = connection.integer("SELECT file FROM main.rill_file");
  catalog->generation_ = connection.integer("SELECT generation FROM main.rill_clock");
  catalog->reader_ = is_reader(connection);
  sqlite::Using rows(
      connection.cached("SELECT id, name, delete_policy, row_rule, row_rule_version FROM "
                        "main.rill_table ORDER BY id"));
  while (rows->step()) {
    Table table;
    table.id = rows->integer(0);
    table.rules.name = rows->bytes(1);
    table.rules.delete_policy = static_cast<DeletePolicy>(rows->integer(2));
    table.rules.row_rule = row_rule_named(*rows, 3, registry);
    load_columns(connection, table, registry);
    load_shapes(connection, table);
    load_schema(connection, table);
    catalog->tables_.push_back(std::move(table));
  }
  return catalog;
}

const Table* Catalog::find(std::string_view name) const noexcept {
  for (const Table& table : tables_) {
    if (same_name(table.name(), name)) return &table;
  }
  return nullptr;
}

const Table* Catalog::find(std::int64_t id) const noexcept {
  for (const Table& table : tables_) {
    if (table.id == id) return &table;
  }
  return nullptr;
}

std::vector<TableSummary> Catalog::summaries() const {
  std::vector<TableSummary> summaries;
  for (const Table& table : tables_) {
    const TableRules& rules = table.rules;
    TableSummary summary{table.name(), {}};
    if (rules.delete_policy == DeletePolicy::delete_wins) summary.rule = "delete_wins";
    if (rules.row_rule) {
      summary.rule += ", row " + rules.row_rule->name();
      summary.rule_version = rules.row_rule->version();
    }
    for (const ColumnId id : table.columns) {
      const ColumnRules& column = table.rules.columns[id];
      summary.columns.push_back({column.name, column.rule.name(), column.rule.version()});
    }
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

std::vector<ColumnId> Table::versioned_columns() const {
  std::vector<ColumnId> versioned = columns;
  std::erase_if(versioned, [&](ColumnId column) { return is_text(column); });
  return versioned;
}

bool same_entries(RuleKind left, RuleKind right) noexcept {
  const auto is_register = [](RuleKind kind) {
    return kind != RuleKind::counter && kind != RuleKind::set && kind != RuleKind::map &&
           kind != RuleKind::text;
  };
  return left == right || (is_register(left) && is_register(right));
}

void check_same_entries(const Table& table, ColumnId column, RuleKind theirs) {
  const RuleKind mine = table.rules.columns.at(column).rule.kind();
  if (same_entries(mine, theirs)) return;
  throw Error(
      ErrorCode::rule_changed,
      column_name(table, column) +
          " merges by another kind of rule on another device, whose values cannot be joined "
          "with this file's (kinds " +
          std::to_string(static_cast<int>(mine)) + " and " +
          std::to_string(static_cast<int>(theirs)) +
          " of rill::RuleKind); nothing was applied: give the column the same rule in every "
          "version of the app, or a new name");
}

std::string column_name(const Table& table, ColumnId id) {
  return table.name() + "." + table.rules.columns.at(id).name;
}

std::string row_name(const Table& table, const std::vector<Value>& key) {
  std::string name = table.name() + "[";
  for (std::size_t index = 0; index < key.size(); ++index) {
    if (index > 0) name += ", ";
    name += to_display(key[index]);
  }
  return name + "]";
}

}  // namespace rill::storage
