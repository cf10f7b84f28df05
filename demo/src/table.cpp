#include "table.hpp"

#include <algorithm>
#include <numeric>
#include <ostream>

#include "text.hpp"

namespace notes {
namespace {

constexpr std::size_t kGap = 2;
/// A flexible column is not cut below this, however narrow the terminal.
constexpr std::size_t kLeastFlexibleWidth = 12;

}  // namespace

std::vector<std::size_t> Table::widths(std::size_t available) const {
  std::vector<std::size_t> result;
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    std::size_t width = display_width(columns_[column].heading);
    for (const auto& row : rows_) width = std::max(width, display_width(row[column]));
    result.push_back(width);
  }
  const std::size_t total =
      std::accumulate(result.begin(), result.end(), kGap * (columns_.size() - 1));
  if (available == 0 || total <= available) return result;
  std::size_t excess = total - available;
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    if (!columns_[column].flexible || result[column] <= kLeastFlexibleWidth) continue;
    const std::size_t cut = std::min(excess, result[column] - kLeastFlexibleWidth);
    result[column] -= cut;
    excess -= cut;
  }
  return result;
}

std::string Table::line(const std::vector<std::string>& cells,
                        const std::vector<std::size_t>& widths) const {
  std::string result;
  for (std::size_t column = 0; column < cells.size(); ++column) {
    const std::string cell = fit_width(cells[column], widths[column]);
    const std::string padding(widths[column] - std::min(widths[column], display_width(cell)), ' ');
    if (column > 0) result.append(kGap, ' ');
    result += columns_[column].align == Align::left ? cell + padding : padding + cell;
  }
  result.resize(result.find_last_not_of(' ') + 1);
  return result;
}

void Table::print(std::ostream& out, const Terminal& terminal) const {
  const std::vector<std::size_t> column_widths = widths(terminal.width());
  std::vector<std::string> headings;
  headings.reserve(columns_.size());
  for (const TableColumn& column : columns_) headings.push_back(column.heading);
  out << terminal.styled(line(headings, column_widths), Style::bold) << '\n';
  for (const auto& row : rows_) out << line(row, column_widths) << '\n';
}

}  // namespace notes
