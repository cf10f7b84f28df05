#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "terminal.hpp"

namespace notes {

enum class Align : std::uint8_t { left, right };

struct TableColumn {
  std::string heading;
  Align align = Align::left;
  /// Cut to fit the terminal, where the others are not.
  bool flexible = false;
};

/// Text in columns that are as wide as their widest cell, by what it takes on the screen.
class Table {
 public:
  explicit Table(std::vector<TableColumn> columns) : columns_(std::move(columns)) {}

  /// Cells are single lines, as many as there are columns.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// Headings first. On a terminal the flexible column is cut so that rows take one line each;
  /// elsewhere nothing is cut.
  void print(std::ostream& out, const Terminal& terminal) const;

 private:
  [[nodiscard]] std::vector<std::size_t> widths(std::size_t available) const;
  [[nodiscard]] std::string line(const std::vector<std::string>& cells,
                                 const std::vector<std::size_t>& widths) const;

  std::vector<TableColumn> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace notes
