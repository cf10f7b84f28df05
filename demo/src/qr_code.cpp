#include "qr_code.hpp"

#include <qrencode.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <system_error>

#include "failure.hpp"

namespace notes {
namespace {

constexpr int kMargin = 4;
/// Black on white; without it the code is light on dark in a dark terminal, which many readers do
/// not take.
constexpr std::string_view kBlackOnWhite = "\x1b[38;5;16m\x1b[48;5;231m";
constexpr std::string_view kReset = "\x1b[0m";

struct FreeCode {
  void operator()(QRcode* code) const noexcept { QRcode_free(code); }
};
using Code = std::unique_ptr<QRcode, FreeCode>;

Code encoded(std::string_view text) {
  if (text.empty()) throw Failure("a QR code needs a text");
  // Version 0: the smallest that fits. As bytes, since the text is no C string.
  Code code(QRcode_encodeData(static_cast<int>(text.size()),
                              reinterpret_cast<const unsigned char*>(text.data()), 0,
                              QR_ECLEVEL_L));
  if (code != nullptr) return code;
  const int reason = errno;
  if (reason == ERANGE) {
    throw Failure("a text of " + std::to_string(text.size()) +
                  " bytes fits no QR code: use the text itself");
  }
  throw Failure("cannot make a QR code: " +
                std::error_code(reason, std::generic_category()).message());
}

bool is_dark(const QRcode& code, int row, int column) {
  if (row < 0 || column < 0 || row >= code.width || column >= code.width) return false;
  return (code.data[row * code.width + column] & 1U) != 0;
}

}  // namespace

std::string qr_code(std::string_view text) {
  const Code code = encoded(text);
  std::string lines;
  for (int row = -kMargin; row < code->width + kMargin; row += 2) {
    lines += kBlackOnWhite;
    for (int column = -kMargin; column < code->width + kMargin; ++column) {
      const bool upper = is_dark(*code, row, column);
      const bool lower = is_dark(*code, row + 1, column);
      lines += upper ? (lower ? "█" : "▀") : (lower ? "▄" : " ");
    }
    lines += kReset;
    lines += '\n';
  }
  return lines;
}

}  // namespace notes
