#include "run_order.hpp"

#include <algorithm>

namespace rill::fugue {
namespace {

std::uint32_t zigzag(std::uint32_t to, std::uint32_t from) {
  const auto distance = static_cast<std::int64_t>(to) - static_cast<std::int64_t>(from);
  return static_cast<std::uint32_t>(distance < 0 ? -2 * distance - 1 : 2 * distance);
}

}  // namespace

void RunOrder::pass(Begin begin, std::uint32_t depth, const Run& run) {
  if (begin == Begin::resumed || begin == Begin::deeper) {
    broken_.resize(broken_.size() - depth - 1);
  }
  if (begin != Begin::behind_last && any_) broken_.push_back(end_);
  if (begin == Begin::elsewhere) given_ = run.first;
  end_ = run.end();
  any_ = true;
}

void RunOrder::write(const Run& run, ByteWriter& bytes) {
  Begin begin = Begin::elsewhere;
  std::uint32_t depth = 0;
  if (any_ && run.first == end_) {
    begin = Begin::behind_last;
  } else {
    const auto limit = std::min<std::size_t>(broken_.size(), kMaxDepth);
    while (depth < limit && broken_[broken_.size() - 1 - depth] != run.first) ++depth;
    if (depth < limit) begin = depth == 0 ? Begin::resumed : Begin::deeper;
  }
  bytes.varint(static_cast<std::uint64_t>(begin) | (run.erased() ? 4U : 0U) |
               std::uint64_t{run.count() - 1} << 3U);
  if (begin == Begin::deeper) bytes.varint(depth);
  if (begin == Begin::elsewhere) bytes.varint(zigzag(run.first, given_));
  pass(begin, depth, run);
}

Run RunOrder::read(QuickReader& bytes) {
  const std::uint32_t header = bytes.number();
  const auto begin = static_cast<Begin>(header & 3U);
  Run run{end_, ((header >> 3U) + 1) | ((header & 4U) != 0 ? Run::kErased : 0), 0};
  std::uint32_t depth = 0;
  if (begin == Begin::resumed || begin == Begin::deeper) {
    if (begin == Begin::deeper) depth = bytes.number();
    if (depth >= broken_.size()) QuickReader::fail();
    run.first = broken_[broken_.size() - 1 - depth];
  } else if (begin == Begin::elsewhere) {
    const std::uint32_t distance = bytes.number();
    run.first = given_ + ((distance & 1U) != 0 ? ~(distance >> 1U) : distance >> 1U);
  } else if (!any_) {
    QuickReader::fail();
  }
  pass(begin, depth, run);
  return run;
}

}  // namespace rill::fugue
