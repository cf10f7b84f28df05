#include "editor.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

#include "failure.hpp"
#include "files.hpp"
#include "text.hpp"

namespace notes {
namespace {

std::string editor_command() {
  for (const char* name : {"VISUAL", "EDITOR"}) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
    if (value != nullptr && *value != '\0') return value;
  }
  return "vi";
}

std::filesystem::path new_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "notes-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw Failure("cannot make a folder for the draft in '" +
                  std::filesystem::temp_directory_path().string() +
                  "': set TMPDIR to one that you may write");
  }
  return name;
}

/// Ctrl-C in the editor is meant for the editor.
class IgnoredInterrupt {
 public:
  IgnoredInterrupt() { ::sigaction(SIGINT, &ignore_, &before_); }
  ~IgnoredInterrupt() { restore(); }
  IgnoredInterrupt(const IgnoredInterrupt&) = delete;
  IgnoredInterrupt& operator=(const IgnoredInterrupt&) = delete;

  void restore() const { ::sigaction(SIGINT, &before_, nullptr); }

 private:
  static struct sigaction ignoring() {
    struct sigaction action{};
    action.sa_handler = SIG_IGN;
    return action;
  }

  const struct sigaction ignore_ = ignoring();
  struct sigaction before_{};
};

/// The command may have arguments, so a shell reads it, as it does for other programs.
void run_editor(const std::string& command, const std::filesystem::path& file) {
  const std::string script = command + " \"$1\"";
  const IgnoredInterrupt ignored;
  const pid_t child = ::fork();
  if (child == 0) {
    ignored.restore();
    ::execl("/bin/sh", "sh", "-c", script.c_str(), "sh", file.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  const bool waited = child > 0 && ::waitpid(child, &status, 0) == child;
  if (!waited || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw Failure("the editor '" + command +
                  "' failed; nothing was changed (EDITOR names another)");
  }
}

}  // namespace

std::string to_text(const Draft& draft) {
  return one_line(draft.title).append("\n\n").append(draft.body);
}

Draft draft_from(const std::string& text) {
  std::istringstream lines(text);
  Draft draft;
  std::getline(lines, draft.title);
  draft.title = one_line(draft.title);
  const std::size_t title_end = text.find('\n');
  if (title_end == std::string::npos) return draft;
  const bool empty_line = text.compare(title_end + 1, 1, "\n") == 0;
  draft.body = text.substr(title_end + (empty_line ? 2 : 1));
  return draft;
}

EditedDraft::EditedDraft(const Draft& draft) : folder_(new_folder()), file_(folder_ / "note.md") {
  try {
    std::ofstream(file_, std::ios::binary) << to_text(draft) << std::flush;
    run_editor(editor_command(), file_);
    std::istringstream edited(read_file(file_));
    draft_ = draft_from(read_text(edited, "the draft"));
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
    throw;
  }
}

EditedDraft::~EditedDraft() {
  std::error_code ignored;
  if (!kept_) std::filesystem::remove_all(folder_, ignored);
}

}  // namespace notes
