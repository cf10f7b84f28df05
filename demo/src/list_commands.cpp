// list, search

#include <algorithm>
#include <iostream>

#include "commands.hpp"
#include "failure.hpp"
#include "local_time.hpp"
#include "table.hpp"
#include "text.hpp"

namespace notes {
namespace {

constexpr std::string_view kIndent = "    ";

std::string tag_list(const std::vector<std::string>& tags) {
  std::string result;
  for (const std::string& tag : tags)
    result.append(result.empty() ? "#" : " #").append(one_line(tag));
  return result;
}

std::string filter_text(const NoteFilter& filter) {
  std::string result;
  if (!filter.tag.empty()) result += " with tag '" + one_line(filter.tag) + "'";
  if (!filter.status.empty()) result += " of status '" + one_line(filter.status) + "'";
  return result;
}

/// A snippet with its found words marked: bold where that can be shown, in brackets elsewhere.
std::string marked(const std::string& snippet, const Terminal& terminal) {
  std::string result;
  // Marks count as a column each; the line ends a little early rather than late.
  const std::size_t width = terminal.width();
  std::string rest = width == 0
                         ? one_line(snippet)
                         : fit_width(one_line(snippet), width - std::min(width, kIndent.size()));
  for (std::size_t begin = 0; (begin = rest.find(kHitBegin)) != std::string::npos;) {
    const std::size_t end = std::min(rest.find(kHitEnd, begin), rest.size());
    const std::string hit = rest.substr(begin + kHitBegin.size(), end - begin - kHitBegin.size());
    result += rest.substr(0, begin);
    result += terminal.has_color() ? terminal.styled(hit, Style::bold) : "[" + hit + "]";
    rest.erase(0, std::min(end + kHitEnd.size(), rest.size()));
  }
  return result + rest;
}

}  // namespace

void list_notes(Application& application, const ListOptions& options) {
  NotesStore& store = application.store();
  const std::vector<Note> found = store.list(options.filter, options.limit);
  if (found.empty()) {
    const bool any = store.count() > 0;
    std::cerr << (any ? "no notes" + filter_text(options.filter)
                      : std::string(
                            "no notes yet: 'notes add TITLE' makes one, 'notes import DIR' many"))
              << '\n';
    return;
  }
  Table table({{"ID"},
               {"STATUS"},
               {"VIEWS", Align::right},
               {"UPDATED"},
               {.heading = "TITLE", .flexible = true}});
  for (const Note& note : found) {
    std::string title = application.shown_title(note.title);
    if (!note.tags.empty()) title += "  " + tag_list(note.tags);
    table.add({application.short_id(note.id), one_line(note.status), std::to_string(note.views),
               local_date_time(note.updated_ms), title});
  }
  table.print(application.out(), application.terminal());
  const std::size_t all = store.count(options.filter);
  if (all > found.size()) {
    application.out() << std::flush;
    std::cerr << "and " << grouped(all - found.size()) << " more (--limit 0 lists all)\n";
  }
}

void search_notes(Application& application, const SearchOptions& options) {
  const std::vector<SearchHit> hits = application.store().search(options.words, options.limit);
  if (hits.empty()) {
    std::cerr << "no note holds all of these words\n";
    return;
  }
  const Terminal& terminal = application.terminal();
  for (const SearchHit& hit : hits) {
    application.out() << terminal.styled(application.short_id(hit.id), Style::dim) << "  "
                      << terminal.styled(application.shown_title(hit.title), Style::bold) << '\n';
    const std::string snippet = marked(hit.snippet, terminal);
    if (!snippet.empty()) application.out() << kIndent << snippet << '\n';
  }
}

}  // namespace notes
