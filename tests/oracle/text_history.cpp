#include "oracle/text_history.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <utility>

#include "support/events.hpp"
#include "support/unicode.hpp"

namespace oracle {
namespace {

using rill::TextChange;
using rill::TextDocument;
using rill::TextOp;
using rill::VersionVector;
using rill::test::to_code_points;
using rill::test::to_utf8;

/// For people: printable, and every code point apart.
std::string spelled(std::u32string_view text) {
  std::string out = "\"";
  for (const char32_t value : text) {
    std::array<char, 16> other{};
    std::snprintf(other.data(), other.size(), "<%x>", static_cast<unsigned>(value));
    if (value >= 'a' && value <= 'z') {
      out += static_cast<char>(value);
    } else {
      out += other.data();
    }
  }
  return out + "\"";
}

constexpr std::size_t kMostSites = 8;
constexpr std::size_t kLongText = 120;

}  // namespace

TextHistory::Site::Site(char site_name, NaiveFault fault)
    : name(site_name), document(rill::test::replica(site_name)), naive(document.author(), fault) {}

TextHistory::TextHistory(Random random, const TextHistoryOptions& options)
    : options_(options),
      random_(random),
      naive_(!options.undoes),
      promises_apart_(options.collects && random_.percent(25)) {
  sites_.reserve(kMostSites);  // steps hold references
  // Of the names, which break ties, no order of joining should be special.
  for (std::size_t index = 0; index < options.replicas; ++index) {
    sites_.emplace_back(static_cast<char>('A' + (index * 5 + 3) % 8), options.fault);
  }
}

std::optional<std::string> TextHistory::run() {
  try {
    for (std::size_t index = 0; index < options_.steps && !random_.at_end(); ++index) step();
    note("finally");
    exchange_all();
    compare_all();
  } catch (const std::exception& error) {
    return "after\n" + script_ + "this went wrong: " + error.what();
  }
  return std::nullopt;
}

void TextHistory::step() {
  Site& site = any_site();
  const std::size_t chance = random_.below(100);
  if (chance < 60) {
    local_step(site);
  } else if (options_.collects && chance < 64) {
    meet();
  } else if (options_.collects && chance < 70) {
    compact(site);
  } else {
    remote_step(site);
  }
  compare(site);
}

void TextHistory::local_step(Site& site) {
  const std::size_t chance = random_.below(100);
  if (chance < 80) {
    for (std::size_t edits = 1 + random_.below(3); edits > 0; --edits) edit(site);
    if (random_.percent(85)) commit(site);
  } else if (chance < 90) {
    mark(site);
  } else if (chance < 95) {
    commit(site);
  } else {
    restart(site);
  }
}

void TextHistory::remote_step(Site& site) {
  Site& other = any_site();
  const std::size_t chance = random_.below(100);
  if (chance < 50) {
    deliver(site);
  } else if (chance < 80) {
    pull(site, other);
  } else if (chance < 90) {
    merge(site, other);
  } else if (chance < 97) {
    repeat(site);
  } else {
    join(site);
  }
}

std::u32string TextHistory::any_text(std::size_t longest) {
  // Letters, a combining accent, Hebrew, Arabic, Han, a joiner, a flag's half, faces, the first and
  // the last code points of each length in UTF-8.
  static constexpr std::u32string_view kCharacters =
      U"abcdefgh \n\u0301\u05d0\u0628\u6f22\u200d\U0001f1e6\U0001f600\U0001f469\u007f\u0080\u07ff"
      U"\u0800\uffff\U00010000\U0010ffff";
  std::u32string text;
  for (std::size_t count = 1 + random_.below(longest); count > 0; --count) {
    text += kCharacters[random_.below(kCharacters.size())];
  }
  return text;
}

void TextHistory::edit(Site& site) {
  const std::size_t chance = random_.below(100);
  if (options_.undoes && chance < 25) {
    undo_or_redo(site);
  } else if (chance < 30) {
    assign(site);
  } else if (chance < 65 && site.document.length() < kLongText) {
    insert(site);
  } else {
    erase(site);
  }
}

void TextHistory::insert(Site& site) {
  const std::size_t position = random_.below(site.document.length() + 1);
  const std::u32string text = any_text(random_.percent(70) ? 2 : 9);
  note(std::string{site.name} + " inserts at " + std::to_string(position) + " " + spelled(text));
  site.document.insert(position, to_utf8(text));
  if (naive()) site.naive.insert(position, text);
  show(site, {{position, 0, to_utf8(text)}});
  site.pending = true;
}

void TextHistory::erase(Site& site) {
  const std::size_t all = site.document.length();
  if (all == 0) return;
  const std::size_t position = random_.below(all);
  const std::size_t length = 1 + random_.below(std::min<std::size_t>(all - position, 8));
  note(std::string{site.name} + " erases " + std::to_string(length) + " at " +
       std::to_string(position));
  site.document.erase(position, length);
  if (naive()) site.naive.erase(position, length);
  show(site, {{position, length, ""}});
  site.pending = true;
}

void TextHistory::assign(Site& site) {
  std::u32string text = to_code_points(site.document.text());
  for (std::size_t places = 1 + random_.below(3); places > 0; --places) {
    const std::size_t position = random_.below(text.size() + 1);
    const std::size_t length = std::min(text.size() - position, random_.below(5));
    const bool grows = random_.percent(60) && text.size() < kLongText;
    text.replace(position, length, grows ? any_text(6) : std::u32string());
  }
  note(std::string{site.name} + " assigns " + spelled(text));
  const std::vector<TextChange> changes = site.document.assign(to_utf8(text));
  if (site.document.text() != to_utf8(text)) throw std::runtime_error("assigned something else");
  for (const TextChange& change : changes) {
    if (!naive()) break;
    site.naive.erase(change.position, change.erased);
    site.naive.insert(change.position, to_code_points(change.inserted));
  }
  show(site, changes);
  site.pending |= !changes.empty();
}

void TextHistory::undo_or_redo(Site& site) {
  const std::size_t chance = random_.below(3);
  note(std::string{site.name} + std::array{" begins a step", " undoes", " redoes"}[chance]);
  if (chance == 0) return site.document.begin_undo_step();
  const std::vector<TextChange> changes = chance == 1 ? site.document.undo() : site.document.redo();
  show(site, changes);
  site.pending |= !changes.empty();
}

void TextHistory::commit(Site& site) {
  const rill::Dot last{site.document.author(), site.known[site.document.author()]};
  if (!site.pending) {
    if (site.document.commit() != last) throw std::runtime_error("committed nothing as something");
    return;
  }
  const std::uint64_t skipped = random_.percent(10) ? random_.below(3) : 0;
  const rill::Dot dot =
      skipped > 0 ? site.document.commit(last.counter + 1 + skipped) : site.document.commit();
  note(std::string{site.name} + " commits " + std::to_string(dot.counter));
  if (dot != rill::Dot{last.replica, last.counter + 1 + skipped}) {
    throw std::runtime_error("committed under a wrong dot");
  }
  events_.push_back({site.document.op(dot), site.naive.commit(), site.known});
  site.known.raise(dot);
  site.pending = false;
}

void TextHistory::restart(Site& site) {
  commit(site);
  note(std::string{site.name} + " restarts");
  const std::string saved = site.document.save();
  site.document = TextDocument(site.document.author(), saved);
  if (site.document.save() != saved) throw std::runtime_error("a checkpoint changed by loading it");
  site.document.seal(site.sealed);
}

void TextHistory::mark(Site& site) {
  if (marks_.size() == 8) marks_.erase(marks_.begin());
  const std::size_t position = random_.below(site.document.length() + 1);
  const rill::TextAnchor anchor = site.document.anchor(position);
  std::optional<TextId> expected;
  if (naive() && position > 0) expected = site.naive.names().at(position - 1);
  if (naive() && anchor.after != expected) throw std::runtime_error("a wrong anchor");
  marks_.push_back(anchor);
}

void TextHistory::deliver(Site& site) {
  std::vector<const Event*> next;
  for (const Event& event : events_) {
    if (!site.known.covers(event.op.dot) && event.known <= site.known) next.push_back(&event);
  }
  if (next.empty()) return;
  const Event& event = *next[random_.below(next.size())];
  note(std::string{site.name} + " applies " + static_cast<char>(event.op.dot.replica.bytes[0]) +
       std::to_string(event.op.dot.counter));
  std::vector<TextChange> changes;
  site.document.apply(event.op, &changes);
  show(site, changes);
  VersionVector learnt;
  learnt.raise(event.op.dot);
  follow(site, learnt);
}

void TextHistory::repeat(Site& site) {
  std::vector<const Event*> known;
  for (const Event& event : events_) {
    if (site.known.covers(event.op.dot)) known.push_back(&event);
  }
  if (known.empty()) return;
  std::vector<TextChange> changes;
  site.document.apply(known[random_.below(known.size())]->op, &changes);
  if (!changes.empty()) throw std::runtime_error("a known operation changed something");
}

void TextHistory::pull(Site& site, Site& from) {
  commit(from);
  if (!(from.document.history_begin() <= site.known)) return merge(site, from);
  note(std::string{site.name} + " pulls from " + from.name);
  const std::vector<TextOp> ops = from.document.ops_since(site.known);
  compare_operations(site, from, ops);
  std::vector<TextChange> changes;
  for (const TextOp& op : ops) {
    // As its author told it, or as the relay does, which may have learnt more since.
    const auto original = std::find_if(events_.begin(), events_.end(),
                                       [&](const Event& event) { return event.op.dot == op.dot; });
    site.document.apply(random_.percent(30) ? original->op : op, &changes);
  }
  show(site, changes);
  follow(site, from.known);
}

void TextHistory::merge(Site& site, Site& from) {
  commit(site);
  commit(from);
  note(std::string{site.name} + " merges a checkpoint of " + from.name);
  std::vector<TextChange> changes;
  site.document.merge(from.document.save(), &changes);
  show(site, changes);
  follow(site, from.known);
}

void TextHistory::join(Site& from) {
  if (sites_.size() == kMostSites) return;
  commit(from);
  Site site(static_cast<char>('a' + sites_.size()), options_.fault);
  note(std::string{site.name} + " joins with a checkpoint of " + from.name);
  site.document = TextDocument(site.document.author(), from.document.save());
  site.shown = site.document.text();
  follow(site, from.known);
  if (!sealed_.empty()) {
    site.document.seal(sealed_.back());
    site.sealed = sealed_.back();
    site.compactable = {sealed_.back()};
  }
  sites_.push_back(std::move(site));
  compare(sites_.back());
}

void TextHistory::meet() {
  note("all meet");
  exchange_all();
  const VersionVector stable = sites_.front().known;
  // Where some do not promise, nobody may forget; those who did keep their promise all the same,
  // and what they write then stands at other places than by the definition, the same ones
  // everywhere.
  const bool all = !promises_apart_ || random_.percent(60);
  naive_ &= all;
  if (all) sealed_.push_back(stable);
  for (Site& site : sites_) {
    if (!all && random_.percent(50)) continue;
    note(std::string{site.name} + " seals");
    site.document.seal(stable);
    site.sealed = stable;
    if (!all) continue;
    site.compactable.push_back(stable);
    if (random_.percent(30)) compact(site);
  }
}

void TextHistory::compact(Site& site) {
  if (site.compactable.empty()) return;
  commit(site);
  const std::size_t which = random_.below(site.compactable.size());
  note(std::string{site.name} + " compacts " + site.compactable[which].to_string());
  site.document.compact(site.compactable[which]);
  site.compactable.erase(site.compactable.begin() + static_cast<std::ptrdiff_t>(which));
  compare(site);
}

void TextHistory::exchange_all() {
  for (Site& site : sites_) commit(site);
  for (Site& site : sites_) pull(sites_.front(), site);
  for (Site& site : sites_) {
    pull(site, sites_.front());
    compare(site);
  }
}

}  // namespace oracle
