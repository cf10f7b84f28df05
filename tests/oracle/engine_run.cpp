#include "oracle/engine_run.hpp"

#include <algorithm>
#include <utility>

#include "oracle/engine_world.hpp"
#include "oracle/site.hpp"

namespace oracle {

EngineRun::EngineRun(const Plan& plan, Fault fault, Statistics& statistics, std::uint64_t& hash)
    : plan_(plan),
      statistics_(statistics),
      hash_(hash),
      history_(plan.shape, fault),
      seen_(plan.devices.size()),
      staged_(plan.devices.size()) {
  sites_.reserve(plan.devices.size());
  for (std::size_t number = 0; number < plan.devices.size(); ++number) {
    sites_.emplace_back(plan, number);
  }
  advance(0);
}

void EngineRun::advance(std::uint64_t ms) {
  world_ms_ += ms;
  for (EngineSite& site : sites_) site.set_time(world_ms_);
}

void EngineRun::step(const Step& step) {
  advance(step.advance_ms);
  switch (step.kind) {
    case Step::Kind::write:
      return write(step);
    case Step::Kind::pull:
      return deliver(step.replica, pack(step.peer, step.replica, step.chunk_bytes));
    case Step::Kind::exchange: {
      const Parcel there = pack(step.replica, step.peer, step.chunk_bytes);
      const Parcel back = pack(step.peer, step.replica, step.chunk_bytes);
      deliver(step.peer, there);
      return deliver(step.replica, back);
    }
    case Step::Kind::pack:
      slots_.at(step.slot) =
          std::make_shared<const Parcel>(pack(step.peer, step.replica, step.chunk_bytes));
      return;
    case Step::Kind::deliver:
      return deliver_slot(step);
    case Step::Kind::restart:
      ++statistics_.restarts;
      return sites_[step.replica].restart();
    case Step::Kind::resolve:
      return resolve(step);
    case Step::Kind::adopt:
      ++statistics_.adoptions;
      sites_[step.replica].adopt();
      return check(step.replica);
    default:
      return;
  }
}

// Local writes -----------------------------------------------------------------------------------

Author EngineRun::begin(std::size_t replica, const rill::Stamp& stamp) {
  Event event;
  event.replica = stamp.dot.replica.bytes;
  event.counter = stamp.dot.counter;
  event.time = stamp.time.bits;
  event.past = seen_[replica];
  return {history_, std::move(event), sites_[replica].current_schema()};
}

void EngineRun::tell(std::size_t first, EngineSite& site, const Author& author,
                     const rill::Stamp& stamp) {
  const std::vector<Operation>& operations = author.operations();
  for (std::size_t index = first; index < operations.size(); ++index) {
    const Operation& operation = operations[index];
    const bool erases = operation.kind == Operation::Kind::erase;
    site.write(operation, erases ? RowView() : author.view(operation.table, operation.key), stamp);
  }
}

void EngineRun::run(Statement statement, EngineSite& site, Author& author,
                    const rill::Stamp& stamp) {
  // Of several operations on one row, only the last shows what it leaves.
  auto& rows = statement.rows;
  if (rows.size() > 1 && rows.front().key == rows.back().key) rows.resize(1);
  const std::size_t first = author.operations().size();
  ++statistics_.statements;
  if (author.run(statement)) {
    tell(first, site, author, stamp);
  } else {
    ++statistics_.failed_statements;
  }
}

void EngineRun::write(const Step& step) {
  EngineSite& site = sites_[step.replica];
  const rill::Stamp stamp = site.next_stamp();
  Author author = begin(step.replica, stamp);
  const auto rows = step.aborted ? site.rows() : std::vector<rill::RowState>();
  for (const Block& block : step.blocks) {
    auto operations = author.operations();
    auto before = block.undone ? site.rows() : std::vector<rill::RowState>();
    for (const Statement& statement : block.statements) run(statement, site, author, stamp);
    if (!block.undone) continue;
    author.restore(std::move(operations));
    site.restore(std::move(before));
  }
  if (step.aborted) {
    author.restore({});
    site.restore(rows);
  }
  commit(step.replica, author, stamp);
}

void EngineRun::commit(std::size_t replica, const Author& author, const rill::Stamp& stamp) {
  const std::vector<Operation>& operations = author.operations();
  if (operations.empty()) return history_.drop_last();
  sites_[replica].commit(stamp);
  seen_[replica].set(author.event());
  ++statistics_.events;
  for (const Operation& operation : operations) check_row(replica, operation.table, operation.key);
}

void EngineRun::resolve(const Step& step) {
  EngineSite& site = sites_[step.replica];
  const Table& table = plan_.shape.tables[step.table];
  if (!knows(site.current_schema(), table, table.columns[step.column])) return;
  const rill::Stamp stamp = site.next_stamp();
  Author author = begin(step.replica, stamp);
  const RowView row = author.view(step.table, step.key);
  if (row.alive && row.columns[step.column].siblings.size() > 1) {
    author.rewrite(step.table, step.key, step.column);
    tell(0, site, author, stamp);
    ++statistics_.resolved;
  }
  commit(step.replica, author, stamp);
}

// Sync -------------------------------------------------------------------------------------------

EngineRun::Parcel EngineRun::pack(std::size_t sender, std::size_t receiver,
                                  std::size_t chunk_bytes) {
  ++statistics_.syncs;
  return {sites_[sender].changes_since(sites_[receiver].seen(), chunk_bytes), seen_[sender],
          seen_[sender] & seen_[receiver]};
}

void EngineRun::deliver_slot(const Step& step) {
  const auto& parcel = slots_.at(step.slot);
  if (!parcel) return;
  if (step.first_chunk != 0 && staged_[step.replica] != parcel) return;
  staged_[step.replica].reset();
  // A part waits in the inbox, which is a database's affair, until the other one comes.
  if (step.first_chunk == 0 && step.chunks < parcel->chunks.size()) {
    staged_[step.replica] = parcel;
    return;
  }
  deliver(step.replica, *parcel);
}

void EngineRun::deliver(std::size_t replica, const Parcel& parcel) {
  const bool must_refuse = (parcel.known & ~seen_[replica]).any();
  if (sites_[replica].receive(parcel.chunks) == must_refuse) {
    throw Mismatch(must_refuse ? "a delta that starts beyond the vector was applied"
                               : "a delta was refused");
  }
  statistics_.chunks += parcel.chunks.size();
  if (must_refuse) {
    ++statistics_.gaps;
    return;
  }
  // Without news nothing can change: what changes all the same shows in the end.
  if ((parcel.seen & ~seen_[replica]).none()) return;
  seen_[replica] |= parcel.seen;
  check_vector(replica);
  check(replica);
}

// What is compared -------------------------------------------------------------------------------

void EngineRun::check(std::size_t replica) {
  for (std::size_t table = 0; table < plan_.shape.tables.size(); ++table) {
    for (std::size_t key = 0; key < kKeys; ++key) check_row(replica, table, key);
  }
}

void EngineRun::check_row(std::size_t replica, std::size_t table, std::size_t key) {
  const EngineSite& site = sites_[replica];
  const Table& shape = plan_.shape.tables[table];
  if (shape.late && !site.current_schema()) return;
  const RowView expected = history_.row(table, key, seen_[replica]);
  const rill::ShownRow actual = site.shown(table, key);
  const auto fail = [&](const std::string& what, const std::string& wanted,
                        const std::string& found) {
    throw Mismatch(shape.name + "[" + std::to_string(key) + "]" + what + " of r" +
                   std::to_string(replica) + ": expected " + wanted + ", not " + found);
  };
  hash_ = (hash_ ^ (actual.alive ? 1U : 2U)) * 0x100000001b3U;
  if (actual.alive != expected.alive) {
    fail("", expected.alive ? "a row" : "none", actual.alive ? "a row" : "none");
  }
  if (!expected.alive) return;
  for (std::size_t column = 0; column < shape.columns.size(); ++column) {
    if (!knows(site.current_schema(), shape, shape.columns[column])) continue;
    const Cell wanted = cell_of(shape.columns[column].family, expected.columns[column].shown);
    const Cell found = cell_of(actual.values[column]);
    if (found == wanted) continue;
    fail("." + shape.columns[column].name, sql_literal(wanted), sql_literal(found));
  }
}

void EngineRun::check_vector(std::size_t replica) const {
  rill::VersionVector expected;
  for (std::size_t index = 0; index < history_.size(); ++index) {
    if (!seen_[replica][index]) continue;
    const Event& event = history_.event(index);
    expected.raise({rill::ReplicaId{event.replica}, event.counter});
  }
  if (sites_[replica].seen() == expected) return;
  throw Mismatch("the vector of r" + std::to_string(replica) + " is not what it has seen");
}

void EngineRun::finish() {
  for (std::size_t sender = 1; sender < sites_.size(); ++sender) {
    deliver(0, pack(sender, 0, 100'000));
  }
  for (std::size_t receiver = 1; receiver < sites_.size(); ++receiver) {
    deliver(receiver, pack(0, receiver, 100'000));
  }
  for (const EngineSite& site : sites_) {
    if (site.rows() == sites_.front().rows()) continue;
    throw Mismatch("replicas that have seen the same hold different entries");
  }
}

std::optional<Failure> EngineWorld::run(const Script& script, std::int64_t /*ordinal*/, Fault fault,
                                        Statistics& statistics, std::uint64_t& hash) {
  ++statistics.histories;
  statistics.least_replicas = std::min(statistics.least_replicas, plan_.devices.size());
  statistics.most_replicas = std::max(statistics.most_replicas, plan_.devices.size());
  std::size_t step = 0;
  try {
    EngineRun run(plan_, fault, statistics, hash);
    for (; step < script.size(); ++step) run.step(script[step]);
    run.finish();
  } catch (const std::exception& error) {
    return Failure{step, error.what()};
  }
  return std::nullopt;
}

}  // namespace oracle
