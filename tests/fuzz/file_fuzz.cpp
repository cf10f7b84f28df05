#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/input.hpp"
#include "unit/storage/worn_device.hpp"

// A database file in which another program has replaced some of Rill's blobs: it is opened, read,
// written, sent and merged into, each step done or refused with a typed error; nothing crashes,
// hangs or throws anything else, and SQLite finds its own part of the file sound.

namespace {

using rill::fuzz::Input;
using rill::fuzz::require;
using rill::fuzz::spoilt;
using rill::testing::StockConnection;
using rill::testing::WornDevice;

constexpr std::array<std::pair<const char*, const char*>, 18> kBlobs = {{
    {"notes", "_rill_meta"},
    {"letters", "_rill_meta"},
    {"rill_tombstone", "meta"},
    {"rill_tombstone", "image"},
    {"rill_tombstone", "key"},
    {"rill_unknown", "state"},
    {"rill_unknown", "columns"},
    {"rill_unknown", "key"},
    {"rill_inbox", "delta"},
    {"rill_mark", "vector"},
    {"rill_replica", "replica"},
    {"rill_shape", "columns"},
    {"rill_conflicted", "key"},
    {"rill_file", "nonce"},
    {"rill_text", "checkpoint"},
    {"rill_text", "vector"},
    {"rill_text", "begun"},
    {"rill_text_op", "op"},
}};
constexpr int kRows = 5;
constexpr std::size_t kMostUses = 4;

/// Replaces one blob, by bytes of the input or by its own, spoilt.
void damage(WornDevice& worn, Input& input) {
  const auto& [table, column] = kBlobs[input.below(kBlobs.size())];
  StockConnection stock(worn.device.disk);
  const std::size_t row = input.below(stock.count(table));
  const std::uint8_t kind = input.byte();
  const std::string recipe(input.bytes(kind / 2));
  stock.alter(table, column, row, [&](const std::string& bytes) {
    return kind % 2 == 0 ? recipe : spoilt(bytes, recipe);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static WornDevice worn(kRows);
  Input input(data, size);
  worn.restore();
  std::vector<std::size_t> ways(1 + input.below(kMostUses));
  for (std::size_t& way : ways) way = input.below(worn.uses());
  do {
    damage(worn, input);
  } while (!input.at_end());
  for (const rill::Error& error : worn.use(ways)) {
    require(error.code() != rill::ErrorCode::internal, error.what());
  }
  require(StockConnection(worn.device.disk).text("PRAGMA integrity_check") == "ok",
          "the file is not sound");
  return 0;
}
