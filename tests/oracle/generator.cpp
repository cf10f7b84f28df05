#include "oracle/generator.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace oracle {
namespace {

/// Draws the steps of one history.
class ScriptWriter {
 public:
  ScriptWriter(std::uint64_t seed, const Plan& plan, const Flavour& flavour)
      : random_(seed * 2), plan_(plan), keys_(1 + random_.below(kKeys)) {
    steps_ = flavour.brief ? 5 + random_.below(8) : 10 + random_.below(16);
    if (flavour.steps != 0) steps_ = flavour.steps;
    creators_.resize(plan.shape.tables.size() * kKeys);
    for (std::size_t table = 0; table < plan.shape.tables.size(); ++table) {
      const auto& columns = plan.shape.tables[table].columns;
      for (std::size_t column = 0; column < columns.size(); ++column) {
        if (columns[column].family == Family::text) texts_.emplace_back(table, column);
      }
    }
  }

  Script write() {
    while (script_.size() < steps_) add_step();
    return std::move(script_);
  }

 private:
  std::size_t any_replica() { return random_.below(plan_.devices.size()); }
  std::size_t other_than(std::size_t replica) {
    return (replica + 1 + random_.below(plan_.devices.size() - 1)) % plan_.devices.size();
  }

  std::uint64_t pause() {
    if (plan_.far_clock) return 1;
    if (random_.percent(60)) return 0;
    return random_.percent(90) ? 1 + random_.below(3) : 1000;
  }

  Step& add(Step::Kind kind) {
    Step step;
    step.kind = kind;
    step.replica = any_replica();
    step.peer = other_than(step.replica);
    step.advance_ms = pause();
    constexpr std::array<std::size_t, 5> kSizes{1, 60, 150, 400, 100'000};
    step.chunk_bytes = kSizes.at(random_.below(kSizes.size()));
    script_.push_back(std::move(step));
    return script_.back();
  }

  void add_step() {
    if (!texts_.empty() && random_.percent(14)) return add_editing();
    const std::size_t choice = random_.below(100);
    if (choice < 54) {
      fill(add(Step::Kind::write));
    } else if (choice < 82) {
      add(Step::Kind::pull);
    } else if (choice < 87) {
      add(Step::Kind::exchange);
    } else if (choice < 90) {
      add(Step::Kind::pack).slot = random_.below(2);
    } else if (choice < 93) {
      if (plan_.devices.size() > 2 && random_.percent(40)) {
        add_misdirected_delta();
      } else {
        add_delivery();
      }
    } else if (choice < 96) {
      add_interrupted_pull();
    } else if (choice < 99) {
      if (plan_.adoption && random_.percent(30)) {
        add(Step::Kind::adopt);
      } else {
        add_resolve();
      }
    } else if (random_.percent(30)) {
      add(Step::Kind::restart);
    }
  }

  void add_delivery() {
    Step& step = add(Step::Kind::deliver);
    step.slot = random_.below(2);
    step.chunks = random_.percent(30) ? 1 : 1000;
  }

  /// A delta that reaches another than the one it was made for, who has seen more.
  void add_misdirected_delta() {
    const Step& pull = add(Step::Kind::pull);
    const std::size_t reader = pull.replica;
    const std::size_t sender = pull.peer;
    Step& write = add(Step::Kind::write);
    write.replica = sender;
    fill(write);
    Step& pack = add(Step::Kind::pack);
    pack.replica = reader;
    pack.peer = sender;
    Step& deliver = add(Step::Kind::deliver);
    deliver.chunks = 1000;
    while (deliver.replica == reader || deliver.replica == sender) deliver.replica = any_replica();
  }

  /// A delta that reaches the receiver in two parts, with something between them.
  void add_interrupted_pull() {
    const Step& pack = add(Step::Kind::pack);
    const std::size_t receiver = pack.replica;
    const std::size_t sender = pack.peer;
    script_.back().slot = 2;
    script_.back().chunk_bytes = 1;
    const std::size_t first = 1 + random_.below(2);
    add_part(receiver, 0, first);
    if (random_.percent(10)) {
      add(Step::Kind::restart).replica = receiver;
    } else {
      Step& step = add(Step::Kind::write);
      step.replica = random_.percent(70) ? receiver : sender;
      fill(step);
    }
    add_part(receiver, first, 1000);
  }

  void add_part(std::size_t receiver, std::size_t first, std::size_t chunks) {
    Step& step = add(Step::Kind::deliver);
    step.replica = receiver;
    step.slot = 2;
    step.first_chunk = first;
    step.chunks = chunks;
  }

  /// Somebody opens an editor, or goes on in one. It may stay open, with edits or without.
  void add_editing() {
    const bool opens = editors_.empty() || random_.percent(45);
    if (opens) open_editor();
    const std::size_t newest = editors_.size() - 1;
    const auto [replica, slot] = editors_[opens ? newest : random_.below(editors_.size())];
    if (random_.percent(85)) {
      Step& step = add_editing_step(Step::Kind::type, replica, slot);
      for (std::size_t count = 1 + random_.below(3); count > 0; --count) {
        step.typed.push_back(random_typing(random_));
      }
    }
    if (random_.percent(opens ? 35 : 65)) add_editing_step(Step::Kind::save, replica, slot);
    if (random_.percent(10)) add_editing_step(Step::Kind::refresh, replica, slot);
  }

  Step& add_editing_step(Step::Kind kind, std::size_t replica, std::size_t slot) {
    Step& step = add(kind);
    step.replica = replica;
    step.slot = slot;
    return step;
  }

  void open_editor() {
    const auto [table, column] = texts_[random_.below(texts_.size())];
    const std::size_t key = random_.below(keys_);
    const auto& creator = creators_[table * kKeys + key];
    const std::size_t replica = creator && random_.percent(70) ? *creator : any_replica();
    Step& step = add_editing_step(Step::Kind::open, replica, random_.below(kEditors));
    step.table = table;
    step.column = column;
    step.key = key;
    editors_.emplace_back(step.replica, step.slot);
  }

  void add_resolve() {
    Step& step = add(Step::Kind::resolve);
    step.table = random_.below(plan_.shape.tables.size());
    step.key = random_.below(keys_);
    step.column = random_.below(plan_.shape.tables[step.table].columns.size());
  }

  void fill(Step& step) {
    writer_ = step.replica;
    const std::size_t blocks = random_.percent(65) ? 1 : 2 + random_.below(2);
    for (std::size_t i = 0; i < blocks; ++i) {
      Block block;
      block.savepoint = random_.percent(15);
      block.undone = block.savepoint && random_.percent(50);
      const std::size_t statements = random_.percent(75) ? 1 : 2;
      for (std::size_t j = 0; j < statements; ++j) block.statements.push_back(statement());
      step.blocks.push_back(std::move(block));
    }
    step.aborted = random_.percent(6);
    step.autocommit = blocks == 1 && step.blocks.front().statements.size() == 1 &&
                      !step.blocks.front().savepoint && !step.aborted && random_.percent(60);
  }

  /// Some of the table's columns, at least one.
  std::vector<std::size_t> some_columns(const Table& table, unsigned chance) {
    std::vector<std::size_t> columns;
    for (std::size_t index = 0; index < table.columns.size(); ++index) {
      if (random_.percent(chance)) columns.push_back(index);
    }
    if (columns.empty()) columns.push_back(random_.below(table.columns.size()));
    return columns;
  }

  std::map<std::size_t, Input> inputs(const Table& table, bool update) {
    std::map<std::size_t, Input> inputs;
    for (const std::size_t column : some_columns(table, update ? 40 : 80)) {
      inputs[column] = random_input(random_, table.columns[column].family, update);
    }
    return inputs;
  }

  void maybe_spoil(const Table& table, std::map<std::size_t, Input>& inputs) {
    if (!random_.percent(3)) return;
    for (auto& [index, input] : inputs) {
      const Family family = table.columns[index].family;
      if (!is_register(family) && family != Family::text) input.mode = Input::Mode::bad;
    }
  }

  Statement statement() {
    Statement statement;
    if (!texts_.empty() && random_.percent(3)) {
      statement.kind = Statement::Kind::save;
      statement.target = random_.below(kEditors);
      return statement;
    }
    statement.table = random_.below(plan_.shape.tables.size());
    const std::size_t key = random_.below(keys_);
    const Table& table = plan_.shape.tables[statement.table];
    using Action = Statement::Kind;
    const bool fresh = !creators_[statement.table * kKeys + key];
    constexpr std::array<Action, 20> kKinds{Action::update,
                                            Action::update,
                                            Action::update,
                                            Action::update,
                                            Action::update,
                                            Action::update,
                                            Action::update,
                                            Action::update,
                                            Action::update,
                                            Action::upsert,
                                            Action::upsert,
                                            Action::erase,
                                            Action::erase,
                                            Action::erase,
                                            Action::insert,
                                            Action::insert,
                                            Action::insert_or_replace,
                                            Action::insert_or_replace,
                                            Action::insert_or_ignore,
                                            Action::move};
    statement.kind = kKinds.at(random_.below(kKinds.size()));
    if (fresh && random_.percent(80)) statement.kind = Action::insert;
    if (statement.kind == Action::move && random_.percent(30)) {
      statement.kind = Action::move_or_replace;
    }
    switch (statement.kind) {
      case Action::erase:
        statement.keys = some_keys(key, 10);
        break;
      case Action::update:
        statement.keys = some_keys(key, 20);
        statement.inputs = inputs(table, true);
        maybe_spoil(table, statement.inputs);
        break;
      case Action::move:
      case Action::move_or_replace:
        statement.keys = {key};
        statement.target = random_.below(keys_);
        if (random_.percent(50)) statement.inputs = inputs(table, true);
        break;
      default:
        add_rows(statement, table, key);
    }
    return statement;
  }

  std::vector<std::size_t> some_keys(std::size_t key, unsigned chance_of_all) {
    if (!random_.percent(chance_of_all)) return {key};
    std::vector<std::size_t> keys;
    keys.reserve(keys_);
    for (std::size_t each = 0; each < keys_; ++each) keys.push_back(each);
    return keys;
  }

  void add_rows(Statement& statement, const Table& table, std::size_t key) {
    const auto columns = inputs(table, false);
    const std::size_t count = random_.percent(80) ? 1 : 2;
    for (std::size_t i = 0; i < count; ++i) {
      InsertedRow row;
      row.key = i == 0 ? key : random_.below(keys_);
      creators_[statement.table * kKeys + row.key] = writer_;
      for (const auto& [column, unused] : columns) {
        row.inputs[column] = random_input(random_, table.columns[column].family, false);
      }
      if (statement.kind == Statement::Kind::insert) maybe_spoil(table, row.inputs);
      statement.rows.push_back(std::move(row));
    }
  }

  Random random_;
  const Plan& plan_;
  std::size_t keys_;
  std::size_t steps_ = 0;
  /// By table and key: whose statement was the last to insert it.
  std::vector<std::optional<std::size_t>> creators_;
  /// Tables and columns of texts.
  std::vector<std::pair<std::size_t, std::size_t>> texts_;
  /// Devices and slots of the editors that may be open.
  std::vector<std::pair<std::size_t, std::size_t>> editors_;
  std::size_t writer_ = 0;
  Script script_;
};

}  // namespace

Script random_script(std::uint64_t seed, const Plan& plan, const Flavour& flavour) {
  return ScriptWriter(seed, plan, flavour).write();
}

}  // namespace oracle
