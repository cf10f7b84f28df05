#include "editor.hpp"

#include <fcntl.h>
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

/// Empty if there is none.
std::string named_editor() {
  for (const char* name : {"VISUAL", "EDITOR"}) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
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

/// What is piped into this program is not typed into the editor.
void read_from_terminal() {
  if (::isatty(STDIN_FILENO) == 1) return;
  int input = ::open("/dev/tty", O_RDWR);
  if (input < 0) input = ::open("/dev/null", O_RDONLY);
  if (input >= 0) ::dup2(input, STDIN_FILENO);
}

/// The command may have arguments, so a shell reads it, as it does for other programs.
void run_editor(const std::string& command, const std::filesystem::path& file) {
  const std::string script = command + " \"$1\"";
  const IgnoredInterrupt ignored;
  const pid_t child = ::fork();
  if (child == 0) {
    ignored.restore();
    read_from_terminal();
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

void write_file(const std::filesystem::path& file, const std::string& text) {
  // An editor that showed half of a text would erase the other half.
  if (!(std::ofstream(file, std::ios::binary) << text << std::flush)) {
    throw Failure("cannot write the draft '" + file.string() + "': set TMPDIR to another folder");
  }
}

std::string text_of(const std::string& bytes) {
  std::istringstream stream(bytes);
  return read_text(stream, "the draft");
}

std::string_view without_line_ends(std::string_view text) {
  return text.substr(0, text.find_last_not_of('\n') + 1);
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

NoteEdit changes(const Draft& shown, const Draft& edited) {
  NoteEdit edit;
  if (edited.title != one_line(shown.title)) edit.title = edited.title;
  const std::string_view words = without_line_ends(edited.body);
  const std::string_view before = without_line_ends(shown.body);
  if (words == before) return edit;
  const std::string line_ends = words.empty() ? "" : shown.body.substr(before.size());
  edit.body = std::string(words) + line_ends;
  return edit;
}

bool editor_is_named() { return !named_editor().empty(); }

EditedDraft::Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "notes-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw Failure("cannot make a folder for the draft in '" +
                  std::filesystem::temp_directory_path().string() +
                  "': set TMPDIR to one that you may write");
  }
  path_ = name;
}

EditedDraft::Folder::~Folder() {
  std::error_code ignored;
  if (!kept_) std::filesystem::remove_all(path_, ignored);
}

EditedDraft::EditedDraft(const Draft& draft) : file_(folder_.path() / "note.md") {
  const std::string shown = to_text(draft);
  write_file(file_, shown);
  try {
    const std::string editor = named_editor();
    run_editor(editor.empty() ? "vi" : editor, file_);
    const std::string edited = read_file(file_);
    // Reading a text brings its line ends to one form, which is no edit of the user's.
    draft_ = edited == shown ? draft : draft_from(text_of(edited));
  } catch (const Failure& failure) {
    if (!std::filesystem::exists(file_) || read_file(file_) == shown) throw;
    throw Failure(failure.what() + kept(), failure.code());
  }
}

std::string EditedDraft::kept() {
  folder_.keep();
  return "; your text is kept in '" + file_.string() + "'";
}

}  // namespace notes
