#pragma once

#include <filesystem>
#include <string>

#include "note.hpp"

namespace notes {

/// A note as a person edits it: the title in the first line, an empty line, the text.
struct Draft {
  std::string title;
  std::string body;

  friend bool operator==(const Draft&, const Draft&) = default;
};

std::string to_text(const Draft& draft);
Draft draft_from(const std::string& text);
/// What a person changed in the draft `shown`. Line ends at the end of the text are as they were:
/// editors end the last line, whether or not the note did.
NoteEdit changes(const Draft& shown, const Draft& edited);

/// Whether `$VISUAL` or `$EDITOR` names an editor, which then need not be one for terminals.
bool editor_is_named();

/// A draft in the user's editor: `$VISUAL`, `$EDITOR`, or `vi`. The file in which it stands goes
/// with this object, unless it was `kept`.
class EditedDraft {
 public:
  /// Returns when the editor does. Throws `Failure` if it cannot be run or says that it failed.
  explicit EditedDraft(const Draft& draft);

  [[nodiscard]] const Draft& draft() const noexcept { return draft_; }
  /// Leaves the file for the user; returns the end of a message that says where.
  [[nodiscard]] std::string kept();

 private:
  /// A new one, for the file alone.
  class Folder {
   public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    void keep() noexcept { kept_ = true; }

   private:
    std::filesystem::path path_;
    bool kept_ = false;
  };

  Folder folder_;
  std::filesystem::path file_;
  Draft draft_;
};

}  // namespace notes
