#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "author.hpp"
#include "catalog.hpp"
#include "clock_row.hpp"
#include "interner.hpp"
#include "log_file.hpp"
#include "replaced_rows.hpp"
#include "rill/delta.hpp"
#include "rill/environment.hpp"
#include "row_meta.hpp"
#include "sqlite.hpp"
#include "text/cells.hpp"
#include "tripwire.hpp"

namespace rill::storage {

/// Arguments of `rill_changed`: one call per chunk of columns, the first with `offset` 0.
struct ChangedCall {
  std::int64_t file = 0;
  std::int64_t table = 0;
  std::string_view new_meta;
  std::size_t offset = 0;
  sqlite3_value** keys = nullptr;  // in the first call: the row's key
  std::size_t key_columns = 0;
  sqlite3_value** pairs = nullptr;  // old and new, by captured column from `offset` on
  std::size_t columns = 0;
};

/// Arguments of `rill_image`: one call per chunk of columns.
struct ImageCall {
  std::int64_t table = 0;
  std::size_t offset = 0;
  sqlite3_value** keys = nullptr;  // in the first call
  std::size_t key_columns = 0;
  sqlite3_value** values = nullptr;  // by captured column from `offset` on
  std::size_t columns = 0;
};

/// Turns the SQL of one connection into events: the functions that defaults and triggers call, and
/// the virtual table that tells when a transaction ends.
///
/// The first captured write of a transaction reads `rill_clock`, takes the next dot and enlists by
/// `DELETE FROM rill_txn`; from then on SQLite reports the transaction's end to that virtual table.
/// `xSync` writes the clock row inside the transaction, so that a dot is spent if and only if the
/// transaction commits; commit and rollback forget all of it. No hook of the app's is used.
///
/// Thread safety: used under its connection's lock.
class Capture {
 public:
  struct Hooks {
    /// The catalog of a generation that differs from the loaded one.
    std::function<std::shared_ptr<const Catalog>(sqlite::Connection&)> reload;
    /// A transaction that captured writes has committed.
    std::function<void(ReplacedRows)> committed;
    /// The file was found to be an older state of itself, written over the open one, and has taken
    /// a new replica id.
    std::function<void()> replaced;
    /// Whether to collect what transactions replace; asked once for each.
    std::function<bool()> observed;
    /// Raised where a commit fails that had come as far as the log.
    std::shared_ptr<LogDoubt> log_doubt;
    /// Commits end with an fsync that the app relies on, so they settle that doubt first.
    bool durable = false;
    /// Whether to notice writes that pass the capture; see tripwire.hpp.
    bool tripwire = false;
  };

  Capture(sqlite::Connection& connection, std::shared_ptr<const Catalog> catalog,
          std::shared_ptr<WallClock> clock, std::shared_ptr<const Identity> identity, Hooks hooks);
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  [[nodiscard]] const std::shared_ptr<const Catalog>& catalog() const noexcept { return catalog_; }
  [[nodiscard]] Interner& interner() noexcept { return interner_; }
  [[nodiscard]] TextCells& texts() noexcept { return cells_; }

  /// Loads the catalog as the file has it now, as after a change of schema.
  void reload_catalog();

  /// The error that a function raised inside the last failed statement, if one did: SQLite passes
  /// on only its text. Taking it clears it.
  std::optional<Error> take_error() { return std::exchange(error_, std::nullopt); }
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

  /// The event of the present transaction, begun if it was not: for writes that no trigger sees.
  LocalWrite local_write();

  // For applying received rows. While `applying`, writes by statements that carry no token are
  // refused.
  void begin_apply() noexcept;
  void end_apply() noexcept;
  /// Lets the next write of this table pass uncaptured, once: an update or insert to exactly this
  /// meta, or a delete from it.
  void expect_write(std::int64_t table, std::string_view meta);
  /// The next write, which no trigger sees, brings a `_rill_seq` that `next_seq` gave, and a meta
  /// with the event of the present transaction.
  void stamped_write() noexcept;

  /// What an UPDATE of Rill's own gives to one row, in its columns `rill_edited(0)` to `(2)`.
  struct RowEdit {
    std::int64_t table = 0;
    std::int64_t seq = 0;
    std::string meta;
    std::string value;
  };
  /// While this lives, `prepare` makes a `RowEdit` for the statement that asks for one first:
  /// inside its transaction, so that the statement need not stand in one of several. What it writes
  /// passes uncaptured.
  class Editing {
   public:
    Editing(Capture& capture, std::function<RowEdit()> prepare) : capture_(capture) {
      capture.prepare_edit_ = std::move(prepare);
    }
    ~Editing();
    Editing(const Editing&) = delete;
    Editing& operator=(const Editing&) = delete;

   private:
    Capture& capture_;
  };

  // For the functions; see capture_functions.cpp. `file` is the id that the calling default or
  // trigger carries: another file's (attached, say) is refused.
  std::int64_t next_seq(std::int64_t file);
  std::string_view inserted_meta(std::int64_t file, std::int64_t table);
  bool changed(const ChangedCall& call);
  const RowEdit& edited();
  std::int64_t stamped_seq(std::int64_t old_seq);
  /// Valid until the next call.
  std::string_view stamped_meta(std::string_view old_meta);
  bool differs(std::int64_t table, std::int64_t seq, sqlite3_value** values, int count);
  Value normal_value(std::int64_t table, ColumnId column, std::int64_t seq, const Value& written);
  bool erasing(std::int64_t file, std::int64_t table, std::string_view old_meta);
  bool rekeying(std::int64_t file, std::int64_t table, std::string_view old_meta, bool same_key);
  /// Valid until the next call.
  std::string_view erased_meta(std::string_view old_meta);
  std::string image(const ImageCall& call);
  /// The meta of a row whose shown value of `column` is written anew, having seen its siblings.
  std::string resolved_meta(std::int64_t file, ColumnId column, std::string_view old_meta);
  [[nodiscard]] bool applying() const noexcept { return applying_; }
  void raised(const Error& error) { error_ = error; }

  /// Lets writes pass that no trigger sees, and those of a reader, or not: while migrations change
  /// tables.
  void suspend_tripwire(bool suspended) noexcept;

  // For the virtual table.
  int write_clock();
  [[nodiscard]] Tripwire* tripwire() noexcept { return tripwire_.get(); }
  void committed();
  void rolled_back() noexcept;

 private:
  /// What the condition of an UPDATE trigger found, for its statements to use.
  struct Pending {
    struct Rich {
      ColumnId column = 0;
      Value old_value;
      Value new_value;
      /// A text that the app set to NULL.
      bool erased = false;
    };
    const Table* table = nullptr;
    /// Of the row, where the table has texts.
    std::string key;
    /// A write that was expected: nothing to capture.
    bool passed = false;
    /// Some column is to be brought to its normal form.
    bool rewrite = false;
    std::vector<ColumnId> registers;
    std::vector<Rich> rich;

    [[nodiscard]] bool event() const noexcept { return !registers.empty() || !rich.empty(); }
    /// Whether the row gets a new version, of which texts are no part.
    [[nodiscard]] bool is_version() const;
    /// Keeps the memory: there is one of these per row.
    void clear() noexcept {
      table = nullptr;
      passed = false;
      rewrite = false;
      registers.clear();
      rich.clear();
    }
  };
  /// What the transaction last made of a meta. Most rows of a statement have equal metas, if one
  /// transaction inserted them.
  struct LastMeta {
    const Table* table = nullptr;
    std::vector<ColumnId> columns;  // overwritten
    std::string before;
    std::string after;
  };
  /// Columns of one row that are to show something else than the app wrote: a counter's sum that
  /// differs in the last place, a text in place of NULL.
  struct Drift {
    std::int64_t table = 0;
    std::int64_t seq = 0;
    std::vector<std::pair<ColumnId, Value>> values;
  };

  void begin(std::int64_t file);
  void enlist();
  bool consume_token(std::int64_t table, std::string_view meta);
  const Table& table_of(std::int64_t id) const;
  std::string overwritten_meta(std::string_view old_meta, const std::vector<ColumnId>& columns);
  bool begin_update(const ChangedCall& call);
  void compare(ColumnId column, sqlite3_value* old_value, sqlite3_value* new_value);
  void note_replaced(const ChangedCall& call);
  void record_rich(RowMeta& meta, const Pending::Rich& change);
  void record_text(const RowMeta& meta, Entries& entries, const Pending::Rich& change,
                   const Stamp& stamp);
  [[noreturn]] void refuse_write(const std::string& table) const;

  sqlite::Connection& connection_;
  std::shared_ptr<const Catalog> catalog_;
  std::shared_ptr<WallClock> clock_;
  Hooks hooks_;
  Interner interner_;
  Author author_;
  TextCells cells_;

  bool active_ = false;  // a transaction has taken its dot
  ClockRow row_;         // as it will be written
  Event event_;
  std::map<std::int64_t, std::string>
      inserted_;  // table -> meta of rows inserted by this transaction
  ReplacedRows replaced_;
  Pending pending_;
  LastMeta stamped_;
  LastMeta erased_;
  Drift drift_;
  std::optional<Error> error_;
  /// While a commit is under way: the doubt about the log up to which it was written anew.
  std::optional<LogDoubt::Mark> committing_;
  std::unique_ptr<Tripwire> tripwire_;
  bool suspended_ = false;

  bool applying_ = false;
  std::optional<std::pair<std::int64_t, std::string>> token_;
  std::function<RowEdit()> prepare_edit_;
  std::optional<RowEdit> edit_;
};

/// Registers the functions and the virtual table of `capture` on its connection.
void register_capture(sqlite::Connection& connection, Capture& capture);

}  // namespace rill::storage
