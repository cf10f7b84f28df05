#include "op_reader.hpp"

#include <string>

#include "op_format.hpp"
#include "rill/bytes.hpp"
#include "rill/error.hpp"

namespace rill::fugue {
namespace {

[[noreturn]] void malformed(const char* what) {
  throw Error(ErrorCode::malformed, std::string("a text operation ") + what);
}

class Reader {
 public:
  Reader(const OpContext& context, std::string_view content, std::vector<OpStep>& steps)
      : context_(context),
        bytes_(content),
        steps_(steps),
        first_(context.authors[context.author].next),
        next_(first_),
        end_(context.tree.end()) {}

  void read() {
    steps_.clear();
    replicas_.resize(bytes_.count(kMaxTextAuthors, sizeof(ReplicaId::bytes)));
    for (Author& author : replicas_) {
      const auto known = context_.authors.find(bytes_.replica());
      if (!known) missing();
      author = *known;
    }
    number(bytes_.varint());
    if (bytes_.remaining() == 0) malformed("does nothing");
    while (bytes_.remaining() > 0) read_part();
  }

 private:
  void number(std::uint64_t first) {
    numbered_ = first != 0;
    if (first > kMaxTextCharacters) malformed("inserts a character of an impossible number");
    if (context_.renumbered) {
      first_ = next_ = numbered_ ? static_cast<std::uint32_t>(first) : kMaxTextCharacters;
    } else if (numbered_ && first != next_) {
      if (first < next_) malformed("gives a number to a character that another one has");
      missing();
    }
  }

  [[noreturn]] static void missing() {
    throw Error(ErrorCode::causality_gap,
                "a text operation builds on one that has not arrived; apply that one first");
  }

  void read_part() {
    const std::uint64_t header = bytes_.varint();
    const auto tag = static_cast<PartTag>(header & ((1U << kPartBits) - 1));
    const std::uint64_t rest = header >> kPartBits;
    if (tag == PartTag::erased) return read_erased(rest);
    if (!numbered_) malformed("inserts without a number");
    OpStep step;
    bool continued = tag == PartTag::continued;
    if (tag == PartTag::gone) {
      step.kind = OpStep::Kind::insert_erased;
      continued = (rest & 1U) != 0;
      step.count = checked_count(rest >> 1U);
      step.extent = {step.count, step.count, 0};
    } else {
      step.text = bytes_.raw(checked_count(rest));
      try {
        step.extent = measure_checked(step.text);
      } catch (const Error&) {
        malformed("inserts what is not UTF-8");
      }
      step.count = step.extent.chars;
    }
    step.origins = continued ? continued_origins() : read_origins();
    next_ += step.count;
    end_ += step.count;
    last_ = step.origins;
    steps_.push_back(step);
  }

  void read_erased(std::uint64_t value) {
    std::uint32_t count = checked_count(value);
    const std::uint64_t tag = bytes_.varint();
    if (tag == kRefNone) malformed("erases no character");
    auto [author, number] = read_name(tag);
    while (count > 0) {
      OpStep step;
      step.kind = OpStep::Kind::erase;
      const Serial serial = resolve(author, number);
      step.first = serial;
      step.count = count;
      if (serial < context_.tree.end()) {
        const AuthorTable::Span& span = context_.authors.span_of(serial);
        step.count = std::min(count, span.first + span.count - serial);
        // Of a stretch of the author's own the rest may be what the operation inserts.
        if (author == context_.author && number < first_) {
          step.count = std::min(step.count, first_ - number);
        }
      } else if (count > end_ - serial) {
        missing();
      }
      count -= step.count;
      number += step.count;
      steps_.push_back(step);
    }
  }

  static std::uint32_t checked_count(std::uint64_t value) {
    if (value == 0 || value > kMaxTextCharacters)
      malformed("has a part of no or impossible length");
    return static_cast<std::uint32_t>(value);
  }

  struct Name {
    Author author;
    std::uint32_t number;
  };

  Name read_name(std::uint64_t tag) {
    const std::uint64_t value = bytes_.varint();
    if (tag == kRefAuthor) {
      if (value == 0 || value > kMaxTextCharacters) malformed("names an impossible character");
      return {context_.author, static_cast<std::uint32_t>(value)};
    }
    if (tag - kRefListed >= replicas_.size()) malformed("names a replica that it does not list");
    if (value == 0 || value > kMaxTextCharacters) malformed("names an impossible character");
    return {replicas_[tag - kRefListed], static_cast<std::uint32_t>(value)};
  }

  [[nodiscard]] Serial resolve(Author author, std::uint32_t number) const {
    if (author == context_.author && number >= first_ && number < next_) {
      return context_.tree.end() + (number - first_);
    }
    const AuthorTable::Span* span = context_.authors.find(author, number);
    if (span == nullptr) missing();
    return span->first + (number - span->number);
  }

  Serial read_origin() {
    const std::uint64_t tag = bytes_.varint();
    if (tag == kRefNone) return kNoSerial;
    const auto [author, number] = read_name(tag);
    return resolve(author, number);
  }

  Origins read_origins() {
    Origins origins;
    origins.left = read_origin();
    origins.right = read_origin();
    const Serial known = context_.tree.end();
    if (origins.left != kNoSerial && origins.left == origins.right)
      malformed("has one character on both sides");
    if (origins.left < known && origins.right < known) {
      const Place left = context_.tree.place_behind(origins.left);
      if (context_.tree.behind(left) != origins.right &&
          !context_.tree.precedes(left, context_.tree.place_behind(origins.right))) {
        malformed("has its right origin on the left");
      }
    }
    return origins;
  }

  Origins continued_origins() {
    if (!steps_.empty() && steps_.back().kind != OpStep::Kind::erase)
      return {end_ - 1, last_.right};
    if (next_ == 1) malformed("continues where its author wrote nothing");
    const Serial previous = resolve(context_.author, next_ - 1);
    if (previous >= context_.tree.end()) return {previous, last_.right};
    return {previous, context_.tree.origins(previous).right};
  }

  const OpContext& context_;
  ByteReader bytes_;
  std::vector<OpStep>& steps_;
  std::vector<Author> replicas_;
  bool numbered_ = false;
  // The number of the first character inserted, and of the next one; the next serial.
  std::uint32_t first_;
  std::uint32_t next_;
  Serial end_;
  // Origins of the last characters inserted.
  Origins last_;
};

}  // namespace

void read_op(const OpContext& context, std::string_view content, std::vector<OpStep>& steps) {
  Reader(context, content, steps).read();
}

std::optional<OpStep> read_typed(std::string_view content, std::uint32_t next) {
  // No replicas; the number; one header; text of up to 31 bytes.
  if (content.size() < 4 || content[0] != 0) return std::nullopt;
  std::size_t at = 1;
  std::uint32_t number = 0;
  for (unsigned shift = 0; at < content.size() && shift < 28; shift += 7) {
    const auto byte = static_cast<unsigned char>(content[at++]);
    number |= (byte & 0x7FU) << shift;
    if (byte == 0 && shift > 0) return std::nullopt;
    if (byte < 0x80) break;
  }
  if (number != next || at == content.size()) return std::nullopt;
  const auto header = static_cast<unsigned char>(content[at++]);
  const std::size_t length = header >> kPartBits;
  if ((header & 0x83U) != 0 || length == 0 || content.size() - at != length) return std::nullopt;
  OpStep step;
  step.text = content.substr(at);
  if (!is_ascii(step.text)) return std::nullopt;
  step.count = static_cast<std::uint32_t>(length);
  step.extent = {step.count, step.count, step.count};
  return step;
}

}  // namespace rill::fugue
