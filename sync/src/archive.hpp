#pragma once

#include <array>
#include <cereal/cereal.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "rill/bytes.hpp"
#include "rill/dot.hpp"
#include "rill/error.hpp"
#include "rill/value.hpp"
#include "rill/version_vector.hpp"

namespace rill {

/// cereal archives over `ByteWriter` and `ByteReader`: messages describe their fields once, in a
/// `serialize` template, and are bounded, canonical and checked on the way in. cereal's stock
/// archives never see bytes from outside: a handful of hostile ones makes them allocate gigabytes.
///
///     struct Greeting {
///       ReplicaId id;
///       Role role;  // an enum class
///       std::vector<std::string> names;
///       template <typename Archive>
///       void serialize(Archive& archive) {
///         archive(id, limited(role, Role::observer), limited(names, 100));
///       }
///     };
///     std::string bytes = to_bytes(greeting);
///     Greeting copy = from_bytes<Greeting>(bytes);
///
/// Fields may be integers (varint or zigzag), bool, enums (only `limited` by their last
/// enumerator), std::string, std::vector, std::optional, arrays of bytes, Value, ReplicaId, Dot,
/// Timestamp, Stamp, VersionVector, and types that describe themselves. Do not include cereal's own
/// support for these types (cereal/types/…) beside it: the two would be ambiguous.

/// How many bytes a message may take, unless told otherwise.
inline constexpr std::size_t kMaxMessageBytes = std::size_t{16} << 20U;
/// How deep containers may stand in each other.
inline constexpr std::size_t kMaxMessageDepth = 16;

/// A field with a limit: the most elements or bytes of a container, the greatest number, or the
/// last enumerator. Made by `limited`.
template <typename Field, typename Bound>
struct Limited {
  Field& field;
  Bound bound;
};

/// `field`, of at most `bound` elements or bytes.
template <typename Field>
  requires(!std::is_enum_v<Field>)
Limited<Field, std::uint64_t> limited(Field& field, std::uint64_t bound) {
  return {field, bound};
}

/// `field`, one of the enumerators from 0 to `last`.
template <typename Field>
  requires std::is_enum_v<Field>
Limited<Field, std::remove_const_t<Field>> limited(Field& field, std::remove_const_t<Field> last) {
  return {field, last};
}

/// Writes messages. Throws `Error{limit_exceeded}` for one that `BoundedInputArchive` would refuse.
/// Thread safety: one user at a time.
class BoundedOutputArchive : public cereal::OutputArchive<BoundedOutputArchive> {
 public:
  explicit BoundedOutputArchive(std::size_t budget = kMaxMessageBytes)
      : cereal::OutputArchive<BoundedOutputArchive>(this), budget_(budget) {}

  /// The bytes written.
  [[nodiscard]] std::string finish() {
    if (writer_.size() > budget_) refuse("a message is above its limit in bytes");
    return writer_.take();
  }

  /// For the functions that write fields.
  ByteWriter& writer() noexcept { return writer_; }
  void enter() {
    if (++depth_ > kMaxMessageDepth) refuse("a message's containers stand too deep in each other");
  }
  void leave() noexcept { --depth_; }
  [[noreturn]] static void refuse(const char* message) {
    throw Error(ErrorCode::limit_exceeded, message);
  }

 private:
  ByteWriter writer_;
  std::size_t budget_;
  std::size_t depth_ = 0;
};

/// Reads messages from bytes that may be hostile. Throws `Error{malformed}` where they do not fit
/// the message, and `Error{limit_exceeded}` where a limit is exceeded. After an error the archive
/// and the half-read message are of no use.
///
/// An element of a container takes at least one byte; a message that writes nothing cannot be one.
/// Thread safety: one user at a time.
class BoundedInputArchive : public cereal::InputArchive<BoundedInputArchive> {
 public:
  /// `bytes` must outlive the archive.
  explicit BoundedInputArchive(std::string_view bytes, std::size_t budget = kMaxMessageBytes)
      : cereal::InputArchive<BoundedInputArchive>(this), reader_(bytes) {
    if (bytes.size() > budget) {
      throw Error(ErrorCode::limit_exceeded, "a message is above its limit in bytes");
    }
  }

  /// Throws `Error{malformed}` unless everything was read.
  void finish() const { reader_.expect_end(); }

  /// For the functions that read fields.
  ByteReader& reader() noexcept { return reader_; }
  void enter() {
    if (++depth_ > kMaxMessageDepth) {
      throw Error(ErrorCode::limit_exceeded, "a message's containers stand too deep in each other");
    }
  }
  void leave() noexcept { --depth_; }
  [[noreturn]] static void refuse(const char* message) {
    throw Error(ErrorCode::malformed, message);
  }

 private:
  ByteReader reader_;
  std::size_t depth_ = 0;
};

/// The message's bytes.
template <typename Message>
std::string to_bytes(const Message& message, std::size_t budget = kMaxMessageBytes) {
  BoundedOutputArchive archive(budget);
  archive(message);
  return archive.finish();
}

/// The message that `bytes`, all of them, hold.
template <typename Message>
Message from_bytes(std::string_view bytes, std::size_t budget = kMaxMessageBytes) {
  BoundedInputArchive archive(bytes, budget);
  Message message{};
  archive(message);
  archive.finish();
  return message;
}

// What follows is found by cereal. ---------------------------------------------------------------

// Numbers.

template <std::integral T>
void CEREAL_SAVE_FUNCTION_NAME(BoundedOutputArchive& archive, const T& field) {
  if constexpr (std::is_same_v<T, bool>) {
    archive.writer().byte(field ? 1 : 0);
  } else if constexpr (std::is_signed_v<T>) {
    archive.writer().zigzag(field);
  } else {
    archive.writer().varint(field);
  }
}

template <std::integral T>
void CEREAL_LOAD_FUNCTION_NAME(BoundedInputArchive& archive, T& field) {
  if constexpr (std::is_same_v<T, bool>) {
    const std::uint8_t byte = archive.reader().byte();
    if (byte > 1) archive.refuse("a truth value is neither 0 nor 1");
    field = byte == 1;
  } else if constexpr (std::is_signed_v<T>) {
    const std::int64_t wide = archive.reader().zigzag();
    if (!std::in_range<T>(wide)) archive.refuse("a number is out of range");
    field = static_cast<T>(wide);
  } else {
    const std::uint64_t wide = archive.reader().varint();
    if (!std::in_range<T>(wide)) archive.refuse("a number is out of range");
    field = static_cast<T>(wide);
  }
}

template <std::unsigned_integral T>
void CEREAL_SAVE_FUNCTION_NAME(BoundedOutputArchive& archive,
                               const Limited<T, std::uint64_t>& limit) {
  if (limit.field > limit.bound) archive.refuse("a number is above its limit");
  archive.writer().varint(limit.field);
}

template <std::unsigned_integral T>
void CEREAL_LOAD_FUNCTION_NAME(BoundedInputArchive& archive, Limited<T, std::uint64_t>& limit) {
  const std::uint64_t wide = archive.reader().varint(limit.bound);
  if (!std::in_range<T>(wide)) archive.refuse("a number is out of range");
  limit.field = static_cast<T>(wide);
}

// Enums: with `limited` only. cereal would write them by itself and let any number in; a second way
// to write them makes it refuse to compile.

template <typename T>
  requires std::is_enum_v<T>
void CEREAL_SAVE_FUNCTION_NAME(BoundedOutputArchive&, const T&) {
  static_assert(!std::is_enum_v<T>, "give the last enumerator: limited(field, last)");
}

template <typename T>
  requires std::is_enum_v<T>
void CEREAL_LOAD_FUNCTION_NAME(BoundedInputArchive&, T&) {
  static_assert(!std::is_enum_v<T>, "give the last enumerator: limited(field, last)");
}

template <typename T, typename Bound>
  requires std::is_enum_v<Bound>
void CEREAL_SAVE_FUNCTION_NAME(BoundedOutputArchive& archive, const Limited<T, Bound>& limit) {
  const auto number = static_cast<std::uint64_t>(limit.field);
  if (number > static_cast<std::uint64_t>(limit.bound)) archive.refuse("an enumerator is unknown");
  archive.writer().varint(number);
}

template <typename T, typename Bound>
  requires std::is_enum_v<Bound>
void CEREAL_LOAD_FUNCTION_NAME(BoundedInputArchive& archive, Limited<T, Bound>& limit) {
  const std::uint64_t number = archive.reader().varint();
  if (number > static_cast<std::uint64_t>(limit.bound)) archive.refuse("an enumerator is unknown");
  limit.field = static_cast<T>(number);
}

// Strings.

inline void CEREAL_SAVE_FUNCTION_NAME(BoundedOutputArchive& archive, const std::string& field) {
  archive.writer().string(field);
}

inline void CEREAL_LOAD_FUNCTION_NAME(BoundedInputArchive& archive, std::string& field) {
  field = archive.reader().string(kMaxMessageBytes);
}

template <typename T>
  requires std::same_as<std::remove_const_t<T>, std::string>
void CEREAL_SAVE_FUNCTION_NAME(BoundedOutputArchive& archive,
                               const Limited<T, std::uint64_t>& limit) {
  if (limit.field.size() > limit.bound) archive.refuse("a string is above its limit");
  archive.writer().string(limit.field);
}

template <typename T>
  requires std::same_as<T, std::string>
void CEREAL_LOAD_FUNCTION_NAME(BoundedInputArchive& archive, Limited<T, std::uint64_t>& limit) {
  limit.field = archive.reader().string(static_cast<std::size_t>(limit.bound));
}

// Vectors and optionals.

template <typename T>
void CEREAL_SAVE_FUNCTION_NAME(BoundedOutputArchive& archive,
                               const Limited<const std::vector<T>, std::uint64_t>& limit) {
  if (limit.field.size() > limit.bound) archive.refuse("a list is above its limit");
  archive.enter();
  archive.writer().varint(limit.field.size());
  for (const T& element : limit.field) archive(element);
  archive.leave();
}

template <typename T>
void CEREAL_SAVE_FUNCTION_NAME(BoundedOutputArchive& archive,
                               const Limited<std::vector<T>, std::uint64_t>& limit) {
  archive(Limited<const std::vector<T>, std::uint64_t>{limit.field, limit.bound});
}

template <typename T>
void CEREAL_LOAD_FUNCTION_NAME(BoundedInputArchive& archive,
                               Limited<std::vector<T>, std::uint64_t>& limit) {
  archive.enter();
  limit.field.clear();
  // Not reserved: memory follows the bytes that are really there.
  const auto bound = static_cast<std::size_t>(limit.bound);
  for (std::size_t left = archive.reader().count(bound); left > 0; --left) {
    T element{};
    archive(element);
    limit.field.push_back(std::move(element));
  }
  archive.leave();
}

template <typename T>
void CEREAL_SAVE_FUNCTION_NAME(BoundedOutputArchive& archive, const std::vector<T>& field) {
  archive(limited(field, kMaxMessageBytes));
}

template <typename T>
void CEREAL_LOAD_FUNCTION_NAME(BoundedInputArchive& archive, std::vector<T>& field) {
  archive(limited(field, kMaxMessageBytes));
}

template <typename T>
void CEREAL_SAVE_FUNCTION_NAME(BoundedOutputArchive& archive, const std::optional<T>& field) {
  archive.enter();
  archive(field.has_value());
  if (field) archive(*field);
  archive.leave();
}

template <typename T>
void CEREAL_LOAD_FUNCTION_NAME(BoundedInputArchive& archive, std::optional<T>& field) {
  archive.enter();
  bool present = false;
  archive(present);
  field.reset();
  if (present) archive(field.emplace());
  archive.leave();
}

// Rill's own values.

template <std::size_t N>
void CEREAL_SAVE_FUNCTION_NAME(BoundedOutputArchive& archive,
                               const std::array<std::uint8_t, N>& field) {
  for (const std::uint8_t byte : field) archive.writer().byte(byte);
}

template <std::size_t N>
void CEREAL_LOAD_FUNCTION_NAME(BoundedInputArchive& archive, std::array<std::uint8_t, N>& field) {
  for (std::uint8_t& byte : field) byte = archive.reader().byte();
}

inline void CEREAL_SAVE_FUNCTION_NAME(BoundedOutputArchive& archive, const ReplicaId& field) {
  archive.writer().replica(field);
}

inline void CEREAL_LOAD_FUNCTION_NAME(BoundedInputArchive& archive, ReplicaId& field) {
  field = archive.reader().replica();
}

inline void CEREAL_SAVE_FUNCTION_NAME(BoundedOutputArchive& archive, const Value& field) {
  archive.writer().value(field);
}

inline void CEREAL_LOAD_FUNCTION_NAME(BoundedInputArchive& archive, Value& field) {
  field = archive.reader().value(kMaxMessageBytes);
}

inline void CEREAL_SAVE_FUNCTION_NAME(BoundedOutputArchive& archive, const VersionVector& field) {
  archive.writer().version_vector(field);
}

inline void CEREAL_LOAD_FUNCTION_NAME(BoundedInputArchive& archive, VersionVector& field) {
  field = archive.reader().version_vector();
}

template <typename Archive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& archive, Timestamp& field) {
  archive(field.bits);
}

template <typename Archive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& archive, Dot& field) {
  archive(field.replica, field.counter);
}

template <typename Archive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& archive, Stamp& field) {
  archive(field.dot, field.time);
}

}  // namespace rill
