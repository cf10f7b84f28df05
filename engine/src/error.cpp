#include "rill/error.hpp"

#include <array>
#include <cstddef>

namespace rill {
namespace {

/// In the order of the enumerators.
constexpr std::array<std::string_view, 43> kNames = {
    "invalid_argument", "sql",
    "constraint",       "busy",
    "interrupted",      "bad_value",
    "too_large",        "cannot_replicate",
    "unknown_table",    "unknown_column",
    "unknown_rule",     "rule_changed",
    "rule_failed",      "not_found",
    "cannot_open",      "not_a_database",
    "read_only",        "newer_format",
    "corrupt",          "io",
    "disk_full",        "file_replaced",
    "capture_lost",     "unsupported",
    "malformed",        "limit_exceeded",
    "protocol",         "version_mismatch",
    "causality_gap",    "forked",
    "renamed",          "refused_address",
    "address_in_use",   "unreachable",
    "peer_gone",        "not_a_member",
    "revoked",          "already_in_group",
    "not_allowed",      "wrong_code",
    "expired",          "declined",
    "internal",
};
static_assert(kNames.size() == static_cast<std::size_t>(ErrorCode::internal) + 1);

}  // namespace

std::string_view to_string(ErrorCode code) noexcept {
  const auto index = static_cast<std::size_t>(code);
  return index < kNames.size() ? kNames[index] : "unknown";
}

}  // namespace rill
