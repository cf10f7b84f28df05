#include <string>
#include <string_view>
#include <utility>

#include "rill/error.hpp"
#include "simulation/life.hpp"

// What devices write, and what became of it.

namespace simulation {

namespace {

/// As whom the file writes, and how far that has come, for people.
std::string name_of(const Holdings& holdings) {
  std::string name;
  for (std::size_t index = 0; index < 4; ++index) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    name += kDigits[holdings.self.at(index) >> 4U];
    name += kDigits[holdings.self.at(index) & 15U];
  }
  return name + ":" + std::to_string(holdings.counter);
}

bool is_new(const Holdings& before, const Holdings& after) {
  return after.counter > (after.self == before.self ? before.counter : 0);
}

}  // namespace

void Life::visit(Device& device, const oracle::Step& step) {
  const std::unique_ptr<oracle::Site> visitor = device.visitor();
  try {
    visitor->open();
    if (device.site.current_schema() && !visitor->current_schema()) visitor->adopt();
  } catch (const rill::Error& error) {
    expect_trouble(device, error, "another process's opening");
    visitor->close();
    return touched(device);
  }
  statistics_.faults.add(Fault::other_process);
  write(device, *visitor, step);
}

bool Life::run(Device& device, oracle::Site& site, oracle::Author& author,
               const oracle::Step& step) {
  const auto save = [&](std::size_t slot) {
    auto& editor = device.editors.at(slot);
    oracle::CatchUp caught_up{};
    return &site == &device.site && editor && editor->save(author, caught_up);
  };
  bool any_done = false;
  site.transaction(step, [&](const oracle::Block& block) {
    auto before = author.operations();
    for (const oracle::Statement& statement : block.statements) {
      any_done |= statement.kind == oracle::Statement::Kind::save
                      ? save(statement.target)
                      : oracle::run_statement(site, author, statement, script_.plan.shape, keys_);
    }
    if (block.undone) author.restore(std::move(before));
  });
  if (step.aborted) author.restore({});
  return any_done;
}

void Life::write(Device& device, oracle::Site& site, const oracle::Step& step) {
  const std::set<std::size_t> slots = step.saved_slots();
  if (!slots.empty() && !follow_names(device)) return touched(device);
  const bool failed = transact(device, site, step.aborted, [&](oracle::Author& author) {
    const bool any_done = run(device, site, author, step);
    return step.aborted || (step.autocommit && !any_done);
  });
  for (const std::size_t slot : slots) {
    if (failed) device.editors.at(slot).reset();
    refresh(device, slot);
  }
  touched(device);
}

bool Life::transact(Device& device, oracle::Site& site, bool undone,
                    const std::function<bool(oracle::Author&)>& run) {
  if (ledger_.full()) return false;
  const std::optional<Holdings> before = look(device);
  if (!before) return true;
  ledger_.name_as(*before);
  oracle::Event event;
  event.replica = before->self;
  event.counter = before->counter + 1;
  event.time = before->time;
  event.past = ledger_.seen(*before);
  oracle::Author author(ledger_.history(), std::move(event), site.current_schema());
  std::optional<rill::Error> failure;
  try {
    undone = run(author);
  } catch (const rill::Error& error) {
    failure = error;
  }
  ++statistics_.transactions;
  conclude(device, author.event(), *before, failure, undone);
  return failure.has_value();
}

void Life::conclude(Device& device, std::size_t index, const Holdings& before,
                    const std::optional<rill::Error>& error, bool undone) {
  oracle::History& history = ledger_.history();
  if (error && !device.disk.is_down()) expect_trouble(device, *error, "a transaction");
  const std::optional<Holdings> after = look(device);
  const bool shows = after && is_new(before, *after);
  if (!after || (error && !undone && !shows)) {
    device.pending.push_back({index, before.self, before.counter + 1});
    if (!after && !device.disk.is_down() && device.up()) stop(device);
    return;
  }
  if (!shows) {
    if (!undone && !history.event(index).operations.empty()) {
      throw Violation("a transaction of " + device.name() + " took no dot: " + name_of(*after) +
                      " after " + name_of(before));
    }
    return history.drop_last();
  }
  if (undone) throw Violation("a transaction that was rolled back took a dot");
  if (after->self == before.self && after->counter > before.counter + 1) {
    throw Violation("a transaction took more than one dot");
  }
  oracle::Event& event = history.event(index);
  history.rename(index, after->self);
  event.counter = after->counter;
  event.time = after->time;
  const auto epoch = after->epoch_of(after->self, after->counter);
  if (!epoch) throw Violation("an event without an epoch");
  ledger_.commit(index, *epoch, after->counter);
  device.seen.set(index);
  device.pending.clear();
  if (error) return;  // it was done all the same, but nobody was told
  device.committed.set(index);
  if (device.terms().durability == rill::Durability::full) device.owed.set(index);
  for (const auto& connection : connections_) connection->changed(device);
  compare(device, false);
}

}  // namespace simulation
