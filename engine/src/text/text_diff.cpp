#include "text_diff.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

#include "sequence_diff.hpp"
#include "utf8.hpp"

namespace rill::fugue {
namespace {

// Stretches up to this many bytes are compared by characters, as long as all comparisons together
// take no more than so many steps; what is more is replaced whole.
constexpr std::size_t kMaxBytes = 20'000;
constexpr std::int64_t kMaxSteps = 2'000'000;
// Equal stretches up to this length between larger changes are taken for chance.
constexpr std::size_t kChance = 4;

// Differences that touch, or that only chance parts, as one.
std::vector<Difference> join(const std::vector<Difference>& single, std::size_t chance) {
  std::vector<Difference> joined;
  for (const Difference& next : single) {
    if (!joined.empty()) {
      Difference& last = joined.back();
      const std::size_t gap = next.before_begin - last.before_end;
      const std::size_t size =
          std::max(last.before_end - last.before_begin, last.after_end - last.after_begin);
      if (gap == 0 || (gap <= chance && gap < size)) {
        last.before_end = next.before_end;
        last.after_end = next.after_end;
        continue;
      }
    }
    joined.push_back(next);
  }
  return joined;
}

// A text in pieces that are compared as one.
struct Pieces {
  std::vector<std::size_t> begins;  // and the end
  Tokens tokens;

  [[nodiscard]] std::string_view slice(std::string_view text, std::size_t from,
                                       std::size_t to) const {
    return text.substr(begins[from], begins[to] - begins[from]);
  }
};

using Numbers = std::unordered_map<std::string_view, std::uint32_t>;

Pieces lines_of(std::string_view text, Numbers& numbers) {
  Pieces lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    const auto number = static_cast<std::uint32_t>(numbers.size());
    lines.tokens.push_back(numbers.emplace(text.substr(begin, end - begin), number).first->second);
    lines.begins.push_back(begin);
    begin = end;
  }
  lines.begins.push_back(text.size());
  return lines;
}

Pieces chars_of(std::string_view text) {
  Pieces chars;
  chars.begins.reserve(text.size() + 1);
  chars.tokens.reserve(text.size());
  for (std::size_t index = 0; index < text.size(); ++index) {
    const auto byte = static_cast<unsigned char>(text[index]);
    if (begins_char(text[index])) {
      chars.begins.push_back(index);
      chars.tokens.push_back(byte);
    } else {
      chars.tokens.back() = chars.tokens.back() << 8U | byte;
    }
  }
  chars.begins.push_back(text.size());
  return chars;
}

// Collects changes from front to back.
class Changes {
 public:
  void keep(std::string_view text) { position_ += measure(text).chars; }
  void replace(std::string_view before, std::string_view after) {
    if (before.empty() && after.empty()) return;
    changes_.push_back({position_, measure(before).chars, std::string(after)});
    position_ += measure(after).chars;
  }
  std::vector<TextChange> take() { return std::move(changes_); }

 private:
  std::size_t position_ = 0;
  std::vector<TextChange> changes_;
};

// One comparison of two texts, within one bound of work.
class Comparison {
 public:
  Comparison(std::string_view before, std::string_view after, Changes& changes)
      : before_(before), after_(after), changes_(changes) {}

  void by_lines() {
    Numbers numbers;
    const Pieces old = lines_of(before_, numbers);
    const Pieces fresh = lines_of(after_, numbers);
    std::size_t kept = 0;
    const auto replace = [&](const Difference& difference) {
      changes_.keep(old.slice(before_, kept, difference.before_begin));
      by_chars(old.slice(before_, difference.before_begin, difference.before_end),
               fresh.slice(after_, difference.after_begin, difference.after_end));
      kept = difference.before_end;
    };
    Difference gap{};
    auto series = anchors(old.tokens, fresh.tokens, numbers.size());
    series.emplace_back(old.tokens.size(), fresh.tokens.size());
    for (const auto& [in_before, in_after] : series) {
      gap.before_end = in_before;
      gap.after_end = in_after;
      for (const Difference& difference : between(gap, old.tokens, fresh.tokens)) {
        replace(difference);
      }
      gap = {in_before + 1, 0, in_after + 1, 0};
    }
    changes_.keep(old.slice(before_, kept, old.tokens.size()));
  }

 private:
  // Differences of the lines of a gap.
  std::vector<Difference> between(const Difference& gap, const Tokens& before,
                                  const Tokens& after) {
    const auto part = [](const Tokens& tokens, std::size_t begin, std::size_t end) {
      return Tokens(tokens.begin() + static_cast<std::ptrdiff_t>(begin),
                    tokens.begin() + static_cast<std::ptrdiff_t>(end));
    };
    if (gap.before_begin == gap.before_end && gap.after_begin == gap.after_end) return {};
    if (gap.before_begin == gap.before_end || gap.after_begin == gap.after_end) return {gap};
    const auto found = compare(part(before, gap.before_begin, gap.before_end),
                               part(after, gap.after_begin, gap.after_end), steps_);
    if (!found) return {gap};
    std::vector<Difference> differences = join(*found, 0);
    for (Difference& difference : differences) {
      difference.before_begin += gap.before_begin;
      difference.before_end += gap.before_begin;
      difference.after_begin += gap.after_begin;
      difference.after_end += gap.after_begin;
    }
    return differences;
  }

  void by_chars(std::string_view before, std::string_view after) {
    std::optional<std::vector<Difference>> found;
    Pieces old;
    Pieces fresh;
    if (!before.empty() && !after.empty() && before.size() + after.size() <= kMaxBytes) {
      old = chars_of(before);
      fresh = chars_of(after);
      found = compare(old.tokens, fresh.tokens, steps_);
    }
    if (!found) return changes_.replace(before, after);
    std::size_t kept = 0;
    for (const Difference& difference : join(*found, kChance)) {
      changes_.keep(old.slice(before, kept, difference.before_begin));
      changes_.replace(old.slice(before, difference.before_begin, difference.before_end),
                       fresh.slice(after, difference.after_begin, difference.after_end));
      kept = difference.before_end;
    }
    changes_.keep(old.slice(before, kept, old.tokens.size()));
  }

  std::string_view before_;
  std::string_view after_;
  Changes& changes_;
  std::int64_t steps_ = kMaxSteps;
};

// Bytes at the beginning that both have, whole characters only.
std::size_t common_beginning(std::string_view left, std::string_view right) {
  const auto [at, unused] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  auto length = static_cast<std::size_t>(at - left.begin());
  while (length > 0 && ((length < left.size() && !begins_char(left[length])) ||
                        (length < right.size() && !begins_char(right[length])))) {
    --length;
  }
  return length;
}

std::size_t common_end(std::string_view left, std::string_view right) {
  const auto [at, unused] = std::mismatch(left.rbegin(), left.rend(), right.rbegin(), right.rend());
  auto length = static_cast<std::size_t>(at - left.rbegin());
  while (length > 0 && !begins_char(left[left.size() - length])) --length;
  return length;
}

}  // namespace

std::vector<TextChange> diff(std::string_view before, std::string_view after) {
  Changes changes;
  const std::size_t beginning = common_beginning(before, after);
  changes.keep(before.substr(0, beginning));
  before.remove_prefix(beginning);
  after.remove_prefix(beginning);
  const std::size_t end = common_end(before, after);
  before.remove_suffix(end);
  after.remove_suffix(end);
  if (before.empty() || after.empty()) {
    changes.replace(before, after);
  } else {
    Comparison(before, after, changes).by_lines();
  }
  return changes.take();
}

}  // namespace rill::fugue
