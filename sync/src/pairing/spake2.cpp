#include "pairing/spake2.hpp"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/obj_mac.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "byte_view.hpp"
#include "crypto.hpp"
#include "rill/error.hpp"

namespace rill::pairing {
namespace {

// RFC 9382, section 6.
constexpr const char* kM = "02886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f";
constexpr const char* kN = "03d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49";
constexpr std::string_view kConfirmationKeys = "ConfirmationKeys";

template <typename T, void (*Free)(T*)>
struct Freed {
  void operator()(T* object) const noexcept { Free(object); }
};
using Group = std::unique_ptr<EC_GROUP, Freed<EC_GROUP, EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, Freed<EC_POINT, EC_POINT_clear_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<BIGNUM, BN_clear_free>>;
using NumberContext = std::unique_ptr<BN_CTX, Freed<BN_CTX, BN_CTX_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;

/// OpenSSL fails here for want of memory or of a random generator only.
void require(bool holds) {
  if (!holds) throw Error(ErrorCode::internal, "OpenSSL failed in a pairing");
}

template <typename Pointer>
Pointer made(Pointer pointer) {
  require(pointer != nullptr);
  return pointer;
}

/// The arithmetic of P-256.
class Curve {
 public:
  Curve()
      : group_(made(Group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)))),
        context_(made(NumberContext(BN_CTX_secure_new()))) {}

  [[nodiscard]] const BIGNUM* order() const { return EC_GROUP_get0_order(group_.get()); }
  [[nodiscard]] BN_CTX* context() const noexcept { return context_.get(); }

  [[nodiscard]] Number number(const Scalar& scalar) const {
    auto number = made(Number(BN_secure_new()));
    require(BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), number.get()) != nullptr);
    BN_set_flags(number.get(), BN_FLG_CONSTTIME);
    return number;
  }

  [[nodiscard]] Point constant(const char* hex) const {
    Point point = made(Point(EC_POINT_new(group_.get())));
    require(EC_POINT_hex2point(group_.get(), hex, point.get(), context()) != nullptr);
    return point;
  }

  /// `base` * generator + `factor` * `point`; without a base, the second alone.
  [[nodiscard]] Point sum(const BIGNUM* base, const EC_POINT* point, const BIGNUM* factor) const {
    Point result = product(point, factor);
    if (base == nullptr) return result;
    Point generated = made(Point(EC_POINT_new(group_.get())));
    require(EC_POINT_mul(group_.get(), generated.get(), base, nullptr, nullptr, context()) == 1);
    require(EC_POINT_add(group_.get(), result.get(), result.get(), generated.get(), context()) ==
            1);
    return result;
  }

  [[nodiscard]] Point product(const EC_POINT* point, const BIGNUM* factor) const {
    Point result = made(Point(EC_POINT_new(group_.get())));
    require(EC_POINT_mul(group_.get(), result.get(), nullptr, point, factor, context()) == 1);
    return result;
  }

  [[nodiscard]] Point difference(const EC_POINT* from, Point what) const {
    require(EC_POINT_invert(group_.get(), what.get(), context()) == 1);
    require(EC_POINT_add(group_.get(), what.get(), from, what.get(), context()) == 1);
    return what;
  }

  [[nodiscard]] bool is_infinity(const EC_POINT* point) const noexcept {
    return EC_POINT_is_at_infinity(group_.get(), point) == 1;
  }

  [[nodiscard]] Share encode(const EC_POINT* point) const {
    Share share{};
    require(EC_POINT_point2oct(group_.get(), point, POINT_CONVERSION_UNCOMPRESSED, share.data(),
                               share.size(), context()) == share.size());
    return share;
  }

  /// Nothing for bytes that are no point.
  [[nodiscard]] Point decode(std::string_view bytes) const {
    if (bytes.size() != kShareBytes || bytes.front() != POINT_CONVERSION_UNCOMPRESSED) {
      return nullptr;
    }
    Point point = made(Point(EC_POINT_new(group_.get())));
    // OpenSSL checks that the point lies on the curve.
    const bool is_point = EC_POINT_oct2point(group_.get(), point.get(), bytes_of(bytes),
                                             bytes.size(), context()) == 1;
    return is_point && !is_infinity(point.get()) ? std::move(point) : nullptr;
  }

 private:
  Group group_;
  NumberContext context_;
};

/// Each part after its length, 8 bytes, little-endian.
void append(std::string& transcript, std::string_view part) {
  for (unsigned shift = 0; shift < 64; shift += 8) {
    transcript.push_back(static_cast<char>(part.size() >> shift & 0xFFU));
  }
  transcript.append(part);
}

std::array<std::uint8_t, 32> hkdf(std::string_view key, std::string_view info) {
  const auto context = made(KeyContext(EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr)));
  EVP_PKEY_CTX* raw = context.get();
  std::array<std::uint8_t, 32> derived{};
  std::size_t size = derived.size();
  require(EVP_PKEY_derive_init(raw) == 1 && EVP_PKEY_CTX_set_hkdf_md(raw, EVP_sha256()) == 1 &&
          EVP_PKEY_CTX_set1_hkdf_key(raw, bytes_of(key), static_cast<int>(key.size())) == 1 &&
          EVP_PKEY_CTX_add1_hkdf_info(raw, bytes_of(info), static_cast<int>(info.size())) == 1 &&
          EVP_PKEY_derive(raw, derived.data(), &size) == 1 && size == derived.size());
  return derived;
}

Scalar random_scalar() {
  const Curve curve;
  const auto number = made(Number(BN_secure_new()));
  do {
    require(BN_priv_rand_range(number.get(), curve.order()) == 1);
  } while (BN_is_zero(number.get()) == 1);
  Scalar scalar{};
  require(BN_bn2binpad(number.get(), scalar.data(), static_cast<int>(scalar.size())) > 0);
  return scalar;
}

}  // namespace

Scalar scalar_of_code(std::string_view code, std::string_view salt) {
  // 16 bytes beyond the order leave no bias after the reduction.
  std::array<std::uint8_t, 48> stretched{};
  constexpr std::uint64_t kMemory = std::uint64_t{32} << 20U;
  require(EVP_PBE_scrypt(code.data(), code.size(), bytes_of(salt), salt.size(), 1U << 14U, 8, 1,
                         kMemory, stretched.data(), stretched.size()) == 1);
  const Curve curve;
  const auto number = made(Number(BN_secure_new()));
  const auto largest = made(Number(BN_dup(curve.order())));
  require(BN_sub_word(largest.get(), 1) == 1 &&
          BN_bin2bn(stretched.data(), static_cast<int>(stretched.size()), number.get()) !=
              nullptr &&
          BN_nnmod(number.get(), number.get(), largest.get(), curve.context()) == 1 &&
          BN_add_word(number.get(), 1) == 1);
  OPENSSL_cleanse(stretched.data(), stretched.size());
  Scalar scalar{};
  require(BN_bn2binpad(number.get(), scalar.data(), static_cast<int>(scalar.size())) > 0);
  return scalar;
}

struct Spake2::State {
  Side side;
  Scalar code;
  Scalar secret;
  Context context;
  Curve curve;
  Share share{};
  Confirmation confirmation{};
  Confirmation expected{};
  SharedKey key{};

  State(Side which, const Scalar& of_code, Context of_both, const Scalar& drawn)
      : side(which), code(of_code), secret(drawn), context(std::move(of_both)) {
    const Point own = curve.constant(side == Side::a ? kM : kN);
    share = curve.encode(
        curve.sum(curve.number(secret).get(), own.get(), curve.number(code).get()).get());
  }
  ~State() {
    OPENSSL_cleanse(code.data(), code.size());
    OPENSSL_cleanse(secret.data(), secret.size());
    OPENSSL_cleanse(key.data(), key.size());
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// The secret point of both; infinity would be known to everybody.
  [[nodiscard]] std::optional<Share> common(std::string_view theirs) const {
    const Point point = curve.decode(theirs);
    if (!point) return std::nullopt;
    const Point mask = curve.constant(side == Side::a ? kN : kM);
    const Point bare =
        curve.difference(point.get(), curve.product(mask.get(), curve.number(code).get()));
    const Point shared = curve.product(bare.get(), curve.number(secret).get());
    if (curve.is_infinity(shared.get())) return std::nullopt;
    return curve.encode(shared.get());
  }

  void derive(std::string_view theirs, const Share& common) {
    const bool is_a = side == Side::a;
    std::string transcript;
    append(transcript, context.identity_a);
    append(transcript, context.identity_b);
    append(transcript, is_a ? view(share) : theirs);
    append(transcript, is_a ? theirs : view(share));
    append(transcript, view(common));
    append(transcript, view(code));
    Sha256 hash = sha256(transcript);
    std::copy_n(hash.begin(), key.size(), key.begin());
    const std::string_view for_confirmation = view(hash).substr(key.size());
    const auto keys = hkdf(for_confirmation, std::string(kConfirmationKeys) + context.channel);
    const auto [key_a, key_b] = std::pair(std::span(keys).first<16>(), std::span(keys).last<16>());
    const Confirmation of_a = hmac_sha256(key_a, transcript);
    const Confirmation of_b = hmac_sha256(key_b, transcript);
    confirmation = is_a ? of_a : of_b;
    expected = is_a ? of_b : of_a;
    OPENSSL_cleanse(transcript.data(), transcript.size());
    OPENSSL_cleanse(hash.data(), hash.size());
  }
};

Spake2::Spake2(Side side, const Scalar& code, Context context)
    : Spake2(side, code, std::move(context), random_scalar()) {}

Spake2::Spake2(Side side, const Scalar& code, Context context, const Scalar& secret)
    : state_(std::make_unique<State>(side, code, std::move(context), secret)) {}

Spake2::~Spake2() = default;
Spake2::Spake2(Spake2&&) noexcept = default;
Spake2& Spake2::operator=(Spake2&&) noexcept = default;

const Share& Spake2::share() const noexcept { return state_->share; }

void Spake2::receive(std::string_view share) {
  const std::optional<Share> common = state_->common(share);
  if (!common) throw Error(ErrorCode::malformed, "a pairing's share is no point of the curve");
  state_->derive(share, *common);
}

const Confirmation& Spake2::confirmation() const noexcept { return state_->confirmation; }

bool Spake2::confirms(std::string_view confirmation) const noexcept {
  return confirmation.size() == state_->expected.size() &&
         CRYPTO_memcmp(confirmation.data(), state_->expected.data(), confirmation.size()) == 0;
}

const SharedKey& Spake2::key() const noexcept { return state_->key; }

}  // namespace rill::pairing
