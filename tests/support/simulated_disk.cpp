#include "support/simulated_disk.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "support/simulated_vfs.hpp"

namespace rill::testing {
namespace {

constexpr std::size_t kSectorBytes = 512;

constexpr const char* kLogSuffix = "-wal";

}  // namespace

SimulatedDisk::SimulatedDisk(std::uint64_t seed) : random_(seed) {
  // SQLite finds a VFS by its name, so the name must be one of a kind in this process.
  char name[40];
  std::snprintf(name, sizeof name, "disk-%p", static_cast<void*>(this));
  name_ = name;
  vfs_ = std::make_unique<SimulatedVfs>(*this, name_.c_str());
}

SimulatedDisk::~SimulatedDisk() {
  if (handles_ == 0) return;
  std::fprintf(stderr, "a SimulatedDisk goes while %zu files are open on it\n", handles_);
  std::abort();
}

// Crashes ----------------------------------------------------------------------------------------

void SimulatedDisk::crash(Crash how) {
  const std::lock_guard lock(mutex_);
  crash_now(how);
}

void SimulatedDisk::crash_after(std::uint64_t mutations, Crash how) {
  const std::lock_guard lock(mutex_);
  planned_.emplace(mutations, how);
}

bool SimulatedDisk::is_down() const {
  const std::lock_guard lock(mutex_);
  return down_;
}

void SimulatedDisk::start() {
  const std::lock_guard lock(mutex_);
  down_ = false;
  planned_.reset();
  fault_.reset();
}

void SimulatedDisk::crash_now(Crash how) {
  ++life_;
  down_ = true;
  planned_.reset();
  crash_names(names_, synced_names_, order_, how, random_);
  for (auto& [path, node] : names_) {
    node->lock = {};
    node->memory.reset();
  }
}

void SimulatedDisk::crash_names(Names& names, Names& synced_names, std::uint64_t last_order,
                                Crash how, std::mt19937_64& random) {
  if (how == Crash::kill) return;
  if (how == Crash::keep_beginning) {
    keep_beginning(names, synced_names, last_order, random);
  } else if (how == Crash::keep_some) {
    for (auto& [path, node] : names) node->file.keep_some(random, kSectorBytes);
    Names kept;
    std::set<std::string> paths;
    for (const auto& [path, node] : names) paths.insert(path);
    for (const auto& [path, node] : synced_names) paths.insert(path);
    for (const std::string& path : paths) {
      const Names& source = random() % 2 == 0 ? names : synced_names;
      if (const auto found = source.find(path); found != source.end()) kept.insert(*found);
    }
    names = std::move(kept);
  } else if (how == Crash::lose_unsynced) {
    names = synced_names;
  }
  for (auto& [path, node] : names) node->file.keep_synced();
  synced_names = names;
}

void SimulatedDisk::keep_beginning(Names& names, const Names& synced_names,
                                   std::uint64_t last_order, std::mt19937_64& random) {
  std::vector<std::pair<std::uint64_t, std::size_t>> changes;  // order, bytes
  for (const auto& [path, node] : names) {
    for (const SimulatedFile::Change& change : node->file.pending()) {
      changes.emplace_back(change.order, change.bytes.size());
    }
  }
  std::sort(changes.begin(), changes.end());
  const auto lot = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  const std::size_t end = lot(changes.size() + 1);
  const std::uint64_t order = end < changes.size() ? changes[end].first : last_order + 1;
  const std::size_t torn = end < changes.size() ? lot(changes[end].second + 1) : 0;
  for (auto& [path, node] : names) node->file.keep_until(order, torn);
  if (end == 0) names = synced_names;
}

// Faults -----------------------------------------------------------------------------------------

void SimulatedDisk::inject(const DiskFault& fault) {
  const std::lock_guard lock(mutex_);
  fault_ = fault;
  failures_ = 0;
}

void SimulatedDisk::lift() {
  const std::lock_guard lock(mutex_);
  fault_.reset();
  planned_.reset();
  capacity_.reset();
}

std::uint64_t SimulatedDisk::failures() const {
  const std::lock_guard lock(mutex_);
  return failures_;
}

void SimulatedDisk::set_capacity(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = bytes;
  failures_ = 0;
}

void SimulatedDisk::lie(bool lying) {
  const std::lock_guard lock(mutex_);
  if (lying_ && !lying) {  // it has had the time to write all
    for (auto& [path, node] : names_) node->file.sync();
    sync_names();
  }
  lying_ = lying;
}

std::uint64_t SimulatedDisk::used() const {
  const std::lock_guard lock(mutex_);
  return used_now();
}

std::uint64_t SimulatedDisk::used_now() const {
  std::uint64_t bytes = 0;
  for (const auto& [path, node] : names_) bytes += node->file.written().size();
  return bytes;
}

void SimulatedDisk::observe(std::function<void()> looking) {
  const std::lock_guard lock(mutex_);
  looking_ = std::move(looking);
}

std::uint64_t SimulatedDisk::count(DiskCalls calls) const {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& [call, number] : counts_) sum += calls.contains(call) ? number : 0;
  return sum;
}

std::optional<DiskFailure> SimulatedDisk::enter(DiskCall call, const std::string& path,
                                                std::uint64_t offset, std::uint64_t bytes) {
  ++counts_[call];
  if (looking_ && kMutatingCalls.contains(call)) looking_();
  const auto mix = [&](std::uint64_t word) {
    trace_ = (trace_ ^ word) * 0x100000001b3ULL;  // FNV-1a, by words
    trace_ ^= trace_ >> 29U;
  };
  mix(static_cast<std::uint64_t>(call));
  for (const char character : path) mix(static_cast<unsigned char>(character));
  mix(offset);
  mix(bytes);

  if (planned_ && kMutatingCalls.contains(call) && planned_->first-- == 0) {
    const Crash how = planned_->second;
    planned_.reset();
    if (call == DiskCall::write) {
      dying_ = how;
    } else {
      crash_now(how);
    }
    return DiskFailure::io_error;
  }
  if (!fault_ || !fault_->calls.contains(call)) return std::nullopt;
  if (fault_->failure == DiskFailure::disk_full && !kAllocatingCalls.contains(call)) {
    return std::nullopt;
  }
  if (fault_->after > 0) {
    --fault_->after;
    return std::nullopt;
  }
  const DiskFailure failure = fault_->failure;
  if (!fault_->lasting) fault_.reset();
  ++failures_;
  return failure;
}

// Files ------------------------------------------------------------------------------------------

SimulatedDisk::Node& SimulatedDisk::node(const std::string& path) const { return *names_.at(path); }

std::vector<std::string> SimulatedDisk::files() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> paths;
  for (const auto& [path, node] : names_) paths.push_back(path);
  return paths;
}

bool SimulatedDisk::contains(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return names_.contains(path);
}

std::string SimulatedDisk::read(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return node(path).file.written();
}

void SimulatedDisk::put(const std::string& path, std::string bytes) {
  const std::lock_guard lock(mutex_);
  auto placed = std::make_shared<Node>();
  placed->file = SimulatedFile(std::move(bytes));
  names_[path] = placed;
  synced_names_[path] = std::move(placed);
}

void SimulatedDisk::overwrite(const std::string& path, std::string bytes) {
  const std::lock_guard lock(mutex_);
  node(path).file = SimulatedFile(std::move(bytes));
}

void SimulatedDisk::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  names_.erase(path);
  synced_names_.erase(path);
}

void SimulatedDisk::flip(const std::string& path, std::uint64_t offset, unsigned char mask) {
  const std::lock_guard lock(mutex_);
  node(path).file.flip(offset, mask);
}

SimulatedDisk::Copy SimulatedDisk::left_by(const std::string& path, Crash how,
                                           std::uint64_t seed) const {
  const std::lock_guard lock(mutex_);
  std::map<Node*, NodePtr> copies;
  const auto copied = [&](const Names& names) {
    Names copy;
    for (const auto& [name, node] : names) {
      NodePtr& twin = copies[node.get()];
      if (!twin) {
        twin = std::make_shared<Node>();
        twin->file = node->file;
      }
      copy.emplace(name, twin);
    }
    return copy;
  };
  Names names = copied(names_);
  Names synced_names = copied(synced_names_);
  std::mt19937_64 random(seed);
  crash_names(names, synced_names, order_, how, random);
  Copy left;
  for (const std::string suffix : {"", kLogSuffix}) {
    const auto found = names.find(path + suffix);
    if (found != names.end()) left.emplace(suffix, found->second->file.written());
  }
  return left;
}

SimulatedDisk::Copy SimulatedDisk::copy(const std::string& path) const {
  Copy copied{{"", read(path)}};
  if (contains(path + kLogSuffix)) copied.emplace(kLogSuffix, read(path + kLogSuffix));
  return copied;
}

void SimulatedDisk::restore(const std::string& path, Copy copy) {
  remove(path + kLogSuffix);
  for (auto& [suffix, bytes] : copy) put(path + suffix, std::move(bytes));
}

void SimulatedDisk::set_time_ms(std::uint64_t time_ms) {
  const std::lock_guard lock(mutex_);
  time_ms_ = time_ms;
}

std::uint64_t SimulatedDisk::trace() const {
  const std::lock_guard lock(mutex_);
  return trace_;
}

}  // namespace rill::testing
