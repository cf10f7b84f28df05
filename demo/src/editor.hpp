#pragma once

#include <filesystem>
#include <string>

namespace notes {

/// A note as a person edits it: the title in the first line, an empty line, the text.
struct Draft {
  std::string title;
  std::string body;

  friend bool operator==(const Draft&, const Draft&) = default;
};

std::string to_text(const Draft& draft);
Draft draft_from(const std::string& text);

/// A draft in the user's editor: `$VISUAL`, `$EDITOR`, or `vi`. The file in which it stands goes
/// with this object, unless `keep` says otherwise.
class EditedDraft {
 public:
  /// Returns when the editor does. Throws `Failure` if it cannot be run or says that it failed.
  explicit EditedDraft(const Draft& draft);
  ~EditedDraft();
  EditedDraft(const EditedDraft&) = delete;
  EditedDraft& operator=(const EditedDraft&) = delete;

  [[nodiscard]] const Draft& draft() const noexcept { return draft_; }
  /// Leaves the file for the user and says where.
  [[nodiscard]] const std::filesystem::path& keep() noexcept {
    kept_ = true;
    return file_;
  }

 private:
  Draft draft_;
  std::filesystem::path folder_;
  std::filesystem::path file_;
  bool kept_ = false;
};

}  // namespace notes
