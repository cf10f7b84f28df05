// Writes inputs for the fuzz targets to begin with, a folder for each: what an honest device sends
// and keeps, which chance alone hardly finds, and choices for targets that take bytes as such.
//
//   fuzz_seeds FOLDER
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compression.hpp"
#include "frame.hpp"
#include "message.hpp"
#include "oracle/random.hpp"
#include "rill/bytes.hpp"
#include "rill/rule.hpp"
#include "row_meta.hpp"
#include "support/memory_replica.hpp"

namespace {

/// The folder of one target.
class Seeds {
 public:
  Seeds(const std::filesystem::path& folder, std::string_view target) : folder_(folder / target) {
    std::filesystem::create_directories(folder_);
  }
  /// `kind`: the first byte, by which targets tell what is to come.
  void add(std::uint8_t kind, std::string_view bytes) {
    std::ofstream file(folder_ / std::to_string(count_++), std::ios::binary);
    file << static_cast<char>(kind) << bytes;
  }

 private:
  std::filesystem::path folder_;
  std::size_t count_ = 0;
};

rill::test::MemoryReplica& honest_replica() {
  static rill::test::MemoryReplica replica(rill::test::replica_id(2));
  if (!replica.vector().empty()) return replica;
  replica.declare("notes", "tags", rill::set());
  replica.declare("notes", "views", rill::counter());
  replica.insert("notes", "milk", {{"title", "Milk"}, {"tags", "[1,2]"}, {"views", 3}});
  replica.insert("notes", "bread", {{"title", "Bread"}});
  replica.update("notes", "milk", "views", 5);
  replica.update("notes", "bread", "title", "Rye bread");
  replica.erase("notes", "bread");
  return replica;
}

rill::Hello honest_hello() {
  rill::Hello hello;
  hello.name = "Kitchen tablet";
  hello.features = rill::kFeatureZstd;
  hello.group = rill::GroupDigest{};
  hello.summary = honest_replica().summary();
  hello.summary.forks.add(rill::branch_id(hello.summary.id, 7));
  hello.summary.inboxes.push_back({hello.summary.opening, 3, 17});
  return hello;
}

void add_messages(Seeds seeds) {
  const rill::Hello hello = honest_hello();
  const rill::VersionVector& vector = hello.summary.vector;
  seeds.add(0, encode(rill::Begin{vector}));
  seeds.add(1, encode(rill::Ack{vector, 3}));
  seeds.add(2, encode(rill::GroupMessage{{"a record", "another"}}));
  seeds.add(3, encode(rill::DigestMessage{vector, {1, 2}}));
  seeds.add(4, encode(rill::DigestRanges{std::vector<rill::Digest>(rill::kDigestRanges)}));
  seeds.add(5, encode(rill::DigestRows{{{7, {1, 2}, "notes milk"}}, true}));
  seeds.add(6, encode(rill::CreditMessage{65'536}));
  seeds.add(7, encode(rill::Have{vector, true}));
  seeds.add(8, rill::Compressor().compress(std::string(5'000, 'x')));
  seeds.add(9, encode(rill::ReplicaHistory{hello.summary.id, 3, {{hello.summary.id, 1, 7}}}));
  seeds.add(11, encode(hello));
  constexpr std::size_t kGreeting = 6;  // "RILL" and the versions, which the target puts there
  seeds.add(10, encode(hello).substr(kGreeting));
}

std::string honest_chunk() {
  return honest_replica().changes_since({})->next(1'000'000).value_or("");
}

void add_frames(Seeds seeds) {
  std::string frames;
  append_frame(frames, rill::FrameType::hello, 0, encode(honest_hello()));
  append_frame(frames, rill::FrameType::delta, 1, honest_chunk());
  seeds.add(20, "\x40" + frames);
}

/// As stored_fuzz numbers what a file keeps.
void add_stored(Seeds seeds) {
  using rill::storage::Event;
  const std::string chunk = honest_chunk();
  seeds.add(4, chunk);
  for (const rill::RowFragment& row : rill::decode_delta(chunk).rows) {
    rill::RowState state;
    rill::join(state, {}, row, {{}, honest_replica().vector()});
    seeds.add(0, encode(state));
  }
  seeds.add(1, encode(honest_replica().vector()));
  seeds.add(2, rill::encode_key(std::vector<rill::Value>{"milk", 7}));
  rill::ByteWriter image;
  image.byte(0);
  image.value("Milk");
  image.value(7);
  seeds.add(3, image.view());
  const std::string inserted = rill::storage::encode_inserted(Event{1, 5, 70'000}, 1);
  seeds.add(6, inserted);
  seeds.add(6, rill::storage::encode_overwritten(inserted, Event{2, 3, 80'000}, {0, 2}));
  // Two events, the second with a sibling in column 0 and a range with a sub-key in column 1.
  seeds.add(6, std::string_view("\x02\x02\x01\x05\x10\x02\x09\x11\x01\x00\x01\x01\x01\x01\x01\x00"
                                "\x02\x00\x02\x02\x00\x00\x00\x08\x01\x01\x01\x05\x00\x01\x02\x01"
                                "\x06\x01\x03\x02"
                                "ab\x00",
                                37));
}

/// Bytes that a target takes for choices, or for changes of something honest.
void add_choices(Seeds seeds) {
  for (std::uint64_t seed = 0; seed < 32; ++seed) {
    oracle::Random random(seed);
    std::string bytes(8 + random.below(120), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.below(256));
    seeds.add(static_cast<std::uint8_t>(seed), bytes);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: fuzz_seeds FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = arguments[1];
  add_messages(Seeds(folder, "hello"));
  add_frames(Seeds(folder, "frame"));
  add_stored(Seeds(folder, "stored"));
  for (const char* target :
       {"beacon", "file", "pairing", "session", "sql", "text_history", "text_op"}) {
    add_choices(Seeds(folder, target));
  }
}
