#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rill/dot.hpp"
#include "rill/error.hpp"
#include "rill/row_state.hpp"
#include "rill/value.hpp"

namespace rill {

/// The family a rule belongs to. It decides the shape of a column's entries and so never changes
/// for a column; the numbers are part of the file and wire formats.
enum class RuleKind : std::uint8_t {
  last_writer = 0,   ///< The latest write stands.
  first_writer = 1,  ///< The earliest write stands.
  multi_value = 2,   ///< All concurrent writes stand, in one JSON array.
  minimum = 3,       ///< The least of concurrent writes stands.
  maximum = 4,       ///< The greatest of concurrent writes stands.
  counter = 5,       ///< Changes of a number add up.
  set = 6,           ///< Elements of a JSON array are united.
  map = 7,           ///< Keys of a JSON object merge one by one.
  text = 8,          ///< Characters inserted and erased in a text are united.
  custom = 9,        ///< A function of the app's settles concurrent writes.
};

/// Who wins when one device adds an element of a set and another removes it, neither having seen
/// the other.
enum class SetBias : std::uint8_t { add_wins, remove_wins };
// Named as arguments read: `set(remove_wins)`. NOLINTBEGIN(readability-identifier-naming)
inline constexpr SetBias add_wins = SetBias::add_wins;
inline constexpr SetBias remove_wins = SetBias::remove_wins;
// NOLINTEND(readability-identifier-naming)

/// One of several values written concurrently.
struct Sibling {
  /// What was written.
  Value value;
  /// Who wrote it.
  ReplicaId replica;
  /// When, by the writer's clock, which may be wrong by years.
  Timestamp time;
};

/// What a custom rule is asked to settle: at least two siblings, in dot order (the same order on
/// every replica, and no other meaning). There is nothing else in it, so that a rule which looks
/// only at this is a pure function of the history.
struct Conflict {
  /// The table's name, as the schema of this replica spells it.
  std::string_view table;
  /// The column's name, likewise.
  std::string_view column;
  /// Two or more; the view ends with the call.
  std::span<const Sibling> siblings;
};

/// A custom rule's function: pure, deterministic, no clock, no random numbers, no captured state
/// that differs between devices. It may throw; the column then shows `last_writer`'s choice and the
/// app is told.
using ConflictFunction = std::function<Value(const Conflict&)>;

/// What a local write to a column needs to know.
struct LocalWrite {
  /// The transaction that writes.
  Stamp stamp;
  /// This replica's highest counter that has ever left the file, or stood in it when the present
  /// epoch began. One's own contributions beyond it fold into one.
  std::uint64_t exported = 0;
};

/// A column's merge rule: what a local change means, and what concurrent changes become.
///
/// Made by the functions below; cheap to copy. The shown value is a pure function of the column's
/// entries, so replicas that have seen the same events show the same value for any deterministic
/// rule. Thread safety: a value; a custom rule's function may be called from any thread, one at a
/// time per database.
class Rule {
 public:
  /// `last_writer()`.
  Rule() = default;
  /// All parts as the functions below put them together; those are what an app calls.
  Rule(RuleKind kind, std::string name, std::uint32_t version, SetBias bias,
       std::shared_ptr<const ConflictFunction> function);

  /// The family, which never changes for a column.
  [[nodiscard]] RuleKind kind() const noexcept { return kind_; }
  /// "last_writer", "set(remove_wins)", or a custom rule's own name: what the schema stores.
  [[nodiscard]] std::string name() const;
  /// A custom rule's version; 1 for the built-in ones.
  [[nodiscard]] std::uint32_t version() const noexcept { return version_; }
  /// For sets: who wins; `add_wins` for all other rules.
  [[nodiscard]] SetBias bias() const noexcept { return bias_; }
  /// A custom rule's function; null for built-in rules and for a custom rule that is not
  /// registered.
  [[nodiscard]] const ConflictFunction* function() const noexcept { return function_.get(); }
  /// Whether entries are the siblings of one value (everything but counter, set, map and text).
  [[nodiscard]] bool is_register() const noexcept;
  /// Whether entries are siblings, of which all but the shown one are conflicts: registers and
  /// text, whose siblings are whole texts that were inserted concurrently.
  [[nodiscard]] bool has_siblings() const noexcept;
  /// Whether a value that an UPDATE writes may have to be brought to a normal form, or be refused,
  /// before it is kept: counter, set, map, multi_value and text.
  [[nodiscard]] bool has_normal_form() const noexcept;
  /// Whether that goes for a value that an INSERT writes, too: for all of them but text, of which
  /// any value is kept as it is until it is edited.
  [[nodiscard]] bool is_normal_when_inserted() const noexcept;

 private:
  RuleKind kind_ = RuleKind::last_writer;
  SetBias bias_ = SetBias::add_wins;
  std::uint32_t version_ = 1;
  std::string name_ = "last_writer";
  std::shared_ptr<const ConflictFunction> function_;
};

/// The latest write stands: of the latest birth, then by time, then by replica. The default.
Rule last_writer();
/// The earliest of concurrent writes stands; the others are rejected: kept as conflicts and
/// reported.
Rule first_writer();
/// Holds a JSON array. Concurrent writes become one array of all their elements, in dot order.
/// A written value that is not an array counts as an array of that one value; a BLOB is refused.
Rule multi_value();
/// The least of concurrent writes, in SQLite's order; NULL counts only where all are NULL.
Rule minimum();
/// The greatest of concurrent writes, in SQLite's order.
Rule maximum();
/// Holds a number. A local update adds NEW - OLD; concurrent changes add up. An integer sum that
/// would overflow shows the nearest bound. NULL counts as 0; text and blobs are refused.
Rule counter();
/// Holds a JSON array of scalars, kept sorted and without duplicates. Elements added and removed on
/// several devices are united. NULL counts as `[]`.
Rule set(SetBias bias = add_wins);
/// Holds a JSON object. Keys merge one by one, to any depth, each by its last writer; an array is
/// one value. Where one device wrote a scalar `k` and another `k.x`, the later write decides. NULL
/// counts as
/// `{}`.
Rule map();
/// Holds TEXT that several devices edit at once. A local UPDATE inserts and erases the characters
/// by which NEW differs from OLD (a minimal difference, or the exact edits of a `TextEdit`);
/// concurrent edits are all kept, and words typed at one spot are not interleaved (see
/// `TextDocument`). An INSERT begins a new text. An UPDATE to NULL erases all of it; other values
/// than UTF-8 text are refused. A text may take 16 MiB.
Rule text();
/// The app's own: `function` settles concurrent writes. `name` and `version` are stored in the file
/// and compared with peers: raise `version` whenever the function's results change.
///
///     rill::custom("longest", 1, [](const rill::Conflict& conflict) {
///       const rill::Sibling* best = &conflict.siblings.front();
///       for (const rill::Sibling& each : conflict.siblings) {
///         if (each.value.size() > best->value.size()) best = &each;
///       }
///       return best->value;
///     })
///
/// `rill/testing/check_rule.hpp` tests such a rule.
/// Throws `Error{invalid_argument}` if the name is empty or a built-in rule's, or without a
/// function.
Rule custom(std::string name, std::uint32_t version, ConflictFunction function);

/// The rule that `name` (as `Rule::name` gives it) stands for, if it is built in.
std::optional<Rule> built_in_rule(std::string_view name);

/// One whole row among several written concurrently.
struct RowSibling {
  /// In the order of `RowConflict::columns`.
  std::vector<Value> values;
  /// Who wrote this version.
  ReplicaId replica;
  /// When, by the writer's clock, which may be wrong by years.
  Timestamp time;
};

/// What a row rule is asked to settle: at least two versions of a row, in dot order. `columns` are
/// the known ones that hold siblings; counters, sets and maps merge by themselves.
struct RowConflict {
  /// The table's name.
  std::string_view table;
  /// The names of the columns that the versions list, in that order.
  std::span<const std::string> columns;
  /// Two or more; the view ends with the call.
  std::span<const RowSibling> siblings;
};

/// Returns the row to show: one value for each of `RowConflict::columns`.
using RowFunction = std::function<std::vector<Value>(const RowConflict&)>;

/// A rule over whole rows, for invariants across columns: each local write is a new version of the
/// row.
class RowRule {
 public:
  /// What `row` makes; a null function stands for a rule that is not registered.
  RowRule(std::string name, std::uint32_t version, RowFunction function);
  /// The name that the schema stores.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// The version that the schema stores and peers compare.
  [[nodiscard]] std::uint32_t version() const noexcept { return version_; }
  /// Null where the app has not registered the rule.
  [[nodiscard]] const RowFunction* function() const noexcept { return function_.get(); }

 private:
  std::string name_;
  std::uint32_t version_ = 1;
  std::shared_ptr<const RowFunction> function_;
};

/// A row rule: `function` settles concurrent versions of a row. `name` and `version` as for
/// `custom`. Throws `Error{invalid_argument}` without a name or a function.
RowRule row(std::string name, std::uint32_t version, RowFunction function);

// For those who keep columns: storage, tests, other stores. --------------------------------------

/// The value as the rule keeps it: a set sorted and without duplicates, a counter's NULL as 0…; the
/// same value for rules without a normal form.
/// Throws `Error{bad_value}` for a value that the rule cannot hold, saying why (not where: the
/// caller adds table and column).
Value normal_form(const Rule& rule, const Value& written);

/// The entries of a column that one event wrote from nothing. `value` is in normal form.
Entries written_at_once(const Rule& rule, const Value& value, const Stamp& stamp);

/// Records a local change of the shown value from `old_value` to `new_value` (in normal form, and
/// different), overwriting what the writer saw. Columns without entries showed their default; all
/// of `new_value` is then this write's.
///
/// Afterwards `show` gives `new_value`, but for a counter with contributions of others: a REAL sum
/// may differ from it in the last digits, and an INTEGER sum beyond 64 bits still shows the bound.
/// A text that is changed this way is a new one: edits of it are operations, which its holder keeps
/// beside the entry (`TextDocument`).
/// Throws `Error{bad_value}`, with nothing changed, if a counter's difference cannot be
/// represented.
void record_change(const Rule& rule, Entries& entries, const Value& old_value,
                   const Value& new_value, const LocalWrite& write);

/// `last_writer`'s choice: of the siblings that saw the latest birth, the latest. Null if none did.
const Entry* latest_sibling(const Entries& entries, const Entries& births) noexcept;

/// Whether `entries` is precisely what `written_at_once(rule, shown, stamp)` gives for some stamp
/// and the shown value, so that a store need keep only the stamp beside the value.
bool is_whole(const Rule& rule, const Entries& entries);

/// Something a rule could not do; the value shown is a safe choice.
struct RuleProblem {
  /// `rule_failed`, or `unknown_rule` where the app has not registered it.
  ErrorCode code = ErrorCode::rule_failed;
  /// The column concerned; empty for a row rule's problem.
  std::string column;
  /// For people.
  std::string message;
};

/// Where a column's entries stand, for showing them.
struct ShowContext {
  /// The table's name, for custom rules and messages.
  std::string_view table;
  /// The column's name, likewise.
  std::string_view column;
  /// The row's births; `last_writer` follows the latest.
  const Entries& births;
  /// Shown where no sibling counts.
  const Value& default_value;
  /// Receives problems; may be null.
  std::vector<RuleProblem>* problems = nullptr;
  /// Call custom functions twice and report results that differ.
  bool check_purity = false;
};

/// The value that the table shows for `entries`: a pure function of them and of the births. Never
/// throws for entries that no rule would write, as a peer may send them: those count for nothing.
Value show(const Rule& rule, const Entries& entries, const ShowContext& context);

}  // namespace rill
