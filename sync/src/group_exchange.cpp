#include "group_exchange.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "message.hpp"
#include "rill/error.hpp"

namespace rill {

std::optional<GroupDigest> GroupExchange::digest() {
  if (log_ != nullptr) told_ = log_->digest();
  return told_;
}

void GroupExchange::greet(const std::optional<GroupDigest>& theirs) {
  if (told_.has_value() != theirs.has_value()) {
    throw Error(ErrorCode::not_a_member, told_
                                             ? "the peer belongs to no group, this device does"
                                             : "the peer belongs to a group, this device to none");
  }
  if (log_ == nullptr) return;
  due_ = whole_ = told_ != theirs;
  changed_ = true;
  // If the log has grown since HELLO, which of its records the peer lacks is not known: it gets
  // all.
  if (!due_ && log_->digest() == theirs) {
    for (const std::string& record : log_->records()) note(record);
    changed_ = false;
  }
}

void GroupExchange::note(const std::string& record) {
  if (!shared_.insert(record).second) return;
  shared_bytes_ += record.size();
  if (shared_.size() > kMaxGroupRecords || shared_bytes_ > kMaxGroupBytes) {
    throw Error(ErrorCode::limit_exceeded, "the group's records are above their limit");
  }
}

bool GroupExchange::receive(const Frame& frame) {
  if (log_ == nullptr) {
    throw Error(ErrorCode::protocol, "the peer sent records of a group to a device without one");
  }
  if (partial_.size() + frame.payload.size() > kMaxGroupMessageBytes) {
    throw Error(ErrorCode::limit_exceeded, "the peer sent records of its group above their limit");
  }
  partial_.append(frame.payload);
  if ((frame.flags & kFrameMore) != 0) return false;
  const GroupMessage message = decode_group_message(std::exchange(partial_, {}));
  for (const std::string& record : message.records) note(record);
  const GroupDigest before = log_->digest();
  log_->merge(message.records);
  due_ = false;
  return log_->digest() != before;
}

void GroupExchange::collect() {
  changed_ = false;
  GroupMessage message;
  for (std::string& record : log_->records()) {
    if (shared_.contains(record)) continue;
    note(record);
    message.records.push_back(std::move(record));
  }
  if (message.records.empty() && !std::exchange(whole_, false)) return;
  whole_ = false;
  outgoing_ = encode(message);
  sent_ = 0;
}

bool GroupExchange::append_next(std::string& out) {
  if (outgoing_.empty() && changed_) collect();
  if (outgoing_.empty()) return false;
  const std::size_t size = std::min(kBulkFrameBytes, outgoing_.size() - sent_);
  const bool more = sent_ + size < outgoing_.size();
  append_frame(out, FrameType::group, 0, std::string_view(outgoing_).substr(sent_, size),
               more ? kFrameMore : std::uint8_t{0});
  sent_ += size;
  if (!more) outgoing_ = {};
  return true;
}

}  // namespace rill
