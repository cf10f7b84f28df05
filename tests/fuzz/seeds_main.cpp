// Writes inputs to begin with, one file each, into folders named after their target: messages as an
// honest device sends them, which chance alone would hardly find.
//
//   fuzz_seeds FOLDER
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "compression.hpp"
#include "discovery/beacon.hpp"
#include "frame.hpp"
#include "message.hpp"
#include "rill/environment.hpp"
#include "rill/rule.hpp"
#include "support/memory_replica.hpp"

namespace {

/// The folder of one target.
class Seeds {
 public:
  Seeds(const std::filesystem::path& folder, std::string_view target) : folder_(folder / target) {
    std::filesystem::create_directories(folder_);
  }
  void add(std::string_view bytes) {
    std::ofstream file(folder_ / ("seed-" + std::to_string(count_++)), std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  /// Behind a byte that tells the target what it is.
  void add(std::uint8_t kind, std::string_view bytes) {
    add(std::string(1, static_cast<char>(kind)) + std::string(bytes));
  }

 private:
  std::filesystem::path folder_;
  unsigned count_ = 0;
};

rill::Hello honest_hello() {
  rill::test::MemoryReplica replica(rill::test::replica_id(2));
  replica.declare("notes", "tags", rill::set());
  replica.insert("notes", "milk", {{"title", "Milk"}});
  rill::Hello hello;
  hello.name = "Kitchen tablet";
  hello.features = rill::kFeatureZstd;
  hello.group = rill::GroupDigest{};
  hello.summary = replica.summary();
  hello.summary.inboxes.push_back({hello.summary.opening, 3, 17});
  return hello;
}

/// The numbers are those by which hello_fuzz tells messages apart.
void add_messages(Seeds& seeds) {
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
  seeds.add(9, encode(hello));
  constexpr std::size_t kGreeting = 6;  // "RILL" and the versions, which the target puts there
  seeds.add(10, encode(hello).substr(kGreeting));
}

void add_frames(Seeds& seeds) {
  // A portion of 256 bytes, and a limit of 16 KiB.
  std::string bytes("\xff\xff", 2);
  append_frame(bytes, rill::FrameType::hello, 0, encode(honest_hello()));
  append_frame(bytes, rill::FrameType::ping, 0, {});
  append_frame(bytes, rill::FrameType::delta, 1, std::string(1'000, 'x'), rill::kFrameMore);
  seeds.add(bytes);
  bytes[0] = '\0';  // byte by byte
  seeds.add(bytes);
}

void add_beacons(Seeds& seeds) {
  rill::BeaconKey key{};
  seeds.add(encode(rill::BeaconHeader{4'711, {}, {}}, std::vector{key}, *rill::system_random()));
  seeds.add(encode(rill::BeaconHeader{4'711, 7, {}}, std::vector{key}, *rill::system_random()));
}

/// A byte for the roles, then three for each frame: an honest one, and which.
void add_sessions(Seeds& seeds) {
  for (const std::string_view frames : {"\1\2\3", "\1\2\1\2", "\3\1\2", "\4\1\5", "\1\2\3\4"}) {
    std::string bytes(1, '\0');
    for (const char frame : frames) bytes += {'\0', frame};
    seeds.add(bytes);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: fuzz_seeds FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = arguments[1];
  Seeds hello(folder, "hello");
  add_messages(hello);
  Seeds frame(folder, "frame");
  add_frames(frame);
  Seeds beacon(folder, "beacon");
  add_beacons(beacon);
  Seeds session(folder, "session");
  add_sessions(session);
  return 0;
}
