#include <algorithm>
#include <vector>

#include "state.hpp"

// What becomes of a text when copies of a replica were found to have gone on as one.

namespace rill {

using fugue::Author;
using fugue::AuthorTable;
using fugue::Serial;
using fugue::TextLog;

namespace {

/// The parts into which the authors of a text are cut, as new authors.
class Cuts {
 public:
  Cuts(const AuthorTable& authors, const Renaming& renaming, AuthorTable& renamed)
      : renamed_(renamed) {
    for (Author author = 0; author < authors.size(); ++author) {
      cuts_.emplace_back();
      const auto parts = renaming.parts().find(authors[author].id);
      if (parts == renaming.parts().end()) {
        add(authors[author], {1, authors[author].id}, ~std::uint64_t{0});
        continue;
      }
      for (auto part = parts->second.begin(); part != parts->second.end(); ++part) {
        // Of a later part nothing has arrived here.
        if (part != parts->second.begin() && part->first > authors[author].counter) break;
        const auto next = std::next(part);
        add(authors[author], *part, next == parts->second.end() ? ~std::uint64_t{0} : next->first);
      }
      cuts_.back().back().end = authors[author].next;
    }
  }

  /// The author of an old one's operation.
  [[nodiscard]] Author of(Author author, std::uint64_t counter) const {
    const std::vector<Cut>& cuts = cuts_[author];
    const auto behind = std::ranges::upper_bound(cuts, counter, {}, &Cut::first);
    return behind == cuts.begin() ? cuts.front().author : std::prev(behind)->author;
  }
  /// Who goes on with what the author has not committed.
  [[nodiscard]] Author last(Author author) const { return cuts_[author].back().author; }
  /// Gives the characters of a span to the new authors.
  void append(const AuthorTable::Span& span) {
    std::uint32_t number = span.number;
    const std::uint32_t end = span.number + span.count;
    for (const Cut& cut : cuts_[span.author]) {
      const std::uint32_t count = std::max(std::min(end, cut.end), number) - number;
      if (count == 0) continue;
      renamed_.append(cut.author, span.first + (number - span.number), count, number);
      number += count;
    }
  }
  /// Once all spans are there.
  void finish() {
    for (const std::vector<Cut>& cuts : cuts_) {
      for (const Cut& cut : cuts) {
        AuthorTable::Replica& replica = renamed_[cut.author];
        replica.next = std::max(replica.next, cut.end);
      }
    }
  }

 private:
  struct Cut {
    std::uint64_t first;
    Author author;
    std::uint32_t end;
  };

  /// Operations from `part.first` to before `end`.
  void add(const AuthorTable::Replica& whole, const Renaming::Part& part, std::uint64_t end) {
    const Author author = renamed_.intern(part.replica);
    AuthorTable::Replica& replica = renamed_[author];
    if (whole.counter >= part.first) replica.counter = std::min(whole.counter, end - 1);
    for (const AuthorTable::Mark& mark : whole.marks) {
      if (part.first <= mark.counter && mark.counter < end) replica.marks.push_back(mark);
    }
    cuts_.back().push_back({part.first, author, whole.number_from(end)});
  }

  AuthorTable& renamed_;
  std::vector<std::vector<Cut>> cuts_;
};

}  // namespace

void TextDocument::State::note_epochs(const Epochs& epochs) {
  const auto none_wanted = [](Author /*author*/) { return std::uint64_t{0}; };
  log.for_each(none_wanted, [&](Author author, std::uint64_t counter,
                                const std::vector<TextLog::Part>& parts) {
    const auto inserted = std::ranges::find(parts, true, &TextLog::Part::inserts);
    if (inserted == parts.end()) return;
    AuthorTable::Replica& replica = authors[author];
    const std::uint64_t noted = replica.marks.empty() ? 0 : replica.marks.back().counter;
    const std::uint64_t first = epochs.beginning({replica.id, counter});
    if (first > noted) replica.marks.push_back({first, authors.number_of(inserted->first)});
  });
}

void TextDocument::State::rename_authors(const Renaming& renaming) {
  AuthorTable renamed;
  Cuts cuts(authors, renaming, renamed);
  for (const AuthorTable::Span& span : authors.spans()) cuts.append(span);
  cuts.finish();
  TextLog operations;
  const auto none_wanted = [](Author /*author*/) { return std::uint64_t{0}; };
  log.for_each(none_wanted, [&](Author author, std::uint64_t counter,
                                const std::vector<TextLog::Part>& parts) {
    for (const TextLog::Part& part : parts) {
      operations.add(cuts.of(author, counter), counter, part.inserts, part.first, part.count);
    }
  });
  self = cuts.last(self);
  log = std::move(operations);
  authors = std::move(renamed);
  history_begin = renaming.apply(history_begin);
}

}  // namespace rill
