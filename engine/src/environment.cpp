#include "rill/environment.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <random>
#include <string>

#include "rill/error.hpp"

namespace rill {
namespace {

class SystemClock final : public WallClock {
 public:
  std::uint64_t now_ms() override {
    using std::chrono::milliseconds;
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    const auto ms = std::chrono::duration_cast<milliseconds>(since_1970).count();
    return ms < 0 ? 0 : static_cast<std::uint64_t>(ms);
  }
};

class SystemRandom final : public RandomSource {
 public:
  void fill(std::span<std::byte> out) override try {
    // One device per call: a shared one is not safe to use from several threads.
    std::random_device device;
    while (!out.empty()) {
      const std::random_device::result_type word = device();
      const std::size_t length = std::min(out.size(), sizeof word);
      std::memcpy(out.data(), &word, length);
      out = out.subspan(length);
    }
  } catch (const std::exception& error) {
    throw Error(ErrorCode::io, std::string("the system's random source failed: ") + error.what());
  }
};

}  // namespace

std::shared_ptr<WallClock> system_clock() { return std::make_shared<SystemClock>(); }

std::shared_ptr<RandomSource> system_random() { return std::make_shared<SystemRandom>(); }

}  // namespace rill
