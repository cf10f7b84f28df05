#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "oracle/author.hpp"
#include "oracle/engine_site.hpp"
#include "oracle/history.hpp"
#include "oracle/world.hpp"

namespace oracle {

/// One history on the engine's states and, beside them, in the oracle.
///
/// What SQL means is the oracle's affair here: its operations are what the engine is told. Steps
/// that need a database (editors) are passed over.
class EngineRun {
 public:
  EngineRun(const Plan& plan, Fault fault, Statistics& statistics, std::uint64_t& hash);

  /// Throws `Mismatch`, or what the engine throws.
  void step(const Step& step);
  /// Everyone takes over everything of everyone; then all must be alike.
  void finish();

 private:
  /// A delta on its way, and the events that its sender and the one it was made for had seen.
  struct Parcel {
    std::vector<std::string> chunks;
    EventSet seen;
    EventSet known;
  };

  void advance(std::uint64_t ms);
  Author begin(std::size_t replica, const rill::Stamp& stamp);
  void write(const Step& step);
  void run(Statement statement, EngineSite& site, Author& author, const rill::Stamp& stamp);
  /// Tells the engine the operations from `first` on.
  void tell(std::size_t first, EngineSite& site, const Author& author, const rill::Stamp& stamp);
  void commit(std::size_t replica, const Author& author, const rill::Stamp& stamp);
  void resolve(const Step& step);

  Parcel pack(std::size_t sender, std::size_t receiver, std::size_t chunk_bytes);
  void deliver(std::size_t replica, const Parcel& parcel);
  void deliver_slot(const Step& step);

  void check(std::size_t replica);
  void check_row(std::size_t replica, std::size_t table, std::size_t key);
  void check_vector(std::size_t replica) const;

  const Plan& plan_;
  Statistics& statistics_;
  std::uint64_t& hash_;
  std::uint64_t world_ms_ = 1'700'000'000'000;
  std::vector<EngineSite> sites_;
  History history_;
  std::vector<EventSet> seen_;
  std::array<std::shared_ptr<const Parcel>, 3> slots_;
  /// The delta of which a first part has reached each replica.
  std::vector<std::shared_ptr<const Parcel>> staged_;
};

}  // namespace oracle
