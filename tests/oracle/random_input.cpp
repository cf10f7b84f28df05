#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include "oracle/generator.hpp"

// Values of each kind.

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

std::string long_text() {
  std::string text;
  while (text.size() < 4'400) text += "\xf0\x9f\x8e\x88";
  return text;
}

Typing random_typing(Random& random) {
  Typing typing;
  typing.position = random.below(1000);
  typing.erased = random.percent(50) ? 0 : random.below(5);
  if (!random.percent(25)) typing.inserted = std::get<std::string>(random_word(random));
  return typing;
}

}  // namespace oracle
