#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "notes_store.hpp"
#include "terminal.hpp"

namespace notes {

/// The options that stand before any command.
struct GlobalOptions {
  /// Empty: the user's own, see `Application`.
  std::filesystem::path database;
  /// Show progress even if standard error is no terminal.
  bool progress = false;
  /// How wrong this device's clock is made.
  double clock_offset_days = 0;
};

/// What commands work with: the notes, opened at first use, and the output.
///
/// Without a path, notes are kept in `$XDG_DATA_HOME/notes/notes.db` or
/// `~/.local/share/notes/notes.db`, whose folders are made if need be.
class Application {
 public:
  explicit Application(GlobalOptions options);

  /// Throws `rill::Error` or `Failure` if the file cannot be used.
  NotesStore& store();
  [[nodiscard]] const GlobalOptions& options() const noexcept { return options_; }
  [[nodiscard]] const Terminal& terminal() const noexcept { return terminal_; }
  [[nodiscard]] std::ostream& out() const;

  /// As much of a note's id as tells it from the others.
  std::string short_id(const std::string& id);
  /// A title as it is shown, also where there is none.
  [[nodiscard]] std::string shown_title(const std::string& title) const;

 private:
  GlobalOptions options_;
  Terminal terminal_;
  std::unique_ptr<NotesStore> store_;
  std::optional<std::size_t> short_id_length_;
};

}  // namespace notes
