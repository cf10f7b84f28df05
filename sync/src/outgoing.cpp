#include "outgoing.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "frame.hpp"
#include "message.hpp"
#include "rill/delta.hpp"
#include "rill/error.hpp"

namespace rill {

VersionVector Outgoing::begin(Replica& replica, const VersionVector& known,
                              const std::optional<InboxSummary>& received) {
  stream_ = replica.changes_since(known, kMainSpace, received);
  target_ = stream_->sender_vector();
  state_ = State::announcing;
  pull();
  VersionVector vector = target_;
  if (state_ == State::waiting) finish();  // there was not even a first chunk
  return vector;
}

void Outgoing::pull() {
  std::optional<std::string> next = stream_->next(kBulkFrameBytes);
  taken_ = 0;
  if (!next) {
    stream_.reset();
    chunk_ = {};
    state_ = State::waiting;
    return;
  }
  if (next->size() > kMaxDeltaBytes) {
    throw Error(ErrorCode::too_large, "a row takes " + std::to_string(next->size()) +
                                          " bytes to send; the limit is " +
                                          std::to_string(kMaxDeltaBytes) + ": shorten its values");
  }
  chunk_ = std::move(*next);
}

void Outgoing::prepare_piece() {
  const std::size_t size = std::min(kBulkFrameBytes, chunk_.size() - taken_);
  const std::string_view raw = std::string_view(chunk_).substr(taken_, size);
  taken_ += size;
  flags_ = taken_ < chunk_.size() ? kFrameMore : std::uint8_t{0};
  piece_ = compress_ ? compressor_.compress(raw) : std::string{};
  if (piece_.empty()) {
    piece_ = raw;
  } else {
    flags_ |= kFrameCompressed;
  }
}

bool Outgoing::append_next(std::string& out, CreditTaken& credit) {
  if (state_ == State::idle || state_ == State::waiting) return false;
  if (state_ == State::announcing) {
    append_frame(out, FrameType::begin, kMainSpace, encode(Begin{target_}));
    state_ = State::sending;
    return true;
  }
  if (piece_.empty()) prepare_piece();
  blocked_ = !credit.spend(piece_.size());
  if (blocked_) return false;
  append_frame(out, FrameType::delta, kMainSpace, piece_, flags_);
  piece_ = {};
  if (taken_ == chunk_.size()) pull();
  return true;
}

void Outgoing::abandon() {
  const bool compressing = compress_;
  *this = {};
  compress_ = compressing;
}

}  // namespace rill
