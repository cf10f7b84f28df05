#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "oracle/site.hpp"
#include "oracle/world.hpp"

namespace oracle {

/// Devices with a database each. Histories have keys of their own in the same files.
class FileWorld final : public World {
 public:
  /// Creates the files in `folder`, which is emptied first and removed at the end.
  FileWorld(Plan plan, std::filesystem::path folder);
  ~FileWorld() override;
  FileWorld(const FileWorld&) = delete;
  FileWorld& operator=(const FileWorld&) = delete;

  std::optional<Failure> run(const Script& script, std::int64_t ordinal, Fault fault,
                             Statistics& statistics, std::uint64_t& hash) override;
  /// Runs `PRAGMA integrity_check` and `Database::check` on all files.
  std::optional<Failure> check_files() override;

 private:
  Plan plan_;
  std::filesystem::path folder_;
  std::vector<std::unique_ptr<Site>> sites_;
};

}  // namespace oracle
