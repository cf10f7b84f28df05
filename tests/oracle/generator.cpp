#include "oracle/generator.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

namespace oracle {
namespace {

Cell random_scalar(Random& random, Family family) {
  if (family == Family::custom || family == Family::row_version) {
    return random.percent(10) ? Cell() : Cell(random.between(0, 9));
  }
  if (random.percent(10)) return {};
  if (random.percent(65)) return random.between(0, 3);
  // No two of these are equal in SQLite's order, so that least and greatest are one value.
  const std::array<Cell, 6> cells{1.5, -2.5, "a", "A", "it's \"q\"", "\xc3\xa9"};
  return cells.at(random.below(cells.size()));
}

std::vector<Cell> random_items(Random& random) {
  const std::array<Cell, 6> cells{"a", "b", "c", std::int64_t{1}, std::int64_t{2}, Cell()};
  std::vector<Cell> items(random.below(4));
  for (Cell& item : items) item = cells.at(random.below(cells.size()));
  return items;
}

std::string random_leaf(Random& random, bool may_be_empty) {
  if (may_be_empty && random.percent(8)) return "{}";
  const std::array<std::string, 6> leaves{"1", "2", "3", "\"a\"", "[1,\"b\"]", "1.5"};
  return leaves.at(random.below(leaves.size()));
}

Path random_path(Random& random) {
  const std::array<Path, 6> paths{
      {{"x"}, {"x", "y"}, {"x", "z"}, {"x", "y", "w"}, {"u"}, {"\xc3\xa9 k"}}};
  return paths.at(random.below(paths.size()));
}

std::map<Path, std::string> random_leaves(Random& random, std::size_t count, bool may_be_empty) {
  std::map<Path, std::string> leaves;
  for (std::size_t i = 0; i < count; ++i) {
    const Path path = random_path(random);
    std::erase_if(leaves, [&](const auto& leaf) { return comparable(leaf.first, path); });
    leaves[path] = random_leaf(random, may_be_empty);
  }
  return leaves;
}

Input random_amount(Random& random, Family family, bool update) {
  Input input;
  std::int64_t halves = random.between(0, 10);
  if (update && random.percent(65)) {
    input.mode = Input::Mode::add;
    halves = random.between(-5, 7);
  } else {
    input.null = random.percent(10);
  }
  if (input.null) halves = 0;
  if (family == Family::integer_counter) {
    input.content.scalar = halves;
  } else {
    input.content.scalar = static_cast<double>(halves) / 2;
  }
  return input;
}

Cell random_word(Random& random) {
  const std::array<Cell, 10> words{
      "a", "b", "ab", "a b", "the ", "\xc3\xb1", "\n", "a\nb\n", "\xf0\x9f\x8e\x89", "e\xcc\x81"};
  return words.at(random.below(words.size()));
}

std::string random_words(Random& random) {
  std::string text;
  for (std::size_t count = random.below(5); count > 0; --count) {
    text += std::get<std::string>(random_word(random));
  }
  return text;
}

/// What is no text: a number, a BLOB, or not UTF-8.
Cell random_other_than_text(Random& random) {
  const std::array<Cell, 6> cells{std::int64_t{7}, Bytes{"\x01\xff"}, Bytes{"ab"},
                                  "\xff",          "a\xc3",           "\xed\xa0\x80"};
  return cells.at(random.below(cells.size()));
}

/// An operation that takes as much room as a text may have before a checkpoint of it is written.
std::string long_text() {
  std::string text;
  while (text.size() < 4'400) text += "\xf0\x9f\x8e\x88";
  return text;
}

Input random_text_input(Random& random, bool update) {
  Input input;
  Cell& scalar = input.content.scalar;
  const std::size_t choice = random.below(100);
  if (update && choice < 55) {
    input.mode = Input::Mode::splice;
    input.position = random.below(random.percent(80) ? 7 : 40);
    input.erased = random.percent(50) ? 0 : random.below(5);
    scalar = random.percent(25) ? Cell("") : random_word(random);
    if (random.below(300) == 0) scalar = long_text();
  } else if (update && choice < 65) {
    input.mode = Input::Mode::replace;
    input.content.items = {random_word(random), random.percent(30) ? "" : random_word(random)};
  } else if (choice < 93) {
    scalar = random_words(random);
  } else if (choice < 97) {
    scalar = random_other_than_text(random);
  }
  return input;
}

/// Draws the steps of one history.
class ScriptWriter {
 public:
  ScriptWriter(std::uint64_t seed, const Plan& plan, const Flavour& flavour)
      : random_(seed * 2), plan_(plan), keys_(1 + random_.below(kKeys)) {
    steps_ = flavour.steps != 0 ? flavour.steps : 10 + random_.below(16);
    created_.resize(plan.shape.tables.size() * kKeys);
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

  void add_resolve() {
    Step& step = add(Step::Kind::resolve);
    step.table = random_.below(plan_.shape.tables.size());
    step.key = random_.below(keys_);
    step.column = random_.below(plan_.shape.tables[step.table].columns.size());
  }

  void fill(Step& step) {
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
    statement.table = random_.below(plan_.shape.tables.size());
    const std::size_t key = random_.below(keys_);
    const Table& table = plan_.shape.tables[statement.table];
    using Kind = Statement::Kind;
    const bool fresh = !created_[statement.table * kKeys + key];
    constexpr std::array<Kind, 20> kKinds{Kind::update,
                                          Kind::update,
                                          Kind::update,
                                          Kind::update,
                                          Kind::update,
                                          Kind::update,
                                          Kind::update,
                                          Kind::update,
                                          Kind::update,
                                          Kind::upsert,
                                          Kind::upsert,
                                          Kind::erase,
                                          Kind::erase,
                                          Kind::erase,
                                          Kind::insert,
                                          Kind::insert,
                                          Kind::insert_or_replace,
                                          Kind::insert_or_replace,
                                          Kind::insert_or_ignore,
                                          Kind::move};
    statement.kind = kKinds.at(random_.below(kKinds.size()));
    if (fresh && random_.percent(80)) statement.kind = Kind::insert;
    if (statement.kind == Kind::move && random_.percent(30)) statement.kind = Kind::move_or_replace;
    switch (statement.kind) {
      case Kind::erase:
        statement.keys = some_keys(key, 10);
        break;
      case Kind::update:
        statement.keys = some_keys(key, 20);
        statement.inputs = inputs(table, true);
        maybe_spoil(table, statement.inputs);
        break;
      case Kind::move:
      case Kind::move_or_replace:
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
      created_[statement.table * kKeys + row.key] = true;
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
  /// By table and key: whether some statement so far inserts it.
  std::vector<bool> created_;
  Script script_;
};

}  // namespace

Input random_input(Random& random, Family family, bool update) {
  if (is_counter(family)) return random_amount(random, family, update);
  if (family == Family::text) return random_text_input(random, update);
  Input input;
  input.spaced = random.percent(15);
  if (is_set(family)) {
    input.content.items = random_items(random);
    if (update && !input.content.items.empty() && random.percent(35)) {
      input.mode = Input::Mode::append;
    }
  } else if (family == Family::multi_value) {
    input.content.items = random_items(random);
    if (random.percent(15)) {
      input.content.items = {random.percent(50) ? "a" : "b"};
      input.bare = true;
    }
  } else if (family == Family::map) {
    if (update && random.percent(50)) {
      input.mode = Input::Mode::patch;
      input.content.leaves = random_leaves(random, 1, false);
    } else {
      input.content.leaves = random_leaves(random, random.below(4), true);
    }
  } else {
    input.content.scalar = random_scalar(random, family);
    return input;
  }
  if (input.mode == Input::Mode::literal && random.percent(6)) {
    input = {};
    input.null = true;
  }
  return input;
}

Script random_script(std::uint64_t seed, const Plan& plan, const Flavour& flavour) {
  return ScriptWriter(seed, plan, flavour).write();
}

}  // namespace oracle
