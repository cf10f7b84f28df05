#include "oracle/run.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "rill/delta.hpp"
#include "rill/error.hpp"

namespace oracle {
namespace {

/// 2023, and ten minutes per history: later histories begin after all that came before.
constexpr std::uint64_t kBeginMs = 1'700'000'000'000;
constexpr std::uint64_t kHistoryMs = 600'000;

std::string name_of(std::size_t replica) { return "r" + std::to_string(replica); }

std::uint64_t counter_of(rill::Database& database, const ReplicaBytes& id) {
  return database.vector()[rill::ReplicaId{id}];
}

}  // namespace

Run::Run(const Plan& plan, std::vector<std::unique_ptr<Site>>& sites, std::int64_t ordinal,
         Fault fault, Statistics& statistics, std::uint64_t& hash)
    : plan_(plan),
      sites_(sites),
      keys_{ordinal},
      statistics_(statistics),
      hash_(hash),
      world_ms_(kBeginMs + static_cast<std::uint64_t>(ordinal) * kHistoryMs),
      history_(plan.shape, fault),
      seen_(sites.size()),
      staged_(sites.size()),
      editors_(sites.size()) {
  for (const auto& site : sites_) vectors_.push_back(vector_of(site->database().vector()));
  advance(0);
}

void Run::advance(std::uint64_t ms) {
  world_ms_ += ms;
  for (const auto& site : sites_) site->set_time(world_ms_);
}

void Run::step(const Step& step) {
  advance(step.advance_ms);
  switch (step.kind) {
    case Step::Kind::write:
      return write(step);
    case Step::Kind::pull:
      return deliver(step.replica, pack(step.peer, step.replica, step.chunk_bytes), 0, SIZE_MAX);
    case Step::Kind::exchange: {
      const Parcel there = pack(step.replica, step.peer, step.chunk_bytes);
      const Parcel back = pack(step.peer, step.replica, step.chunk_bytes);
      deliver(step.peer, there, 0, SIZE_MAX);
      return deliver(step.replica, back, 0, SIZE_MAX);
    }
    case Step::Kind::pack:
      slots_.at(step.slot) =
          std::make_shared<const Parcel>(pack(step.peer, step.replica, step.chunk_bytes));
      return;
    case Step::Kind::deliver:
      return deliver_slot(step);
    case Step::Kind::restart:
      return restart(step.replica);
    case Step::Kind::resolve:
      return resolve(step);
    case Step::Kind::adopt:
      return adopt(step.replica);
    case Step::Kind::open:
      return open_editor(step);
    case Step::Kind::type:
      return type(step);
    case Step::Kind::save:
      return save(step);
    case Step::Kind::refresh:
      return refresh(step.replica, step.slot);
  }
}

// Local writes -----------------------------------------------------------------------------------

Author Run::begin(std::size_t replica) {
  Site& site = *sites_[replica];
  Event event;
  event.replica = site.id();
  event.counter = vectors_[replica][site.id()] + 1;
  event.time = site.clock().peek(site.wall_ms());
  event.past = seen_[replica];
  return {history_, std::move(event), site.current_schema()};
}

bool Run::run_statement(Site& site, Author& author, const Statement& statement) {
  const bool done = oracle::run_statement(site, author, statement, plan_.shape, keys_);
  ++statistics_.statements;
  if (!done) ++statistics_.failed_statements;
  return done;
}

bool Run::run_block(const Step& step, Author& author, const Block& block) {
  bool any_done = false;
  auto before = author.operations();
  for (const Statement& statement : block.statements) {
    any_done |= statement.kind == Statement::Kind::save
                    ? save(step.replica, statement.target, author)
                    : run_statement(*sites_[step.replica], author, statement);
  }
  if (block.undone) author.restore(std::move(before));
  return any_done;
}

void Run::write(const Step& step) {
  Site& site = *sites_[step.replica];
  Author author = begin(step.replica);
  bool any_done = false;
  site.transaction(step, [&](const Block& block) { any_done |= run_block(step, author, block); });
  if (step.aborted) author.restore({});
  commit(step.replica, author, step.aborted || (step.autocommit && !any_done));
  refresh_saved(step);
  check_tables(step.replica);
}

void Run::commit(std::size_t replica, Author& author, bool must_be_undone) {
  Site& site = *sites_[replica];
  std::uint64_t& known = vectors_[replica][site.id()];
  const std::uint64_t counter = counter_of(site.database(), site.id());
  Event& event = history_.event(author.event());
  if (must_be_undone && counter != known)
    throw Mismatch("a transaction that was rolled back took a dot");
  if (!event.operations.empty() && counter == known) throw Mismatch("a transaction took no dot");
  if (counter > known + 1) throw Mismatch("a transaction took more than one dot");
  if (counter == known) {
    history_.drop_last();
    if (known == 0) vectors_[replica].erase(site.id());
    return;
  }
  known = counter;
  site.clock().take(event.time);
  seen_[replica].set(author.event());
  ++statistics_.events;
}

void Run::resolve(const Step& step) {
  Site& site = *sites_[step.replica];
  const Table& table = plan_.shape.tables[step.table];
  const Column& column = table.columns[step.column];
  if (!knows(site.current_schema(), table, column)) return;

  Author author = begin(step.replica);
  const RowView row = author.view(step.table, step.key);
  const bool conflict = row.alive && row.columns[step.column].siblings.size() > 1;
  if (conflict) author.rewrite(step.table, step.key, step.column);

  std::vector<rill::Value> key;
  for (const Cell& cell : keys_.cells(table, step.key)) key.push_back(value_of(cell));
  bool found = true;
  bool resolved = false;
  try {
    resolved = site.database().resolve(table.name, key, column.name);
  } catch (const rill::Error& error) {
    if (error.code() != rill::ErrorCode::not_found) throw;
    found = false;
  }
  if (found != row.alive)
    throw Mismatch(found ? "resolve() found no row" : "resolve() found a row");
  if (resolved != conflict) throw Mismatch("resolve() is wrong about whether there is a conflict");
  if (resolved) ++statistics_.resolved;
  commit(step.replica, author, !conflict);
  check_tables(step.replica);
}

void Run::restart(std::size_t replica) {
  for (auto& editor : editors_[replica]) editor.reset();
  sites_[replica]->restart();
  ++statistics_.restarts;
  check_vector(replica);
  check_tables(replica);
}

void Run::adopt(std::size_t replica) {
  if (sites_[replica]->current_schema()) return;
  // It may take a dot, one that says nothing.
  Author author = begin(replica);
  sites_[replica]->adopt();
  commit(replica, author, false);
  ++statistics_.adoptions;
  check_vector(replica);
  check_tables(replica);
}

// Sync -------------------------------------------------------------------------------------------

Parcel Run::pack(std::size_t sender, std::size_t receiver, std::size_t chunk_bytes) {
  Parcel parcel;
  parcel.seen = seen_[sender];
  parcel.known = vectors_[receiver];
  const auto stream =
      sites_[sender]->database().changes_since(sites_[receiver]->database().vector());
  while (auto chunk = stream->next(chunk_bytes)) {
    check_times(*chunk);
    parcel.chunks.push_back(*std::move(chunk));
  }
  parcel.vector = vector_of(stream->sender_vector());
  if (parcel.vector != vectors_[sender]) {
    throw Mismatch(name_of(sender) + " sends another vector than its own");
  }
  if (parcel.chunks.empty() != covered(vectors_[sender], vectors_[receiver])) {
    throw Mismatch(
        name_of(sender) + (parcel.chunks.empty() ? " has news for " : " has no news for ") +
        name_of(receiver) + ", and yet sends " + std::to_string(parcel.chunks.size()) + " chunks");
  }
  ++statistics_.syncs;
  return parcel;
}

void Run::check_times(const std::string& chunk) const {
  const rill::Delta delta = rill::decode_delta(chunk);
  const auto check = [&](const rill::ColumnFragment& fragment) {
    for (const rill::Entry& entry : fragment.fresh) {
      for (std::size_t index = 0; index < history_.size(); ++index) {
        const Event& event = history_.event(index);
        if (event.replica != entry.id.dot.replica.bytes) continue;
        if (event.counter != entry.id.dot.counter || event.time == entry.time.bits) continue;
        throw Mismatch(
            "event " + std::to_string(index) + " has the time " + std::to_string(entry.time.ms()) +
            ":" + std::to_string(entry.time.counter()) + " instead of " +
            std::to_string(event.time >> 16U) + ":" + std::to_string(event.time & 0xFFFFU));
      }
    }
  };
  for (const rill::RowFragment& row : delta.rows) {
    if (row.existence) check(*row.existence);
    if (row.births) check(*row.births);
    for (const auto& [column, fragment] : row.columns) check(fragment);
  }
}

void Run::deliver_slot(const Step& step) {
  const auto& parcel = slots_.at(step.slot);
  if (!parcel) return;
  Staged& staged = staged_[step.replica];
  // A part must follow the one before it.
  if (step.first_chunk != 0 && (staged.parcel != parcel || staged.chunks != step.first_chunk)) {
    return;
  }
  const std::size_t end = std::min(parcel->chunks.size(),
                                   step.first_chunk + std::min(step.chunks, parcel->chunks.size()));
  deliver(step.replica, *parcel, step.first_chunk, step.chunks);
  if (end < parcel->chunks.size()) staged = {parcel, end};
}

void Run::deliver(std::size_t replica, const Parcel& parcel, std::size_t first, std::size_t count) {
  staged_[replica] = {};
  if (parcel.chunks.empty()) return;
  // A delta may say less of where it starts than it was asked: what its sender has seen, too.
  const bool may_refuse = !covered(parcel.known, vectors_[replica]);
  const bool must_refuse = !covered(common(parcel.known, parcel.vector), vectors_[replica]);
  bool refused = false;
  for (std::size_t i = first; i < parcel.chunks.size() && i - first < count && !refused; ++i) {
    const bool last = i + 1 == parcel.chunks.size();
    try {
      const auto result = sites_[replica]->database().receive(parcel.chunks[i]);
      ++statistics_.chunks;
      if (last && must_refuse) throw Mismatch("a delta that starts beyond the vector was applied");
      if (result.applied != last) throw Mismatch("a chunk was applied that is not the last");
      if (last) complete(replica, parcel);
      if (vector_of(result.vector) != (last ? vectors_[replica] : Vector{})) {
        throw Mismatch("receive() returns another vector than what it has seen");
      }
    } catch (const rill::Error& error) {
      if (!may_refuse || error.code() != rill::ErrorCode::causality_gap) throw;
      refused = true;
      ++statistics_.gaps;
    }
  }
  check_vector(replica);
  check_tables(replica);
}

void Run::complete(std::size_t replica, const Parcel& parcel) {
  Site& site = *sites_[replica];
  const EventSet news = parcel.seen & ~seen_[replica];
  for (std::size_t index = 0; index < history_.size(); ++index) {
    if (!news[index] || history_.event(index).operations.empty()) continue;
    site.clock().observe(history_.event(index).time, site.wall_ms());
  }
  seen_[replica] |= parcel.seen;
  merge_into(vectors_[replica], parcel.vector);
}

void Run::finish() {
  // All to one, and from there to all.
  for (std::size_t sender = 1; sender < sites_.size(); ++sender) {
    deliver(0, pack(sender, 0, 100'000), 0, SIZE_MAX);
  }
  for (std::size_t receiver = 1; receiver < sites_.size(); ++receiver) {
    deliver(receiver, pack(0, receiver, 100'000), 0, SIZE_MAX);
  }
  std::vector<std::string> digests(2);
  for (std::size_t replica = 0; replica < sites_.size(); ++replica) {
    if (vectors_[replica] != vectors_[0])
      throw Mismatch("the vectors differ after a full exchange");
    check_tables(replica);
    statistics_.conflicts += comparison(replica).conflicts();
    comparison(replica).kept_texts();
    std::string& expected = digests[sites_[replica]->current_schema() ? 1 : 0];
    const std::string digest = sites_[replica]->database().digest();
    if (expected.empty()) expected = digest;
    if (digest != expected) throw Mismatch("the digest of " + name_of(replica) + " differs");
  }
  check_silence();
}

void Run::check_silence() {
  for (std::size_t sender = 0; sender < sites_.size(); ++sender) {
    rill::Database& receiver = sites_[(sender + 1) % sites_.size()]->database();
    const auto stream = sites_[sender]->database().changes_since(receiver.vector());
    if (stream->next(1000)) throw Mismatch("there is something to send after all was sent");
  }
}

}  // namespace oracle
