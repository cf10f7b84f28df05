#include "files.hpp"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

#include "encoding.hpp"
#include "failure.hpp"
#include "text.hpp"

namespace notes {

std::string read_file(const std::filesystem::path& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string bytes;
  if (file) bytes.assign(std::istreambuf_iterator<char>(file), {});
  if (!file || file.bad()) {
    const std::string why = std::generic_category().message(errno == 0 ? EIO : errno);
    throw Failure("cannot read '" + one_line(path.string()) + "': " + why);
  }
  return bytes;
}

std::string read_text(std::istream& stream, const std::string& name) {
  const std::string bytes(std::istreambuf_iterator<char>(stream), {});
  auto decoded = decode_text(bytes);
  if (!decoded) throw Failure(name + " holds no text: nothing was changed");
  return std::move(decoded->text);
}

}  // namespace notes
