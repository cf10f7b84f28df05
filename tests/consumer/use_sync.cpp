// Sessions over a store of one's own: anything that implements the port `rill::Replica`.
#include <iostream>
#include <optional>
#include <rill/replicator.hpp>
#include <rill/sync.hpp>

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
  std::optional<rill::ReplicaId> check_history(const rill::ReplicaSummary& /*peer*/) override {
    return std::nullopt;
  }
  rill::ReplicaHistory history(const rill::ReplicaId& /*replica*/) override { return {}; }
  void settle_fork(const rill::ReplicaHistory& /*peer*/) override {}
  std::unique_ptr<rill::ChangeStream> changes_since(
      const rill::VersionVector& /*known*/, rill::SpaceId /*space*/,
      const std::optional<rill::InboxSummary>& /*received*/) override {
    return std::make_unique<NoChanges>();
  }
  rill::ReceiveResult receive(std::string_view /*encoded_delta*/) override { return {}; }
  std::unique_ptr<rill::DigestScan> digest_scan(
      const std::vector<std::uint32_t>& /*listed*/) override {
    return std::make_unique<NoRows>();
  }
  rill::Subscription on_vector_change(std::function<void()> /*changed*/) override { return {}; }

 private:
  class NoChanges final : public rill::ChangeStream {
   public:
    std::optional<std::string> next(std::size_t /*target_bytes*/) override { return std::nullopt; }
    [[nodiscard]] const rill::VersionVector& sender_vector() const override { return vector_; }

   private:
    rill::VersionVector vector_;
  };

  class NoRows final : public rill::DigestScan {
   public:
    bool advance(std::size_t /*target_bytes*/) override { return false; }
    [[nodiscard]] const rill::VersionVector& vector() const override { return vector_; }
    [[nodiscard]] const rill::RowDigests& digests() const override { return digests_; }

   private:
    rill::VersionVector vector_;
    rill::RowDigests digests_;
  };

  rill::ReplicaId id_;
};

/// A device without a file: it keeps what it is told for as long as it lives.
class ForgetfulStore final : public rill::DeviceStore {
 public:
  [[nodiscard]] std::optional<std::string> load(std::string_view /*name*/) override { return {}; }
  void store(std::string_view /*name*/, std::optional<std::string_view> /*value*/) override {}
  void set_reader(bool /*reader*/) override {}
  [[nodiscard]] std::filesystem::path file() const override { return {}; }
};

class KeyInMemory final : public rill::KeyStore {
 public:
  [[nodiscard]] std::optional<std::string> load() override { return secret_; }
  void store(std::string_view secret) override { secret_ = std::string(secret); }

 private:
  std::optional<std::string> secret_;
};

}  // namespace

int main() {
  EmptyReplica here(1);
  EmptyReplica there(2);
  const rill::SyncReport report = rill::sync(here, there);
  ForgetfulStore store;
  rill::ReplicatorOptions options;
  options.key_store = std::make_shared<KeyInMemory>();
  options.loopback_only = true;
  options.discovery = false;
  rill::Replicator replicator(there, store, options);
  replicator.start();
  if (replicator.status().port == 0) return 1;
  std::cout << report.bytes_sent << " bytes\n";
  return report.rows_sent == 0 && report.bytes_sent > 0 ? 0 : 1;
}
