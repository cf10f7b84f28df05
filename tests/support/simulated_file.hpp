#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rill::testing {

/// Bytes that copies share until one of them changes.
class SharedBytes {
 public:
  explicit SharedBytes(std::string bytes = {})
      : bytes_(std::make_shared<std::string>(std::move(bytes))) {}

  [[nodiscard]] const std::string& get() const noexcept { return *bytes_; }
  [[nodiscard]] std::string& edit() {
    if (bytes_.use_count() > 1) bytes_ = std::make_shared<std::string>(*bytes_);
    return *bytes_;
  }

 private:
  std::shared_ptr<std::string> bytes_;
};

/// The bytes of one file of a `SimulatedDisk`, in two layers: *written* is what programs read,
/// *synced* is what a power cut is sure to leave. Between them stand the *pending* changes, in
/// order.
///
/// Thread safety: a value; used under its disk's lock.
class SimulatedFile {
 public:
  /// A write, or a change of size, that no sync has made durable.
  struct Change {
    /// Its place among all changes of the disk.
    std::uint64_t order = 0;
    std::uint64_t offset = 0;
    std::string bytes;
    /// Not a write: the file's size becomes `offset`.
    bool resize = false;
  };

  SimulatedFile() = default;
  /// A file that holds `bytes` durably.
  explicit SimulatedFile(std::string bytes)
      : written_(SharedBytes(std::move(bytes))), synced_(written_) {}

  [[nodiscard]] const std::string& written() const noexcept { return written_.get(); }
  [[nodiscard]] const std::string& synced() const noexcept { return synced_.get(); }
  [[nodiscard]] const std::vector<Change>& pending() const noexcept { return pending_; }

  void write(std::uint64_t offset, std::string_view bytes, std::uint64_t order);
  void resize(std::uint64_t size, std::uint64_t order);
  /// All pending changes become durable.
  void sync();
  /// A failed fsync, as Linux file systems have it: the pending changes can still be read, but no
  /// later sync writes them. A power cut loses them.
  void forget() { pending_.clear(); }
  /// Inverts the bits of `mask` in one byte of both layers, as rot does.
  void flip(std::uint64_t offset, unsigned char mask);

  // What a power cut leaves. Afterwards both layers are the same.

  void keep_synced();
  /// Pending changes before `order` are kept, and of the change at `order` the first `torn` bytes.
  void keep_until(std::uint64_t order, std::size_t torn);
  /// Each pending sector is kept or lost by lot.
  void keep_some(std::mt19937_64& random, std::size_t sector_bytes);

 private:
  static void apply(std::string& layer, const Change& change);
  void settle(SharedBytes kept);

  SharedBytes written_;
  SharedBytes synced_;
  std::vector<Change> pending_;
};

}  // namespace rill::testing
