// Writes inputs for hello_fuzz to begin with, one file each: messages as an honest device sends
// them, which chance alone hardly finds.
//
//   hello_seeds FOLDER
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
#include "message.hpp"
#include "rill/rule.hpp"
#include "support/memory_replica.hpp"

namespace {

class Seeds {
 public:
  explicit Seeds(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
  }
  /// `kind`: the byte by which the target tells messages apart.
  void add(std::uint8_t kind, std::string_view bytes) const {
    std::ofstream file(folder_ / ("message-" + std::to_string(kind)), std::ios::binary);
    file << static_cast<char>(kind) << bytes;
  }

 private:
  std::filesystem::path folder_;
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
  hello.summary.forks.add(rill::branch_id(hello.summary.id, 7));
  hello.summary.inboxes.push_back({hello.summary.opening, 3, 17});
  return hello;
}

void add_messages(const Seeds& seeds) {
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

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: hello_seeds FOLDER\n";
    return 2;
  }
  add_messages(Seeds(arguments[1]));
  return 0;
}
