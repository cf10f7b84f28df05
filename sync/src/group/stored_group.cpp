#include "group/stored_group.hpp"

#include <set>
#include <utility>
#include <variant>

#include "archive.hpp"
#include "rill/error.hpp"
#include "rill/group_log.hpp"

namespace rill {
namespace {

constexpr std::uint32_t kLayout = 1;
/// Above what the records take, for the lengths.
constexpr std::size_t kMaxStoredBytes = 2 * kMaxGroupBytes;

struct StoredGroup {
  std::vector<std::string> records;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(limited(records, kMaxGroupRecords));
  }
};

void check_limits(std::size_t count, std::size_t bytes) {
  if (count <= kMaxGroupRecords && bytes <= kMaxGroupBytes) return;
  throw Error(ErrorCode::limit_exceeded,
              "the records of the group are above their limit: " + std::to_string(count) +
                  " of at most " + std::to_string(kMaxGroupRecords) + ", " + std::to_string(bytes) +
                  " bytes of at most " + std::to_string(kMaxGroupBytes));
}

}  // namespace

void check_limits(const std::vector<std::string>& encoded) {
  std::size_t bytes = 0;
  for (const std::string& record : encoded) bytes += record.size();
  check_limits(encoded.size(), bytes);
}

void check_limits(const GroupRecords& records) {
  std::size_t bytes = 0;
  for (const auto& [name, record] : records) bytes += record.encoded.size();
  check_limits(records.size(), bytes);
}

std::vector<SignedRecord> open_records(const std::vector<std::string>& encoded) {
  check_limits(encoded);
  std::vector<SignedRecord> opened;
  opened.reserve(encoded.size());
  for (const std::string& record : encoded) opened.push_back(open_record(record));
  return opened;
}

std::string encode_stored(const GroupRecords& records) {
  StoredGroup group;
  group.records.reserve(records.size());
  for (const auto& [name, record] : records) group.records.push_back(record.encoded);
  BoundedOutputArchive archive(kMaxStoredBytes);
  archive(kLayout, group);
  return archive.finish();
}

GroupRecords decode_stored(std::string_view stored) {
  GroupRecords records;
  if (stored.empty()) return records;
  try {
    BoundedInputArchive archive(stored, kMaxStoredBytes);
    std::uint32_t layout = 0;
    archive(layout);
    if (layout > kLayout) {
      throw Error(ErrorCode::newer_format,
                  "the records of the group were written by a newer Rill: update the app");
    }
    StoredGroup group;
    archive(group);
    archive.finish();
    for (SignedRecord& record : open_records(group.records)) {
      const RecordName name = record.name;
      records.emplace(name, std::move(record));
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::malformed && error.code() != ErrorCode::limit_exceeded) throw;
    throw Error(ErrorCode::corrupt,
                std::string("the records of the group in the database are damaged (") +
                    error.what() + "): leave the group and pair this device again");
  }
  return records;
}

std::vector<std::string> in_order(const GroupRecords& records) {
  std::map<PublicKey, std::vector<const SignedRecord*>> by_author;
  std::vector<PublicKey> next;
  for (const auto& [name, record] : records) {
    if (std::holds_alternative<Genesis>(record.record.content)) {
      next.push_back(record.record.author);
      by_author[record.record.author].insert(by_author[record.record.author].begin(), &record);
    } else {
      by_author[record.record.author].push_back(&record);
    }
  }
  std::vector<std::string> ordered;
  ordered.reserve(records.size());
  std::set<PublicKey> done;
  for (std::size_t index = 0; index < next.size(); ++index) {
    const PublicKey author = next[index];
    if (!done.insert(author).second) continue;
    for (const SignedRecord* record : by_author[author]) {
      ordered.push_back(record->encoded);
      const auto* admit = std::get_if<Admit>(&record->record.content);
      if (admit != nullptr && admit->role == Role::admin) next.push_back(admit->key);
    }
  }
  return ordered;
}

}  // namespace rill
