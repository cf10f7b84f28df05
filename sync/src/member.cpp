#include "rill/member.hpp"

namespace rill {

std::string_view to_string(Role role) noexcept {
  switch (role) {
    case Role::admin:
      return "admin";
    case Role::writer:
      return "writer";
    case Role::reader:
      return "reader";
  }
  return "unknown";
}

}  // namespace rill
