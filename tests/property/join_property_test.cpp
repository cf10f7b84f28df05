#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rill/delta.hpp"
#include "rill/error.hpp"
#include "rill/row_state.hpp"
#include "rill/table_rules.hpp"
#include "support/events.hpp"

namespace rill {
namespace {

using test::replica;

constexpr std::size_t kDevices = 3;
constexpr std::size_t kKeys = 2;
/// Column 3 is of a newer schema: the last device cannot name it.
constexpr ColumnId kNewerColumn = 3;

/// One step of a history; numbers beyond a range count modulo it.
struct Step {
  unsigned kind = 0;
  unsigned device = 0;
  unsigned other = 0;
  unsigned key = 0;
  unsigned column = 0;
  unsigned value = 0;
};

void showValue(const Step& step, std::ostream& out) {
  out << "{" << step.kind << "," << step.device << "," << step.other << "," << step.key << ","
      << step.column << "," << step.value << "}";
}

TableRules rules() {
  TableRules table;
  table.name = "t";
  table.columns = {{"title", last_writer(), {}, true},
                   {"count", counter(), {}, true},
                   {"tags", set(), {}, true},
                   {"newer", last_writer(), {}, true}};
  return table;
}

/// A device's rows and what it has seen: the state that the join's laws are about.
struct Device {
  ReplicaId id;
  VersionVector seen;
  std::vector<RowState> rows = std::vector<RowState>(kKeys);
  std::uint64_t exported = 0;
  /// What each device is known to have seen; `seen` covers all of it.
  std::vector<VersionVector> heard = std::vector<VersionVector>(kDevices);

  friend bool operator==(const Device& left, const Device& right) {
    return left.seen == right.seen && left.rows == right.rows;
  }
};

Delta delta_beyond(const Device& from, VersionVector known) {
  known.meet(from.seen);
  Delta delta;
  delta.sender = from.id;
  delta.known = known;
  delta.sender_vector = from.seen;
  delta.tables = {{"t", {}}};
  for (const ColumnRules& column : rules().columns) {
    delta.tables[0].columns.push_back({column.name, column.rule.kind()});
  }
  for (std::size_t key = 0; key < kKeys; ++key) {
    if (!has_news(from.rows[key], known)) continue;
    delta.rows.push_back(fragment_beyond(from.rows[key], known));
    delta.rows.back().key = encode_key(std::vector<Value>{key});
  }
  return delta;
}

/// Returns whether a row changed.
bool apply(Device& to, const Delta& delta) {
  bool changed = false;
  for (const RowFragment& row : delta.rows) {
    const auto key = static_cast<std::size_t>(decode_key(row.key)[0].integer());
    changed |= join(to.rows[key], to.seen, row, delta.range());
  }
  to.seen.merge(delta.sender_vector);
  return changed;
}

/// What `to` becomes by taking over all of `from`, told from the beginning.
Device joined(Device to, const Device& from) {
  apply(to, delta_beyond(from, {}));
  return to;
}

/// Random devices that write and sync; every exchange goes through the codec.
class History {
 public:
  explicit History(bool folds = false) : folds_(folds), rules_(rules()), devices_(kDevices) {
    for (std::size_t i = 0; i < kDevices; ++i) {
      devices_[i].id = replica(static_cast<char>('A' + i));
    }
  }

  void run(const std::vector<Step>& steps) {
    for (const Step& step : steps) take(step);
  }

  void take(const Step& step) {
    Device& device = devices_[step.device % kDevices];
    RowState& row = device.rows[step.key % kKeys];
    const bool alive = row.alive(DeletePolicy::update_wins);
    switch (step.kind % 8) {
      case 0:
        if (!alive || step.value % 4 == 0) insert(device, row, step);
        break;
      case 1:
        if (alive && step.value % 3 == 0) row.erase(next(device, step));
        break;
      case 2:
      case 3:
      case 4:
        if (alive) update(device, row, step);
        break;
      case 5:
        if (folds_) fold(device, row);
        break;
      default:
        sync(device, devices_[step.other % kDevices]);
    }
  }

  void sync_all() {
    for (std::size_t round = 0; round < 2; ++round) {
      for (Device& to : devices_) {
        for (Device& from : devices_) sync(to, from);
      }
    }
  }

  [[nodiscard]] const std::vector<Device>& devices() const { return devices_; }
  [[nodiscard]] const TableRules& table() const { return rules_; }

  /// Whether the writer of `event` had seen `birth`. An event is in its own view.
  [[nodiscard]] bool saw(const Dot& event, const Dot& birth) const {
    return views_.at(event).covers(birth);
  }

 private:
  Stamp next(Device& device, const Step& step) {
    const Dot dot{device.id, device.seen[device.id] + 1};
    device.seen.raise(dot);
    views_[dot] = device.seen;
    // Few different times, so that ties occur.
    return {dot, Timestamp::from_ms(step.value % 5)};
  }

  [[nodiscard]] bool knows(const Device& device, ColumnId column) const {
    return column != kNewerColumn || device.id != devices_.back().id;
  }

  Value written(ColumnId column, unsigned value) const {
    if (column == 1) return value % 10;
    if (column != 2) return "v" + std::to_string(value % 100);
    std::string text = "[";
    for (unsigned bit = 0; bit < 3; ++bit) {
      if ((value >> bit & 1U) == 0) continue;
      if (text.size() > 1) text += ',';
      text += std::to_string(bit);
    }
    return normal_form(set(), text + "]");
  }

  void insert(Device& device, RowState& row, const Step& step) {
    const Stamp stamp = next(device, step);
    row.insert(stamp);
    for (ColumnId column = 0; column < rules_.columns.size(); ++column) {
      if (!knows(device, column)) continue;
      row.at(column) =
          written_at_once(rules_.columns[column].rule, written(column, step.value + column), stamp);
    }
    row.drop_empty_columns();
  }

  void update(Device& device, RowState& row, const Step& step) {
    const ColumnId column = step.column % 4;
    if (!knows(device, column)) return;
    const Value before = show(rules_, row).values[column];
    const Value after = written(column, step.value);
    if (before == after) return;
    const Stamp stamp = next(device, step);
    row.touch(stamp);
    record_change(rules_.columns[column].rule, row.at(column), before, after,
                  {stamp, device.exported});
    row.drop_empty_columns();
  }

  void fold(const Device& device, RowState& row) {
    VersionVector stable = device.seen;
    for (std::size_t i = 0; i < kDevices; ++i) {
      if (devices_[i].id != device.id) stable.meet(device.heard[i]);
    }
    if (row.find(1) != nullptr) fold_stable(row.at(1), stable);
  }

  void sync(Device& to, Device& from) {
    from.exported = from.seen[from.id];
    const Delta sent = delta_beyond(from, to.seen);
    const Delta received = decode_delta(encode(sent));
    RC_ASSERT(received == sent);
    apply(to, received);
    for (std::size_t i = 0; i < kDevices; ++i) {
      to.heard[i].merge(devices_[i].id == from.id ? from.seen : from.heard[i]);
    }
  }

  bool folds_;
  TableRules rules_;
  std::vector<Device> devices_;
  /// What the writer of each event had seen.
  std::map<Dot, VersionVector> views_;
};

}  // namespace
}  // namespace rill

template <>
struct rc::Arbitrary<rill::Step> {
  static Gen<rill::Step> arbitrary() {
    const auto number = [] { return gen::inRange(0U, 240U); };
    return gen::build<rill::Step>(
        gen::set(&rill::Step::kind, number()), gen::set(&rill::Step::device, number()),
        gen::set(&rill::Step::other, number()), gen::set(&rill::Step::key, number()),
        gen::set(&rill::Step::column, number()), gen::set(&rill::Step::value, number()));
  }
};

namespace rill {
namespace {

std::vector<Step> any_steps() {
  return *rc::gen::scale(0.6, rc::gen::arbitrary<std::vector<Step>>());
}

RC_GTEST_PROP(JoinProperty, DoesNotDependOnWhoReceives, ()) {
  History history;
  history.run(any_steps());
  const auto& [a, b, c] =
      std::tie(history.devices()[0], history.devices()[1], history.devices()[2]);
  RC_ASSERT(joined(a, b) == joined(b, a));
  RC_ASSERT(joined(b, c) == joined(c, b));
}

RC_GTEST_PROP(JoinProperty, DoesNotDependOnTheOrderOfReceiving, ()) {
  History history;
  history.run(any_steps());
  const auto& [a, b, c] =
      std::tie(history.devices()[0], history.devices()[1], history.devices()[2]);
  const Device all = joined(joined(a, b), c);
  RC_ASSERT(all == joined(a, joined(b, c)));
  RC_ASSERT(all == joined(joined(a, c), b));
}

RC_GTEST_PROP(JoinProperty, ReceivingAgainChangesNothing, ()) {
  History history;
  history.run(any_steps());
  Device a = history.devices()[0];
  const Device& b = history.devices()[1];
  RC_ASSERT(!apply(a, delta_beyond(a, {})));
  RC_ASSERT(a == history.devices()[0]);
  apply(a, delta_beyond(b, {}));
  const Device once = a;
  RC_ASSERT(!apply(a, delta_beyond(b, {})));
  RC_ASSERT(!apply(a, delta_beyond(history.devices()[0], {})));
  RC_ASSERT(a == once);
}

RC_GTEST_PROP(JoinProperty, OnlyEverAddsKnowledge, ()) {
  History history;
  history.run(any_steps());
  const Device& a = history.devices()[0];
  const Device& b = history.devices()[1];
  const Device both = joined(a, b);
  RC_ASSERT(a.seen <= both.seen);
  RC_ASSERT(b.seen <= both.seen);
  // Each of the two is part of the result: joined into it, they change nothing.
  RC_ASSERT(joined(both, a) == both);
  RC_ASSERT(joined(both, b) == both);
  RC_ASSERT(joined(b, both) == both);
}

RC_GTEST_PROP(JoinProperty, ReturnsWhetherTheRowChanged, ()) {
  History history;
  history.run(any_steps());
  Device a = history.devices()[0];
  const bool changed = apply(a, delta_beyond(history.devices()[1], {}));
  RC_ASSERT(changed == (a.rows != history.devices()[0].rows));
}

RC_GTEST_PROP(JoinProperty, ADeltaDoesWhatTheFullStateDoes, ()) {
  History history;
  const std::vector<Step> steps = any_steps();
  const auto half = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  history.run({steps.begin(), half});
  const VersionVector earlier = history.devices()[0].seen;
  history.run({half, steps.end()});
  const Device& b = history.devices()[1];
  const Device expected = joined(history.devices()[0], b);
  for (const VersionVector& known : {history.devices()[0].seen, earlier}) {
    Device a = history.devices()[0];
    apply(a, delta_beyond(b, known));
    RC_ASSERT(a == expected);
  }
}

RC_GTEST_PROP(JoinProperty, ReplicasThatHaveSeenTheSameAreTheSame, ()) {
  History history;
  history.run(any_steps());
  history.sync_all();
  RC_ASSERT(history.devices()[0] == history.devices()[1]);
  RC_ASSERT(history.devices()[1] == history.devices()[2]);
}

RC_GTEST_PROP(JoinProperty, EntriesNamePreciselyTheBirthsThatTheirWritersHadNotSeen, ()) {
  History history;
  for (const Step& step : any_steps()) {
    history.take(step);
    for (const Device& device : history.devices()) {
      for (const RowState& row : device.rows) {
        for (const RowState::Column& column : row.columns) {
          for (const Entry& entry : column.entries) {
            std::vector<Dot> unseen;
            for (const Entry& birth : row.births) {
              if (!history.saw(entry.id.dot, birth.id.dot)) unseen.push_back(birth.id.dot);
            }
            RC_ASSERT(entry.unseen_births == unseen);
          }
        }
      }
    }
  }
}

/// Steps that mostly change, send and fold one counter, after all devices have its row.
std::vector<Step> counting_steps() {
  std::vector<Step> steps = *rc::gen::scale(2.0, rc::gen::arbitrary<std::vector<Step>>());
  for (Step& step : steps) {
    constexpr std::array<unsigned, 8> kKinds = {2, 2, 2, 5, 5, 6, 6, 6};
    step.kind = step.value % 40 == 0 ? 0 : kKinds[step.kind % kKinds.size()];
    step.key = 0;
    step.column = 1;
  }
  std::vector<Step> opening(1);
  for (unsigned to = 1; to < kDevices; ++to) opening.push_back({.kind = 6, .device = to});
  steps.insert(steps.begin(), opening.begin(), opening.end());
  return steps;
}

RC_GTEST_PROP(JoinProperty, FoldingCountersChangesNothingThatIsShown, ()) {
  History plain;
  History folding(true);
  for (const Step& step : counting_steps()) {
    plain.take(step);
    folding.take(step);
    for (std::size_t i = 0; i < kDevices; ++i) {
      const ShownRow expected = show(plain.table(), plain.devices()[i].rows[0]);
      const ShownRow shown = show(folding.table(), folding.devices()[i].rows[0]);
      RC_ASSERT(shown.alive == expected.alive);
      RC_ASSERT(shown.values == expected.values);
    }
  }
}

// Bytes -------------------------------------------------------------------------------------------

RC_GTEST_PROP(CodecProperty, RowStatesDecodeToWhatWasEncoded, ()) {
  History history(true);
  history.run(any_steps());
  for (const Device& device : history.devices()) {
    for (const RowState& row : device.rows) RC_ASSERT(decode_row_state(encode(row)) == row);
    RC_ASSERT(decode_version_vector(encode(device.seen)) == device.seen);
  }
}

/// What `decode` and `encode` make of bytes: the same bytes, or a typed refusal.
template <typename Decode>
void expect_canonical_or_refused(const std::string& bytes, Decode decode) {
  try {
    const auto decoded = decode(bytes);
    RC_ASSERT(encode(decoded) == bytes);
  } catch (const Error& error) {
    RC_ASSERT(error.code() == ErrorCode::malformed || error.code() == ErrorCode::limit_exceeded);
  }
}

std::string mutated(std::string bytes) {
  const int changes = *rc::gen::inRange(1, 4);
  for (int i = 0; i < changes && !bytes.empty(); ++i) {
    const std::size_t at = *rc::gen::inRange(std::size_t{0}, bytes.size());
    const char byte = *rc::gen::arbitrary<char>();
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
        bytes.resize(at);
        break;
      case 1:
        bytes.insert(at, 1, byte);
        break;
      case 2:
        bytes.erase(at, 1);
        break;
      case 3:
        bytes[at] = static_cast<char>(bytes[at] ^ 1 << (byte & 7));
        break;
      default:
        bytes[at] = byte;
    }
  }
  return bytes;
}

RC_GTEST_PROP(CodecProperty, MutatedDeltasAreRefusedOrCanonical, ()) {
  History history(true);
  history.run(any_steps());
  const Delta delta = delta_beyond(history.devices()[0], history.devices()[1].seen);
  const std::string bytes = encode(delta);
  for (int i = 0; i < 20; ++i) expect_canonical_or_refused(mutated(bytes), decode_delta);
}

RC_GTEST_PROP(CodecProperty, MutatedRowStatesAreRefusedOrCanonical, ()) {
  History history(true);
  history.run(any_steps());
  const std::string bytes = encode(history.devices()[0].rows[0]);
  for (int i = 0; i < 20; ++i) expect_canonical_or_refused(mutated(bytes), decode_row_state);
}

RC_GTEST_PROP(CodecProperty, RandomBytesAreRefusedOrCanonical, (const std::string& bytes)) {
  expect_canonical_or_refused(bytes, decode_delta);
  expect_canonical_or_refused(bytes, decode_row_state);
  expect_canonical_or_refused(bytes, decode_version_vector);
  // Past the byte that names the format.
  expect_canonical_or_refused('\x01' + bytes, decode_delta);
  expect_canonical_or_refused('\x01' + bytes, decode_row_state);
}

RC_GTEST_PROP(CodecProperty, RandomKeysAreRefusedOrCanonical, (const std::string& bytes)) {
  try {
    RC_ASSERT(encode_key(decode_key(bytes)) == bytes);
  } catch (const Error& error) {
    RC_ASSERT(error.code() == ErrorCode::malformed || error.code() == ErrorCode::limit_exceeded);
  }
}

}  // namespace
}  // namespace rill
