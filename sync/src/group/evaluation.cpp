#include "group/evaluation.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <tuple>
#include <variant>

#include "readable_text.hpp"

namespace rill {
namespace {

/// Generations by which the fixpoint reckons; records cannot carry the last one.
constexpr std::uint64_t kUncut = 0;
constexpr std::uint64_t kFirst = 1;  // of the genesis's author
constexpr std::uint64_t kRemoved = std::numeric_limits<std::uint64_t>::max();

/// Takes the power of a key from records that `seen` does not list, unless the key was made an
/// admin in a later generation.
struct Cut {
  std::uint64_t generation;
  const std::vector<RecordName>* seen;
};

/// Something that is only in force while its author is an admin.
struct Claim {
  const SignedRecord* signed_record;
  /// The largest generation of the cuts that leave it out.
  std::uint64_t cut = kUncut;
  bool standing = false;
};

const Admit* admit_of(const SignedRecord& record) {
  return std::get_if<Admit>(&record.record.content);
}

class Evaluation {
 public:
  explicit Evaluation(const GroupRecords& records) : records_(records) {}

  GroupState run() {
    admins_ = ever_admins(records_);
    for (const auto& [name, record] : records_) index(record);
    for (auto& [author, claims] : claims_) apply_cuts(cuts_[author], claims);
    spread();
    settle_members();
    settle_keys();
    return std::move(state_);
  }

 private:
  void index(const SignedRecord& signed_record) {
    const GroupRecord& record = signed_record.record;
    if (!admins_.contains(record.author)) return;
    std::uint64_t& sequence = state_.sequences[record.author];
    sequence = std::max(sequence, record.sequence);
    if (const auto* genesis = std::get_if<Genesis>(&record.content)) {
      genesis_ = genesis;
      founder_ = record.author;
      state_.generations.try_emplace(founder_, kFirst);
    } else if (const auto* revoke = std::get_if<Revoke>(&record.content)) {
      state_.revoked.insert(DeviceId::of(revoke->key));
      cuts_[revoke->key].push_back({kRemoved, &revoke->seen});
    } else {
      claims_[record.author].push_back({&signed_record});
      if (const Admit* admit = admit_of(signed_record)) index(*admit);
    }
  }

  void index(const Admit& admit) {
    std::uint64_t& generation = state_.generations[admit.key];
    generation = std::max(generation, admit.generation);
    if (admit.role != Role::admin) cuts_[admit.key].push_back({admit.generation, &admit.seen});
  }

  static void apply_cuts(const std::vector<Cut>& cuts, std::vector<Claim>& claims) {
    for (const Cut& cut : cuts) {
      for (Claim& claim : claims) {
        if (cut.generation <= claim.cut) continue;
        if (!std::ranges::binary_search(*cut.seen, claim.signed_record->name)) {
          claim.cut = cut.generation;
        }
      }
    }
  }

  /// The least fixpoint: power only ever grows, and each claim comes into force at most once.
  void spread() {
    if (genesis_ == nullptr) return;
    power_[founder_] = kFirst;
    std::deque<PublicKey> rising{founder_};
    while (!rising.empty()) {
      const PublicKey author = rising.front();
      rising.pop_front();
      const auto claims = claims_.find(author);
      if (claims == claims_.end()) continue;
      for (Claim& claim : claims->second) {
        if (claim.standing || claim.cut >= power_[author]) continue;
        claim.standing = true;
        state_.standing.insert(claim.signed_record->name);
        if (empowers(*claim.signed_record)) rising.push_back(admit_of(*claim.signed_record)->key);
      }
    }
  }

  /// Whether the record, now in force, gives the key it names more power than it had.
  bool empowers(const SignedRecord& record) {
    const Admit* admit = admit_of(record);
    if (admit == nullptr || admit->role != Role::admin) return false;
    std::uint64_t& power = power_[admit->key];
    if (admit->generation <= power) return false;
    if (power == 0) state_.became_admin_by.emplace(admit->key, record.name);
    power = admit->generation;
    return true;
  }

  void settle_members() {
    if (genesis_ == nullptr) return;
    std::map<PublicKey, std::uint64_t> winning;
    settle(founder_, genesis_->name, Role::admin);
    winning[founder_] = kFirst;
    for (const SignedRecord* record : admits_by_precedence()) {
      const Admit& admit = *admit_of(*record);
      if (!state_.standing.contains(record->name) || state_.admitted_by.contains(admit.key)) {
        continue;
      }
      if (admit.key == founder_ && admit.generation < kFirst + 1 && admit.role == Role::admin) {
        continue;  // what the genesis says
      }
      state_.admitted_by.emplace(admit.key, record->name);
      winning[admit.key] = admit.generation;
      settle(admit.key, admit.name, admit.role);
    }
    for (const SignedRecord* record : admits_by_precedence()) {
      const Admit& admit = *admit_of(*record);
      const auto won = winning.find(admit.key);
      if (won == winning.end() || admit.generation < won->second) continue;
      Role& role = state_.members.at(DeviceId::of(admit.key)).role;
      role = std::max(role, admit.role);  // it may take away, whether or not it is in force
    }
  }

  [[nodiscard]] std::vector<const SignedRecord*> admits_by_precedence() const {
    std::vector<const SignedRecord*> admits;
    for (const auto& [author, claims] : claims_) {
      for (const Claim& claim : claims) {
        if (admit_of(*claim.signed_record) != nullptr) admits.push_back(claim.signed_record);
      }
    }
    std::ranges::sort(admits, [](const SignedRecord* left, const SignedRecord* right) {
      const Admit& one = *admit_of(*left);
      const Admit& other = *admit_of(*right);
      return std::tie(other.generation, other.role, left->name) <
             std::tie(one.generation, one.role, right->name);
    });
    return admits;
  }

  void settle(const PublicKey& key, std::string_view name, Role role) {
    const DeviceId id = DeviceId::of(key);
    state_.members[id] = {id, key, readable_text(name), role, state_.revoked.contains(id)};
  }

  void settle_keys() {
    if (genesis_ == nullptr) return;
    std::vector<std::pair<const NewGroupKey*, RecordName>> keys;
    for (const RecordName& name : state_.standing) {
      const auto* key = std::get_if<NewGroupKey>(&records_.at(name).record.content);
      if (key != nullptr) keys.emplace_back(key, name);
    }
    std::ranges::sort(keys, [](const auto& left, const auto& right) {
      return std::tie(right.first->generation, left.second) <
             std::tie(left.first->generation, right.second);
    });
    if (!keys.empty()) state_.key_generation = keys.front().first->generation;
    for (const auto& [key, name] : keys) {
      if (state_.keys.size() < kMaxGroupKeys) state_.keys.push_back(key->secret);
    }
    if (state_.keys.size() < kMaxGroupKeys) state_.keys.push_back(genesis_->secret);
  }

  const GroupRecords& records_;
  std::set<PublicKey> admins_;
  const Genesis* genesis_ = nullptr;
  PublicKey founder_{};
  std::map<PublicKey, std::vector<Claim>> claims_;
  std::map<PublicKey, std::vector<Cut>> cuts_;
  /// The largest generation of the `Admit`s in force that make a key an admin.
  std::map<PublicKey, std::uint64_t> power_;
  GroupState state_;
};

}  // namespace

std::set<PublicKey> ever_admins(const GroupRecords& records) {
  std::map<PublicKey, std::vector<PublicKey>> made;
  std::vector<PublicKey> fresh;
  for (const auto& [name, record] : records) {
    if (std::holds_alternative<Genesis>(record.record.content)) {
      fresh.push_back(record.record.author);
    } else if (const Admit* admit = admit_of(record); admit && admit->role == Role::admin) {
      made[record.record.author].push_back(admit->key);
    }
  }
  std::set<PublicKey> admins;
  while (!fresh.empty()) {
    const PublicKey key = fresh.back();
    fresh.pop_back();
    if (!admins.insert(key).second) continue;
    const auto next = made.find(key);
    if (next != made.end()) fresh.insert(fresh.end(), next->second.begin(), next->second.end());
  }
  return admins;
}

GroupState evaluate(const GroupRecords& records) { return Evaluation(records).run(); }

}  // namespace rill
