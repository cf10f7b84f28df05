#include <algorithm>
#include <filesystem>
#include <functional>
#include <system_error>

#include "device_pair.hpp"
#include "device_process.hpp"

// A new device gets everything: how long it takes, and how much memory.

namespace rill::bench {
namespace {

/// What the files of other metrics have.
constexpr int kUsualCache = -65'536;
/// SQLite's default, 2 MB for each connection.
constexpr int kSmallCache = -2'000;

/// Files of two devices that are paired and not running. They go with the object.
class PairedFiles {
 public:
  explicit PairedFiles(const std::filesystem::path& folder) : folder_(folder / "transfer") {
    std::filesystem::create_directory(folder_);
    RillNotes a(sender());
    RillNotes b(receiver());
    Replicator inviter(a.database(), loopback_options());
    Replicator joiner(b.database(), loopback_options());
    inviter.start();
    joiner.start();
    pair(inviter, joiner, "127.0.0.1");
  }
  ~PairedFiles() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  PairedFiles(const PairedFiles&) = delete;
  PairedFiles& operator=(const PairedFiles&) = delete;

  [[nodiscard]] std::filesystem::path sender() const { return folder_ / "a.db"; }
  [[nodiscard]] std::filesystem::path receiver() const { return folder_ / "b.db"; }

  void fill(const std::function<void(sqlite3*)>& write) const {
    RillNotes notes(sender());
    write(notes.handle());
    notes.checkpoint();
  }
  /// How many rows have arrived.
  [[nodiscard]] std::size_t received() const {
    RillNotes notes(receiver());
    Prepared count(notes.handle(), "SELECT count(*) FROM notes");
    count.step();
    return static_cast<std::size_t>(sqlite3_column_int64(count.raw(), 0));
  }

 private:
  std::filesystem::path folder_;
};

/// What a first sync of two processes took.
struct Transfer {
  Milliseconds time{};
  std::uint64_t growth = 0;
};

Transfer transfer(const PairedFiles& files, int cache_size, std::size_t rows) {
  Transfer result;
  {
    DeviceProcess a(files.sender(), cache_size);
    DeviceProcess b(files.receiver(), cache_size);
    a.start();
    const auto began = Clock::now();
    b.start();
    b.wait_in_sync();
    a.wait_in_sync();
    result.time = Clock::now() - began;
    result.growth = std::max(a.growth(), b.growth());
  }
  if (files.received() != rows) throw std::runtime_error("rows are missing after a first sync");
  return result;
}

/// The same rows handed over in one thread, chunk by chunk.
Milliseconds extract_and_apply(const Setting& setting, const std::vector<Note>& rows) {
  Temporary<RillNotes> sender(setting.folder, rows);
  Temporary<RillNotes> receiver(setting.folder);
  const auto began = Clock::now();
  const auto stream = sender->database().changes_since({});
  while (const auto chunk = stream->next(std::size_t{64} << 10U)) {
    receiver->database().receive(*chunk);
  }
  return Clock::now() - began;
}

double median(std::vector<double>& of) {
  std::ranges::sort(of);
  return of.at(of.size() / 2);
}

Figures first_sync(const Setting& setting) {
  const std::vector<Note> rows = notes(setting.scale.rows);
  std::vector<double> values;
  std::vector<double> baselines;
  for (int round = 0; round < setting.scale.rounds; ++round) {
    const PairedFiles files(setting.folder);
    files.fill([&](sqlite3* db) { insert_all(db, rows); });
    values.push_back(transfer(files, kUsualCache, rows.size()).time.count());
    baselines.push_back(extract_and_apply(setting, rows).count());
  }
  const double value = median(values);
  const double baseline = median(baselines);
  return {value, baseline, value / baseline};
}

constexpr std::size_t kLargeBody = 4'000;

/// Rows of 4,000 bytes each, a thousand to a transaction.
void insert_large(sqlite3* db, std::size_t count) {
  std::string text;
  for (std::size_t number = 0; text.size() < kLargeBody * 256; ++number) text += note(number).body;
  NoteInsert insert(db);
  run(db, "BEGIN");
  for (std::size_t number = 0; number < count; ++number) {
    Note row = note(number);
    // Pieces overlap, but not within what is packed together.
    row.body = text.substr(number * 4'093 % (text.size() - kLargeBody), kLargeBody);
    insert.run(row);
    if (number % 1'000 == 999) run(db, "COMMIT; BEGIN");
  }
  run(db, "COMMIT");
}

Figures memory(const Setting& setting) {
  const std::size_t rows = setting.scale.transfer_bytes / kLargeBody;
  const PairedFiles files(setting.folder);
  files.fill([&](sqlite3* db) { insert_large(db, rows); });
  const double mebibytes =
      static_cast<double>(transfer(files, kSmallCache, rows).growth) / (1U << 20U);
  return {mebibytes, 0, mebibytes};
}

}  // namespace

std::vector<Metric> transfer_metrics() {
  return {{"first_sync", "ms", 1.6, first_sync}, {"memory_mib", "MiB", 64, memory}};
}

}  // namespace rill::bench
