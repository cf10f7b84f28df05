#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rill/table_rules.hpp"
#include "rill/version_vector.hpp"
#include "support/events.hpp"

namespace rill::test {

/// A device that holds one row with one column, to tell a story of concurrent writes in a few
/// lines.
class ColumnReplica {
 public:
  ColumnReplica(std::uint8_t number, Rule rule, Value default_value = {}) : id_(replica(number)) {
    rules_.name = "notes";
    rules_.columns.push_back({"value", std::move(rule), std::move(default_value), true});
  }

  void insert(const Value& value, std::uint64_t ms) {
    const Stamp made = next(ms);
    row_.insert(made);
    row_.at(0) = written_at_once(rule(), normal_form(rule(), value), made);
  }

  void update(const Value& value, std::uint64_t ms) {
    const Value before = shown();
    const Stamp made = next(ms);
    row_.touch(made);
    record_change(rule(), row_.at(0), before, normal_form(rule(), value), {made, exported_});
  }

  /// Takes over all that `other` has seen.
  void receive(ColumnReplica& other) {
    other.exported_ = other.seen_[other.id_];
    join(row_, seen_, fragment_beyond(other.row_, seen_), {seen_, other.seen_});
    seen_.merge(other.seen_);
  }

  [[nodiscard]] Value shown() const { return show(rules_, row_).values[0]; }
  [[nodiscard]] std::vector<RuleProblem> problems() const { return show(rules_, row_).problems; }
  [[nodiscard]] const Entries& entries() { return row_.at(0); }
  [[nodiscard]] const TableRules& rules() const { return rules_; }
  [[nodiscard]] const Rule& rule() const { return rules_.columns[0].rule; }
  [[nodiscard]] const RowState& row() const { return row_; }
  [[nodiscard]] const VersionVector& seen() const { return seen_; }

 private:
  Stamp next(std::uint64_t ms) {
    const Dot dot{id_, seen_[id_] + 1};
    seen_.raise(dot);
    return {dot, Timestamp::from_ms(ms)};
  }

  ReplicaId id_;
  TableRules rules_;
  RowState row_;
  VersionVector seen_;
  std::uint64_t exported_ = 0;
};

/// Each has then seen what the other has.
inline void exchange(ColumnReplica& left, ColumnReplica& right) {
  left.receive(right);
  right.receive(left);
}

/// Two replicas that start from the same row.
struct ColumnPair {
  ColumnPair(const Rule& rule, const Value& initial) : a(1, rule), b(2, rule) {
    a.insert(initial, 1);
    b.receive(a);
  }

  ColumnReplica a;
  ColumnReplica b;
};

/// The code of the `Error` that `call` throws; `internal` if it throws none.
template <typename Call>
ErrorCode code_of(Call&& call) {
  try {
    std::forward<Call>(call)();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::internal;
}

}  // namespace rill::test
