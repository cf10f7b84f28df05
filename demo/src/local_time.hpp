#pragma once

#include <cstdint>
#include <string>

namespace notes {

/// "2024-03-01 17:05", in local time. `ms` counts from 1970 (UTC).
std::string local_date_time(std::uint64_t ms);
/// "17:05:09", in local time.
std::string local_time_of_day(std::uint64_t ms);

}  // namespace notes
