#include "rill/rule.hpp"

#include <array>

#include "rules/counter_rule.hpp"
#include "rules/custom_rule.hpp"
#include "rules/map_rule.hpp"
#include "rules/multi_value_rule.hpp"
#include "rules/operation.hpp"
#include "rules/register_rule.hpp"
#include "rules/set_rule.hpp"
#include "rules/text_rule.hpp"

namespace rill {
namespace {

struct BuiltIn {
  std::string_view name;
  RuleKind kind;
  SetBias bias;
};

constexpr std::array kBuiltIns = {
    BuiltIn{"last_writer", RuleKind::last_writer, add_wins},
    BuiltIn{"first_writer", RuleKind::first_writer, add_wins},
    BuiltIn{"multi_value", RuleKind::multi_value, add_wins},
    BuiltIn{"minimum", RuleKind::minimum, add_wins},
    BuiltIn{"maximum", RuleKind::maximum, add_wins},
    BuiltIn{"counter", RuleKind::counter, add_wins},
    BuiltIn{"set", RuleKind::set, add_wins},
    BuiltIn{"set(remove_wins)", RuleKind::set, remove_wins},
    BuiltIn{"map", RuleKind::map, add_wins},
    BuiltIn{"text", RuleKind::text, add_wins},
};

Rule make(RuleKind kind, SetBias bias = add_wins) {
  for (const BuiltIn& built_in : kBuiltIns) {
    if (built_in.kind == kind && built_in.bias == bias) {
      return {kind, std::string(built_in.name), 1, bias, nullptr};
    }
  }
  throw Error(ErrorCode::invalid_argument, "there is no built-in rule of this kind");
}

Value shown_default(const Rule& rule, const Value& default_value) {
  if (!rule.is_normal_when_inserted()) return default_value;
  try {
    return normal_form(rule, default_value);
  } catch (const Error&) {
    return normal_form(rule, Value());
  }
}

}  // namespace

Rule::Rule(RuleKind kind, std::string name, std::uint32_t version, SetBias bias,
           std::shared_ptr<const ConflictFunction> function)
    : kind_(kind),
      bias_(bias),
      version_(version),
      name_(std::move(name)),
      function_(std::move(function)) {}

std::string Rule::name() const { return name_; }

bool Rule::is_register() const noexcept {
  return kind_ != RuleKind::counter && kind_ != RuleKind::set && kind_ != RuleKind::map &&
         kind_ != RuleKind::text;
}

bool Rule::has_siblings() const noexcept { return is_register() || kind_ == RuleKind::text; }

bool Rule::has_normal_form() const noexcept {
  return !is_register() || kind_ == RuleKind::multi_value;
}

bool Rule::is_normal_when_inserted() const noexcept {
  return has_normal_form() && kind_ != RuleKind::text;
}

Rule last_writer() { return make(RuleKind::last_writer); }
Rule first_writer() { return make(RuleKind::first_writer); }
Rule multi_value() { return make(RuleKind::multi_value); }
Rule minimum() { return make(RuleKind::minimum); }
Rule maximum() { return make(RuleKind::maximum); }
Rule counter() { return make(RuleKind::counter); }
Rule set(SetBias bias) { return make(RuleKind::set, bias); }
Rule map() { return make(RuleKind::map); }
Rule text() { return make(RuleKind::text); }

Rule custom(std::string name, std::uint32_t version, ConflictFunction function) {
  if (name.empty()) throw Error(ErrorCode::invalid_argument, "a custom rule needs a name");
  if (built_in_rule(name)) {
    throw Error(ErrorCode::invalid_argument,
                "'" + name + "' is the name of a built-in rule; give the custom rule another");
  }
  if (!function) {
    throw Error(ErrorCode::invalid_argument, "custom rule '" + name + "' has no function");
  }
  return {RuleKind::custom, std::move(name), version, add_wins,
          std::make_shared<const ConflictFunction>(std::move(function))};
}

std::optional<Rule> built_in_rule(std::string_view name) {
  for (const BuiltIn& built_in : kBuiltIns) {
    if (built_in.name == name) return make(built_in.kind, built_in.bias);
  }
  return std::nullopt;
}

RowRule::RowRule(std::string name, std::uint32_t version, RowFunction function)
    : name_(std::move(name)),
      version_(version),
      function_(function ? std::make_shared<const RowFunction>(std::move(function)) : nullptr) {}

RowRule row(std::string name, std::uint32_t version, RowFunction function) {
  if (name.empty()) throw Error(ErrorCode::invalid_argument, "a row rule needs a name");
  if (!function) {
    throw Error(ErrorCode::invalid_argument, "row rule '" + name + "' has no function");
  }
  return {std::move(name), version, std::move(function)};
}

Value normal_form(const Rule& rule, const Value& written) {
  switch (rule.kind()) {
    case RuleKind::counter:
      return counter_normal_form(written);
    case RuleKind::set:
      return set_normal_form(written);
    case RuleKind::map:
      return map_normal_form(written);
    case RuleKind::multi_value:
      return multi_value_normal_form(written);
    case RuleKind::text:
      return text_normal_form(written);
    default:
      return written;
  }
}

Entries written_at_once(const Rule& rule, const Value& value, const Stamp& stamp) {
  switch (rule.kind()) {
    case RuleKind::set:
      return set_written_at_once(value, stamp);
    case RuleKind::map:
      return map_written_at_once(value, stamp);
    default:
      return {Entry::make(stamp, value)};
  }
}

void record_change(const Rule& rule, Entries& entries, const Value& old_value,
                   const Value& new_value, const LocalWrite& write) {
  switch (rule.kind()) {
    case RuleKind::counter:
      return record_counter_change(entries, old_value, new_value, write);
    case RuleKind::set:
      return record_set_change(rule.bias(), entries, old_value, new_value, write.stamp);
    case RuleKind::map:
      return record_map_change(entries, old_value, new_value, write.stamp);
    default:
      entries.assign(1, Entry::make(write.stamp, new_value));
  }
}

bool is_whole(const Rule& rule, const Entries& entries) {
  if (entries.empty()) return false;
  const Entry& front = entries.front();
  // Only what a peer makes up has an ordinal or a sub-key where the rule gives none, or is a range
  // where it folds none.
  const bool is_plain = entries.size() == 1 && front.unseen_births.empty() &&
                        front.id.ordinal == 0 && front.sub_key.empty() &&
                        front.first == front.id.dot.counter;
  if (rule.is_register()) return is_plain;
  switch (rule.kind()) {
    case RuleKind::text:  // what was edited is marked by its holder
    case RuleKind::counter:
      return is_plain;
    case RuleKind::set:
      return have_one_stamp(entries) &&
             entries == set_written_at_once(show_set(rule.bias(), entries), front.stamp());
    case RuleKind::map:
      return have_one_stamp(entries) &&
             entries == map_written_at_once(show_map(entries), front.stamp());
    default:
      return false;
  }
}

const Entry* latest_sibling(const Entries& entries, const Entries& births) noexcept {
  return last_writer_choice(entries, births);
}

Value show(const Rule& rule, const Entries& entries, const ShowContext& context) {
  if (entries.empty()) return shown_default(rule, context.default_value);
  switch (rule.kind()) {
    case RuleKind::counter:
      return show_counter(entries, context);
    case RuleKind::set:
      return show_set(rule.bias(), entries);
    case RuleKind::map:
      return show_map(entries);
    case RuleKind::multi_value:
      return show_multi_value(entries);
    case RuleKind::custom:
      return show_custom(rule, entries, context);
    default:
      return value_or(choose(rule.kind(), entries, context.births), context.default_value);
  }
}

}  // namespace rill
