#include "application.hpp"

#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <system_error>
#include <utility>

#include "bent_clock.hpp"
#include "failure.hpp"
#include "rill/environment.hpp"
#include "rill/error.hpp"
#include "text.hpp"

namespace notes {
namespace {

constexpr double kMsPerDay = 24.0 * 60 * 60 * 1000;

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return value == nullptr ? std::string() : std::string(value);
}

/// The user's own database; its folder exists when this returns.
std::filesystem::path default_database() {
  std::filesystem::path data = environment("XDG_DATA_HOME");
  if (data.empty()) {
    const std::string home = environment("HOME");
    if (home.empty()) throw Failure("HOME is not set: name the database with --db FILE");
    data = std::filesystem::path(home) / ".local" / "share";
  }
  const std::filesystem::path folder = data / "notes";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw Failure("cannot make the folder '" + folder.string() + "' (" + error.message() +
                  "): name the database with --db FILE");
  }
  return folder / "notes.db";
}

std::shared_ptr<rill::WallClock> clock_with_offset(double days) {
  auto clock = rill::system_clock();
  if (days == 0) return clock;
  return std::make_shared<BentClock>(std::move(clock), std::llround(days * kMsPerDay));
}

/// Says which file it is about, and for one that cannot be made what it takes.
std::unique_ptr<NotesStore> open_store(const GlobalOptions& options) {
  try {
    return std::make_unique<NotesStore>(options.database,
                                        clock_with_offset(options.clock_offset_days));
  } catch (const rill::Error& error) {
    const std::string path = options.database.string();
    std::string message = error.what();
    if (message.find(path) == std::string::npos) message = "cannot use '" + path + "': " + message;
    if (error.code() == rill::ErrorCode::cannot_open) {
      message += " (its folder must exist and be yours to write; --db FILE names another)";
    }
    throw Failure(message);
  }
}

}  // namespace

Application::Application(GlobalOptions options)
    : options_(std::move(options)), terminal_(STDOUT_FILENO) {}

std::ostream& Application::out() const { return std::cout; }

NotesStore& Application::store() {
  if (!store_) {
    if (options_.database.empty()) options_.database = default_database();
    store_ = open_store(options_);
  }
  return *store_;
}

std::string Application::short_id(const std::string& id) {
  if (!short_id_length_) short_id_length_ = store().short_id_length();
  return id.substr(0, *short_id_length_);
}

std::string Application::shown_title(const std::string& title) const {
  const std::string line = one_line(title);
  return line.empty() ? terminal_.styled("(no title)", Style::dim) : line;
}

}  // namespace notes
