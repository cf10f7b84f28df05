#include "file_walk.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace notes {
namespace {

namespace fs = std::filesystem;

class FileWalkTest : public ::testing::Test {
 protected:
  FileWalkTest() {
    std::string name = (fs::temp_directory_path() / "notes-walk-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~FileWalkTest() override { fs::remove_all(root_); }

  void make(const std::string& path) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << "text";
  }
  std::vector<std::string> found() {
    std::vector<std::string> names;
    for (const fs::path& path : find_documents(root_).files) {
      names.push_back(path.lexically_relative(root_).string());
    }
    return names;
  }

  fs::path root_;
};

TEST_F(FileWalkTest, finds_documents_at_every_depth_in_order) {
  for (const char* path : {"b/copyright", "a/x/notes.TXT", "a/README", "a/b.md", "a/main.cpp"})
    make(path);
  EXPECT_EQ(found(),
            (std::vector<std::string>{"a/README", "a/b.md", "a/x/notes.TXT", "b/copyright"}));
}

TEST_F(FileWalkTest, leaves_compressed_documents_out_and_says_so) {
  for (const char* path : {"README.gz", "a.txt.xz", "changelog.gz"}) make(path);
  const FileWalk walk = find_documents(root_);
  EXPECT_TRUE(walk.files.empty());
  ASSERT_EQ(walk.skipped.size(), 2U);
  EXPECT_EQ(walk.skipped[0].path, root_ / "README.gz");
  EXPECT_EQ(walk.skipped[1].reason, SkipReason::compressed);
}

TEST_F(FileWalkTest, does_not_follow_symbolic_links) {
  make("a/one.txt");
  fs::create_directory_symlink(root_, root_ / "a" / "loop");
  fs::create_symlink("one.txt", root_ / "a" / "two.txt");
  const FileWalk walk = find_documents(root_);
  EXPECT_EQ(walk.files.size(), 1U);
  ASSERT_EQ(walk.skipped.size(), 1U);
  EXPECT_EQ(walk.skipped[0].reason, SkipReason::symbolic_link);
}

TEST_F(FileWalkTest, takes_a_root_that_is_a_file_by_any_name) {
  make("main.cpp");
  EXPECT_EQ(find_documents(root_ / "main.cpp").files.size(), 1U);
}

}  // namespace
}  // namespace notes
