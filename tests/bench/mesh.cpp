#include <algorithm>
#include <memory>
#include <random>
#include <stdexcept>

#include "metric.hpp"
#include "notes.hpp"
#include "rill/delta_reader.hpp"
#include "rill/sync.hpp"

// Many databases that meet in pairs: how often a row travels.

namespace rill::bench {
namespace {

constexpr std::size_t kDatabases = 20;
/// Enough for all to hear of everything; most are over sooner.
constexpr std::size_t kMaxContacts = 10'000;

/// Passes everything on to a database, and counts the rows that come in.
class Counting final : public Replica {
 public:
  explicit Counting(Replica& replica) : replica_(replica) {}

  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }

  [[nodiscard]] ReplicaSummary summary() override { return replica_.summary(); }
  std::optional<ReplicaId> check_history(const ReplicaSummary& peer) override {
    return replica_.check_history(peer);
  }
  [[nodiscard]] ReplicaHistory history(const ReplicaId& replica) override {
    return replica_.history(replica);
  }
  void settle_fork(const ReplicaHistory& peer) override { replica_.settle_fork(peer); }
  std::unique_ptr<ChangeStream> changes_since(
      const VersionVector& known, SpaceId space,
      const std::optional<InboxSummary>& received) override {
    return replica_.changes_since(known, space, received);
  }
  ReceiveResult receive(std::string_view encoded_delta) override {
    DeltaReader reader(encoded_delta);
    while (reader.next()) ++rows_;
    return replica_.receive(encoded_delta);
  }
  std::unique_ptr<DigestScan> digest_scan(const std::vector<std::uint32_t>& listed) override {
    return replica_.digest_scan(listed);
  }
  Subscription on_vector_change(std::function<void()> changed) override {
    return replica_.on_vector_change(std::move(changed));
  }

 private:
  Replica& replica_;
  std::size_t rows_ = 0;
};

/// A database that stands in a mesh.
struct Node {
  explicit Node(const std::filesystem::path& folder) : file(folder), replica(file->database()) {}

  Temporary<RillNotes> file;
  Counting replica;
};

using Nodes = std::vector<std::unique_ptr<Node>>;

bool agree(const Nodes& nodes) {
  const VersionVector vector = nodes.front()->file->database().vector();
  return std::ranges::all_of(
      nodes, [&](const auto& node) { return node->file->database().vector() == vector; });
}

/// One of the databases writes a few rows before each contact of a random pair, until all are
/// written; then contacts go on until all agree.
Nodes meet_at_random(const Setting& setting) {
  Nodes nodes;
  for (std::size_t index = 0; index < kDatabases; ++index) {
    nodes.push_back(std::make_unique<Node>(setting.folder));
  }
  constexpr std::size_t kRowsPerContact = 10;
  NoteInsert insert(nodes.front()->file->handle());
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same contacts in each run
  std::size_t written = 0;
  for (std::size_t contact = 0; contact < kMaxContacts; ++contact) {
    for (std::size_t row = 0; row < kRowsPerContact && written < setting.scale.changes; ++row) {
      insert.run(note(written++));
    }
    Node& left = *nodes[random() % kDatabases];
    Node& right = *nodes[random() % kDatabases];
    if (&left != &right) sync(left.replica, right.replica);
    if (written == setting.scale.changes && agree(nodes)) return nodes;
  }
  throw std::runtime_error("a mesh does not come to agree");
}

/// Rows that came in anywhere, beyond the once that each database has to get each row.
Figures duplicates(const Setting& setting) {
  const Nodes nodes = meet_at_random(setting);
  std::size_t received = 0;
  for (const auto& node : nodes) received += node->replica.rows();
  const std::size_t needed = (kDatabases - 1) * setting.scale.changes;
  if (received < needed) throw std::runtime_error("a mesh agrees without its rows");
  const auto extra = static_cast<double>(received - needed);
  return {extra, 0, extra};
}

}  // namespace

std::vector<Metric> mesh_metrics() { return {{"mesh_duplicates", "rows", 0, duplicates}}; }

}  // namespace rill::bench
