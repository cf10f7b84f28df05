#include "encoding.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "text.hpp"

namespace notes {
namespace {

struct ByteOrderMark {
  std::string_view bytes;
  std::string_view encoding;
};

using namespace std::string_view_literals;

/// UTF-32LE's begins with UTF-16LE's and so comes first.
constexpr std::array<ByteOrderMark, 5> kByteOrderMarks{{{"\xEF\xBB\xBF"sv, "UTF-8"},
                                                        {"\xFF\xFE\0\0"sv, "UTF-32LE"},
                                                        {"\0\0\xFE\xFF"sv, "UTF-32BE"},
                                                        {"\xFF\xFE"sv, "UTF-16LE"},
                                                        {"\xFE\xFF"sv, "UTF-16BE"}}};

/// Text has at most one control character, other than those of layout, in so many bytes.
constexpr std::size_t kBytesPerControl = 100;

/// One conversion of iconv's. Thread safety: one user at a time.
class Converter {
 public:
  explicit Converter(std::string_view from)
      : handle_(::iconv_open("UTF-8", std::string(from).c_str())) {}
  ~Converter() {
    if (is_open()) ::iconv_close(handle_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  /// All of `bytes` in UTF-8; empty if they are not of this encoding, or iconv does not know it.
  std::optional<std::string> convert(std::string_view bytes) {
    if (!is_open()) return std::nullopt;
    std::string result;
    std::array<char, 16'384> buffer{};
    // iconv's signature is older than const.
    char* input = const_cast<char*>(bytes.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    std::size_t input_left = bytes.size();
    while (input_left > 0) {
      char* output = buffer.data();
      std::size_t output_left = buffer.size();
      const std::size_t done = ::iconv(handle_, &input, &input_left, &output, &output_left);
      const bool buffer_full = done == static_cast<std::size_t>(-1) && errno == E2BIG;
      if (done == static_cast<std::size_t>(-1) && !buffer_full) return std::nullopt;
      result.append(buffer.data(), buffer.size() - output_left);
    }
    return result;
  }

 private:
  [[nodiscard]] bool is_open() const noexcept {
    return handle_ != reinterpret_cast<iconv_t>(-1);  // NOLINT(performance-no-int-to-ptr)
  }

  iconv_t handle_;
};

bool is_binary(std::string_view bytes) {
  const auto controls = std::count_if(bytes.begin(), bytes.end(), [](char byte) {
    const auto value = static_cast<unsigned char>(byte);
    const bool layout = (value >= '\b' && value <= '\r') || value == 0x1B;
    return (value < 0x20 && !layout) || value == 0x7F;
  });
  return bytes.find('\0') != std::string_view::npos ||
         static_cast<std::size_t>(controls) > bytes.size() / kBytesPerControl;
}

/// UTF-16 of mostly Latin letters: one of the two bytes of a character is nearly always 0, and the
/// other never is.
std::optional<std::string_view> guess_utf16(std::string_view bytes) {
  if (bytes.size() < 4 || bytes.size() % 2 != 0) return std::nullopt;
  std::array<std::size_t, 2> zeros{};
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    if (bytes[index] == '\0') ++zeros[index % 2];
  }
  const std::size_t many = bytes.size() / 2 * 7 / 10;
  if (zeros[1] >= many && zeros[0] == 0) return "UTF-16LE";
  if (zeros[0] >= many && zeros[1] == 0) return "UTF-16BE";
  return std::nullopt;
}

/// Latin-1 is the beginning of Unicode; this needs no table and works where iconv's are not
/// installed.
std::string from_latin1(std::string_view bytes) {
  std::string result;
  result.reserve(bytes.size() + bytes.size() / 8);
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    if (value < 0x80) {
      result += byte;
    } else {
      result += static_cast<char>(0xC0U | (value >> 6U));
      result += static_cast<char>(0x80U | (value & 0x3FU));
    }
  }
  return result;
}

std::string with_line_feeds(std::string text) {
  std::size_t kept = 0;
  for (std::size_t index = 0; index < text.size(); ++index) {
    const bool pair = text[index] == '\r' && index + 1 < text.size() && text[index + 1] == '\n';
    if (!pair) text[kept++] = text[index];
  }
  text.resize(kept);
  return text;
}

std::optional<DecodedText> text_or_nothing(std::optional<std::string> text,
                                           std::string_view encoding) {
  if (!text || is_binary(*text) || !is_valid_utf8(*text)) return std::nullopt;
  return DecodedText{with_line_feeds(std::move(*text)), encoding};
}

std::optional<DecodedText> decode_as(std::string_view encoding, std::string_view bytes) {
  if (encoding == "UTF-8") return text_or_nothing(std::string(bytes), encoding);
  return text_or_nothing(Converter(encoding).convert(bytes), encoding);
}

}  // namespace

std::optional<DecodedText> decode_text(std::string_view bytes) {
  for (const ByteOrderMark& mark : kByteOrderMarks) {
    if (bytes.starts_with(mark.bytes)) {
      return decode_as(mark.encoding, bytes.substr(mark.bytes.size()));
    }
  }
  if (const auto encoding = guess_utf16(bytes)) return decode_as(*encoding, bytes);
  if (is_binary(bytes)) return std::nullopt;
  if (is_valid_utf8(bytes)) return decode_as("UTF-8", bytes);
  if (auto text = decode_as("windows-1252", bytes)) return text;
  return text_or_nothing(from_latin1(bytes), "ISO-8859-1");
}

}  // namespace notes
