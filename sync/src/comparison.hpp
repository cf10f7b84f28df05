#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message.hpp"
#include "rill/replica.hpp"
#include "rill/session.hpp"
#include "rill/version_vector.hpp"

namespace rill {

/// How much of a replica one tick reads: a few milliseconds' work.
inline constexpr std::size_t kDigestStepBytes = std::size_t{1} << 20U;
/// Of how many ranges that differ the rows are listed; both sides take the first.
inline constexpr std::size_t kMaxListedRanges = 16;
/// How many rows a finding names.
inline constexpr std::size_t kMaxNamedRows = 8;

/// A session's part in checking that two replicas which have seen the same hold the same rows.
///
///     DIGEST ⇄    where they differ: RANGES ⇄    and for ranges that differ: ROWS ⇄
///
/// Begins when the session has been in sync, at one vector, for a while; reads the replica a little
/// with each tick; gives up when the vector moves, to begin again later. What the peer sends out of
/// turn is ignored: it may belong to a comparison that this side has given up.
class Comparison {
 public:
  Comparison(Replica& replica, std::chrono::milliseconds after, std::chrono::milliseconds every)
      : replica_(replica), after_(after), every_(every) {}

  /// Takes the schemas of both sides. Only equal ones are compared: a row's digest covers what it
  /// shows in every column.
  void enable(const std::vector<TableSummary>& mine, const std::vector<TableSummary>& theirs);
  /// `settled` is what both sides have seen, if they are in sync; null otherwise. Throws the
  /// replica's `Error`.
  void tick(std::chrono::milliseconds now, const VersionVector* settled);
  /// Whether rows are being read, some with each tick.
  [[nodiscard]] bool reading() const noexcept { return scan_ != nullptr; }

  /// Take the peer's messages.
  void on_digest(DigestMessage message);
  void on_ranges(DigestRanges message);
  void on_rows(DigestRows message);

  /// Appends the next frame to `out`; false if there is none.
  bool append_next(std::string& out);
  /// What was found, for people; once.
  std::optional<std::string> take_finding();

 private:
  /// What this side is about.
  enum class Stage : std::uint8_t {
    idle,
    scanning,   ///< Reads all rows.
    told,       ///< DIGEST is said; the peer's is awaited.
    differing,  ///< RANGES is said; the peer's is awaited.
    listing,    ///< Reads the rows of ranges that differ.
    listed,     ///< ROWS is said; the peer's is awaited.
  };

  [[nodiscard]] bool due(std::chrono::milliseconds now) const;
  void begin(const VersionVector& vector, std::chrono::milliseconds now);
  void scan();
  void scanned();
  void compare_totals();
  void compare_ranges();
  void compare_rows();
  void conclude(const std::vector<std::string>& rows, bool complete);
  void finish();
  void stop();

  Replica& replica_;
  std::chrono::milliseconds after_;
  std::chrono::milliseconds every_;
  bool enabled_ = false;
  std::vector<TableSummary> tables_;

  // When.
  VersionVector vector_;  ///< The one being compared, or waited at.
  std::optional<std::chrono::milliseconds> settled_since_;
  std::optional<std::chrono::milliseconds> began_;  ///< The last comparison.
  VersionVector compared_;                          ///< The vector of the last comparison.
  bool asked_ = false;                              ///< The peer has begun one.

  // What.
  Stage stage_ = Stage::idle;
  std::unique_ptr<DigestScan> scan_;
  std::vector<std::uint32_t> differing_;  ///< Ranges.
  Digest total_;
  std::vector<Digest> ranges_;
  DigestRows rows_;
  std::optional<DigestMessage> their_digest_;
  std::optional<DigestRanges> their_ranges_;
  std::optional<DigestRows> their_rows_;
  bool mismatch_ = false;  ///< Not told to the app yet.

  std::string outgoing_;  ///< A frame; there is one at a time.
  std::optional<std::string> finding_;
};

}  // namespace rill
