#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "group/record.hpp"

namespace rill {

/// Opens records from outside. Throws `Error`: limit_exceeded (more than a group may have, judged
/// before anything is opened), malformed.
std::vector<SignedRecord> open_records(const std::vector<std::string>& encoded);
/// Throws `Error{limit_exceeded}` if `encoded` is more than a group may have.
void check_limits(const std::vector<std::string>& encoded);
/// The same for opened ones.
void check_limits(const GroupRecords& records);

/// The value under which a device keeps the records of its group: the version of this layout, and
/// a list of records. Empty for no records.
std::string encode_stored(const GroupRecords& records);
/// The inverse. Throws `Error`: corrupt, newer_format.
GroupRecords decode_stored(std::string_view stored);

/// `records` in an order in which those before each show that its author was once an admin.
std::vector<std::string> in_order(const GroupRecords& records);

}  // namespace rill
