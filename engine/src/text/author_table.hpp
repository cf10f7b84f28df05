#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "rill/text_document.hpp"
#include "run.hpp"

namespace rill::fugue {

/// A replica's number in one copy of a text.
using Author = std::uint32_t;

/// Which replica inserted which characters, and under what numbers.
class AuthorTable {
 public:
  /// Characters from `first` on that one author inserted under consecutive numbers.
  struct Span {
    Serial first;
    std::uint32_t count;
    Author author;
    std::uint32_t number;
  };
  /// An epoch of a replica begins with the event `counter`; its characters, with `number`.
  struct Mark {
    std::uint64_t counter;
    std::uint32_t number;
  };
  /// What is known of a replica.
  struct Replica {
    ReplicaId id;
    /// Its last operation known.
    std::uint64_t counter = 0;
    /// The number of its next character.
    std::uint32_t next = 1;
    /// Its spans, by number.
    std::vector<std::uint32_t> spans{};
    /// Of epochs in which it inserted characters, as far as noted; both numbers ascend.
    std::vector<Mark> marks{};

    /// The number of the first character of events from `first` on; `next` if there is none.
    [[nodiscard]] std::uint32_t number_from(std::uint64_t first) const noexcept;
    /// Adds those that another copy noted.
    void add_marks(const std::vector<Mark>& others);
  };

  /// The replica's number; a new one if it is not known. `limit_exceeded` beyond kMaxTextAuthors.
  Author intern(const ReplicaId& id);
  /// Takes back the last `intern`, of a replica that has got no characters since.
  void forget_newest() { replicas_.pop_back(); }
  /// The replica's number, if it is known.
  [[nodiscard]] std::optional<Author> find(const ReplicaId& id) const noexcept;
  [[nodiscard]] Replica& operator[](Author author) noexcept { return replicas_[author]; }
  [[nodiscard]] const Replica& operator[](Author author) const noexcept {
    return replicas_[author];
  }
  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(replicas_.size());
  }

  /// Gives the newest characters to an author, under its next numbers.
  void append(Author author, Serial first, std::uint32_t count) {
    append(author, first, count, replicas_[author].next);
  }
  /// The same under numbers from `number` on, at least its next one.
  void append(Author author, Serial first, std::uint32_t count, std::uint32_t number) {
    if (!spans_.empty()) {
      Span& last = spans_.back();
      if (last.author == author && last.number + last.count == number) {
        last.count += count;
        replicas_[author].next = number + count;
        return;
      }
    }
    replicas_[author].spans.push_back(static_cast<std::uint32_t>(spans_.size()));
    spans_.push_back({first, count, author, number});
    replicas_[author].next = number + count;
  }
  /// The span of a character.
  [[nodiscard]] const Span& span_of(Serial serial) const noexcept;
  /// The author's number of a character.
  [[nodiscard]] std::uint32_t number_of(Serial serial) const noexcept {
    const Span& span = span_of(serial);
    return span.number + (serial - span.first);
  }
  /// The name of a character.
  [[nodiscard]] TextId name_of(Serial serial) const noexcept {
    return {replicas_[span_of(serial).author].id, number_of(serial)};
  }
  /// The span of an author's character; none if the character is not known.
  [[nodiscard]] const Span* find(Author author, std::uint32_t number) const noexcept;
  /// How many characters from a number on, which is not known, are not known either.
  [[nodiscard]] std::uint32_t unknown_from(Author author, std::uint32_t number) const noexcept;
  /// All spans, by serial.
  [[nodiscard]] const std::vector<Span>& spans() const noexcept { return spans_; }

 private:
  std::vector<Replica> replicas_;
  std::vector<Span> spans_;
};

}  // namespace rill::fugue
