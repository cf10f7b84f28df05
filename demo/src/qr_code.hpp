#pragma once

#include <string>
#include <string_view>

namespace notes {

/// A QR code of the text for a terminal (ISO/IEC 18004, error correction level L): lines of
/// half-block characters, two rows of modules each, with the margin of four that readers need.
///
/// Colours are set for each line, so that it is dark on light on any terminal. Throws `Failure` for
/// an empty text and for one that no QR code holds (2,953 bytes).
std::string qr_code(std::string_view text);

}  // namespace notes
