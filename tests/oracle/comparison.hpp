#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "oracle/author.hpp"
#include "oracle/history.hpp"
#include "oracle/script.hpp"
#include "oracle/site.hpp"
#include "oracle/world.hpp"

namespace oracle {

/// Compares one database with what the oracle makes of the events that it has seen. All of it
/// throws `Mismatch`, and `rill::Error` where the file cannot be read.
class Comparison {
 public:
  /// `name` is what the device is called. The arguments must outlive it.
  Comparison(std::string name, Site& site, const History& history, const EventSet& seen,
             const KeySpace& keys)
      : name_(std::move(name)), site_(site), history_(history), seen_(seen), keys_(keys) {}

  /// Rows by table, then by key.
  using Tables = std::vector<std::map<std::size_t, std::vector<Cell>>>;
  /// Returns what the tables show.
  Tables tables() const;
  /// Returns how many there are.
  std::size_t conflicts() const;
  /// That of the texts which were overwritten nothing is kept, at the latest once their place holds
  /// another edited one.
  void kept_texts() const;

 private:
  /// Conflicts by table, key and column: the shown value, then the others in any order.
  using Conflicts = std::map<std::string, std::vector<std::string>>;

  [[nodiscard]] bool knows_column(const Table& table, const Column& column) const {
    return knows(site_.current_schema(), table, column);
  }
  [[nodiscard]] Conflicts expected_conflicts() const;
  [[nodiscard]] Conflicts actual_conflicts() const;

  std::string name_;
  Site& site_;
  const History& history_;
  const EventSet& seen_;
  KeySpace keys_;
};

/// Runs a statement on the site and beside it by its author. Returns whether it was done; throws
/// `Mismatch` if one of them did what the other did not, and `rill::Error` where neither statement
/// nor values are to blame.
bool run_statement(Site& site, Author& author, const Statement& statement, const Shape& shape,
                   const KeySpace& keys);

}  // namespace oracle
