#include "support/memory_replica.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "rill/bytes.hpp"

namespace rill::test {
namespace {

std::size_t estimated_bytes(const RowFragment& fragment) {
  std::size_t bytes = 16 + fragment.key.size();
  const auto add = [&](const ColumnFragment& column) {
    bytes += 4 + 12 * column.kept.size();
    for (const Entry& entry : column.fresh) {
      bytes += 24 + entry.value.size() + entry.sub_key.size();
    }
  };
  if (fragment.existence) add(*fragment.existence);
  if (fragment.births) add(*fragment.births);
  for (const auto& [id, column] : fragment.columns) add(column);
  return bytes;
}

/// An object is opened once, and its address is its own for as long.
FileNonce opening_of(const MemoryReplica& replica) {
  FileNonce opening{};
  auto address = reinterpret_cast<std::uintptr_t>(&replica);
  for (std::uint8_t& byte : opening) {
    byte = static_cast<std::uint8_t>(address);
    address >>= 8U;
  }
  return opening;
}

bool empty(const RowFragment& fragment) {
  return !fragment.existence && !fragment.births && fragment.columns.empty();
}

}  // namespace

ReplicaId replica_id(std::uint8_t byte) {
  ReplicaId id;
  id.bytes.fill(byte);
  return id;
}

/// Calls are made under its own mutex, so that ending a subscription waits for a running one.
struct MemoryReplica::Observer {
  std::recursive_mutex mutex;
  std::function<void()> changed;
};

class MemoryReplica::Stream final : public ChangeStream {
 public:
  using Rows = std::map<std::uint64_t, RowFragment>;  // by place in the order of change

  /// `whole` is the delta without its rows.
  Stream(Delta whole, Rows rows, bool empty)
      : whole_(std::move(whole)), rows_(std::move(rows)), done_(empty) {}

  std::optional<std::string> next(std::size_t target_bytes) override {
    if (done_) return std::nullopt;
    Delta chunk = whole_;
    ++whole_.chunk;
    for (std::size_t bytes = 0; !rows_.empty() && bytes < target_bytes;) {
      auto row = rows_.extract(rows_.begin());
      chunk.position = row.key();
      bytes += estimated_bytes(row.mapped());
      chunk.rows.push_back(std::move(row.mapped()));
    }
    chunk.last = done_ = rows_.empty();
    if (!chunk.last) chunk.epochs.clear();
    if (chunk.last) chunk.position = whole_.position;
    return encode(chunk);
  }
  [[nodiscard]] const VersionVector& sender_vector() const override { return whole_.sender_vector; }

 private:
  Delta whole_;
  Rows rows_;
  bool done_;
};

class MemoryReplica::Scan final : public DigestScan {
 public:
  Scan(VersionVector vector, RowDigests digests)
      : vector_(std::move(vector)), digests_(std::move(digests)) {}
  bool advance(std::size_t /*target_bytes*/) override { return false; }
  [[nodiscard]] const VersionVector& vector() const override { return vector_; }
  [[nodiscard]] const RowDigests& digests() const override { return digests_; }

 private:
  VersionVector vector_;
  RowDigests digests_;
};

MemoryReplica::MemoryReplica(ReplicaId id, std::uint64_t epoch) : id_(id), epoch_(epoch) {
  nonce_ = id.bytes;
}
MemoryReplica::~MemoryReplica() = default;

void MemoryReplica::declare(const std::string& table, const std::string& column, Rule rule) {
  const std::lock_guard lock(mutex_);
  Table& entry = tables_[table];
  const ColumnId id = column_id(entry, column, rule);
  entry.columns[id].kind = rule.kind();
  entry.rules[id] = std::move(rule);
}

ColumnId MemoryReplica::column_id(Table& table, const std::string& name, const Rule& rule) {
  const auto found = std::ranges::find(table.columns, name, &DeltaColumn::name);
  const auto id = static_cast<ColumnId>(found - table.columns.begin());
  if (found == table.columns.end()) {
    table.columns.push_back({name, rule.kind()});
    table.rules.push_back(rule);
  }
  return id;
}

std::unique_ptr<MemoryReplica> MemoryReplica::copy(std::uint64_t epoch) const {
  const std::lock_guard lock(mutex_);
  auto copy = std::make_unique<MemoryReplica>(id_, epoch);
  copy->tables_ = tables_;
  copy->vector_ = vector_;
  copy->time_ms_ = time_ms_;
  copy->epochs_ = epochs_;
  copy->forks_ = forks_;
  copy->nonce_ = nonce_;
  copy->place_ = place_;
  return copy;
}

ReplicaId MemoryReplica::id() const {
  const std::lock_guard lock(mutex_);
  return id_;
}

/// The row, noted as the one that changed last.
RowState& MemoryReplica::changing(Tables& tables, const std::string& table,
                                  const std::string& key) {
  Table& entry = tables[table];
  entry.places[key] = ++place_;
  return entry.rows[key];
}

Stamp MemoryReplica::next_stamp() {
  const Dot dot{id_, vector_[id_] + 1};
  if (!std::exchange(wrote_, true)) {
    epochs_.add({id_, dot.counter, epoch_});
    for (std::size_t byte = 0; byte < 8; ++byte) {
      nonce_[byte] = static_cast<std::uint8_t>(epoch_ >> (8 * byte));
    }
  }
  vector_.raise(dot);
  return {dot, Timestamp::from_ms(++time_ms_)};
}

template <typename Change>
void MemoryReplica::commit(const Change& change) {
  {
    const std::lock_guard lock(mutex_);
    change(next_stamp());
  }
  notify();
}

void MemoryReplica::insert(const std::string& table, const std::string& key,
                           const ShownRow& values) {
  commit([&](const Stamp& stamp) {
    Table& entry = tables_[table];
    const std::vector<Value> key_values{Value(key)};
    RowState& row = changing(tables_, table, encode_key(key_values));
    row.insert(stamp);
    for (const auto& [column, value] : values) {
      const ColumnId id = column_id(entry, column, last_writer());
      const Rule& rule = entry.rules[id];
      row.at(id) = written_at_once(rule, normal_form(rule, value), stamp);
    }
    row.drop_empty_columns();
  });
}

void MemoryReplica::update(const std::string& table, const std::string& key,
                           const std::string& column, Value value) {
  commit([&](const Stamp& stamp) {
    Table& entry = tables_[table];
    const std::vector<Value> key_values{Value(key)};
    RowState& row = changing(tables_, table, encode_key(key_values));
    const ColumnId id = column_id(entry, column, last_writer());
    const Rule& rule = entry.rules[id];
    const Value before = normal_form(rule, shown_value(table, entry, row, id));
    const Value after = normal_form(rule, value);
    row.touch(stamp);
    if (before != after) record_change(rule, row.at(id), before, after, {stamp, stamp.dot.counter});
    row.drop_empty_columns();
  });
}

void MemoryReplica::erase(const std::string& table, const std::string& key) {
  commit([&](const Stamp& stamp) {
    const std::vector<Value> key_values{Value(key)};
    changing(tables_, table, encode_key(key_values)).erase(stamp);
  });
}

Value MemoryReplica::shown_value(const std::string& name, const Table& table, const RowState& row,
                                 ColumnId column) const {
  const Entries* entries = row.find(column);
  if (entries == nullptr) return {};
  const Value none;
  return show(table.rules[column], *entries,
              {name, table.columns[column].name, row.births, none, nullptr, false});
}

MemoryReplica::ShownTables MemoryReplica::shown() const {
  const std::lock_guard lock(mutex_);
  ShownTables result;
  for (const auto& [name, table] : tables_) {
    for (const auto& [key, row] : table.rows) {
      if (!row.alive(DeletePolicy::update_wins)) continue;
      ShownRow& out = result[name][decode_key(key).front().text()];
      for (ColumnId id = 0; id < table.columns.size(); ++id) {
        const Value value = shown_value(name, table, row, id);
        if (!value.is_null()) out[table.columns[id].name] = value;
      }
    }
  }
  return result;
}

VersionVector MemoryReplica::vector() const {
  const std::lock_guard lock(mutex_);
  return vector_;
}

std::string MemoryReplica::fingerprint() const {
  const std::lock_guard lock(mutex_);
  ByteWriter writer;
  writer.version_vector(vector_);
  for (const auto& [name, table] : tables_) {
    writer.string(name);
    for (const auto& [key, row] : table.rows) {
      writer.string(key);
      writer.string(encode(row));
    }
  }
  return writer.take();
}

ReplicaSummary MemoryReplica::summary() {
  const std::lock_guard lock(mutex_);
  ReplicaSummary result;
  result.id = id_;
  result.nonce = nonce_;
  result.opening = opening_of(*this);
  result.vector = vector_;
  result.epochs = epochs_.tips();
  result.forks = forks_;
  for (const auto& [sender, stage] : stages_) {
    if (stage.chunks.empty()) continue;
    result.inboxes.push_back({stage.opening, static_cast<std::uint32_t>(stage.chunks.size()),
                              stage.chunks.back().position});
  }
  for (const auto& [name, table] : tables_) {
    TableSummary& summary = result.tables.emplace_back();
    summary.name = name;
    for (std::size_t id = 0; id < table.columns.size(); ++id) {
      summary.columns.push_back(
          {table.columns[id].name, table.rules[id].name(), table.rules[id].version()});
    }
  }
  return result;
}

void MemoryReplica::renew() {
  // Any id that nobody has: tests use one byte, repeated, and no epoch twice.
  ++id_.bytes[1];
  ++id_.bytes[15];
  for (std::size_t byte = 0; byte < 6; ++byte) {
    id_.bytes[byte + 2] ^= static_cast<std::uint8_t>(epoch_ >> (8 * byte));
  }
  wrote_ = false;
}

void MemoryReplica::adopt_forks(const Forks& forks) {
  forks_ = forks;
  if (forks_.concerns(id_)) renew();
  const Renaming renaming(forks_, epochs_);
  vector_ = renaming.apply(vector_);
  epochs_ = renaming.apply(epochs_);
  for (auto& [name, table] : tables_) {
    for (auto& [key, row] : table.rows) renaming.apply(row);
  }
  stages_.clear();
}

std::optional<ReplicaId> MemoryReplica::check_history(const ReplicaSummary& peer) {
  const std::lock_guard lock(mutex_);
  if (peer.opening == opening_of(*this)) {
    throw Error(ErrorCode::forked, "both sides are the same replica");
  }
  if (forks_ != peer.forks) {
    Forks all = forks_;
    all.add(peer.forks);
    if (all != forks_) adopt_forks(all);
    throw Error(ErrorCode::renamed, "the two sides had other certificates");
  }
  const auto look_up = [&](const Dot& dot) { return epochs_.look_up(dot); };
  if (const auto fork = find_fork(vector_, peer.vector, peer.epochs, look_up)) return fork->replica;
  const bool same = peer.id == id_ && peer.vector[id_] == vector_[id_];
  if (same || peer.vector[id_] > vector_[id_]) renew();
  return std::nullopt;
}

ReplicaHistory MemoryReplica::history(const ReplicaId& replica) {
  const std::lock_guard lock(mutex_);
  return {replica, vector_[replica], epochs_.history(replica)};
}

void MemoryReplica::settle_fork(const ReplicaHistory& peer) {
  const std::lock_guard lock(mutex_);
  const auto certificate =
      find_certificate(peer.replica, std::min(vector_[peer.replica], peer.counter),
                       epochs_.history(peer.replica), peer.epochs);
  if (!certificate) return;
  Forks forks = forks_;
  if (!forks.add(*certificate)) {
    throw Error(ErrorCode::forked, "two files made different events under the same dots");
  }
  adopt_forks(forks);
}

std::unique_ptr<ChangeStream> MemoryReplica::changes_since(
    const VersionVector& known, SpaceId space, const std::optional<InboxSummary>& received) {
  const std::lock_guard lock(mutex_);
  const bool resumed = received && received->opening == opening_of(*this);
  Delta delta;
  delta.space = space;
  delta.sender = id_;
  delta.opening = opening_of(*this);
  delta.chunk = resumed ? received->chunks : 0;
  for (const auto& [replica, counter] : vector_) {
    if (known[replica] > 0) delta.known.raise({replica, std::min(known[replica], counter)});
  }
  delta.sender_vector = vector_;
  delta.position = place_;
  delta.names = forks_.names();
  delta.epochs = epochs_.between(delta.known, vector_);
  Stream::Rows rows;
  for (const auto& [name, table] : tables_) {
    const auto index = static_cast<std::uint32_t>(delta.tables.size());
    bool used = false;
    for (const auto& [key, row] : table.rows) {
      const std::uint64_t place = table.places.at(key);
      if (resumed && place <= received->position) continue;
      RowFragment fragment = fragment_beyond(row, known);
      if (empty(fragment)) continue;
      fragment.table = index;
      fragment.key = key;
      rows.emplace(place, std::move(fragment));
      used = true;
    }
    if (used) delta.tables.push_back({name, table.columns});
  }
  return std::make_unique<Stream>(std::move(delta), std::move(rows), vector_ <= known);
}

bool MemoryReplica::join_chunk(Tables& tables, const VersionVector& seen, const Delta& delta,
                               std::uint64_t& rows_changed) {
  bool changed = false;
  for (RowFragment fragment : delta.rows) {
    const DeltaTable& theirs = delta.tables.at(fragment.table);
    Table& mine = tables[theirs.name];
    for (auto& [id, column] : fragment.columns) {
      id = column_id(mine, theirs.columns.at(id).name, last_writer());
    }
    std::ranges::sort(fragment.columns, {}, [](const auto& item) { return item.first; });
    mine.places.emplace(fragment.key, place_);
    if (join(mine.rows[fragment.key], seen, fragment, delta.range())) {
      mine.places[fragment.key] = ++place_;
      ++rows_changed;
      changed = true;
    }
  }
  return changed;
}

void MemoryReplica::check_epochs(const Delta& delta) {
  const std::vector<Epoch> ours = epochs_.between(delta.known, delta.sender_vector);
  if (first_difference(ours, delta.epochs, vector_)) {
    throw Error(ErrorCode::renamed, "two files made different events under the same dots");
  }
  if (delta.sender_vector[id_] > vector_[id_]) renew();
  for (const Epoch& epoch : delta.epochs) epochs_.add(epoch);
}

ReceiveResult MemoryReplica::stage(Delta delta) {
  if (delta.names != forks_.names()) {
    throw Error(ErrorCode::renamed, "the sender has other certificates");
  }
  if (!(delta.known <= vector_)) {
    throw Error(ErrorCode::causality_gap, "the delta starts beyond what was seen");
  }
  Stage& stage = stages_[delta.sender];
  if (delta.chunk == 0 || stage.opening != delta.opening) stage = {delta.opening, {}};
  if (delta.chunk != stage.chunks.size()) {
    throw Error(ErrorCode::protocol, "a chunk came out of order");
  }
  stage.chunks.push_back(std::move(delta));
  if (!stage.chunks.back().last) return {};

  check_epochs(stage.chunks.back());
  ReceiveResult result;
  Tables joined = tables_;
  VersionVector vector = vector_;
  for (const Delta& chunk : stage.chunks) {
    join_chunk(joined, vector_, chunk, result.rows_changed);
    vector.merge(chunk.sender_vector);
  }
  stage.chunks.clear();
  tables_ = std::move(joined);
  vector_ = vector;
  result.applied = true;
  result.vector = std::move(vector);
  ++deltas_applied_;
  return result;
}

ReceiveResult MemoryReplica::receive(std::string_view encoded_delta) {
  ++chunks_received_;
  std::function<void()> hook;
  {
    const std::lock_guard lock(mutex_);
    hook = before_receive_;
  }
  if (hook) hook();
  Delta delta = decode_delta(encoded_delta);
  rows_received_ += delta.rows.size();
  ReceiveResult result;
  bool raised = false;
  {
    const std::lock_guard lock(mutex_);
    const VersionVector before = vector_;
    result = stage(std::move(delta));
    raised = vector_ != before;
  }
  if (raised) notify();
  return result;
}

std::unique_ptr<DigestScan> MemoryReplica::digest_scan(const std::vector<std::uint32_t>& listed) {
  ++scans_;
  const std::lock_guard lock(mutex_);
  RowDigests digests(listed);
  for (const auto& [name, table] : tables_) {
    std::map<std::string, ColumnId> columns;
    for (ColumnId id = 0; id < table.columns.size(); ++id) columns[table.columns[id].name] = id;
    for (const auto& [key, row] : table.rows) {
      if (!row.alive(DeletePolicy::update_wins)) continue;
      ByteWriter writer;
      for (const auto& [column, id] : columns) {
        const Entries* entries = row.find(id);
        if (entries == nullptr) continue;
        writer.string(column);
        for (const Entry& entry : *entries) {
          writer.replica(entry.id.dot.replica);
          writer.varint(entry.id.dot.counter);
          writer.value(entry.value);
        }
      }
      digests.add(name, key, writer.view());
    }
  }
  return std::make_unique<Scan>(vector_, std::move(digests));
}

void MemoryReplica::damage(const std::string& table, const std::string& key,
                           const std::string& column, const Value& value) {
  const std::lock_guard lock(mutex_);
  Table& entry = tables_.at(table);
  const std::vector<Value> key_values{Value(key)};
  const ColumnId id = column_id(entry, column, last_writer());
  for (Entry& held : entry.rows.at(encode_key(key_values)).at(id)) held.value = value;
}

void MemoryReplica::lose(const std::string& table, const std::string& key) {
  const std::lock_guard lock(mutex_);
  const std::vector<Value> key_values{Value(key)};
  tables_.at(table).rows.erase(encode_key(key_values));
  tables_.at(table).places.erase(encode_key(key_values));
}

void MemoryReplica::before_receive(std::function<void()> hook) {
  const std::lock_guard lock(mutex_);
  before_receive_ = std::move(hook);
}

Subscription MemoryReplica::on_vector_change(std::function<void()> changed) {
  auto observer = std::make_shared<Observer>();
  observer->changed = std::move(changed);
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(observers_, [](const auto& weak) { return weak.expired(); });
    observers_.push_back(observer);
  }
  return Subscription([observer] {
    const std::lock_guard lock(observer->mutex);
    observer->changed = nullptr;
  });
}

void MemoryReplica::notify() {
  std::vector<std::weak_ptr<Observer>> observers;
  {
    const std::lock_guard lock(mutex_);
    observers = observers_;
  }
  for (const auto& weak : observers) {
    const auto observer = weak.lock();
    if (!observer) continue;
    const std::lock_guard lock(observer->mutex);
    if (observer->changed) observer->changed();
  }
}

}  // namespace rill::test
