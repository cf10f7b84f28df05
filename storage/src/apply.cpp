#include "apply.hpp"

#include <algorithm>
#include <utility>

#include "forks.hpp"
#include "rill/error.hpp"
#include "rill/hybrid_clock.hpp"
#include "unknown_rows.hpp"

namespace rill::storage {
namespace {

void renumber(RowFragment& fragment, const std::vector<ColumnId>& columns) {
  for (auto& [column, part] : fragment.columns) column = columns.at(column);
  std::sort(fragment.columns.begin(), fragment.columns.end(),
            [](const auto& left, const auto& right) { return left.first < right.first; });
}

Timestamp latest_of(const ColumnFragment& part, Timestamp latest) {
  for (const Entry& entry : part.fresh) latest = std::max(latest, entry.time);
  return latest;
}

}  // namespace

VersionVector read_vector(sqlite::Connection& connection, Interner& interner) {
  VersionVector vector;
  sqlite::Using rows(
      connection.cached("SELECT replica, counter FROM main.rill_vector WHERE space = 1"));
  while (rows->step()) {
    vector.raise(
        {interner.id(static_cast<std::uint32_t>(rows->integer(0))), rows->unsigned_integer(1)});
  }
  const ClockRow clock = ClockRow::read(connection);
  if (clock.counter > 0) vector.raise({interner.id(clock.replica), clock.counter});
  return vector;
}

bool add_unknown_column(sqlite::Connection& connection, const Table& table,
                        const DeltaColumn& column) {
  connection
      .cached(
          "INSERT INTO main.rill_column(tbl, id, name, kind, rule, rule_version, captured) "
          "VALUES(?, (SELECT count(*) FROM main.rill_column WHERE tbl = ?1), ?, ?, '', 0, 0) "
          "ON CONFLICT DO NOTHING")
      .bind(1, table.id)
      .bind_text(2, column.name)
      .bind(3, static_cast<int>(column.kind))
      .run();
  return sqlite3_changes(connection.raw()) > 0;
}

void check_covered(const VersionVector& known, const VersionVector& vector) {
  if (known <= vector) return;
  throw Error(ErrorCode::causality_gap, "the delta starts at " + known.to_string() +
                                            ", but this file has seen only " + vector.to_string() +
                                            "; ask the sender for everything since that");
}

void check_names(const Delta& delta, std::uint64_t names) {
  if (delta.names == names) return;
  throw Error(ErrorCode::renamed,
              "a fork was found since the session began, and events were renamed; begin it anew");
}

DatabaseEvent new_replica_event(const std::string& reason) {
  return {DatabaseEvent::Kind::new_replica,
          ErrorCode::forked,
          {},
          {},
          {},
          "the file is an older state of itself, or a copy (" + reason +
              "): its further events are of a new replica, and what it lacks comes back by sync"};
}

Applier::Applier(sqlite::Connection& connection, Capture& capture, const Identity& identity,
                 WallClock& clock, const Options& options)
    : connection_(connection),
      capture_(capture),
      identity_(identity),
      clock_(clock),
      options_(options),
      rows_(connection, capture),
      new_rows_(connection, capture.interner()),
      cells_(connection, capture.interner()),
      clock_row_(ClockRow::read(connection)),
      vector_(read_vector(connection, capture.interner())),
      reached_(vector_),
      names_(read_forks(connection).names()) {
  report_.replaced.begin(clock_row_.seq, options.observed);
  if (clock_row_.generation != capture.catalog()->generation()) capture.reload_catalog();
}

void Applier::begin(const Delta& delta) {
  check_covered(delta.known, vector_);
  check_names(delta, names_);
  Interner& interner = capture_.interner();
  const std::vector<Epoch> ours =
      read_epochs(connection_, interner, delta.known, delta.sender_vector);
  if (const auto place = first_difference(ours, delta.epochs, vector_)) {
    throw Error(ErrorCode::renamed, "two files made different events as replica " +
                                        place->replica.to_string() +
                                        "; begin the session anew, which tells them apart");
  }

  const ReplicaId own = interner.id(clock_row_.replica);
  if (delta.sender_vector[own] > clock_row_.counter) {
    identity_.renew(connection_);
    report_.events.add(new_replica_event("a delta brought events of its own that it lacks"));
  }
  add_epochs(connection_, interner, delta.epochs);
}

Applier::Target Applier::target(const DeltaTable& named) {
  Target target;
  target.table = capture_.catalog()->find(named.name);
  for (std::size_t index = 0; index < named.columns.size(); ++index) {
    if (target.table == nullptr) {
      target.columns.push_back(static_cast<ColumnId>(index));
    } else {
      const ColumnId column = target.table->column(named.columns[index].name);
      check_same_entries(*target.table, column, named.columns[index].kind);
      target.columns.push_back(column);
    }
  }
  return target;
}

std::vector<Applier::Target> Applier::targets(const Delta& delta) {
  bool grown = false;
  for (const DeltaTable& named : delta.tables) {
    const Table* table = capture_.catalog()->find(named.name);
    if (table == nullptr) continue;
    for (const DeltaColumn& column : named.columns) {
      if (!table->find(column.name)) grown |= add_unknown_column(connection_, *table, column);
    }
  }
  if (grown) {
    connection_.cached("UPDATE main.rill_clock SET generation = generation + 1").run();
    capture_.reload_catalog();
  }
  std::vector<Target> targets;
  targets.reserve(delta.tables.size());
  for (const DeltaTable& named : delta.tables) targets.push_back(target(named));
  return targets;
}

void Applier::apply(std::string_view encoded) {
  DeltaReader reader(encoded);
  const Delta& delta = reader.header();
  check_covered(delta.known, vector_);
  check_names(delta, names_);
  const std::vector<Target> places = targets(delta);
  while (reader.next()) {
    const InsertedRow* inserted = reader.inserted();
    if (inserted != nullptr && write_new(places.at(inserted->table), *inserted)) continue;
    RowFragment fragment = reader.take();
    observe_times(fragment);
    apply_row(delta, places.at(fragment.table), fragment);
  }
  reached_.merge(delta.sender_vector);
}

bool Applier::write_new(const Target& target, const InsertedRow& row) {
  if (target.table == nullptr || vector_.covers(row.stamp.dot)) return false;
  if (!new_rows_.write(*target.table, target.columns, row, clock_row_.seq + 1)) return false;
  ++clock_row_.seq;
  ++report_.rows_changed;
  latest_ = std::max(latest_, row.stamp.time);
  return true;
}

void Applier::observe_times(const RowFragment& fragment) {
  if (fragment.existence) latest_ = latest_of(*fragment.existence, latest_);
  if (fragment.births) latest_ = latest_of(*fragment.births, latest_);
  for (const auto& [column, part] : fragment.columns) latest_ = latest_of(part, latest_);
}

void Applier::apply_row(const Delta& delta, const Target& target, RowFragment& fragment) {
  if (target.table == nullptr) return apply_unknown(delta, fragment);
  const std::vector<Value> key = decode_key(fragment.key);
  if (target.table->takes_key(key)) {
    renumber(fragment, target.columns);
    return merge(delta, *target.table, key, fragment);
  }
  apply_unknown(delta, fragment);
  report_.events.add(
      {DatabaseEvent::Kind::rule_problem,
       ErrorCode::rule_changed,
       target.table->name(),
       key,
       {},
       row_name(*target.table, key) +
           " has a key that the table cannot have here: another version of the app "
           "declares another primary key. The row is kept and passed on, not shown"});
}

void Applier::merge(const Delta& delta, const Table& table, const std::vector<Value>& key,
                    RowFragment& fragment) {
  std::optional<StoredRow> before = rows_.load(table, key, fragment.key);
  RowState state;
  if (before) state = expand(before->meta, table, before->values, capture_.interner());
  const bool may_reject = std::any_of(table.columns.begin(), table.columns.end(), [&](ColumnId id) {
    return table.rules.columns[id].rule.kind() == RuleKind::first_writer;
  });
  const RowState old_state = may_reject || table.has_texts ? state : RowState();
  std::optional<TextMerge> texts;
  if (table.has_texts) {
    texts.emplace(cells_, fragment, [&](ColumnId id) { return table.is_text(id); });
    texts->before(state);
  }
  bool changed = join(state, vector_, fragment, delta.range());
  if (texts) changed |= texts->apply({table.id, fragment.key}, state, vector_, clock_row_.seq);
  if (!changed) return;
  ShownRow shown = texts ? show_texts(table, state, old_state, before, *texts)
                         : show(table.rules, state, options_.check_purity);
  make_storable(table, state, shown);
  rows_.store(table, key, fragment.key, before, state, shown, ++clock_row_.seq);
  ++report_.rows_changed;
  report_problems(table, key, shown);
  if (may_reject) report_rejected(table, key, old_state, state);
  if (!shown.alive) new_rows_.stop(table);
  if (before && before->live) note_replaced(table, fragment.key, std::move(before->values));
}

ShownRow Applier::show_texts(const Table& table, const RowState& state, const RowState& old_state,
                             const std::optional<StoredRow>& before, const TextMerge& texts) {
  std::map<std::int64_t, std::string> known = texts.changed();
  for (const ColumnId id : table.columns) {
    if (!before || !table.is_text(id) || before->values[id].type() != Value::Type::text) continue;
    const Entries* entries = old_state.find(id);
    const Entry* text = entries == nullptr ? nullptr : latest_sibling(*entries, old_state.births);
    if (text != nullptr && is_edited(*text)) {
      known.emplace(cell_of(*text), before->values[id].text());  // keeps what has changed
    }
  }
  return show(table.rules, cells_.readable(table, state, known), options_.check_purity);
}

void Applier::note_replaced(const Table& table, const std::string& key, std::vector<Value> values) {
  report_.replaced.add(table.id, key, values.size());
  for (const ColumnId id : table.columns) report_.replaced.set(id, std::move(values[id]));
}

void Applier::apply_unknown(const Delta& delta, RowFragment& fragment) {
  const DeltaTable& named = delta.tables.at(fragment.table);
  UnknownRow row = load_unknown(connection_, named.name, fragment.key);
  renumber(fragment, number_columns(row, named.columns));
  TextMerge texts(cells_, fragment,
                  [&](ColumnId id) { return row.columns.at(id).kind == RuleKind::text; });
  texts.before(row.state);
  bool changed = join(row.state, vector_, fragment, delta.range());
  changed |= texts.apply({0, fragment.key}, row.state, vector_, clock_row_.seq);
  if (!changed) return;
  store_unknown(connection_, row, ++clock_row_.seq);
  ++report_.rows_changed;
}

void Applier::report_problems(const Table& table, const std::vector<Value>& key,
                              const ShownRow& shown) {
  for (const RuleProblem& problem : shown.problems) {
    report_.events.add({DatabaseEvent::Kind::rule_problem, problem.code, table.name(), key,
                        problem.column, problem.message});
  }
}

void Applier::report_rejected(const Table& table, const std::vector<Value>& key,
                              const RowState& before, const RowState& after) {
  for (const ColumnId id : table.columns) {
    if (table.rules.columns[id].rule.kind() != RuleKind::first_writer) continue;
    const Entries* now = after.find(id);
    if (now == nullptr || now->size() < 2) continue;
    const Entries* then = before.find(id);
    if (then != nullptr && then->size() >= now->size()) continue;
    report_.events.add({DatabaseEvent::Kind::rejected, ErrorCode::constraint, table.name(), key,
                        table.rules.columns[id].name,
                        "a later concurrent write to " + column_name(table, id) + " of " +
                            row_name(table, key) +
                            " was rejected: the first one stands; see rill_conflicts"});
  }
}

ApplyReport Applier::finish() {
  HybridClock clock(clock_row_.time);
  clock.observe(latest_, clock_.now_ms());
  for (const auto& [replica, counter] : reached_) {
    if (counter == vector_[replica]) continue;
    connection_
        .cached(
            "INSERT INTO main.rill_vector(space, replica, counter) VALUES(1, ?, ?) "
            "ON CONFLICT(space, replica) DO UPDATE SET counter = excluded.counter")
        .bind(1, capture_.interner().number(replica))
        .bind(2, counter)
        .run();
  }
  connection_.cached("UPDATE main.rill_clock SET seq = ?, time = ? WHERE space = 1")
      .bind(1, clock_row_.seq)
      .bind(2, clock.last().bits)
      .run();
  report_.replaced.end(clock_row_.seq);
  report_.vector = reached_;
  return std::move(report_);
}

}  // namespace rill::storage
