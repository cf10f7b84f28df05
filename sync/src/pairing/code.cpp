#include "pairing/code.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "byte_view.hpp"
#include "crypto.hpp"
#include "rill/bytes.hpp"
#include "rill/error.hpp"

namespace rill::pairing {
namespace {

constexpr std::string_view kScheme = "rill:";
constexpr std::string_view kLinkPrefix = "rill:pair?";
constexpr std::string_view kLinkVersion = "1.";
constexpr std::string_view kLinkIdLabel = "rill-pair 1 link";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kDigits = kPublicDigits + kSecretDigits;
constexpr std::size_t kIpv4Bytes = 4;
constexpr std::size_t kIpv6Bytes = 16;

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::invalid_argument, message);
}

[[noreturn]] void refuse_link(const std::string& what) {
  refuse("the pairing link " + what + ": copy all of it, or let the other device make a new one");
}

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string to_base64(std::string_view bytes) {
  std::string text;
  std::uint32_t pending = 0;
  unsigned bits = 0;
  for (const char byte : bytes) {
    pending = (pending << 8U) | static_cast<std::uint8_t>(byte);
    for (bits += 8; bits >= 6; bits -= 6) text += kBase64Digits[pending >> (bits - 6) & 0x3FU];
  }
  if (bits > 0) text += kBase64Digits[pending << (6 - bits) & 0x3FU];
  return text;
}

/// Nothing if it is not what `to_base64` makes.
std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t pending = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::size_t digit = kBase64Digits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    pending = (pending << 6U) | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(static_cast<std::uint8_t>(pending >> bits));
  }
  const bool rest_is_zero = (pending & ((1U << bits) - 1U)) == 0;
  if (bits >= 6 || !rest_is_zero) return std::nullopt;
  return bytes;
}

/// Length, IP address and port; nothing for a text that is no address of numbers.
std::optional<std::string> packed(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string host(address.substr(0, colon));
  const std::string_view digits = address.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0) {
    return std::nullopt;
  }
  const bool six = host.starts_with('[') && host.ends_with(']');
  if (six) host = host.substr(1, host.size() - 2);
  std::string bytes(six ? kIpv6Bytes : kIpv4Bytes, '\0');
  if (::inet_pton(six ? AF_INET6 : AF_INET, host.c_str(), bytes.data()) != 1) return std::nullopt;
  bytes.insert(bytes.begin(), static_cast<char>(bytes.size()));
  bytes += static_cast<char>(static_cast<std::uint8_t>(port >> 8U));
  bytes += static_cast<char>(static_cast<std::uint8_t>(port & 0xFFU));
  return bytes;
}

std::string unpacked(ByteReader& reader) {
  const std::size_t size = reader.byte();
  if (size != kIpv4Bytes && size != kIpv6Bytes) refuse_link("is damaged");
  const std::string_view bytes = reader.raw(size);
  std::array<char, INET6_ADDRSTRLEN> host{};
  const bool six = size == kIpv6Bytes;
  if (::inet_ntop(six ? AF_INET6 : AF_INET, bytes.data(), host.data(), host.size()) == nullptr) {
    refuse_link("is damaged");
  }
  const unsigned high = reader.byte();
  const unsigned port = high << 8U | reader.byte();
  if (port == 0) refuse_link("is damaged");
  const std::string name(host.data());
  return (six ? '[' + name + ']' : name) + ':' + std::to_string(port);
}

void check_addresses(const std::vector<std::string>& addresses) {
  if (addresses.size() > kMaxLinkAddresses) {
    refuse("a pairing link names at most " + std::to_string(kMaxLinkAddresses) +
           " addresses, and not " + std::to_string(addresses.size()));
  }
  for (const std::string& address : addresses) {
    if (!packed(address)) {
      refuse("a pairing link cannot name '" + address +
             "': give an IP address and a port, such as 192.0.2.1:4000 or [2001:db8::1]:4000");
    }
  }
}

template <std::size_t Size>
void read(ByteReader& reader, std::array<std::uint8_t, Size>& bytes) {
  std::ranges::transform(reader.raw(Size), bytes.begin(),
                         [](char c) { return static_cast<std::uint8_t>(c); });
}

PairingLink decode_link(std::string_view bytes) {
  ByteReader reader(bytes);
  PairingLink link;
  read(reader, link.inviter.bytes);
  read(reader, link.secret);
  const std::size_t count = reader.byte();
  if (count > kMaxLinkAddresses) refuse_link("is damaged");
  link.addresses.reserve(count);
  while (link.addresses.size() < count) link.addresses.push_back(unpacked(reader));
  reader.expect_end();
  return link;
}

PairingLink parse_link(std::string_view text) {
  if (!text.starts_with(kLinkPrefix)) refuse_link("is none: it does not begin with rill:pair?");
  text.remove_prefix(kLinkPrefix.size());
  if (!text.starts_with(kLinkVersion)) {
    const std::size_t dot = text.find('.');
    const bool other_version = dot != std::string_view::npos && dot > 0 &&
                               std::ranges::all_of(text.substr(0, dot), is_digit);
    if (!other_version) refuse_link("is cut short or damaged");
    refuse("the pairing link was made by a newer version of the app: update this one");
  }
  text.remove_prefix(kLinkVersion.size());
  const std::optional<std::string> bytes = from_base64(text);
  if (!bytes) refuse_link("is damaged");
  try {
    return decode_link(*bytes);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::invalid_argument) throw;
    refuse_link("is cut short or damaged");
  }
}

PairingCode parse_code(std::string_view text) {
  PairingCode code;
  std::ranges::remove_copy(text, std::back_inserter(code.digits), '-');
  constexpr const char* kAdvice = ": type it as the other device shows it, such as 1234 5678";
  if (!std::ranges::all_of(code.digits, is_digit)) {
    refuse(std::string("a pairing code has digits only, and a link begins with rill:") + kAdvice);
  }
  if (code.digits.size() != kDigits) {
    refuse("a pairing code has " + std::to_string(kDigits) + " digits, and this one " +
           std::to_string(code.digits.size()) + kAdvice);
  }
  return code;
}

}  // namespace

PairingCode PairingCode::draw(RandomSource& random) {
  constexpr std::uint32_t kCodes = 100'000'000;
  // Numbers beyond the last whole multiple would make some codes more likely than others.
  constexpr std::uint32_t kUsable = UINT32_MAX / kCodes * kCodes;
  std::uint32_t number = 0;
  do {
    random.fill(std::as_writable_bytes(std::span(&number, 1)));
  } while (number >= kUsable);
  std::string digits = std::to_string(number % kCodes);
  digits.insert(0, kDigits - digits.size(), '0');
  return {std::move(digits)};
}

std::string to_string(const PairingCode& code) {
  constexpr std::size_t kGroup = 4;
  return code.digits.substr(0, kGroup) + ' ' + code.digits.substr(kGroup);
}

PairingLink PairingLink::draw(RandomSource& random, const DeviceId& inviter,
                              std::vector<std::string> addresses) {
  check_addresses(addresses);
  PairingLink link{inviter, {}, std::move(addresses)};
  random.fill(std::as_writable_bytes(std::span(link.secret)));
  return link;
}

PairingLink::Id PairingLink::id() const {
  const Sha256 hash = sha256(std::string(kLinkIdLabel).append(view(secret)));
  Id id{};
  std::copy_n(hash.begin(), id.size(), id.begin());
  return id;
}

std::string to_string(const PairingLink& link) {
  check_addresses(link.addresses);
  std::string bytes(link.inviter.bytes.begin(), link.inviter.bytes.end());
  bytes.append(link.secret.begin(), link.secret.end());
  bytes += static_cast<char>(link.addresses.size());
  for (const std::string& address : link.addresses) bytes += packed(address).value_or("");
  return std::string(kLinkPrefix) + std::string(kLinkVersion) + to_base64(bytes);
}

Invitation parse_invitation(std::string_view text) {
  if (text.size() > kMaxInvitationText) {
    refuse("this is too long for a pairing code or link: it has " + std::to_string(text.size()) +
           " characters");
  }
  std::string dense;
  std::ranges::remove_copy_if(text, std::back_inserter(dense), is_blank);
  if (dense.empty()) refuse("a pairing code or link is needed: the other device shows it");
  if (dense.starts_with(kScheme)) return parse_link(dense);
  return parse_code(dense);
}

}  // namespace rill::pairing
