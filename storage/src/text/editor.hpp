#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture.hpp"
#include "catalog.hpp"
#include "interner.hpp"
#include "rill/text_document.hpp"
#include "row_meta.hpp"
#include "sqlite.hpp"
#include "text/cells.hpp"

namespace rill::storage {

/// What stands behind a `TextEdit`: a document that follows the text of one row's column.
///
/// It follows by the operations that the cell got since. Where that does not lead there (another
/// editor of this replica has used the names of its characters, the transaction of its last commit
/// was rolled back, another text was inserted, checkpoints went by), the text is opened anew and
/// the edits that are not written are made again in it.
///
/// Thread safety: one user at a time, under the lock of the connection that a call is given.
class TextEditor {
 public:
  /// What the row is read from.
  struct Source {
    sqlite::Connection& connection;
    Interner& interner;
    const Catalog& catalog;
  };

  TextEditor(std::string table, std::vector<Value> key, std::string column)
      : table_(std::move(table)), key_(std::move(key)), column_(std::move(column)) {}

  /// Precondition: `catch_up` has returned once.
  [[nodiscard]] TextDocument& document() noexcept { return open_->document; }
  [[nodiscard]] const TextDocument& document() const noexcept { return open_->document; }
  [[nodiscard]] bool has_edits() const noexcept;

  /// Brings the document to what stands in the file, to be edited as `author`.
  void catch_up(const Source& source, const ReplicaId& author);
  /// Writes the edits by one statement on the app's connection.
  void commit(sqlite::Connection& connection, Capture& capture);
  /// The changes that all calls since the last of this have made to the text.
  std::vector<TextChange> take_changes() { return std::exchange(changes_, {}); }

 private:
  struct Place {
    const Table* table = nullptr;
    ColumnId column = 0;
    RowMeta meta;
    Entry text;
  };

  Place find(const Source& source) const;
  Value read_value(const Source& source, const Table& table) const;
  [[nodiscard]] bool is_same(const Entry& text) const;
  bool follow(TextCells& cells, const Entry& text, const ReplicaId& author);
  bool is_ahead(TextCells& cells, std::int64_t cell) const;
  void reopen(TextCells& cells, const Place& place, const ReplicaId& author);
  std::optional<TextOp> take_edits();
  void write_op(TextCells& cells, const Place& place, const CellOp& op);
  std::string stamped_meta(TextCells& cells, const Place& place, const Stamp& stamp,
                           Interner& interner) const;
  void write_checkpoint_before(TextCells& cells, const Dot& dot);
  Capture::RowEdit prepare(sqlite::Connection& connection, Capture& capture);

  std::string table_;
  std::vector<Value> key_;
  std::string column_;

  /// The entry that the document is the text of.
  Entry text_;
  std::unique_ptr<OpenText> open_;
  /// The last operation of the document, if the file does not have it.
  std::optional<Dot> unsaved_;
  /// What was written last is no operation, but a text that began with it.
  bool is_new_ = false;
  std::vector<TextChange> changes_;
};

}  // namespace rill::storage
