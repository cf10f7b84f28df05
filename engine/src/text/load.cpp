#include <algorithm>
#include <vector>

#include "checkpoint_format.hpp"
#include "quick_reader.hpp"
#include "rill/bytes.hpp"
#include "rill/error.hpp"
#include "run_order.hpp"
#include "state.hpp"

namespace rill {

using fugue::AuthorTable;
using fugue::Extent;
using fugue::Origins;
using fugue::QuickReader;
using fugue::Run;
using fugue::Serial;

namespace {

// Whether runs are all of the serials below `total`, each once.
class Coverage {
 public:
  // Bits while they take no more memory than the input would justify; else the runs are sorted.
  Coverage(Serial total, std::size_t input) : total_(total) {
    if (total / 64 <= input) bits_.resize(total / 64 + 1);
  }

  void add(const Run& run) {
    if (run.first >= total_ || run.count() > total_ - run.first) QuickReader::fail();
    sum_ += run.count();
    if (bits_.empty()) {
      runs_.push_back(run);
      return;
    }
    for (Serial serial = run.first; serial < run.end();) {
      const Serial end = std::min(run.end(), (serial / 64 + 1) * 64);
      const std::uint64_t mask =
          (end - serial == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << (end - serial)) - 1)
          << (serial % 64);
      if ((bits_[serial / 64] & mask) != 0) QuickReader::fail();
      bits_[serial / 64] |= mask;
      serial = end;
    }
  }

  void finish() {
    if (sum_ != total_) QuickReader::fail();
    if (!bits_.empty()) return;
    std::sort(runs_.begin(), runs_.end(),
              [](const Run& left, const Run& right) { return left.first < right.first; });
    Serial end = 0;
    for (const Run& run : runs_) {
      if (run.first != end) QuickReader::fail();
      end = run.end();
    }
  }

 private:
  Serial total_;
  Serial sum_ = 0;
  std::vector<std::uint64_t> bits_;
  std::vector<Run> runs_;
};

// Numbers of 64 bits are rare in a checkpoint.
std::uint64_t read_counter(QuickReader& bytes) {
  std::string digits;
  do {
    digits.append(bytes.raw(1));
  } while (static_cast<unsigned char>(digits.back()) >= 0x80 && digits.size() < 10);
  return ByteReader(digits).varint();
}

/// Returns whether there are any.
bool read_marks(QuickReader& bytes, AuthorTable::Replica& replica, std::uint32_t next) {
  AuthorTable::Mark last{0, 0};
  const std::uint32_t count = bytes.number();
  if (count > bytes.remaining() / 2) QuickReader::fail();
  for (std::uint32_t left = count; left > 0; --left) {
    const std::uint64_t counters = read_counter(bytes);
    const std::uint32_t numbers = bytes.number();
    if (counters >= replica.counter - last.counter || numbers >= next - last.number) {
      QuickReader::fail();
    }
    last = {last.counter + counters + 1, last.number + numbers + 1};
    if (last.number >= next) QuickReader::fail();
    replica.marks.push_back(last);
  }
  return count > 0;
}

Serial read_authors(QuickReader& bytes, bool marked, AuthorTable& authors) {
  const std::uint32_t count = bytes.number();
  if (count > kMaxTextAuthors || count > bytes.remaining() / 18) QuickReader::fail();
  std::vector<std::uint32_t> next;
  next.reserve(count);
  bool has_marks = false;
  for (fugue::Author author = 0; author < count; ++author) {
    const ReplicaId id = ByteReader(bytes.raw(sizeof(ReplicaId::bytes))).replica();
    if (authors.intern(id) != author) QuickReader::fail();
    authors[author].counter = read_counter(bytes);
    next.push_back(bytes.number());
    if (marked) has_marks |= read_marks(bytes, authors[author], next.back());
  }
  if (marked && !has_marks) QuickReader::fail();
  Serial total = 0;
  for (std::uint32_t left = bytes.number(); left > 0; --left) {
    const std::uint32_t author = bytes.number();
    if (author >= count) QuickReader::fail();
    const std::uint32_t length = bytes.number();
    const std::uint64_t number = std::uint64_t{authors[author].next} + bytes.number();
    if (length == 0 || length > kMaxTextCharacters - total || number + length > next[author]) {
      QuickReader::fail();
    }
    authors.append(author, total, length, static_cast<std::uint32_t>(number));
    total += length;
  }
  for (fugue::Author author = 0; author < count; ++author) {
    if (next[author] == 0 || next[author] > kMaxTextCharacters) QuickReader::fail();
    authors[author].next = next[author];
  }
  return total;
}

std::vector<Run> read_sealed(QuickReader& bytes, Serial total) {
  std::vector<Run> sealed;
  Serial end = 0;
  for (std::uint32_t left = bytes.number(); left > 0; --left) {
    const std::uint64_t first = std::uint64_t{end} + bytes.number();
    const std::uint32_t count = bytes.number();
    if (count == 0 || first + count > total) QuickReader::fail();
    sealed.push_back({static_cast<Serial>(first), count, 0});
    end = sealed.back().end();
  }
  return sealed;
}

void read_origins(QuickReader& bytes, Serial total, fugue::OriginTable& origins) {
  Serial end = 0;
  for (std::uint32_t left = bytes.number(); left > 0; --left) {
    const std::uint64_t first = std::uint64_t{end} + bytes.number();
    const std::uint32_t count = bytes.number();
    if (count == 0 || first + count > total) QuickReader::fail();
    const auto serial = static_cast<Serial>(first);
    const Origins given{bytes.number() - 1, bytes.number() - 1};
    const Serial settled = bytes.number() - 1;
    for (const Serial origin : {given.left, given.right, settled}) {
      if (origin != fugue::kNoSerial && origin >= serial) QuickReader::fail();
    }
    origins.add(serial, count, given, settled);
    end = serial + count;
  }
}

}  // namespace

void TextDocument::State::load(std::string_view checkpoint) {
  const ReplicaId own = authors[self].id;
  authors = {};
  QuickReader bytes(checkpoint);
  const std::uint32_t format = bytes.number();
  if (format < fugue::kPlainCheckpoint) QuickReader::fail();
  if (format > fugue::kMarkedCheckpoint) {
    throw Error(ErrorCode::newer_format, "a text's checkpoint has format " +
                                             std::to_string(format) +
                                             ", which this version does not know; update Rill");
  }
  const Serial total = read_authors(bytes, format == fugue::kMarkedCheckpoint, authors);
  frozen = bytes.number();
  if (frozen > total) QuickReader::fail();
  const std::vector<Run> sealed = read_sealed(bytes, total);
  read_origins(bytes, total, origins);
  const std::string_view shown = bytes.raw(bytes.number());
  Extent extent;
  try {
    extent = fugue::measure_checked(shown);
  } catch (const Error&) {
    QuickReader::fail();
  }
  store.append(shown, extent);
  Coverage coverage(total, checkpoint.size());
  fugue::RunOrder order;
  std::vector<Run> runs;
  runs.reserve(bytes.remaining() / 2);
  std::uint32_t offset = 0;
  while (bytes.remaining() > 0) {
    Run run = order.read(bytes);
    coverage.add(run);
    if (!runs.empty() && runs.back().end() == run.first && runs.back().flags() == run.flags() &&
        !origins.begins_at(run.first)) {
      QuickReader::fail();  // one run in two
    }
    if (run.erased()) {
      runs.push_back(run);
      continue;
    }
    run.offset = offset;
    if (run.count() > extent.chars) QuickReader::fail();
    extent.chars -= run.count();
    offset = store.advance(offset, run.count());
    runs.push_back(run);
  }
  coverage.finish();
  if (extent.chars != 0) QuickReader::fail();
  tree.build(runs);
  for (const Run& range : sealed) seal_range(range);
  self = authors.intern(own);
  history_begin = version();
}

void TextDocument::State::merge(std::string_view checkpoint, std::vector<TextChange>* changes) {
  require_committed("merge");
  State other(authors[self].id);
  other.load(checkpoint);
  if (other.history_begin <= version()) return;
  std::vector<fugue::Author> mapped;
  // Below these, what is not here was forgotten here.
  std::vector<std::uint32_t> known;
  for (fugue::Author author = 0; author < other.authors.size(); ++author) {
    mapped.push_back(authors.intern(other.authors[author].id));
    known.push_back(authors[mapped.back()].next);
  }
  require_room(other.tree.end(), other.store.end());
  // The same character here, and how many that follow it there follow it here; if it is not here,
  // how many that follow it are not.
  const auto here = [&](Serial serial) -> std::pair<Serial, std::uint32_t> {
    if (serial == fugue::kNoSerial) return {serial, 0};
    const AuthorTable::Span& span = other.authors.span_of(serial);
    const std::uint32_t number = span.number + (serial - span.first);
    const std::uint32_t rest = span.first + span.count - serial;
    const fugue::Author author = mapped[span.author];
    const AuthorTable::Span* found = authors.find(author, number);
    if (found == nullptr) {
      return {fugue::kNoSerial, std::min(rest, authors.unknown_from(author, number))};
    }
    const std::uint32_t skipped = number - found->number;
    return {found->first + skipped, std::min(rest, found->count - skipped)};
  };
  merge_insertions(other, mapped, known, here, changes);
  merge_erasures(other, here, changes);
  for (fugue::Author author = 0; author < other.authors.size(); ++author) {
    AuthorTable::Replica& replica = authors[mapped[author]];
    replica.counter = std::max(replica.counter, other.authors[author].counter);
    replica.next = std::max(replica.next, other.authors[author].next);
    replica.add_marks(other.authors[author].marks);
  }
  frozen = std::max(frozen, tree.end());
  history_begin.merge(other.history_begin);
}

// What the other copy came to know in order, each after what it was placed beside.
template <typename Here>
void TextDocument::State::merge_insertions(State& other, const std::vector<fugue::Author>& mapped,
                                           const std::vector<std::uint32_t>& known, Here here,
                                           std::vector<TextChange>* changes) {
  for (const AuthorTable::Span& span : other.authors.spans()) {
    const std::uint32_t fresh = std::max(known[span.author], span.number) - span.number;
    Serial serial = span.first + std::min(fresh, span.count);
    const Serial end = span.first + span.count;
    while (serial < end) {
      const fugue::Place place = other.tree.place_behind(serial);
      const Run& run = other.tree.run(place);
      fugue::OpStep step;
      step.count = other.origins.end_of_alike(serial, std::min(end, run.end())) - serial;
      const Origins given = other.tree.origins(serial);
      step.origins = {here(given.left).first, here(given.right).first};
      step.kind = run.erased() ? fugue::OpStep::Kind::insert_erased : fugue::OpStep::Kind::insert;
      if (!run.erased()) {
        const std::uint32_t begin = other.store.advance(run.offset, place.offset - 1);
        step.text = other.store.slice(begin, other.store.advance(begin, step.count));
        step.extent = fugue::measure(step.text);
      }
      AuthorTable::Replica& author = authors[mapped[span.author]];
      author.next = std::max(author.next, span.number + (serial - span.first));
      insert_step(mapped[span.author], step, changes);
      serial += step.count;
    }
  }
}

template <typename Here>
void TextDocument::State::merge_erasures(const State& other, Here here,
                                         std::vector<TextChange>* changes) {
  other.tree.for_each([&](const Run& run) {
    if (!run.erased()) return;
    for (Serial serial = run.first; serial < run.end();) {
      const auto [first, alike] = here(serial);
      fugue::OpStep step;
      step.first = first;
      step.count = std::min(alike, run.end() - serial);
      serial += step.count;
      if (first == fugue::kNoSerial) continue;
      absorbed.push_back({false, step.first, step.count});
      erase_step(step, changes);
    }
  });
}

}  // namespace rill
