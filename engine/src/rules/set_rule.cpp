#include "rules/set_rule.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "json.hpp"
#include "rules/operation.hpp"

namespace rill {
namespace {

__extension__ typedef __int128 Int128;  // NOLINT(modernize-use-using)

constexpr char kAdded = '+';
constexpr char kRemoved = '-';

struct Element {
  Json scalar;
  std::string text;  ///< The scalar's dump, which is its identity.
};

Int128 as_integer(const Json& number) {
  return number.is_number_unsigned() ? Int128{number.get<std::uint64_t>()}
                                     : Int128{number.get<std::int64_t>()};
}

/// Exact: converting a large integer to double would make unequal numbers equal.
std::partial_ordering compare_integer(Int128 integer, double real) {
  if (std::fabs(real) > 0x1p65)
    return real > 0 ? std::partial_ordering::less : std::partial_ordering::greater;
  const double whole = std::trunc(real);
  const auto rounded = static_cast<Int128>(whole);
  if (integer != rounded) {
    return integer < rounded ? std::partial_ordering::less : std::partial_ordering::greater;
  }
  return 0.0 <=> real - whole;
}

std::partial_ordering compare_numbers(const Json& left, const Json& right) {
  if (left.is_number_float()) {
    if (right.is_number_float()) return left.get<double>() <=> right.get<double>();
    return 0 <=> compare_integer(as_integer(right), left.get<double>());
  }
  if (right.is_number_float()) return compare_integer(as_integer(left), right.get<double>());
  const Int128 a = as_integer(left);
  const Int128 b = as_integer(right);
  return a < b ? std::partial_ordering::less
               : (a > b ? std::partial_ordering::greater : std::partial_ordering::equivalent);
}

int rank(const Json& scalar) {
  if (scalar.is_null()) return 0;
  if (scalar.is_boolean()) return scalar.get<bool>() ? 2 : 1;
  return scalar.is_number() ? 3 : 4;
}

bool precedes(const Element& left, const Element& right) {
  const int left_rank = rank(left.scalar);
  const int right_rank = rank(right.scalar);
  if (left_rank != right_rank) return left_rank < right_rank;
  if (left.scalar.is_string()) {
    return left.scalar.get_ref<const std::string&>() < right.scalar.get_ref<const std::string&>();
  }
  if (left.scalar.is_number()) {
    const auto order = compare_numbers(left.scalar, right.scalar);
    if (order != 0) return order < 0;
    if (left.scalar.is_number_float() != right.scalar.is_number_float()) {
      return right.scalar.is_number_float();
    }
  }
  return left.text < right.text;
}

void normalize(std::vector<Element>& elements) {
  std::sort(elements.begin(), elements.end(), precedes);
  const auto same = [](const Element& left, const Element& right) {
    return left.text == right.text;
  };
  elements.erase(std::unique(elements.begin(), elements.end(), same), elements.end());
}

Value join(const std::vector<Element>& elements) {
  std::string text = "[";
  for (const Element& element : elements) {
    if (text.size() > 1) text += ',';
    text += element.text;
  }
  return text += ']';
}

std::vector<Element> elements_of(const Value& value) {
  std::vector<Element> elements;
  if (value.is_null()) return elements;
  if (value.type() != Value::Type::text) {
    throw Error(ErrorCode::bad_value,
                "a set holds a JSON array, such as [\"red\",\"green\"], not " + to_display(value));
  }
  Json array = parse_json(value.text());
  if (!array.is_array()) {
    throw Error(ErrorCode::bad_value,
                std::string("a set holds a JSON array, such as [\"red\",\"green\"], not a JSON ") +
                    array.type_name());
  }
  elements.reserve(array.size());
  for (Json& scalar : array) {
    if (scalar.is_structured()) {
      throw Error(ErrorCode::bad_value,
                  "the elements of a set are strings, numbers, true, false or null; " +
                      dump(scalar) + " is none of them");
    }
    std::string text = dump(scalar);
    elements.push_back({std::move(scalar), std::move(text)});
  }
  normalize(elements);
  return elements;
}

/// The element that an entry speaks of; empty for what a set never writes (peers may send
/// anything).
std::optional<Element> element_of(const Entry& entry) {
  if (entry.sub_key.size() < 2) return std::nullopt;
  const std::string_view text = std::string_view(entry.sub_key).substr(1);
  auto scalar = try_parse_json(text);
  if (!scalar || scalar->is_structured() || dump(*scalar) != text) return std::nullopt;
  return Element{*std::move(scalar), std::string(text)};
}

using Texts = std::unordered_set<std::string_view>;

Texts texts_of(const std::vector<Element>& elements) {
  Texts texts;
  for (const Element& element : elements) texts.insert(element.text);
  return texts;
}

}  // namespace

Value set_normal_form(const Value& written) { return join(elements_of(written)); }

Entries set_written_at_once(const Value& value, const Stamp& stamp) {
  Additions additions;
  for (const Element& element : elements_of(value)) {
    additions.emplace_back(kAdded + element.text, Value());
  }
  Entries entries;
  add_operation(entries, stamp, std::move(additions));
  return entries;
}

void record_set_change(SetBias bias, Entries& entries, const Value& old_value,
                       const Value& new_value, const Stamp& stamp) {
  const std::vector<Element> before = elements_of(old_value);
  const std::vector<Element> after = elements_of(new_value);
  const Texts were = texts_of(before);
  const Texts are = texts_of(after);
  // Without entries the column showed its default: nothing keeps those elements but this operation.
  const bool first_write = entries.empty();

  Additions additions;
  Texts changed;
  for (const Element& element : after) {
    if (!first_write && were.contains(element.text)) continue;
    changed.insert(element.text);
    additions.emplace_back(kAdded + element.text, Value());
  }
  for (const Element& element : before) {
    if (are.contains(element.text)) continue;
    changed.insert(element.text);
    if (bias == remove_wins) additions.emplace_back(kRemoved + element.text, Value());
  }
  std::erase_if(entries, [&](const Entry& entry) {
    return !is_touch(entry) && changed.contains(std::string_view(entry.sub_key).substr(1));
  });
  add_operation(entries, stamp, std::move(additions));
}

Value show_set(SetBias bias, const Entries& entries) {
  Texts removed;
  for (const Entry& entry : entries) {
    if (bias == remove_wins && entry.sub_key.starts_with(kRemoved)) {
      removed.insert(std::string_view(entry.sub_key).substr(1));
    }
  }
  std::vector<Element> elements;
  for (const Entry& entry : entries) {
    if (!entry.sub_key.starts_with(kAdded)) continue;
    auto element = element_of(entry);
    if (element && !removed.contains(element->text)) elements.push_back(*std::move(element));
  }
  normalize(elements);
  return join(elements);
}

}  // namespace rill
