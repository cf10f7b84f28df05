#include <algorithm>
#include <array>
#include <stdexcept>

#include "oracle/text_history.hpp"
#include "rill/error.hpp"
#include "support/texts.hpp"
#include "support/unicode.hpp"

namespace oracle {
namespace {

using rill::TextChange;
using rill::TextDocument;
using rill::TextOp;
using rill::TextUnit;
using rill::VersionVector;
using rill::test::to_code_points;
using rill::test::to_utf8;
using rill::test::utf16_length;

void expect(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

std::size_t length_in(TextUnit unit, std::u32string_view text) {
  if (unit == TextUnit::bytes) return to_utf8(text).size();
  return unit == TextUnit::utf16 ? utf16_length(text) : text.size();
}

constexpr std::array kUnits{TextUnit::code_points, TextUnit::utf16, TextUnit::bytes};

}  // namespace

void TextHistory::follow(Site& site, const VersionVector& learnt) {
  for (const Event& event : events_) {
    if (!learnt.covers(event.op.dot) || site.known.covers(event.op.dot)) continue;
    site.naive.apply(event.naive);
    site.known.raise(event.op.dot);
  }
}

void TextHistory::show(Site& site, const std::vector<TextChange>& changes) {
  site.shown = rill::test::changed(site.shown, changes);
}

void TextHistory::compare(Site& site) {
  const TextDocument& document = site.document;
  document.check();
  const std::string text = document.text();
  if (naive()) {
    const std::string expected = to_utf8(site.naive.text());
    expect(text == expected, std::string{site.name} + " shows\n" + text + "\nnot\n" + expected);
  }
  expect(text == site.shown,
         std::string{site.name} + " shows\n" + text + "\nbut was said to show\n" + site.shown);
  expect(document.version() == site.known, std::string{site.name} + " knows " +
                                               document.version().to_string() + ", not " +
                                               site.known.to_string());
  expect(document.has_edits() == site.pending, "edits are pending, or are not");
  expect(document.history_begin() <= site.known, "history begins beyond the version");
  compare_places(site);
  compare_marks(site);
}

void TextHistory::compare_places(Site& site) {
  const TextDocument& document = site.document;
  const std::u32string text = to_code_points(site.shown);
  for (const TextUnit unit : kUnits) {
    expect(document.length(unit) == length_in(unit, text), "a wrong length");
  }
  const std::size_t position = random_.below(text.size() + 1);
  const std::size_t length = random_.below(text.size() - position + 1);
  expect(document.text(position, length) == to_utf8(text.substr(position, length)),
         "a wrong part of the text");
  const std::u32string_view before(text.data(), position);
  for (const TextUnit from : kUnits) {
    for (const TextUnit to : kUnits) {
      expect(document.convert(length_in(from, before), from, to) == length_in(to, before),
             "a wrong conversion of position " + std::to_string(position));
    }
  }
}

bool TextHistory::shows(const Site& site, const TextId& id) {
  const std::vector<TextId> names = site.naive.names();
  return std::find(names.begin(), names.end(), id) != names.end();
}

void TextHistory::compare_marks(Site& site) {
  for (const rill::TextAnchor& mark : marks_) {
    const bool known = !naive() || !mark.after || site.naive.knows(*mark.after);
    try {
      const std::size_t position = site.document.position_of(mark);
      expect(known, "an unknown character has a position");
      // Beside what may be forgotten, characters stand on either side of an erased one.
      const bool exact = naive() && (!options_.collects || !mark.after || shows(site, *mark.after));
      expect(!exact || position == site.naive.position_of(mark.after), "a place has moved");
      expect(position <= site.document.length(), "a place beyond the end");
    } catch (const rill::Error& error) {
      // What was collected is not known any more.
      expect(error.code() == rill::ErrorCode::not_found, error.what());
      expect(!known || !naive() || options_.collects, "a place was lost");
    }
  }
}

void TextHistory::compare_operations(const Site& site, const Site& from,
                                     const std::vector<TextOp>& ops) {
  VersionVector known = site.known;
  for (const TextOp& op : ops) {
    const auto event = std::find_if(events_.begin(), events_.end(), [&](const Event& candidate) {
      return candidate.op.dot == op.dot;
    });
    expect(event != events_.end(), "an operation that nobody committed");
    expect(!known.covers(op.dot), "an operation that is known");
    expect(event->known <= known, "an operation before what it builds upon");
    known.raise(op.dot);
  }
  VersionVector expected = site.known;
  expected.merge(from.known);
  expect(known == expected,
         "operations up to " + known.to_string() + ", not " + expected.to_string());
}

void TextHistory::compare_all() {
  for (Site& site : sites_) {
    const Site& first = sites_.front();
    expect(site.document.text() == first.document.text(),
           std::string{site.name} + " and " + first.name + " differ:\n" + site.document.text() +
               "\n" + first.document.text());
    expect(site.document.ops_since(site.known).empty(), "operations for one who has all");
    const std::string saved = site.document.save();
    const TextDocument loaded(rill::ReplicaId{}, saved);
    loaded.check();
    expect(loaded.text() == site.document.text(), "a checkpoint shows something else");
    if (!site.document.history_begin().empty()) continue;
    TextDocument told{rill::ReplicaId{}};
    rill::test::pull(told, site.document);
    told.check();
    expect(told.text() == site.document.text(),
           "operations from the beginning show something else");
    expect(told.version() == site.known, "operations are missing");
  }
}

}  // namespace oracle
