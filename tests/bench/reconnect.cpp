#include <algorithm>
#include <future>
#include <stdexcept>
#include <thread>

#include "device_pair.hpp"
#include "support/network_namespace.hpp"

// Two devices on a cable of their own, which is pulled and put back.

namespace rill::bench {
namespace {

/// Runs `call` in the namespace, where the threads that it starts stay.
template <typename Call>
auto inside(const test::NetworkNamespace& network, Call call) {
  std::packaged_task<decltype(call())()> task(std::move(call));
  auto result = task.get_future();
  std::thread([&] {
    network.enter();
    task();
  }).join();
  return result.get();
}

/// Two networks joined by a cable. Throws `Skipped` where that is not allowed.
class Cable {
 public:
  Cable() {
    for (const auto* end : {&left, &right}) {
      if (!end->trouble().empty()) throw Skipped("no network namespace: " + end->trouble());
    }
    const bool laid = left.connect(right, "rill0") && left.run("addr add 10.77.0.1/24 dev rill0") &&
                      right.run("addr add 10.77.0.2/24 dev rill0") &&
                      right.run("link set rill0 up") && left.run("link set rill0 up");
    if (!laid) throw Skipped("no pair of veth interfaces can be made");
  }
  void set(const char* state) const {
    if (!left.run(std::string("link set rill0 ") + state)) {
      throw std::runtime_error("a link cannot be set");
    }
  }

  test::NetworkNamespace left;
  test::NetworkNamespace right;
};

/// A device in a network, which finds others by itself.
class NetworkedDevice {
 public:
  NetworkedDevice(const test::NetworkNamespace& network, const std::filesystem::path& folder)
      : file_(folder) {
    replicator_ = inside(network, [this] {
      ReplicatorOptions options;
      options.key_store = std::make_shared<KeyInMemory>();
      return std::make_unique<Replicator>(file_->database(), options);
    });
    replicator_->start();
  }

  [[nodiscard]] Replicator& replicator() { return *replicator_; }
  [[nodiscard]] bool online() const {
    return std::ranges::any_of(replicator_->peers(), [](const PeerStatus& peer) {
      return peer.connection == PeerStatus::Connection::online;
    });
  }
  void write(std::size_t first, std::size_t count) {
    NoteInsert insert(file_->handle());
    for (std::size_t number = first; number < first + count; ++number) insert.run(note(number));
  }
  [[nodiscard]] std::size_t rows() {
    Prepared count(file_->handle(), "SELECT count(*) FROM notes");
    count.step();
    return static_cast<std::size_t>(sqlite3_column_int64(count.raw(), 0));
  }

 private:
  Temporary<RillNotes> file_;
  std::unique_ptr<Replicator> replicator_;
};

template <typename Condition>
void wait_until(const Condition& condition, const char* trouble) {
  const auto end = Clock::now() + std::chrono::seconds(120);
  while (!condition()) {
    if (Clock::now() >= end) throw std::runtime_error(trouble);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

/// From the link being up to both having what was written on either while it was down.
double reconnect_once(const Setting& setting, std::chrono::seconds down) {
  constexpr std::size_t kRows = 100;
  const Cable cable;
  NetworkedDevice a(cable.left, setting.folder);
  NetworkedDevice b(cable.right, setting.folder);
  pair(a.replicator(), b.replicator(), "10.77.0.1");
  cable.set("down");
  wait_until([&] { return !a.online() && !b.online(); }, "a pulled cable is not noticed");
  a.write(0, kRows);
  b.write(kRows, kRows);
  std::this_thread::sleep_for(down);
  cable.set("up");
  const auto began = Clock::now();
  wait_until([&] { return a.rows() == 2 * kRows && b.rows() == 2 * kRows; },
             "devices do not find each other again");
  return std::chrono::duration<double>(Clock::now() - began).count();
}

Figures reconnect(const Setting& setting) {
  const std::chrono::seconds down(setting.scale.rounds == 1 ? 0 : 5);
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(setting.scale.rounds));
  for (int round = 0; round < setting.scale.rounds; ++round) {
    values.push_back(reconnect_once(setting, down));
  }
  std::ranges::sort(values);
  const double value = values.at(values.size() / 2);
  return {value, 0, value};
}

}  // namespace

std::vector<Metric> reconnect_metrics() { return {{"reconnect_s", "s", 2, reconnect}}; }

}  // namespace rill::bench
