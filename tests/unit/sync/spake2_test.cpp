#include "pairing/spake2.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "support/expect_error.hpp"

namespace rill::pairing {
namespace {

template <typename Bytes>
std::string hex(const Bytes& bytes) {
  std::string text;
  for (const auto byte : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x",
                  static_cast<unsigned>(static_cast<unsigned char>(byte)));
    text += digits;
  }
  return text;
}

Scalar scalar(const std::string& digits) {
  Scalar result{};
  for (std::size_t index = 0; index < result.size(); ++index) {
    result[index] = static_cast<std::uint8_t>(std::stoi(digits.substr(2 * index, 2), nullptr, 16));
  }
  return result;
}

template <typename Bytes>
std::string_view sent(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// RFC 9382, appendix B.
struct Vector {
  const char* identity_a;
  const char* identity_b;
  const char* w;
  const char* x;
  const char* share_a;
  const char* y;
  const char* share_b;
  const char* key;
  const char* confirmation_a;
  const char* confirmation_b;
};

constexpr Vector kVectors[] = {
    {"server", "client", "2ee57912099d31560b3a44b1184b9b4866e904c49d12ac5042c97dca461b1a5f",
     "43dd0fd7215bdcb482879fca3220c6a968e66d70b1356cac18bb26c84a78d729",
     "04a56fa807caaa53a4d28dbb9853b9815c61a411118a6fe516a8798434751470f9010153ac33d0d5f2047ffdb1a3e"
     "4"
     "2c9b4e6be662766e1eeb4116988ede5f912c",
     "dcb60106f276b02606d8ef0a328c02e4b629f84f89786af5befb0bc75b6e66be",
     "0406557e482bd03097ad0cbaa5df82115460d951e3451962f1eaf4367a420676d09857ccbc522686c83d1852abfa8"
     "e"
     "d6e4a1155cf8f1543ceca528afb591a1e0b7",
     "0e0672dc86f8e45565d338b0540abe69",
     "58ad4aa88e0b60d5061eb6b5dd93e80d9c4f00d127c65b3b35b1b5281fee38f0",
     "d3e2e547f1ae04f2dbdbf0fc4b79f8ecff2dff314b5d32fe9fcef2fb26dc459b"},
    {"", "client", "0548d8729f730589e579b0475a582c1608138ddf7054b73b5381c7e883e2efae",
     "403abbe3b1b4b9ba17e3032849759d723939a27a27b9d921c500edde18ed654b",
     "04a897b769e681c62ac1c2357319a3d363f610839c4477720d24cbe32f5fd85f44fb92ba966578c1b712be6962498"
     "8"
     "34078262caa5b441ecfa9d4a9485720e918a",
     "903023b6598908936ea7c929bd761af6039577a9c3f9581064187c3049d87065",
     "04e0f816fd1c35e22065d5556215c097e799390d16661c386e0ecc84593974a61b881a8c82327687d0501862970c6"
     "4"
     "565560cb5671f696048050ca66ca5f8cc7fc",
     "642f05c473c2cd79909f9a841e2f30a7",
     "47d29e6666af1b7dd450d571233085d7a9866e4d49d2645e2df975489521232b",
     "3313c5cefc361d27fb16847a91c2a73b766ffa90a4839122a9b70a2f6bd1d6df"},
    {"server", "", "626e0cdc7b14c9db3e52a0b1b3a768c98e37852d5db30febe0497b14eae8c254",
     "07adb3db6bc623d3399726bfdbfd3d15a58ea776ab8a308b00392621291f9633",
     "04f88fb71c99bfffaea370966b7eb99cd4be0ff1a7d335caac4211c4afd855e2e15a873b298503ad8ba1d9cbb9a39"
     "2"
     "d2ba309b48bfd7879aefd0f2cea6009763b0",
     "b6a4fc8dbb629d4ba51d6f91ed1532cf87adec98f25dd153a75accafafedec16",
     "040c269d6be017dccb15182ac6bfcd9e2a14de019dd587eaf4bdfd353f031101e7cca177f8eb362a6e83e7d5e729c"
     "0"
     "732e1b528879c086f39ba0f31a9661bd34db",
     "005184ff460da2ce59062c87733c299c",
     "bc9f9bbe99f26d0b2260e6456e05a86196a3307ec6663a18bf6ac825736533b2",
     "c2370e1bf813b086dff0d834e74425a06e6390f48f5411900276dcccc5a297ec"},
    {"", "", "7bf46c454b4c1b25799527d896508afd5fc62ef4ec59db1efb49113063d70cca",
     "8cef65df64bb2d0f83540c53632de911b5b24b3eab6cc74a97609fd659e95473",
     "04a65b367a3f613cf9f0654b1b28a1e3a8a40387956c8ba6063e8658563890f46ca1ef6a676598889fc28de2950ab"
     "8"
     "120b79a5ef1ea4c9f44bc98f585634b46d66",
     "d7a66f64074a84652d8d623a92e20c9675c61cb5b4f6a0063e4648a2fdc02d53",
     "04589f13218822710d98d8b2123a079041052d9941b9cf88c6617ddb2fcc0494662eea8ba6b64692dc318250030c6"
     "a"
     "f045cb738bc81ba35b043c3dcb46adf6f58d",
     "fc6374762ba5cf11f4b2caa08b2cd1b9",
     "dfb4db8d48ae5a675963ea5e6c19d98d4ea028d8e898dad96ea19a80ade95dca",
     "d0f0609d1613138d354f7e95f19fb556bf52d751947241e8c7118df5ef0ae175"}};

TEST(Spake2, GivesTheVectorsOfTheRfc) {
  for (const Vector& vector : kVectors) {
    const Spake2::Context context{vector.identity_a, vector.identity_b, ""};
    Spake2 a(Spake2::Side::a, scalar(vector.w), context, scalar(vector.x));
    Spake2 b(Spake2::Side::b, scalar(vector.w), context, scalar(vector.y));
    EXPECT_EQ(hex(a.share()), vector.share_a);
    EXPECT_EQ(hex(b.share()), vector.share_b);
    a.receive(sent(b.share()));
    b.receive(sent(a.share()));
    EXPECT_EQ(hex(a.key()), vector.key);
    EXPECT_EQ(hex(b.key()), vector.key);
    EXPECT_EQ(hex(a.confirmation()), vector.confirmation_a);
    EXPECT_EQ(hex(b.confirmation()), vector.confirmation_b);
    EXPECT_TRUE(a.confirms(sent(b.confirmation())));
    EXPECT_TRUE(b.confirms(sent(a.confirmation())));
  }
}

/// Two devices that run it with codes and contexts of their own.
struct Pair {
  Spake2 a;
  Spake2 b;

  Pair(std::string_view code_a, std::string_view code_b, const Spake2::Context& context_a,
       const Spake2::Context& context_b)
      : a(Spake2::Side::a, scalar_of_code(code_a, "salt"), context_a),
        b(Spake2::Side::b, scalar_of_code(code_b, "salt"), context_b) {
    a.receive(sent(b.share()));
    b.receive(sent(a.share()));
  }
  [[nodiscard]] bool agree() const {
    const bool a_agrees = a.confirms(sent(b.confirmation()));
    EXPECT_EQ(a_agrees, b.confirms(sent(a.confirmation())));
    EXPECT_TRUE(!a_agrees || a.key() == b.key());
    return a_agrees;
  }
};

const Spake2::Context kContext{"inviter", "joiner", "channel"};

TEST(Spake2, AgreesWhereCodeAndContextAreTheSame) {
  const Pair one("123456", "123456", kContext, kContext);
  EXPECT_TRUE(one.agree());
  EXPECT_EQ(one.a.key(), one.b.key());
  const Pair other("123456", "123456", kContext, kContext);
  EXPECT_NE(one.a.key(), other.a.key()) << "each run has a key of its own";
}

TEST(Spake2, DisagreesWhereAnythingDiffers) {
  EXPECT_FALSE(Pair("123456", "123457", kContext, kContext).agree());
  EXPECT_FALSE(Pair("123456", "123456", kContext, {"other", "joiner", "channel"}).agree());
  EXPECT_FALSE(Pair("123456", "123456", kContext, {"inviter", "other", "channel"}).agree());
  // A man in the middle has two connections.
  EXPECT_FALSE(Pair("123456", "123456", kContext, {"inviter", "joiner", "another"}).agree());
}

TEST(Spake2, RefusesWhatIsNoPoint) {
  Spake2 a(Spake2::Side::a, scalar_of_code("123456", ""), kContext);
  Spake2 b(Spake2::Side::b, scalar_of_code("123456", ""), kContext);
  const std::string good(sent(b.share()));
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{33}, good.size() - 1}) {
    EXPECT_ERROR(a.receive(good.substr(0, size)), ErrorCode::malformed);
  }
  EXPECT_ERROR(a.receive(good + "x"), ErrorCode::malformed);
  EXPECT_ERROR(a.receive(std::string(1, '\0')), ErrorCode::malformed);  // infinity
  std::string bad = good;
  bad.back() = static_cast<char>(bad.back() ^ 1);  // beside the curve
  EXPECT_ERROR(a.receive(bad), ErrorCode::malformed);
  bad = good;
  bad.front() = 2;
  EXPECT_ERROR(a.receive(bad), ErrorCode::malformed);
  a.receive(good);
  b.receive(sent(a.share()));
  EXPECT_TRUE(a.confirms(sent(b.confirmation())));
}

TEST(Spake2, RefusesItsOwnShareAndConfirmation) {
  // What an echo sends.
  Spake2 a(Spake2::Side::a, scalar_of_code("123456", ""), kContext);
  a.receive(std::string(sent(a.share())));
  EXPECT_FALSE(a.confirms(sent(a.confirmation())));
  EXPECT_FALSE(a.confirms(""));
  EXPECT_FALSE(a.confirms(std::string(32, '\0')));
}

TEST(Spake2, MakesTheSameScalarOfTheSameCodeOnly) {
  EXPECT_EQ(scalar_of_code("123456", "salt"), scalar_of_code("123456", "salt"));
  EXPECT_NE(scalar_of_code("123456", "salt"), scalar_of_code("123457", "salt"));
  EXPECT_NE(scalar_of_code("123456", "salt"), scalar_of_code("123456", "Salt"));
  EXPECT_NE(scalar_of_code("", ""), Scalar{});
}

}  // namespace
}  // namespace rill::pairing
