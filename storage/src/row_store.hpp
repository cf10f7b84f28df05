#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture.hpp"
#include "catalog.hpp"
#include "interner.hpp"
#include "rill/table_rules.hpp"
#include "row_meta.hpp"
#include "sqlite.hpp"

namespace rill::storage {

/// A row as the file keeps it: in the app's table if it is alive, else in `rill_tombstone`.
struct StoredRow {
  bool live = false;
  RowMeta meta;
  std::string encoded_meta;   // as it stands in the table
  std::vector<Value> values;  // by column id; NULL for columns that are not captured
};

/// The image column of a tombstone: the values of the captured columns.
std::string encode_image(const Table& table, const std::vector<Value>& values);
/// Throws `Error{corrupt}`.
std::vector<Value> decode_image(const Table& table, std::string_view image);
/// The values of a row's key as Rill's tables hold it. Throws `Error{corrupt}`.
std::vector<Value> decode_stored_key(const Table& table, std::string_view key);

/// Makes the values that `state` shows fit the columns: what a column cannot keep becomes its
/// default, with a problem noted, and so does what a rule of the app's made up that the column does
/// not ask for. The entries keep the true values.
void make_storable(const Table& table, const RowState& state, ShownRow& row);

// SQL text for one table.

/// Parameters: seq, meta, key…, captured columns….
std::string insert_statement(const Table& table);
std::string select_by_key(const Table& table);
/// One column, quoted, by key.
std::string select_column(const Table& table, const std::string& column);
/// Writes a `Capture::RowEdit`, for one quoted column, by key.
std::string edit_column(const Table& table, const std::string& column);
/// Columns: _rill_seq, _rill_meta, key…, captured columns…; parameters: after seq, up to seq.
std::string select_since(const Table& table);
/// The same columns of all rows, ordered by _rill_seq; no parameters.
std::string select_all(const Table& table);

/// Binds the values of a key, from parameter `first` on.
void bind_key(sqlite::Statement& statement, int first, const std::vector<Value>& key);
/// Reads the key columns of a result row, from `first` on.
std::vector<Value> read_key(const Table& table, const sqlite::Statement& row, int first);

/// Reads the captured columns of a result row, from `first` on, by column id.
std::vector<Value> read_values(const Table& table, const sqlite::Statement& row, int first);

/// Reads and writes merged rows by key, past the capture. Needs a connection whose capture is
/// applying.
class RowStore {
 public:
  RowStore(sqlite::Connection& connection, Capture& capture)
      : connection_(connection), capture_(capture) {}

  /// The row of `key`, alive or dead. Throws `Error`.
  std::optional<StoredRow> load(const Table& table, const std::vector<Value>& key,
                                std::string_view encoded_key);

  /// Writes `state`, which shows `shown`, in place of `before`; `seq` is the row's new place.
  void store(const Table& table, const std::vector<Value>& key, std::string_view encoded_key,
             const std::optional<StoredRow>& before, const RowState& state, const ShownRow& shown,
             std::int64_t seq);

 private:
  void insert(const Table& table, const std::vector<Value>& key, const std::string& meta,
              const ShownRow& shown, std::int64_t seq);
  void update(const Table& table, const std::vector<Value>& key, const StoredRow& before,
              const std::string& meta, const ShownRow& shown, std::int64_t seq);
  void erase(const Table& table, const std::vector<Value>& key, const StoredRow& before);
  void bury(const Table& table, std::string_view encoded_key, const std::string& meta,
            const ShownRow& shown, std::int64_t seq);
  void note_conflicts(const Table& table, std::string_view encoded_key,
                      const std::optional<StoredRow>& before, const RowState& state);
  const std::string& select(const Table& table);

  sqlite::Connection& connection_;
  Capture& capture_;
  std::map<std::int64_t, std::string> selects_;  // by table
};

/// Settles a conflict by writing the shown value as a local event that has seen its siblings; under
/// a row rule that is a new version of the whole row. Returns whether there was a conflict. Throws
/// `Error`: unknown_table, unknown_column, not_found.
bool resolve_column(sqlite::Connection& connection, Capture& capture, std::string_view table_name,
                    const std::vector<Value>& key, std::string_view column);

}  // namespace rill::storage
