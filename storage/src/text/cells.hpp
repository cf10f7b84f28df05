#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog.hpp"
#include "interner.hpp"
#include "rill/fork.hpp"
#include "rill/rule.hpp"
#include "rill/text_document.hpp"
#include "sqlite.hpp"

namespace rill::storage {

/// An entry of a text column is a text that an INSERT began. While nobody has edited it, its value
/// is all there is to know: one run of characters typed by the INSERT. From the first edit on, its
/// operations stand in a *cell* (a row of `rill_text` and rows of `rill_text_op`), the entry is
/// marked as edited, and its value is the cell's number.
[[nodiscard]] bool is_edited(const Entry& text) noexcept;
/// The entry of an edited text. `cell` is 0 where the entry is on its way to another file.
[[nodiscard]] Entry edited(const Entry& text, std::int64_t cell);
/// The cell of an edited text. Throws `Error{corrupt}` if the value is no number of one.
std::int64_t cell_of(const Entry& text);
/// The cells of a column's entries.
std::vector<std::int64_t> cells_of(const Entries& texts);

/// Where a text belongs. It tells which cells an INSERT left behind; `table` is 0 for a table that
/// this schema lacks, where nothing is.
struct TextPlace {
  std::int64_t table = 0;
  std::string_view key;
  ColumnId column = 0;
};

/// One operation as a cell keeps it. An operation without content changes no character: it tells
/// that its author took the text as it stands for the only one.
struct CellOp {
  std::int64_t seq = 0;
  Stamp stamp;
  std::string content;

  /// Tells it from another operation in the same place.
  [[nodiscard]] std::size_t fingerprint() const noexcept;
};

/// A text taken from its entry, to be read or edited.
struct OpenText {
  TextDocument document;
  /// 0 while the text has none.
  std::int64_t cell = 0;
  /// The last operation's; 0 without one.
  std::int64_t seq = 0;
  /// Bytes of the checkpoint, and of the operations since.
  std::size_t checkpoint_bytes = 0;
  std::size_t tail_bytes = 0;
  /// The operations that it holds, those that change no character included.
  VersionVector version{};
  /// The fingerprint of the last operation since the checkpoint; 0 without one.
  std::size_t last_op = 0;

  /// Notes an operation that was added to the cell.
  void added(const CellOp& op);
  /// Whether the operations since the checkpoint have become too many to read at each opening.
  [[nodiscard]] bool is_checkpoint_due() const noexcept;
  /// Throws `Error{too_large}` where the text could not be given to a peer with `more` bytes.
  void check_room(std::size_t more) const;
};

/// Reads and writes the cells of one connection's file.
///
/// A cell is a checkpoint and the operations since, in the order in which the file took them. When
/// these have grown by a share of the checkpoint, a new one is written; those before the last one
/// are then forgotten, and who lacks any of them is given the checkpoint.
///
/// Thread safety: used under its connection's lock. Writing needs a write transaction.
class TextCells {
 public:
  TextCells(sqlite::Connection& connection, Interner& interner)
      : connection_(connection), interner_(interner) {}

  // Reading.

  /// The text of an entry, to be edited as `author`, without the operation `without`, if that is
  /// the last one. Throws `Error`: bad_value if the entry holds no text; corrupt.
  OpenText open(const Entry& text, const ReplicaId& author,
                const std::optional<Dot>& without = std::nullopt);
  /// What an entry shows: the value that was inserted, or the edited text.
  Value shown(const Entry& text);
  /// The state with the texts themselves in place of cells, for rules, digests and people. `known`
  /// gives texts that need not be read.
  RowState readable(const Table& table, const RowState& state,
                    const std::map<std::int64_t, std::string>& known = {});
  /// The operations behind `seq`, in order.
  std::vector<CellOp> ops_after(std::int64_t cell, std::int64_t seq);
  /// The cell's operation at `seq`; nothing if there is none.
  std::optional<CellOp> op_at(std::int64_t cell, std::int64_t seq);

  /// To be called before another checkpoint is merged into a text: notes what it knows itself.
  void note_epochs(TextDocument& text);

  /// What a cell can give to a peer.
  struct Checkpoint {
    /// Operations up to here are in the checkpoint.
    std::int64_t seq = 0;
    /// What the operations that are kept come after.
    VersionVector begun;
    /// What the checkpoint holds.
    VersionVector vector;
  };
  Checkpoint checkpoint(std::int64_t cell);
  std::string checkpoint_bytes(std::int64_t cell);

  // Writing.

  /// Gives a text that was not edited so far a cell; the cells that INSERTs left behind at `place`,
  /// other than `live`, go.
  Entry create(const TextPlace& place, const Entry& text,
               const std::vector<std::int64_t>& live = {});
  /// The same for a text that came as a checkpoint.
  Entry create(const TextPlace& place, const Entry& text, OpenText& open,
               const std::vector<std::int64_t>& live);
  void add(std::int64_t cell, const CellOp& op);
  /// Takes back the operation of a transaction that goes on, if it is the last one.
  void take_back(std::int64_t cell, const Dot& dot);
  /// Writes a checkpoint of `text`, which holds all operations of its cell, but none of a local
  /// transaction that is still running: that may yet replace it.
  void write_checkpoint(OpenText& text);
  /// The same where another cell's checkpoint was merged into the text, so that the cell does not
  /// keep all of its operations one by one.
  void replace_checkpoint(OpenText& text);
  /// Gives the operations of all cells, and their characters, the names by `renaming`; each cell
  /// concerned becomes a checkpoint.
  void rename(const Renaming& renaming);
  void remove(std::int64_t cell);
  /// Overwrites all texts but one: their cells go.
  void keep_only(Entries& texts, Entry text);
  /// The cells of a table that is dropped belong nowhere until it comes back.
  void leave_table(std::int64_t table);
  void move(std::int64_t cell, const TextPlace& place);

  /// Records that a local transaction changed the text that a column shows from what its entries
  /// say to `value`: an operation under the transaction's dot, which replaces an earlier one of the
  /// same transaction. `seq` is the operation's place in the file's order of change.
  void record(const TextPlace& place, Entries& texts, const Entries& births, const Value& value,
              const Stamp& stamp, std::int64_t seq);
  /// Records that a local transaction took what the column shows, `value`, for the only text.
  void settle(const TextPlace& place, Entries& texts, const Entries& births, const Value& value,
              const Stamp& stamp, std::int64_t seq);

 private:
  Entry insert(const TextPlace& place, const Entry& text, const VersionVector& vector,
               const std::string& checkpoint, const std::vector<std::int64_t>& live);
  void remove_others(const TextPlace& place, const std::vector<std::int64_t>& live);
  std::string save(TextDocument& text);
  void rename(std::int64_t cell, const Renaming& renaming);
  [[nodiscard]] CellOp read_op(const sqlite::Statement& row, int first);

  sqlite::Connection& connection_;
  Interner& interner_;
};

}  // namespace rill::storage
