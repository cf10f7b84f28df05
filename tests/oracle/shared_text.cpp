#include "oracle/shared_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "rill/text_document.hpp"
#include "support/unicode.hpp"

namespace oracle {

using rill::test::to_code_points;
using rill::test::to_utf8;

namespace {

/// Fills the ids that name events; no replica has such an id by chance.
constexpr std::uint8_t kEventByte = 0xEE;

bool is_utf8(const std::string& text) {
  if (text.empty()) return true;
  if ((static_cast<unsigned char>(text.front()) & 0xC0U) == 0x80U) return false;
  // Whatever is not UTF-8 is read as something else than what it is.
  const std::u32string code_points = to_code_points(text);
  const auto is_character = [](char32_t value) {
    return value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
  };
  return to_utf8(code_points) == text &&
         std::all_of(code_points.begin(), code_points.end(), is_character);
}

}  // namespace

bool is_text(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return is_utf8(*text);
  return is_null(cell);
}

std::string text_of(const Cell& cell) {
  if (is_null(cell)) return {};
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return std::to_string(*integer);
  if (const auto* blob = std::get_if<Bytes>(&cell)) return blob->bytes;
  return std::get<std::string>(cell);
}

rill::ReplicaId author_of_event(std::size_t event) {
  std::array<std::uint8_t, 16> bytes{};
  bytes.fill(kEventByte);
  bytes.back() = static_cast<std::uint8_t>(event);
  return rill::ReplicaId{bytes};
}

TextReader::TextReader(NaiveFault fault, EventName name) : fault_(fault) {
  names_ = [name = std::move(name)](const rill::ReplicaId& author) {
    const std::size_t event = author.bytes.back();
    return author == author_of_event(event) ? name(event) : author;
  };
}

NaiveText TextReader::open(const SharedText& text, const rill::ReplicaId& author) const {
  NaiveText typist(text.author, fault_, names_);
  typist.insert(0, to_code_points(text.typed));
  NaiveText opened(author, fault_, names_);
  opened.apply(typist.commit());
  for (const auto& operation : text.operations) opened.apply(*operation);
  return opened;
}

const std::string& TextReader::characters(const SharedText& text) {
  const auto [found, is_new] = known_.try_emplace(text);
  if (is_new) found->second = to_utf8(open(text, text.author).text());
  return found->second;
}

NaiveOp difference(NaiveText& text, std::string_view after) {
  rill::TextDocument document{rill::ReplicaId()};
  document.insert(0, to_utf8(text.text()));
  for (const rill::TextChange& change : document.assign(after)) {
    text.erase(change.position, change.erased);
    text.insert(change.position, to_code_points(change.inserted));
  }
  return text.commit();
}

}  // namespace oracle
