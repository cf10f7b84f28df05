#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sqlite.hpp"

namespace rill::storage {

/// Notices writes to replicated tables that pass the capture: made while triggers are disabled,
/// left alone after RAISE(IGNORE) or RAISE(FAIL) in a trigger of the app's, or with values of the
/// writer's own for `_rill_seq` and `_rill_meta`.
///
/// SQLite's preupdate hook tells of each row written; the capture tells what it did about it. A row
/// that is inserted must come with a stamp (its DEFAULTs ran); one that is updated or deleted must
/// be answered by a trigger; and the capture's own second UPDATE comes with a stamp. What is left
/// unpaired when the transaction commits is a write that other devices would never see: the commit
/// fails, see `Capture::write_clock`.
///
/// It is a tripwire, not a wall. Values are compared for the first rows of a transaction only,
/// and it is off where SQLite lacks the hook, or where the app takes it: it is a single slot.
///
/// Thread safety: used under its connection's lock.
class Tripwire {
 public:
  struct Hooks {
    /// The position of `_rill_seq` among the columns of a replicated table, where `_rill_meta`
    /// follows; nothing for another table.
    std::function<std::optional<int>(const char* table)> seq_column;
    /// Makes sure that the end of the present transaction is heard of.
    std::function<void()> enlist;
  };

  /// Takes the hook of `connection`.
  Tripwire(sqlite::Connection& connection, Hooks hooks);
  ~Tripwire();
  Tripwire(const Tripwire&) = delete;
  Tripwire& operator=(const Tripwire&) = delete;

  /// While not armed, all writes pass: those of received rows and of migrations.
  void arm(bool armed) noexcept { armed_ = armed; }

  /// A value for `_rill_seq` or `_rill_meta` was made, for the row that is written next.
  void made_seq(std::int64_t seq) noexcept {
    seq_made_ = true;
    seq_ = seq;
  }
  void made_meta() noexcept { meta_made_ = true; }
  /// A trigger took up the latest write.
  void answered() noexcept;

  /// Forgets all, as a transaction begins or ends.
  void reset() noexcept;
  // Savepoints undo what was written in them.
  void begin_savepoint(int number);
  void release_savepoint(int number) noexcept;
  void roll_back_to_savepoint(int number) noexcept;

  /// The table of a write in this transaction that passed the capture; empty if there was none.
  [[nodiscard]] const std::string& tripped() const noexcept;

  /// What the hook calls; see tripwire.cpp.
  void written(int operation, const char* table);

 private:
  /// Counts that savepoints restore.
  struct Counts {
    std::int64_t unanswered = 0;
    std::int64_t foreign_values = 0;
  };
  /// A DELETE that may be the first half of a REPLACE, which fires no trigger for it while
  /// recursive triggers are off. The new row's values were made before it; deeper triggers, such as
  /// cascades, come between the halves.
  struct Replaced {
    int depth = 0;            // of triggers
    std::int64_t number = 0;  // among the unanswered; 0 once answered
    bool made = false;        // whether the new row's values were
    std::int64_t seq = 0;     // the one among them
  };

  bool is_replicated(const char* table);
  void suspect(const char* table);
  void note_foreign(const char* table);
  void probe(int operation, const char* table);
  void replace_may_begin();
  void replace_may_end();
  [[nodiscard]] bool brings_values(int operation) const;

  sqlite::Connection& connection_;
  Hooks hooks_;
  bool armed_ = true;
  Counts counts_;
  std::vector<Replaced> replaced_;  // by ascending depth
  std::vector<std::pair<int, Counts>> savepoints_;
  bool seq_made_ = false;
  bool meta_made_ = false;
  std::int64_t seq_ = 0;
  int probes_ = 0;  // rows whose values were compared
  std::string last_table_;
  std::optional<int> last_seq_column_;
  std::string suspect_;
  std::string none_;
};

}  // namespace rill::storage
