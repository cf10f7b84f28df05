#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rill/row_state.hpp"
#include "rill/rule.hpp"

namespace rill {

class SchemaWriter;

/// A column and its merge rule.
struct ColumnRule {
  /// The column's name; not a part of the primary key.
  std::string column;
  /// How it merges.
  Rule rule;
};

/// How a table replicates, beside the rules of its columns.
struct TableOptions {
  /// What becomes of a delete that is concurrent with an edit of the row.
  DeletePolicy delete_policy = DeletePolicy::update_wins;
  /// Merges whole rows instead of columns; then no column may have a rule of its own.
  std::optional<RowRule> row_rule = std::nullopt;
};

/// The database's schema inside one migration; see `Database::migrate`.
/// Thread safety: used by the migration's function only, while that runs.
class Schema {
 public:
  /// Made by `Database::migrate` alone.
  explicit Schema(SchemaWriter& writer) : writer_(writer) {}

  /// Runs one or more SQL statements, usually DDL.
  /// Rows written to replicated tables here are this device's own writes: each device that runs the
  /// migration makes them once more, which doubles what goes to counters.
  ///
  /// Of what goes, other devices lose nothing:
  /// - `DROP TABLE`: the rows are kept out of sight, go on merging and being forwarded, and are
  ///   there again if a later migration replicates a table of that name. Dropping deletes no row
  ///   elsewhere.
  /// - `ALTER TABLE … DROP COLUMN`: the same for its values.
  /// - `ALTER TABLE … RENAME COLUMN`: to other devices the column goes, and another comes. The new
  ///   one keeps the rule, and its values are written once more as this device's; where a device
  ///   that ran the migration earlier has sent the new column, that stands instead, unless the old
  ///   name was written later. Counters that two devices rename before they meet are doubled.
  ///
  /// Throws `Error`: sql; cannot_replicate for what would take a table's rows from sync: renaming
  /// a replicated table, or dropping it and making it anew in the same migration.
  void execute(std::string_view sql);

  /// Replicates `table`. Columns without a rule are `last_writer`. Adds two columns, `_rill_seq`
  /// and
  /// `_rill_meta`, so statements without a column list no longer match the table. May be called
  /// again in a later migration, for new columns and new rule versions; columns without a
  /// rule keep theirs, while `options` stands for the whole of them, defaults included.
  ///
  /// Throws `Error`: unknown_table, unknown_column, cannot_replicate (the message names the reason
  /// and the way out), rule_changed (a column's kind of rule is for ever), bad_value (a row holds a
  /// value that its rule cannot).
  void replicate(std::string_view table, const std::vector<ColumnRule>& rules = {},
                 const TableOptions& options = {});

 private:
  SchemaWriter& writer_;
};

}  // namespace rill
