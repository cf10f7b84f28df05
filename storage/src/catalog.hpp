#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rill/replica.hpp"
#include "rill/table_rules.hpp"
#include "sqlite.hpp"

namespace rill::storage {

/// The code that the app registered for custom rules and row rules, by name.
/// Thread safety: all members may be called from any thread.
class RuleRegistry {
 public:
  void add(const Rule& rule);
  void add(const RowRule& rule);
  [[nodiscard]] std::optional<Rule> rule(const std::string& name) const;
  [[nodiscard]] std::optional<RowRule> row_rule(const std::string& name) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Rule> rules_;
  std::map<std::string, RowRule> row_rules_;
};

/// What a column can hold, by its declared type.
struct ColumnType {
  bool not_null = false;
  /// INTEGER, REAL or NUMERIC affinity.
  bool numeric = false;
  /// A STRICT table's column, of TEXT or BLOB.
  bool strict = false;
  bool strict_text = false;
  bool strict_blob = false;

  /// Whether a value of the type is what the declaration asks for.
  [[nodiscard]] bool holds(Value::Type value) const noexcept;
  /// Whether SQLite keeps the value as it is. That is more: outside of STRICT tables a column of
  /// numbers keeps BLOBs, and text that is no number, such as a DATETIME's.
  [[nodiscard]] bool keeps(const Value& value) const noexcept;
};

/// The values that a key column keeps as they are.
struct KeyType {
  bool integer = true;
  bool text = true;
  bool blob = true;

  [[nodiscard]] bool holds(Value::Type value) const noexcept {
    return (integer && value == Value::Type::integer) || (text && value == Value::Type::text) ||
           (blob && value == Value::Type::blob);
  }
};

/// A replicated table as this file knows it. Columns have ids for life; `rules.columns` is indexed
/// by them and includes columns of other schemas (`known` is false).
struct Table {
  std::int64_t id = 0;
  TableRules rules;
  std::vector<ColumnType> types;  // by column id
  std::vector<std::string> key_columns;
  std::vector<KeyType> key_types;  // by key column
  /// The ids of the columns captured here, ascending; the primary key is not among them.
  std::vector<ColumnId> columns;
  /// The sets of columns that inserts have written over time, by shape number; the last is current.
  std::vector<std::vector<ColumnId>> shapes;
  /// The position of `_rill_seq` in the table, where `_rill_meta` follows; -1 where the columns
  /// stand otherwise, or where records are kept without a generated column that is counted.
  int seq_column = -1;
  /// Whether any column, of this schema or another, is a text.
  bool has_texts = false;

  [[nodiscard]] const std::string& name() const noexcept { return rules.name; }
  [[nodiscard]] std::uint32_t shape() const noexcept {
    return static_cast<std::uint32_t>(shapes.size() - 1);
  }
  [[nodiscard]] std::optional<ColumnId> find(std::string_view column) const noexcept;
  [[nodiscard]] bool is_text(ColumnId column) const noexcept {
    return rules.columns[column].rule.kind() == RuleKind::text;
  }
  /// Under a row rule: the columns that every write writes anew, all but texts.
  [[nodiscard]] std::vector<ColumnId> versioned_columns() const;
  /// Whether a row of the table can have the key. Another version of the app may have given the
  /// table another one; its rows are kept as those of a table that this schema lacks.
  [[nodiscard]] bool takes_key(const std::vector<Value>& key) const noexcept;
  /// The same for a column that is there. Throws `Error{internal}` if it is not.
  [[nodiscard]] ColumnId column(std::string_view name) const;
};

/// The replicated tables of a file, as of one generation of its schema.
/// Thread safety: immutable once loaded.
class Catalog {
 public:
  /// Reads Rill's tables and the app's schema. Throws `Error{corrupt}`.
  static std::shared_ptr<const Catalog> load(sqlite::Connection& connection,
                                             const RuleRegistry& registry);

  [[nodiscard]] std::int64_t file() const noexcept { return file_; }
  /// Rises with every change that Rill makes to the schema, and of `reader`.
  [[nodiscard]] std::int64_t generation() const noexcept { return generation_; }
  /// Whether this device is a reader of its group, so that its own writes are refused. A change of
  /// it is a new generation.
  [[nodiscard]] bool reader() const noexcept { return reader_; }
  [[nodiscard]] const std::vector<Table>& tables() const noexcept { return tables_; }
  /// Null if there is none.
  [[nodiscard]] const Table* find(std::string_view name) const noexcept;
  [[nodiscard]] const Table* find(std::int64_t id) const noexcept;
  [[nodiscard]] std::vector<TableSummary> summaries() const;

 private:
  std::int64_t file_ = 0;
  std::int64_t generation_ = 0;
  bool reader_ = false;
  std::vector<Table> tables_;
};

/// Whether columns of these kinds keep entries of the same shape, which alone may be joined: all
/// registers do.
bool same_entries(RuleKind left, RuleKind right) noexcept;
/// Throws `Error{rule_changed}` unless a peer's column keeps the same entries as the file's.
void check_same_entries(const Table& table, ColumnId column, RuleKind theirs);

/// Whether two SQL names are the same: ASCII letters match in either case.
bool same_name(std::string_view left, std::string_view right) noexcept;

/// "notes.title", for messages.
std::string column_name(const Table& table, ColumnId id);
/// "notes[01HF…]", for messages.
std::string row_name(const Table& table, const std::vector<Value>& key);

}  // namespace rill::storage
