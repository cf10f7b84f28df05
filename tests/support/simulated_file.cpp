#include "support/simulated_file.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace rill::testing {

void SimulatedFile::apply(std::string& layer, const Change& change) {
  if (change.resize) {
    layer.resize(change.offset);
    return;
  }
  const std::size_t end = change.offset + change.bytes.size();
  if (layer.size() < end) layer.resize(end);
  layer.replace(change.offset, change.bytes.size(), change.bytes);
}

void SimulatedFile::settle(SharedBytes kept) {
  synced_ = std::move(kept);
  written_ = synced_;
  pending_.clear();
}

void SimulatedFile::write(std::uint64_t offset, std::string_view bytes, std::uint64_t order) {
  pending_.push_back({order, offset, std::string(bytes), false});
  apply(written_.edit(), pending_.back());
}

void SimulatedFile::resize(std::uint64_t size, std::uint64_t order) {
  pending_.push_back({order, size, {}, true});
  apply(written_.edit(), pending_.back());
}

void SimulatedFile::sync() {
  for (const Change& change : pending_) apply(synced_.edit(), change);
  pending_.clear();
}

void SimulatedFile::flip(std::uint64_t offset, unsigned char mask) {
  for (SharedBytes* layer : {&written_, &synced_}) {
    if (offset >= layer->get().size()) continue;
    char& byte = layer->edit()[offset];
    byte = static_cast<char>(byte ^ mask);
  }
}

void SimulatedFile::keep_synced() { settle(std::move(synced_)); }

void SimulatedFile::keep_until(std::uint64_t order, std::size_t torn) {
  SharedBytes kept = std::move(synced_);
  for (Change& change : pending_) {
    if (change.order > order) break;
    if (change.order == order) {
      if (change.resize) break;
      change.bytes.resize(std::min(change.bytes.size(), torn));
    }
    apply(kept.edit(), change);
  }
  settle(std::move(kept));
}

void SimulatedFile::keep_some(std::mt19937_64& random, std::size_t sector_bytes) {
  std::set<std::size_t> sectors;
  bool resized = false;
  for (const Change& change : pending_) {
    resized |= change.resize;
    if (change.bytes.empty()) continue;
    const std::size_t last = (change.offset + change.bytes.size() - 1) / sector_bytes;
    for (std::size_t sector = change.offset / sector_bytes; sector <= last; ++sector) {
      sectors.insert(sector);
    }
  }
  const std::string& written = written_.get();
  SharedBytes kept = synced_;
  for (const std::size_t sector : sectors) {
    const std::size_t offset = sector * sector_bytes;
    if (random() % 2 == 0 || offset >= written.size()) continue;
    // A sector kept beyond the old end leaves zeros before it where others were lost.
    apply(kept.edit(), {0, offset, written.substr(offset, sector_bytes), false});
  }
  if (resized && random() % 2 == 0 && written.size() < kept.get().size()) {
    kept.edit().resize(written.size());
  }
  settle(std::move(kept));
}

}  // namespace rill::testing
