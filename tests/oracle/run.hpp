#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "oracle/author.hpp"
#include "oracle/comparison.hpp"
#include "oracle/history.hpp"
#include "oracle/open_editor.hpp"
#include "oracle/site.hpp"
#include "oracle/world.hpp"

namespace oracle {

/// A delta on its way, and what it holds.
struct Parcel {
  std::vector<std::string> chunks;
  EventSet seen;
  Vector known;
  Vector vector;
};

/// One history on the databases of a world and, beside them, in the oracle.
class Run {
 public:
  Run(const Plan& plan, std::vector<std::unique_ptr<Site>>& sites, std::int64_t ordinal,
      Fault fault, Statistics& statistics, std::uint64_t& hash);

  /// Throws `Mismatch`, or what a database throws.
  void step(const Step& step);
  /// Everyone gets everything of everyone; then all must agree.
  void finish();

 private:
  void advance(std::uint64_t ms);
  /// An event of the replica to come.
  Author begin(std::size_t replica);
  void write(const Step& step);
  bool run_block(const Step& step, Author& author, const Block& block);
  bool run_statement(Site& site, Author& author, const Statement& statement);
  void commit(std::size_t replica, Author& author, bool must_be_undone);
  void resolve(const Step& step);
  void restart(std::size_t replica);
  void adopt(std::size_t replica);

  // run_editors.cpp
  void open_editor(const Step& step);
  void type(const Step& step);
  void save(const Step& step);
  /// The same inside a transaction.
  bool save(std::size_t replica, std::size_t slot, Author& author);
  void refresh(std::size_t replica, std::size_t slot);
  /// Brings the editors that a transaction saved to what it left of their edits.
  void refresh_saved(const Step& step);

  Parcel pack(std::size_t sender, std::size_t receiver, std::size_t chunk_bytes);
  void deliver(std::size_t replica, const Parcel& parcel, std::size_t first, std::size_t count);
  void complete(std::size_t replica, const Parcel& parcel);
  void deliver_slot(const Step& step);
  void check_times(const std::string& chunk) const;

  void check_tables(std::size_t replica);
  void check_vector(std::size_t replica);
  [[nodiscard]] Comparison comparison(std::size_t replica) const;
  void check_silence();
  void take_in(const std::vector<Cell>& cells);

  const Plan& plan_;
  std::vector<std::unique_ptr<Site>>& sites_;
  KeySpace keys_;
  Statistics& statistics_;
  std::uint64_t& hash_;
  std::uint64_t world_ms_;
  History history_;
  /// What each replica has seen of this history, and in all.
  std::vector<EventSet> seen_;
  std::vector<Vector> vectors_;
  std::array<std::shared_ptr<const Parcel>, 3> slots_;
  /// The delta that each replica holds in part, and the chunks that it has.
  struct Staged {
    std::shared_ptr<const Parcel> parcel;
    std::size_t chunks = 0;
  };
  std::vector<Staged> staged_;
  std::vector<std::array<std::optional<OpenEditor>, kEditors>> editors_;
};

}  // namespace oracle
