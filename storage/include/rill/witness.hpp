#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace rill {

/// Keeps, outside each database file, a short record of how far that file had come as an author.
///
/// A file that is older than its record is a backup that was put back; one without a record, or in
/// another place, is a copy. Either would use names of events that are in use already, so it takes
/// a new replica id when it is opened. Losing a record is harmless: it costs a new id, once.
///
/// Thread safety: implementations may be called from any thread.
class WitnessStore {
 public:
  virtual ~WitnessStore() = default;
  /// The record of the database at `path` (absolute); empty if there is none.
  [[nodiscard]] virtual std::string read(const std::filesystem::path& path) = 0;
  /// Replaces the record, whole or not at all; it need not survive a power cut. Returns whether it
  /// could. If not, nothing fails: the next opening finds the witness behind and takes a new id.
  virtual bool write(const std::filesystem::path& path, std::string_view record) = 0;
};

/// One small file per database in `folder`, which is made when needed. By default that is the
/// user's state folder: `$XDG_STATE_HOME/rill`, or `.local/state/rill` in the home folder
/// (`%LOCALAPPDATA%\rill` under Windows). Where there is none, or it cannot be written, the record
/// stands beside the database and tells only the copies and backups that leave it behind.
std::shared_ptr<WitnessStore> witness_files(std::filesystem::path folder = {});

}  // namespace rill
