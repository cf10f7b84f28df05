#include "file_walk.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <string>
#include <system_error>

namespace notes {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> kCompressed{".gz", ".bz2", ".xz", ".zst"};

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char byte) { return static_cast<char>(std::tolower(byte)); });
  return result;
}

/// The name without the suffix of a compression, or all of it.
std::string_view without_compression(std::string_view name) {
  for (const std::string_view suffix : kCompressed) {
    if (lower_case(name).ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  }
  return name;
}

/// One walk; folders are kept in a list, not on the stack, however deep they are.
class Walk {
 public:
  FileWalk run(const fs::path& root) {
    const fs::file_status status = fs::status(root);
    if (fs::is_directory(status)) {
      folders_.push_back(root);
    } else {
      take_file(root);
    }
    while (!folders_.empty()) {
      const fs::path folder = std::move(folders_.back());
      folders_.pop_back();
      read_folder(folder);
    }
    std::sort(result_.files.begin(), result_.files.end());
    std::sort(
        result_.skipped.begin(), result_.skipped.end(),
        [](const SkippedPath& left, const SkippedPath& right) { return left.path < right.path; });
    return std::move(result_);
  }

 private:
  void read_folder(const fs::path& folder) {
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    while (!error && entry != fs::directory_iterator()) {
      take_entry(*entry);
      entry.increment(error);
    }
    if (error) result_.skipped.push_back({folder, SkipReason::unreadable});
  }

  void take_entry(const fs::directory_entry& entry) {
    std::error_code error;
    const fs::file_status status = entry.symlink_status(error);
    const std::string name = entry.path().filename().string();
    const bool document = is_document_name(without_compression(name));
    if (fs::is_directory(status)) {
      folders_.push_back(entry.path());
    } else if (document && fs::is_symlink(status)) {
      result_.skipped.push_back({entry.path(), SkipReason::symbolic_link});
    } else if (document && fs::is_regular_file(status)) {
      take_file(entry.path());
    }
  }

  void take_file(const fs::path& path) {
    const std::string name = path.filename().string();
    if (without_compression(name).size() < name.size()) {
      result_.skipped.push_back({path, SkipReason::compressed});
    } else {
      result_.files.push_back(path);
    }
  }

  std::vector<fs::path> folders_;
  FileWalk result_;
};

}  // namespace

std::string_view to_string(SkipReason reason) noexcept {
  switch (reason) {
    case SkipReason::compressed:
      return "compressed";
    case SkipReason::symbolic_link:
      return "behind symbolic links";
    case SkipReason::unreadable:
      return "unreadable";
    case SkipReason::empty:
      return "empty";
    case SkipReason::binary:
      return "not text";
    case SkipReason::too_large:
      return "too large";
    case SkipReason::unchanged:
      return "imported before";
    case SkipReason::edited:
      return "edited here since";
    case SkipReason::deleted:
      return "deleted here since";
  }
  return "skipped";
}

bool is_document_name(std::string_view name) {
  const std::string lower = lower_case(name);
  return lower.starts_with("readme") || lower == "copyright" || lower.ends_with(".txt") ||
         lower.ends_with(".md");
}

FileWalk find_documents(const fs::path& root) { return Walk().run(root); }

}  // namespace notes
