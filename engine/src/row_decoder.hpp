#pragma once

#include <cstdint>
#include <vector>

#include "entry_codec.hpp"
#include "rill/bytes.hpp"
#include "rill/delta_reader.hpp"
#include "rill/dot.hpp"

namespace rill {

/// A replica that entries may name, and the part of its events that they may.
struct KnownReplica {
  ReplicaId id;
  /// Up to here the receiver knows: kept entries.
  std::uint64_t known = 0;
  /// Up to here the sender knows: fresh entries.
  std::uint64_t sender = 0;
  bool used = false;
};

/// Reads what `RowEncoder` wrote, from bytes that may be hostile. Accepts only what it would write,
/// so that equal rows have equal bytes. Throws `Error{malformed}` and `Error{limit_exceeded}`.
class RowDecoder {
 public:
  /// `replicas` ascend.
  RowDecoder(ByteReader& in, std::vector<KnownReplica> replicas);

  void read_events();
  /// A row's content, after flags, table and key; these two are left alone. `table_columns` is 0
  /// where no row is dense; column ids are below `column_bound`.
  void read(RowFragment& row, std::uint8_t flags, std::size_t table_columns,
            std::uint64_t column_bound);
  /// The content of a uniform row, whose flags say so.
  void read(InsertedRow& row, std::uint8_t flags, std::size_t table_columns,
            std::uint64_t column_bound);
  /// Throws unless every event was named by some entry.
  void expect_all_events_used() const;
  /// Throws unless every replica was named by some event or birth.
  void expect_all_replicas_used() const;

 private:
  enum class Part : std::uint8_t { existence, births, column };
  struct Event {
    Stamp stamp;
    bool beyond_known = false;
    bool used = false;
  };

  void read_events_of(const KnownReplica& replica, std::size_t count, std::uint64_t& last_ms);
  /// Returns whether all are plain and of the event named last before them.
  bool read_columns(RowFragment& row, std::uint64_t column_bound);
  ColumnFragment read_column(std::uint64_t header);
  ColumnFragment read_plain(const Event& event, Value value);
  ColumnFragment read_part(Part part);
  void read_entry(Entries& entries, Part part);
  void check_entry(const Entry& entry, const Event& event, Part part) const;
  std::vector<EntryId> read_kept();
  void read_runs(const Dot& dot, std::vector<EntryId>& kept);
  std::vector<Dot> read_unseen();
  Event& read_event();
  const Event& read_fresh_event();
  /// The same for a row's first event, which its flags may tell already.
  const Event& read_first_event(unsigned flags);
  Event& last_event();
  const KnownReplica& read_replica(std::size_t& next);
  void spend_entries(std::size_t count);

  ByteReader& in_;
  std::vector<KnownReplica> replicas_;
  std::vector<Event> events_;
  InsertedRow uniform_;
  /// One before the first at first; arithmetic on it wraps.
  std::size_t last_event_ = std::size_t{0} - 1;
  std::size_t entries_left_;
};

}  // namespace rill
