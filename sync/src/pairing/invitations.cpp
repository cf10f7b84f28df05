#include "pairing/invitations.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "rill/error.hpp"

namespace rill::pairing {
namespace {

using Kind = InvitationName::Kind;

[[noreturn]] void refuse_past(Kind kind, const char* what) {
  const std::string noun = kind == Kind::code ? "code" : "link";
  throw Error(ErrorCode::expired,
              "the pairing " + noun + ' ' + what + ": let the inviting device make a new one");
}

template <std::size_t Size>
std::string string_of(const std::array<std::uint8_t, Size>& bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace

InvitationName name_of(const Invitation& invitation) {
  if (const auto* code = std::get_if<PairingCode>(&invitation)) {
    return {Kind::code, code->public_digits()};
  }
  return {Kind::link, string_of(std::get<PairingLink>(invitation).id())};
}

std::string secret_of(const Invitation& invitation) {
  if (const auto* code = std::get_if<PairingCode>(&invitation)) return code->secret();
  return string_of(std::get<PairingLink>(invitation).secret);
}

bool Invitations::usable(const Entry& entry, std::chrono::milliseconds now) {
  return entry.state == State::open && entry.attempts < kMaxAttempts && now < entry.expires;
}

void Invitations::end(Entry& entry, State state) {
  entry.state = state;
  OPENSSL_cleanse(entry.secret.data(), entry.secret.size());
  entry.secret.clear();
}

void Invitations::add(const Invitation& invitation, std::uint8_t role,
                      std::chrono::milliseconds expires) {
  entries_.push_back(
      {++last_number_, name_of(invitation), secret_of(invitation), role, expires, 0, State::open});
  forget_past();
}

void Invitations::withdraw_code() {
  for (Entry& entry : entries_) {
    if (entry.name.kind == Kind::code && entry.state == State::open) end(entry, State::withdrawn);
  }
}

void Invitations::limit_links() {
  const auto open_link = [](const Entry& entry) {
    return entry.name.kind == Kind::link && entry.state == State::open;
  };
  if (std::ranges::count_if(entries_, open_link) >= static_cast<std::ptrdiff_t>(kMaxOpenLinks)) {
    end(*std::ranges::find_if(entries_, open_link), State::withdrawn);
  }
}

void Invitations::forget_past() {
  // Of those that are open at most one code and kMaxOpenLinks links exist, so this bounds all.
  const auto past = [](const Entry& entry) { return entry.state != State::open; };
  while (std::ranges::count_if(entries_, past) > static_cast<std::ptrdiff_t>(kMaxPastInvitations)) {
    entries_.erase(std::ranges::find_if(entries_, past));
  }
}

Invitations::Entry* Invitations::find(std::uint64_t number) {
  const auto found = std::ranges::find(entries_, number, &Entry::number);
  return found == entries_.end() ? nullptr : &*found;
}

PairingCode Invitations::create_code(std::uint8_t role, RandomSource& random,
                                     std::chrono::milliseconds now) {
  PairingCode code = PairingCode::draw(random);
  withdraw_code();
  add(code, role, now + kCodeLifetime);
  return code;
}

PairingLink Invitations::create_link(std::uint8_t role, const DeviceId& inviter,
                                     std::vector<std::string> addresses, RandomSource& random,
                                     std::chrono::milliseconds now) {
  PairingLink link = PairingLink::draw(random, inviter, std::move(addresses));
  limit_links();
  add(link, role, now + kLinkLifetime);
  return link;
}

void Invitations::withdraw() {
  for (Entry& entry : entries_) {
    if (entry.state == State::open) end(entry, State::withdrawn);
  }
  forget_past();
}

std::optional<std::string> Invitations::public_digits(std::chrono::milliseconds now) const {
  const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
    return entry.name.kind == Kind::code && usable(entry, now);
  });
  if (found == entries_.end()) return std::nullopt;
  return found->name.name;
}

bool Invitations::open(std::chrono::milliseconds now) const {
  return std::ranges::any_of(entries_, [&](const Entry& entry) { return usable(entry, now); });
}

Attempt Invitations::begin(const InvitationName& name, std::chrono::milliseconds now) {
  // A new code may have the public digits of an old one.
  const auto newest_first = std::views::reverse(entries_);
  const auto found = std::ranges::find(newest_first, name, &Entry::name);
  if (found == newest_first.end()) {
    throw Error(ErrorCode::wrong_code,
                name.kind == Kind::code
                    ? "the other device has no pairing code that begins with these two digits: "
                      "compare the code with what it shows"
                    : "the other device does not know this pairing link: let it make a new one");
  }
  Entry& entry = *found;
  if (entry.state == State::used) refuse_past(name.kind, "was used already");
  if (entry.state == State::withdrawn) refuse_past(name.kind, "was withdrawn");
  if (now >= entry.expires) refuse_past(name.kind, "is too old");
  if (entry.attempts >= kMaxAttempts) refuse_past(name.kind, "was tried too often");
  ++entry.attempts;
  return {entry.number, entry.secret, entry.role};
}

void Invitations::use(const Attempt& attempt) {
  Entry* const entry = find(attempt.invitation);
  if (entry == nullptr) {
    throw Error(ErrorCode::expired,
                "the invitation is over: let the inviting device make a new one");
  }
  if (entry->state == State::used) refuse_past(entry->name.kind, "was used by another device");
  if (entry->state == State::withdrawn) refuse_past(entry->name.kind, "was withdrawn meanwhile");
  end(*entry, State::used);
}

unsigned Invitations::attempts_left(const Attempt& attempt) const {
  const auto found = std::ranges::find(entries_, attempt.invitation, &Entry::number);
  if (found == entries_.end() || found->state != State::open) return 0;
  return kMaxAttempts - found->attempts;
}

}  // namespace rill::pairing
