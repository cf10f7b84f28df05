// Sessions over a store of one's own: anything that implements the port `rill::Replica`.
#include <iostream>
#include <optional>
#include <rill/sync.hpp>
#include <rill/tcp.hpp>

namespace {

/// A replica that holds nothing.
class EmptyReplica final : public rill::Replica {
 public:
  explicit EmptyReplica(std::uint8_t number) { id_.bytes[0] = number; }

  [[nodiscard]] rill::ReplicaSummary summary() override {
    rill::ReplicaSummary summary;
    summary.id = id_;
    return summary;
  }
  void check_history(const rill::ReplicaSummary& /*peer*/) override {}
  std::unique_ptr<rill::ChangeStream> changes_since(
      const rill::VersionVector& /*known*/, rill::SpaceId /*space*/,
      const std::optional<rill::InboxSummary>& /*received*/) override {
    return std::make_unique<NoChanges>();
  }
  rill::ReceiveResult receive(std::string_view /*encoded_delta*/) override { return {}; }
  rill::Subscription on_vector_change(std::function<void()> /*changed*/) override { return {}; }

 private:
  class NoChanges final : public rill::ChangeStream {
   public:
    std::optional<std::string> next(std::size_t /*target_bytes*/) override { return std::nullopt; }
    [[nodiscard]] const rill::VersionVector& sender_vector() const override { return vector_; }

   private:
    rill::VersionVector vector_;
  };

  rill::ReplicaId id_;
};

}  // namespace

int main() {
  EmptyReplica here(1);
  EmptyReplica there(2);
  const rill::SyncReport report = rill::sync(here, there);
  rill::TcpServer server(there);
  rill::sync_with(here, "127.0.0.1", server.port());
  std::cout << report.bytes_sent << " bytes\n";
  return report.rows_sent == 0 && report.bytes_sent > 0 ? 0 : 1;
}
