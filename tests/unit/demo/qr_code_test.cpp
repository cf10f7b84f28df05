#include "qr_code.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "failure.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace notes {
namespace {

constexpr std::size_t kMargin = 4;
const std::string kLink =
    "rill:pair?1.AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789";

/// Rows of modules, dark or not, as a terminal shows them.
using Modules = std::vector<std::vector<bool>>;

Modules shown(const std::string& text) {
  Modules modules;
  std::vector<bool> upper;
  std::vector<bool> lower;
  for (std::size_t place = 0; place < text.size();) {
    const auto is = [&](const std::string& what) {
      return text.compare(place, what.size(), what) == 0;
    };
    if (is("\x1b[")) {
      place = text.find('m', place) + 1;
    } else if (is("\n")) {
      modules.push_back(std::exchange(upper, {}));
      modules.push_back(std::exchange(lower, {}));
      ++place;
    } else {
      upper.push_back(is("█") || is("▀"));
      lower.push_back(is("█") || is("▄"));
      place += is(" ") ? 1 : std::string("█").size();
    }
  }
  return modules;
}

/// The ring in the three corners by which readers find a code.
bool is_finder(const Modules& modules, std::size_t top, std::size_t left) {
  for (std::size_t row = 0; row < 7; ++row) {
    for (std::size_t column = 0; column < 7; ++column) {
      const bool edge = row == 0 || row == 6 || column == 0 || column == 6;
      const bool heart = row >= 2 && row <= 4 && column >= 2 && column <= 4;
      if (modules.at(top + row).at(left + column) != (edge || heart)) return false;
    }
  }
  return true;
}

TEST(QrCode, HasItsFinderPatternsInsideAMargin) {
  const Modules modules = shown(qr_code(kLink));
  const std::size_t width = modules.front().size();
  const std::size_t size = width - 2 * kMargin;
  EXPECT_EQ(size % 4, 1U);
  EXPECT_LE(size, 37U) << "small enough for any terminal";
  ASSERT_GE(modules.size(), width);
  EXPECT_LE(modules.size(), width + 1);
  EXPECT_TRUE(is_finder(modules, kMargin, kMargin));
  EXPECT_TRUE(is_finder(modules, kMargin, kMargin + size - 7));
  EXPECT_TRUE(is_finder(modules, kMargin + size - 7, kMargin));
  for (std::size_t row = 0; row < modules.size(); ++row) {
    ASSERT_EQ(modules[row].size(), width);
    for (std::size_t column = 0; column < width; ++column) {
      const bool inside =
          row >= kMargin && row < kMargin + size && column >= kMargin && column < kMargin + size;
      EXPECT_TRUE(inside || !modules[row][column]) << row << ' ' << column;
    }
  }
}

TEST(QrCode, SetsItsColoursInEveryLine) {
  const std::string text = qr_code("x");
  std::size_t lines = 0;
  for (std::size_t start = 0; start < text.size(); ++lines) {
    const std::size_t end = text.find('\n', start);
    const std::string line = text.substr(start, end - start);
    EXPECT_TRUE(line.starts_with("\x1b[38;5;16m\x1b[48;5;231m"));
    EXPECT_TRUE(line.ends_with("\x1b[0m"));
    start = end + 1;
  }
  EXPECT_EQ(lines, (21 + 2 * kMargin + 1) / 2);
}

TEST(QrCode, IsReadByAReader) {
  const std::string program = "/usr/bin/zbarimg";
  if (!std::filesystem::exists(program)) {
    GTEST_SKIP() << program << " (package zbar-tools) is not installed";
  }
  const rill::testing::TemporaryFolder folder;
  const std::filesystem::path image = folder.path() / "code.pgm";
  constexpr std::size_t kScale = 4;
  const Modules modules = shown(qr_code(kLink));
  {
    std::ofstream out(image);
    out << "P2\n" << modules.front().size() * kScale << ' ' << modules.size() * kScale << "\n1\n";
    for (std::size_t y = 0; y < modules.size() * kScale; ++y) {
      for (std::size_t x = 0; x < modules.front().size() * kScale; ++x) {
        out << (modules[y / kScale][x / kScale] ? "0 " : "1 ");
      }
      out << '\n';
    }
  }
  rill::testing::Process reader(folder, program, {"--quiet", "--raw", image.string()});
  const auto result = reader.wait();
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.output, kLink + "\n");
}

TEST(QrCode, RefusesWhatNoCodeHolds) {
  EXPECT_FALSE(qr_code(std::string(2'953, 'x')).empty());
  EXPECT_THROW(static_cast<void>(qr_code(std::string(2'954, 'x'))), Failure);
  EXPECT_THROW(static_cast<void>(qr_code("")), Failure);
  EXPECT_FALSE(qr_code(std::string("a\0b", 3)).empty());
}

}  // namespace
}  // namespace notes
