#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "support/effort.hpp"
#include "unit/storage/twin_device.hpp"

// Devices whose files are copied to each other and put back at random, and nothing shows it.

namespace rill {
namespace {

using testing::scaled;
using testing::sync_all;
using testing::sync_twins;
using testing::TwinDevice;

/// What was written, by name: each word, tag and view is written once.
using Facts = std::set<std::string>;

/// A device, what stands in it, and an image of both.
struct Twin {
  explicit Twin(std::uint64_t seed) : device(seed) {}

  struct Image {
    TwinDevice::Copy copy;
    Facts facts;
  };
  [[nodiscard]] Image image() const { return {device.copy(), facts}; }
  void become(const Image& image) {
    device.become(image.copy);
    facts = image.facts;
  }

  TwinDevice device;
  Facts facts;
  std::optional<Image> backup;
};

class World {
 public:
  explicit World(unsigned seed) : random_(seed) {
    for (std::uint64_t number = 0; number < 4; ++number) {
      twins_.push_back(std::make_unique<Twin>(std::uint64_t{seed} * 10 + number));
    }
    twins_[0]->device.insert("n", "");
    for (std::size_t next = 1; next < twins_.size(); ++next) {
      sync_twins(twins_[0]->device, twins_[next]->device);
    }
  }

  void step() {
    Twin& twin = any();
    switch (below(14)) {
      case 0:
        twin.backup = twin.image();
        break;
      case 1:
        if (twin.backup && restores_++ < 4) twin.become(*twin.backup);
        break;
      case 2:
        if (restores_++ < 4) twin.become(any().image());
        break;
      case 3:
        twin.device.reopen();
        break;
      case 4:
      case 5:
      case 6:
      case 7:
        sync(twin, any());
        break;
      default:
        write(twin);
    }
  }

  [[nodiscard]] std::size_t certificates() { return twins_[0]->device.db().summary().forks.size(); }
  /// All that still stood anywhere is everywhere.
  void finish() {
    Facts facts;
    std::vector<TwinDevice*> devices;
    for (const auto& twin : twins_) {
      facts.insert(twin->facts.begin(), twin->facts.end());
      devices.push_back(&twin->device);
    }
    sync_all(devices);
    std::int64_t views = 0;
    for (const std::string& fact : facts) views += fact.starts_with("view") ? 1 : 0;
    const std::string body = devices[0]->value("body", "n").text();
    const std::string tags = devices[0]->value("tags", "n").text();
    for (const std::string& fact : facts) {
      if (fact.starts_with("view")) continue;
      const std::string& place = fact.starts_with("word") ? body : tags;
      EXPECT_NE(place.find(fact), std::string::npos) << fact << " in " << place;
    }
    EXPECT_EQ(devices[0]->value("views", "n"), Value(views));
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }
  Twin& any() { return *twins_[below(twins_.size())]; }

  static void sync(Twin& one, Twin& other) {
    if (&one == &other) return;
    sync_twins(one.device, other.device);
    one.facts.insert(other.facts.begin(), other.facts.end());
    other.facts = one.facts;
  }

  /// Each word ends with a point.
  std::size_t between_words(Twin& twin) {
    const std::string body = twin.device.value("body", "n").text();
    return body.find('.', below(body.size() + 1)) + 1;
  }

  void write(Twin& twin) {
    const std::string number = std::to_string(++made_) + ".";
    switch (below(3)) {
      case 0:
        twin.device.type("n", between_words(twin), "word" + number);
        twin.facts.insert("word" + number);
        break;
      case 1:
        twin.device.view("n");
        twin.facts.insert("view" + number);
        break;
      default:
        twin.device.tag("n", "tag" + number);
        twin.facts.insert("tag" + number);
    }
  }

  std::mt19937 random_;
  std::vector<std::unique_ptr<Twin>> twins_;
  int restores_ = 0;
  int made_ = 0;
};

TEST(ForkHistories, CopiesAndRestoresThatNothingShowsLoseNothingAndAgree) {
  std::size_t certificates = 0;
  for (unsigned seed = 1; seed <= scaled(60); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed);
    for (int step = 0; step < 60; ++step) world.step();
    world.finish();
    certificates += world.certificates();
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(certificates, scaled(60)) << "hardly any copy forked";
}

}  // namespace
}  // namespace rill
