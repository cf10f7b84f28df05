#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "extract.hpp"
#include "sqlite.hpp"

namespace rill::storage {

/// Reading connections, opened when needed and kept for reuse.
/// Thread safety: `lease` may be called from any thread; a lease has one user. Leases must end
/// before the pool.
class ReaderPool {
 public:
  /// Prepares a fresh reader: registers functions.
  using Setup = std::function<void(Reader&)>;
  /// Throws if what the pool's path leads to is no longer the database.
  using Check = std::function<void()>;
  /// Loads the catalog of the reader's snapshot.
  using Load = std::function<std::shared_ptr<const Catalog>(sqlite::Connection&)>;

  ReaderPool(std::string path, sqlite::OpenOptions options, Check check, Setup setup, Load load)
      : path_(std::move(path)),
        options_(std::move(options)),
        check_(std::move(check)),
        setup_(std::move(setup)),
        load_(std::move(load)) {}

  /// Throws if the file is no longer the database.
  void check() const { check_(); }
  /// A reader outside any transaction. Its transaction, if one is begun, ends with the lease.
  ReaderLease lease();
  /// A reader inside a read transaction whose snapshot is the present state, with the catalog of
  /// that.
  ReaderLease snapshot();
  /// Closes the idle readers: what they have learnt of the file is void.
  void forget();

 private:
  void give_back(Reader* reader) noexcept;

  static constexpr std::size_t kMaxIdle = 4;

  std::string path_;
  sqlite::OpenOptions options_;
  Check check_;
  Setup setup_;
  Load load_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Reader>> idle_;
};

}  // namespace rill::storage
