#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture.hpp"
#include "catalog.hpp"
#include "rill/environment.hpp"
#include "rill/schema.hpp"
#include "sqlite.hpp"
#include "table_shape.hpp"

namespace rill {

/// Does what `Schema` promises, on the app's connection, inside a migration's transaction.
class SchemaWriter {
 public:
  SchemaWriter(sqlite::Connection& connection, storage::Capture& capture,
               storage::RuleRegistry& registry);
  ~SchemaWriter();
  SchemaWriter(const SchemaWriter&) = delete;
  SchemaWriter& operator=(const SchemaWriter&) = delete;

  void execute(std::string_view sql);
  void replicate(std::string_view table, const std::vector<ColumnRule>& rules,
                 const TableOptions& options);
  /// Brings the capture of every replicated table in line with its present columns, at the end.
  void finish();
  /// What `Database::recapture` promises; see recapture.hpp for the rows.
  void recapture(std::string_view table);

 private:
  void renew_rill_columns(const storage::TableShape& shape, std::int64_t table);
  /// A column that a statement is about to give another name.
  struct Renaming {
    std::int64_t table = 0;
    ColumnId column = 0;
    std::string name;
  };

  void align_capture(const std::vector<Renaming>& renamings);
  void carry_over(const storage::Table& table, const std::vector<Renaming>& renamings);
  void run_statement(sqlite3_stmt* statement, const std::string& sql);
  /// Before an ALTER or DROP: keeps the entries of columns, and the rows of tables, that it would
  /// drop.
  std::vector<Renaming> keep_what_goes(const std::string& sql, bool alters);
  /// Throws `Error{cannot_replicate}` if this migration dropped a table of that name.
  void check_not_dropped(std::string_view table) const;
  void check_rules(const storage::TableShape& shape, const std::vector<ColumnRule>& rules,
                   const TableOptions& options) const;
  std::int64_t save_table(const storage::TableShape& shape, const TableOptions& options);
  /// Returns the names of those that are captured, or get a rule, for the first time.
  std::vector<std::string> save_columns(std::int64_t table, const storage::TableShape& shape,
                                        const std::vector<ColumnRule>& rules);
  bool save_column(std::int64_t table, const std::string& name, const Rule* rule);
  /// Whether the file has entries of a column that the schema lacked until now.
  [[nodiscard]] bool is_hidden(std::int64_t table, const std::string& column) const;
  void show_anew(const storage::Table& table);
  void save_shape(std::int64_t table);
  void add_rill_columns(const storage::TableShape& shape, std::int64_t table);
  void rebuild(const storage::TableShape& shape, std::int64_t table);
  /// Brings these columns to the form that their rules keep. The table's triggers must be off: it
  /// is no write of this device.
  void normalise_rows(const storage::Table& table, const std::vector<ColumnId>& columns);
  void drop_capture();
  void create_capture(const storage::Table& table);
  void reload();

  sqlite::Connection& connection_;
  storage::Capture& capture_;
  storage::RuleRegistry& registry_;
  /// Columns that this migration added without a rule so far: they may still get one of any kind.
  std::set<std::pair<std::int64_t, std::string>> provisional_;
  /// Columns, by table, that were unknown until this migration and whose rows are to be shown anew.
  std::map<std::int64_t, std::vector<std::string>> adopted_;
  std::vector<std::string> dropped_;  // tables
  bool rules_changed_ = false;        // a rule's version, by the table replicated last
  bool policy_changed_ = false;       // the delete policy, by the table replicated last
  bool finishing_ = false;
};

}  // namespace rill
