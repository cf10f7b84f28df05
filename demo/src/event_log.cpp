#include "event_log.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "local_time.hpp"
#include "network.hpp"
#include "rill/environment.hpp"
#include "text.hpp"
#include "value_text.hpp"

namespace notes {
namespace {

constexpr std::size_t kChangesShown = 20;
/// While others could be syncing, ids are shown at a length that will do for thousands of notes.
constexpr std::size_t kIdShown = 8;

std::set<std::string> tags_of(const std::optional<rill::Value>& value) {
  std::set<std::string> tags;
  if (!value || value->type() != rill::Value::Type::text) return tags;
  const auto array = nlohmann::json::parse(value->text(), nullptr, /*allow_exceptions=*/false);
  if (!array.is_array()) return tags;
  for (const auto& tag : array) {
    tags.insert(one_line(tag.is_string() ? tag.get<std::string>() : tag.dump()));
  }
  return tags;
}

std::string describe_tags(const rill::ColumnChange& change) {
  const std::set<std::string> before = tags_of(change.old_value);
  const std::set<std::string> after = tags_of(change.new_value);
  std::string result = "tags:";
  for (const std::string& tag : after) {
    if (!before.contains(tag)) result += " +" + tag;
  }
  for (const std::string& tag : before) {
    if (!after.contains(tag)) result += " -" + tag;
  }
  return result;
}

std::string value_text(const std::optional<rill::Value>& value) {
  return value ? quoted_value(*value) : "?";
}

/// The title that a change shows: the new one, or the last one of a deleted note.
std::string title_in(const rill::Change& change) {
  for (const rill::ColumnChange& column : change.columns) {
    if (column.column != "title") continue;
    const auto& value = column.new_value ? column.new_value : column.old_value;
    if (value && value->type() == rill::Value::Type::text) return one_line(value->text());
  }
  return {};
}

}  // namespace

std::string describe_column(const rill::ColumnChange& change) {
  if (change.column == "tags") return describe_tags(change);
  if (change.column == "body") {
    const auto& body = change.new_value;
    const std::size_t size = body && !body->is_null() ? body->size() : 0;
    return "body: now " + byte_count(size);
  }
  if (change.column == "title" || change.column == "status" || change.column == "views") {
    return change.column + ": " + value_text(change.old_value) + " → " +
           value_text(change.new_value);
  }
  return {};
}

EventLog::EventLog(Application& application) : application_(application) {}

void EventLog::line(std::string_view text) {
  const std::string time = local_time_of_day(rill::system_clock()->now_ms());
  const std::lock_guard lock(mutex_);
  application_.out() << application_.terminal().styled(time, Style::dim) << "  " << text << '\n'
                     << std::flush;
}

std::string EventLog::describe(const rill::Change& change) const {
  const std::string id =
      change.key.empty() ? "?" : rill::to_display(change.key.front()).substr(0, kIdShown);
  const std::string origin = change.local ? "here" : "from " + short_name(change.origin);
  const std::string title = application_.shown_title(title_in(change));
  const auto with_origin = [&](const std::string& text) {
    return text + "  " + application_.terminal().styled("(" + origin + ")", Style::dim);
  };
  if (change.kind == rill::Change::Kind::insert)
    return with_origin("new      " + id + "  " + title);
  if (change.kind == rill::Change::Kind::erase) return with_origin("deleted  " + id + "  " + title);

  // Another process's writes come without the old values, and with all columns.
  const bool all_unknown =
      std::none_of(change.columns.begin(), change.columns.end(),
                   [](const auto& column) { return column.old_value.has_value(); });
  if (all_unknown) return with_origin("changed  " + id + "  " + title);
  std::string details;
  for (const rill::ColumnChange& column : change.columns) {
    const std::string text = describe_column(column);
    if (!text.empty()) details.append(details.empty() ? "" : "; ").append(text);
  }
  return with_origin("changed  " + id + "  " + details);
}

void EventLog::changes(const rill::ChangeSet& set) {
  const std::size_t shown = std::min(set.changes.size(), kChangesShown);
  for (std::size_t index = 0; index < shown; ++index) line(describe(set.changes[index]));
  if (set.changes.size() > shown) {
    line("and " + counted(set.changes.size() - shown, "more note", "more notes"));
  }
}

void EventLog::replicator_event(const rill::ReplicatorEvent& event) {
  using Kind = rill::ReplicatorEvent::Kind;
  const std::string peer =
      event.peer ? device_text(event.name, *event.peer) : std::string("another device");
  const std::string why = event.error ? ": " + one_line(event.error->what()) : std::string();
  switch (event.kind) {
    case Kind::peer_online:
      return line(peer + " is here, at " + event.address);
    case Kind::peer_offline:
      return line(peer + (event.error ? " is gone" : " has left") + why);
    case Kind::received:
      return line(peer + " sent " + counted(event.rows, "changed note", "changed notes"));
    case Kind::in_sync:
      return line("in sync with " + peer);
    case Kind::rules_differ:
    case Kind::diverged:
      return line(peer + ": " + one_line(event.message));
    case Kind::group_changed:
      return line("the group has changed, see 'notes devices'");
    case Kind::removed:
      return line("this device was removed from the group, and no longer syncs");
    case Kind::paired:
      return line(peer + " was let in");
    case Kind::refused:
      return line("no sync with " + peer + " at " + event.address + why);
    case Kind::pairing_request:
    case Kind::pairing_failed:
    case Kind::trouble:
      return line(std::string(rill::to_string(event.kind)) + why);
  }
}

void EventLog::database_event(const rill::DatabaseEvent& event) {
  line(application_.terminal().styled(one_line(event.message), Style::attention));
}

}  // namespace notes
