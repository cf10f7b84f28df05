#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "oracle/cell.hpp"
#include "oracle/shape.hpp"

namespace oracle {

/// What a statement writes into one column.
struct Input {
  enum class Mode : std::uint8_t {
    literal,  ///< `column = ?`
    add,      ///< `column = column + ?`, for counters.
    append,   ///< `column = json_insert(column, '$[#]', ?)`, for sets.
    patch,    ///< `column = json_patch(column, ?)`, for maps.
    splice,   ///< `column = substr(column, 1, ?) || ? || substr(column, ?)`, for texts.
    replace,  ///< `column = replace(column, ?, ?)`, for texts.
    bad,      ///< A value that the column's rule refuses.
  };

  Mode mode = Mode::literal;
  /// Not used by `bad`. For sets `items` may be unsorted and hold duplicates. `replace`: `items`
  /// are the word and what comes in its place. `splice`: `scalar` comes in.
  Content content;
  /// splice: where, and how many characters go.
  std::size_t position = 0;
  std::size_t erased = 0;
  /// Write NULL; the content is then what NULL counts as.
  bool null = false;
  /// multi_value: write the one item as it is, without an array about it.
  bool bare = false;
  /// JSON with blanks.
  bool spaced = false;
};

/// One row of an INSERT.
struct InsertedRow {
  std::size_t key = 0;
  std::map<std::size_t, Input> inputs;
};

/// One SQL statement on one table.
struct Statement {
  enum class Kind : std::uint8_t {
    insert,
    insert_or_replace,
    insert_or_ignore,
    /// `INSERT … ON CONFLICT DO UPDATE SET column = excluded.column`, for a counter
    /// `column = column + excluded.column`.
    upsert,
    update,
    /// An UPDATE of the primary key of one row to `target`, and of the columns in `inputs`.
    move,
    move_or_replace,
    erase,
    /// No SQL: the edits of the editor `target` are written.
    save,
  };

  Kind kind = Kind::insert;
  std::size_t table = 0;
  /// Inserts: the rows, all of the same columns.
  std::vector<InsertedRow> rows;
  /// Updates and deletes: whose rows.
  std::vector<std::size_t> keys;
  std::map<std::size_t, Input> inputs;
  std::size_t target = 0;
};

/// Statements of a transaction, perhaps inside a savepoint.
struct Block {
  bool savepoint = false;
  /// Roll the savepoint back.
  bool undone = false;
  std::vector<Statement> statements;
};

/// What a user does in an editor: characters behind a place go, and others come there. Places are
/// counted round, as are the characters that can go.
struct Typing {
  std::size_t position = 0;
  std::size_t erased = 0;
  std::string inserted;
};

/// Texts that a device may have open at once.
inline constexpr std::size_t kEditors = 2;

/// One step of a history.
struct Step {
  enum class Kind : std::uint8_t {
    write,     ///< `replica` runs a transaction.
    pull,      ///< `replica` receives all that it lacks from `peer`.
    exchange,  ///< Both send what the other lacks before either receives.
    pack,      ///< `peer` makes a delta for `replica` that stays on its way in `slot`.
    deliver,   ///< Chunks of the delta in `slot` reach `replica`, for whom it need not have been
               ///< made.
    restart,   ///< `replica`'s database is closed and opened.
    resolve,   ///< `replica` settles the conflict of one column.
    adopt,     ///< `replica` migrates to the current schema.
    open,      ///< `replica` opens an editor, in place of the one in `slot`.
    type,      ///< It edits what that shows.
    save,      ///< It writes that editor's edits.
    refresh,   ///< It brings that editor to what stands in the database.
  };

  Kind kind = Kind::write;
  std::size_t replica = 0;
  std::size_t peer = 0;
  /// Time that passes before the step.
  std::uint64_t advance_ms = 0;

  // write
  std::vector<Block> blocks;
  /// Roll the transaction back at its end.
  bool aborted = false;
  /// A single statement without BEGIN and COMMIT.
  bool autocommit = false;

  // pull, exchange, pack
  std::size_t chunk_bytes = 0;
  // pack, deliver, editors
  std::size_t slot = 0;
  /// deliver: from this chunk on, so many chunks (at most).
  std::size_t first_chunk = 0;
  std::size_t chunks = 0;

  // type
  std::vector<Typing> typed;

  // resolve, open
  std::size_t table = 0;
  std::size_t key = 0;
  std::size_t column = 0;

  /// The editors that its statements write.
  [[nodiscard]] std::set<std::size_t> saved_slots() const {
    std::set<std::size_t> slots;
    for (const Block& block : blocks) {
      for (const Statement& statement : block.statements) {
        if (statement.kind == Statement::Kind::save) slots.insert(statement.target);
      }
    }
    return slots;
  }
};

/// A history before it is run.
using Script = std::vector<Step>;

/// Names the rows of one history: several share a file, each with keys of its own.
struct KeySpace {
  std::int64_t history = 0;

  [[nodiscard]] std::vector<std::string> columns(const Table& table) const;
  /// The key's values in SQL, in the order of `columns`.
  [[nodiscard]] std::vector<Cell> cells(const Table& table, std::size_t key) const;
  /// The inverse of `cells`; the number of keys for a key of another history.
  [[nodiscard]] std::size_t number(const Table& table, const std::vector<Cell>& cells) const;
  /// A condition for all rows of this history.
  [[nodiscard]] std::string condition(const Table& table) const;
};

/// How many keys a table has in one history.
inline constexpr std::size_t kKeys = 3;

/// SQL with its arguments.
struct Sql {
  std::string text;
  std::vector<Cell> arguments;

  /// With the arguments in their places.
  [[nodiscard]] std::string readable() const;
};

/// The statement for a device with the older or the current schema. Empty text if nothing is left.
Sql sql_of(const Statement& statement, const Shape& shape, bool current_schema,
           const KeySpace& keys);

/// One line, or a few, for people.
std::string describe(const Step& step, const Shape& shape, const std::vector<bool>& current_schema,
                     const KeySpace& keys);

}  // namespace oracle
