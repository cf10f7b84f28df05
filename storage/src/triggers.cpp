#include "triggers.hpp"

#include <algorithm>

// What each trigger does, and why so, stands in storage/README.md under "Capture".

namespace rill::storage {
namespace {

using sqlite::quoted;

/// SQLite passes at most 127 arguments to a function.
constexpr std::size_t kColumnsPerCall = 45;

/// Writes the SQL for one table.
class TriggerWriter {
 public:
  TriggerWriter(std::int64_t file, const Table& table, const TableShape& shape)
      : file_(std::to_string(file)),
        table_id_(std::to_string(table.id)),
        table_(table),
        shape_(shape),
        name_(quoted(table.name())) {
    for (const ColumnId id : table.columns) {
      const ColumnRules& column = table.rules.columns[id];
      columns_.push_back(column.name);
      if (column.rule.has_normal_form()) rewritten_.push_back(id);
      if (column.rule.is_normal_when_inserted()) normal_.push_back(id);
    }
  }

  [[nodiscard]] std::string index() const {
    // The constant expression makes SQLite refuse sqlite3_blob_open for writing, which no trigger
    // sees.
    return "CREATE INDEX IF NOT EXISTS " + own("seq") + " ON " + name_ + "(_rill_seq, (1))";
  }

  [[nodiscard]] std::string update() const {
    return "CREATE TRIGGER " + own("update") + " AFTER UPDATE OF " + list(columns_) + " ON " +
           name_ + " WHEN " + key_condition("IS", "old", "new") + " AND " + changed() +
           " BEGIN UPDATE " + name_ +
           " SET _rill_seq = rill_stamped_seq(old._rill_seq), _rill_meta = "
           "rill_stamped_meta(old._rill_meta) WHERE " +
           here() + "; " + normalise(rewritten_) + "END";
  }

  /// A changed key is a delete and an insert.
  [[nodiscard]] std::string rekey() const {
    std::vector<std::string> names = shape_.key;
    // A rowid that is no key may change; named here, such an update is answered, too.
    if (!shape_.without_rowid) names.insert(names.end(), {"rowid", "oid", "_rowid_"});
    return "CREATE TRIGGER " + own("rekey") + " AFTER UPDATE OF " + list(names) + " ON " + name_ +
           " WHEN rill_rekeying(" + file_ + ", " + table_id_ + ", old._rill_meta, " +
           key_condition("IS", "old", "new") + ") BEGIN " + bury() + "UPDATE " + name_ +
           " SET _rill_seq = " + next_seq() + ", _rill_meta = " + inserted() + " WHERE " + here() +
           "; " + normalise(normal_) + "END";
  }

  [[nodiscard]] std::string erase() const {
    return "CREATE TRIGGER " + own("delete") + " AFTER DELETE ON " + name_ + " WHEN " + erasing() +
           " BEGIN " + bury() + "END";
  }

  /// Only for tables with normal forms: inserts are otherwise captured by the DEFAULTs alone.
  [[nodiscard]] std::string insert() const {
    return "CREATE TRIGGER " + own("insert") + " AFTER INSERT ON " + name_ + " WHEN " +
           differs("new.", "new._rill_seq") + " BEGIN " + normalise(normal_) + "END";
  }

  /// A NULL for an INTEGER PRIMARY KEY would become max + 1: the same on two devices.
  [[nodiscard]] std::string guard() const {
    return "CREATE TRIGGER " + own("guard") + " BEFORE INSERT ON " + name_ + " WHEN NEW." +
           quoted(shape_.key[0]) +
           " = -1 BEGIN SELECT RAISE(ABORT, 'an INSERT into a replicated "
           "table must give its INTEGER PRIMARY KEY (take it from Database::new_integer_id()), or "
           "two devices would choose the same'); END";
  }

  [[nodiscard]] bool has_normal_forms() const noexcept { return !normal_.empty(); }

 private:
  [[nodiscard]] std::string own(const char* what) const {
    return quoted(std::string("rill_") + what + "_" + table_id_);
  }
  [[nodiscard]] static std::string list(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + quoted(name);
    return text;
  }
  [[nodiscard]] std::string key_condition(const char* operation, const std::string& left,
                                          const std::string& right) const {
    std::string text;
    for (const std::string& column : shape_.key) {
      if (!text.empty()) text += " AND ";
      text += left + "." + quoted(column) + " " + operation + " " + right + "." + quoted(column);
    }
    return text;
  }
  /// The row that the trigger is about: by its rowid, which spares a search in the key's index,
  /// else by its present key.
  [[nodiscard]] std::string here() const {
    const std::string rowid = shape_.rowid_name();
    if (!rowid.empty()) return rowid + " = new." + rowid;
    std::string text;
    for (const std::string& column : shape_.key) {
      text += (text.empty() ? "" : " AND ") + quoted(column) + " = new." + quoted(column);
    }
    return text;
  }
  [[nodiscard]] std::string next_seq() const { return "rill_next_seq(" + file_ + ")"; }
  [[nodiscard]] std::string inserted() const {
    return "rill_inserted(" + file_ + ", " + table_id_ + ")";
  }
  [[nodiscard]] std::string erasing() const {
    return "rill_erasing(" + file_ + ", " + table_id_ + ", old._rill_meta)";
  }

  /// One call per chunk of columns, joined by | so that all of them run.
  [[nodiscard]] std::string changed() const {
    std::string text;
    for (std::size_t offset = 0; offset < columns_.size(); offset += kColumnsPerCall) {
      text += (text.empty() ? "(" : " | ") + std::string("rill_changed(") + file_ + ", " +
              table_id_ + ", new._rill_meta, " + std::to_string(offset);
      text += offset == 0 ? ", " + std::to_string(shape_.key.size()) + keys("new.") : ", 0";
      const std::size_t end = std::min(columns_.size(), offset + kColumnsPerCall);
      for (std::size_t index = offset; index < end; ++index) {
        text += ", old." + quoted(columns_[index]) + ", new." + quoted(columns_[index]);
      }
      text += ")";
    }
    return text + ")";
  }

  [[nodiscard]] std::string keys(const std::string& row) const {
    std::string text;
    for (const std::string& column : shape_.key) text += ", " + row + quoted(column);
    return text;
  }

  /// Keeps the row that goes, by its old key, as a tombstone.
  [[nodiscard]] std::string bury() const {
    const std::string key = "rill_key(" + keys("old.").substr(2) + ")";
    std::string image;
    for (std::size_t offset = 0; offset == 0 || offset < columns_.size();
         offset += kColumnsPerCall) {
      image += (image.empty() ? "" : " || ") + std::string("rill_image(") + table_id_ + ", " +
               std::to_string(offset) + ", " +
               (offset == 0 ? std::to_string(shape_.key.size()) + keys("old.") : "0");
      const std::size_t end = std::min(columns_.size(), offset + kColumnsPerCall);
      for (std::size_t index = offset; index < end; ++index) {
        image += ", old." + quoted(columns_[index]);
      }
      image += ")";
    }
    if (columns_.size() > kColumnsPerCall) image = "CAST(" + image + " AS BLOB)";
    return "INSERT INTO rill_tombstone(tbl, key, seq, meta, image) VALUES(" + table_id_ + ", " +
           key + ", " + next_seq() + ", rill_erased(old._rill_meta), " + image +
           ") ON CONFLICT(tbl, key) DO UPDATE SET seq = excluded.seq, meta = excluded.meta, "
           "image = excluded.image; ";
  }

  [[nodiscard]] std::string differs(const std::string& row, const std::string& seq) const {
    std::string text = "rill_differs(" + table_id_ + ", " + seq;
    for (const ColumnId id : normal_) text += ", " + row + quoted(table_.rules.columns[id].name);
    return text + ")";
  }

  /// Brings columns to their normal forms. A statement of its own, so that the app's triggers on
  /// those columns fire a second time only where something changes.
  [[nodiscard]] std::string normalise(const std::vector<ColumnId>& columns) const {
    if (columns.empty()) return {};
    std::string assignments;
    for (const ColumnId id : columns) {
      const std::string column = quoted(table_.rules.columns[id].name);
      assignments += (assignments.empty() ? "" : ", ") + column + " = rill_normal(" + table_id_ +
                     ", " + std::to_string(id) + ", _rill_seq, " + column + ")";
    }
    return "UPDATE " + name_ + " SET " + assignments + " WHERE " + here() + " AND " +
           differs("", "_rill_seq") + "; ";
  }

  std::string file_;
  std::string table_id_;
  const Table& table_;
  const TableShape& shape_;
  std::string name_;
  std::vector<std::string> columns_;
  /// What an INSERT, and what an UPDATE, may have to bring to a normal form.
  std::vector<ColumnId> normal_;
  std::vector<ColumnId> rewritten_;
};

}  // namespace

std::string seq_default(std::int64_t file) {
  return "INTEGER DEFAULT (rill_next_seq(" + std::to_string(file) + "))";
}

std::string meta_default(std::int64_t file, std::int64_t table) {
  return "BLOB DEFAULT (rill_inserted(" + std::to_string(file) + ", " + std::to_string(table) +
         "))";
}

std::vector<std::string> drop_statements(std::int64_t table) {
  const std::string id = std::to_string(table);
  std::vector<std::string> statements;
  for (const char* what : {"update", "rekey", "delete", "insert", "guard"}) {
    statements.push_back("DROP TRIGGER IF EXISTS main.rill_" + std::string(what) + "_" + id);
  }
  return statements;
}

std::vector<std::string> capture_statements(std::int64_t file, const Table& table,
                                            const TableShape& shape) {
  const TriggerWriter writer(file, table, shape);
  std::vector<std::string> statements{writer.index(), writer.rekey(), writer.erase()};
  if (!table.columns.empty()) statements.push_back(writer.update());
  if (writer.has_normal_forms()) statements.push_back(writer.insert());
  if (shape.integer_key) statements.push_back(writer.guard());
  return statements;
}

}  // namespace rill::storage
