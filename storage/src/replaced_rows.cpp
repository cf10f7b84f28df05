#include "replaced_rows.hpp"

#include <iterator>

namespace rill::storage {

void ReplacedRows::begin(std::int64_t after, bool observed) {
  after_ = after;
  until_ = after;
  complete_ = observed;
  bytes_ = 0;
  rows_.clear();
}

void ReplacedRows::charge(std::size_t bytes) {
  bytes_ += bytes;
  if (bytes_ <= kMaxReplacedBytes) return;
  complete_ = false;
  bytes_ = 0;
  rows_ = {};  // gives the memory back, which `clear` would not
}

void ReplacedRows::add(std::int64_t table, std::string key, std::size_t columns) {
  if (!complete_) return;
  const std::size_t bytes = sizeof(RowBefore) + key.size() + columns * sizeof(Value);
  rows_.push_back({table, std::move(key), std::vector<Value>(columns)});
  charge(bytes);
}

void ReplacedRows::set(ColumnId column, Value value) {
  if (!complete_) return;
  const std::size_t bytes = value.size();
  rows_.back().values.at(column) = std::move(value);
  charge(bytes);
}

bool ReplacedRows::append(ReplacedRows& later) {
  if (later.after_ != until_) return false;
  until_ = later.until_;
  rows_.insert(rows_.end(), std::make_move_iterator(later.rows_.begin()),
               std::make_move_iterator(later.rows_.end()));
  bytes_ += later.bytes_;
  return true;
}

}  // namespace rill::storage
