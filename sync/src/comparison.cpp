#include "comparison.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "frame.hpp"

namespace rill {
namespace {

using std::chrono::milliseconds;

/// In an order that does not depend on when a device met a table or a column.
std::vector<TableSummary> ordered(std::vector<TableSummary> tables) {
  for (TableSummary& table : tables) std::ranges::sort(table.columns, {}, &ColumnSummary::name);
  std::ranges::sort(tables, {}, &TableSummary::name);
  return tables;
}

/// The names of rows that differ, among those that both lists would have to name.
std::vector<std::string> differences(const DigestRows& mine, const DigestRows& theirs) {
  // A list that is cut says nothing of the rows behind its end.
  std::uint64_t horizon = UINT64_MAX;
  for (const DigestRows* list : {&mine, &theirs}) {
    if (!list->complete && !list->rows.empty()) {
      horizon = std::min(horizon, list->rows.back().place);
    }
  }
  std::map<std::uint64_t, const RowDigest*> peer;
  for (const RowDigest& row : theirs.rows) peer.emplace(row.place, &row);
  std::vector<std::string> names;
  for (const RowDigest& row : mine.rows) {
    const auto found = peer.find(row.place);
    const RowDigest* other = found == peer.end() ? nullptr : found->second;
    if (found != peer.end()) peer.erase(found);
    if (row.place > horizon || (other != nullptr && other->digest == row.digest)) continue;
    names.push_back(row.name + (other == nullptr ? " (missing at the peer)" : ""));
  }
  for (const auto& [place, row] : peer) {
    if (place <= horizon) names.push_back(row->name + " (missing here)");
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

void Comparison::enable(const std::vector<TableSummary>& mine,
                        const std::vector<TableSummary>& theirs) {
  tables_ = ordered(mine);
  enabled_ = every_ > milliseconds{0} && tables_ == ordered(theirs);
}

bool Comparison::due(milliseconds now) const {
  if (!settled_since_ || now - *settled_since_ < after_) return false;
  if (!began_) return true;
  // Where nothing has happened since the last one there is nothing new to compare. The peer's clock
  // may have begun a little earlier.
  const milliseconds pause = asked_ ? every_ / 2 : every_;
  return compared_ != vector_ && now - *began_ >= pause;
}

void Comparison::tick(milliseconds now, const VersionVector* settled) {
  if (!enabled_) return;
  if (settled == nullptr || *settled != vector_) {
    stop();
    settled_since_.reset();
    if (settled == nullptr) return;
    vector_ = *settled;
  }
  if (!settled_since_) settled_since_ = now;
  if (stage_ == Stage::idle && due(now)) begin(vector_, now);
  scan();
}

void Comparison::begin(const VersionVector& vector, milliseconds now) {
  // A schema that has changed since HELLO may hold, and show, other columns than the peer's.
  if (ordered(replica_.summary().tables) != tables_) {
    enabled_ = false;
    return;
  }
  scan_ = replica_.digest_scan();
  if (scan_->vector() != vector) {  // a commit of which the session was not told yet
    settled_since_.reset();
    return stop();
  }
  began_ = now;
  asked_ = false;
  stage_ = Stage::scanning;
}

void Comparison::stop() {
  if (mismatch_) conclude({}, false);
  stage_ = Stage::idle;
  scan_.reset();
  differing_ = {};
  ranges_ = {};
  rows_ = {};
  their_digest_.reset();
  their_ranges_.reset();
  their_rows_.reset();
  outgoing_ = {};
}

void Comparison::scan() {
  if (scan_ == nullptr || scan_->advance(kDigestStepBytes)) return;
  scanned();
}

void Comparison::scanned() {
  const std::unique_ptr<DigestScan> scan = std::move(scan_);
  if (stage_ == Stage::scanning) {
    ranges_ = scan->digests().ranges();
    total_ = scan->digests().total();
    append_frame(outgoing_, FrameType::digest, 0, encode(DigestMessage{vector_, total_}));
    stage_ = Stage::told;
    compared_ = vector_;
    return compare_totals();
  }
  if (scan->vector() != vector_) return stop();
  rows_ = {scan->digests().rows(), scan->digests().complete()};
  append_frame(outgoing_, FrameType::digest_rows, 0, encode(rows_));
  stage_ = Stage::listed;
  compare_rows();
}

void Comparison::on_digest(DigestMessage message) {
  // An earlier comparison of the peer's, or a later one.
  if (!enabled_ || message.vector != vector_) return;
  asked_ = stage_ == Stage::idle;
  their_digest_ = std::move(message);
  compare_totals();
}

void Comparison::compare_totals() {
  if (stage_ != Stage::told || !their_digest_) return;
  if (their_digest_->digest == total_) return finish();
  mismatch_ = true;
  append_frame(outgoing_, FrameType::digest_ranges, 0, encode(DigestRanges{ranges_}));
  stage_ = Stage::differing;
  compare_ranges();
}

void Comparison::on_ranges(DigestRanges message) {
  if (stage_ != Stage::told && stage_ != Stage::differing) return;
  their_ranges_ = std::move(message);
  compare_ranges();
}

void Comparison::compare_ranges() {
  if (stage_ != Stage::differing || !their_ranges_) return;
  for (std::size_t range = 0; range < ranges_.size(); ++range) {
    if (ranges_[range] == their_ranges_->ranges[range]) continue;
    if (differing_.size() < kMaxListedRanges) {
      differing_.push_back(static_cast<std::uint32_t>(range));
    }
  }
  scan_ = replica_.digest_scan(differing_);
  stage_ = Stage::listing;
}

void Comparison::on_rows(DigestRows message) {
  if (stage_ != Stage::differing && stage_ != Stage::listing && stage_ != Stage::listed) return;
  their_rows_ = std::move(message);
  compare_rows();
}

void Comparison::compare_rows() {
  if (stage_ != Stage::listed || !their_rows_) return;
  const bool complete = rows_.complete && their_rows_->complete;
  conclude(differences(rows_, *their_rows_), complete && differing_.size() < kMaxListedRanges);
  finish();
}

void Comparison::finish() {
  // What is queued for the peer must still go out.
  std::string frame = std::move(outgoing_);
  stop();
  outgoing_ = std::move(frame);
}

void Comparison::conclude(const std::vector<std::string>& rows, bool complete) {
  mismatch_ = false;
  const std::string theirs = their_digest_ ? their_digest_->digest.to_string() : "another";
  std::string text =
      "this device and the peer have seen the same changes and hold different rows: digest " +
      total_.to_string() + " here, " + theirs + " at the peer; ";
  if (rows.empty()) {
    finding_ = text + "which rows was not found out";
    return;
  }
  text += "different are ";
  for (std::size_t index = 0; index < std::min(rows.size(), kMaxNamedRows); ++index) {
    text += (index > 0 ? ", " : "") + rows[index];
  }
  if (rows.size() > kMaxNamedRows) {
    text += ", and " + std::to_string(rows.size() - kMaxNamedRows) + " more";
  }
  finding_ = text + (complete ? "" : ", and perhaps others");
}

bool Comparison::append_next(std::string& out) {
  if (outgoing_.empty()) return false;
  out += std::exchange(outgoing_, {});
  return true;
}

std::optional<std::string> Comparison::take_finding() {
  return std::exchange(finding_, std::nullopt);
}

}  // namespace rill
