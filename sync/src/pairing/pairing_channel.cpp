#include "pairing/pairing_channel.hpp"

#include <exception>
#include <utility>

#include "message.hpp"
#include "readable_text.hpp"

namespace rill::pairing {
namespace {

/// Whether the code is about the pairing itself, so that the other device may read the message.
/// Others may name files and tables of this one.
bool concerns_peer(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:  // thrown by the run itself alone
    case ErrorCode::malformed:
    case ErrorCode::limit_exceeded:
    case ErrorCode::protocol:
    case ErrorCode::version_mismatch:
    case ErrorCode::peer_gone:
    case ErrorCode::already_in_group:
    case ErrorCode::wrong_code:
    case ErrorCode::expired:
    case ErrorCode::declined:
      return true;
    default:
      return false;
  }
}

}  // namespace

void PairingChannel::await(std::chrono::milliseconds deadline, Error otherwise) {
  if (!ended_) wait_ = Wait{deadline, std::move(otherwise)};
}

std::optional<PairingChannel::Message> PairingChannel::next(std::string_view& bytes) {
  const std::optional<Frame> frame = reader_.next(bytes, limit_);
  if (!frame) return std::nullopt;
  const auto type = static_cast<PairingFrame>(frame->type);
  if (type < PairingFrame::hello || type > PairingFrame::error || frame->stream != 0) {
    throw Error(ErrorCode::protocol, "the other device sent a frame of type " +
                                         std::to_string(frame->type) + ", which no pairing has");
  }
  const std::uint8_t allowed = type == PairingFrame::records ? kFrameMore : std::uint8_t{0};
  if ((frame->flags & ~static_cast<unsigned>(allowed)) != 0) {
    throw Error(ErrorCode::protocol, "the other device set unknown flags on a frame");
  }
  if (type == PairingFrame::error) {
    ErrorMessage message = decode_error(frame->payload);
    end(Error(message.code, "the other device: " + readable_text(message.text)), false);
    return std::nullopt;
  }
  return Message{type, frame->payload, frame->flags != 0};
}

void PairingChannel::receive(std::string_view bytes,
                             const std::function<void(const Message&)>& handle) {
  try {
    while (!ended_) {
      const std::optional<Message> message = next(bytes);
      if (!message) return;
      handle(*message);
    }
  } catch (const Error& error) {
    end(error, true);
  } catch (const std::exception& error) {
    end(Error(ErrorCode::internal, error.what()), true);
  }
}

void PairingChannel::send(PairingFrame type, std::string_view payload, bool more) {
  // Frames look alike in both protocols; the number is all that differs.
  append_frame(output_, static_cast<FrameType>(type), 0, payload,
               more ? kFrameMore : std::uint8_t{0});
}

std::string PairingChannel::take_output() { return std::exchange(output_, {}); }

std::vector<PairingEvent> PairingChannel::take_events() { return std::exchange(events_, {}); }

void PairingChannel::tick(std::chrono::milliseconds now) {
  if (!wait_ || ended_ || now < wait_->deadline) return;
  end(wait_->otherwise, true);
}

void PairingChannel::end(std::optional<Error> error, bool tell) {
  if (ended_) return;
  ended_ = true;
  wait_.reset();
  if (error && tell) {
    const ErrorCode code = error->code();
    send(PairingFrame::error,
         encode(ErrorMessage{
             code, concerns_peer(code) ? error->what() : "it failed for a reason of its own"}));
  }
  PairingEvent event;
  event.error = std::move(error);
  events_.push_back(std::move(event));
}

}  // namespace rill::pairing
