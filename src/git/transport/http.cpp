#include "git/transport/http.hpp"

#include <zlib.h>

#include <charconv>
#include <new>

#include "ps_sync/base/error.hpp"
#include "ps_sync/base/text.hpp"

namespace ps_sync::git {
namespace {

// A large request goes out once somebody has logged in and the address is known, not to be sent again for either.
constexpr std::uint64_t worth_asking_first = 256 * 1024;
constexpr std::size_t worth_compressing = 1024;  // as git does with what it has to say of its own commits

std::string gzip(std::string_view text) {
  constexpr int window_with_gzip_header = 15 + 16;
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window_with_gzip_header, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  std::string in(text);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);  // the room is enough for all of it
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// The advertisement comes with a GET; after it, what is written until a read is the body of a POST, and what is read
/// is its answer. A request that nobody reads the answer of is never sent: so a good-bye costs nothing.
class HttpConnection : public Connection {
 public:
  HttpConnection(std::string url, Service service, std::shared_ptr<HttpSession> session, const RemoteOptions& options)
      : url_(std::move(url)), service_(service), session_(std::move(session)), request_(options.spool_folder) {}

  std::size_t read(std::span<char> into) override {
    if (!base_) open();
    if (request_.size() > 0 && answer_ == 0) send_request();
    const std::size_t count = session_->read(answer_, into);
    if (count == 0) answer_ = 0;
    return count;
  }

  void write(std::string_view bytes) override {
    if (answer_ != 0) request_.clear();
    answer_ = 0;
    request_.append(bytes);
  }

  void finish_writing() override {}
  void set_silence(std::chrono::milliseconds silence) override { session_->set_silence(silence); }
  std::string errors() override { return ""; }
  bool is_network() const override { return true; }
  bool speaks_first() const override { return false; }
  Ending judge_ending() override { return {ErrorKind::unreachable, {}}; }

  void close() override {
    if (answer_ == 0) return;
    // A hook that runs after the push writes into this answer; hanging up could end it.
    char ignored[4096];
    std::size_t heard = 0;
    for (std::size_t count = 1; count > 0 && heard < longest_good_bye; heard += count)
      count = session_->read(answer_, ignored);
    answer_ = 0;
  }

 private:
  void open() {
    const bool is_small = request_.size() <= worth_asking_first;
    if (request_.size() > 0 && is_small) base_ = session_->address_of(url_);
    if (base_) return;
    base_ = session_->ask(url_, service_);
    if (request_.size() > 0) return;
    answer_ = session_->current();
    skip_service_line();
  }

  void send_request() {
    const std::string_view text = request_.in_memory();
    if (service_ == Service::upload_pack && text.size() > worth_compressing) {
      Spool compressed(fs::path{});
      compressed.append(gzip(text));
      session_->post(url_, *base_, service_, compressed, "gzip");
    } else {
      session_->post(url_, *base_, service_, request_, "");
    }
    request_.clear();
    answer_ = session_->current();
  }

  /// "# service=git-upload-pack" and a flush packet stand before what other transports send.
  void skip_service_line() {
    const auto take = [this](std::size_t wanted) {
      std::string text;
      while (text.size() < wanted) {
        char buffer[1024];
        const std::size_t count = session_->read(answer_, {buffer, std::min(sizeof buffer, wanted - text.size())});
        if (count == 0) break;
        text.append(buffer, count);
      }
      return text;
    };
    const std::string head = take(4);
    unsigned length = 0;
    const auto [end, code] = std::from_chars(head.data(), head.data() + head.size(), length, 16);
    const std::string line = code == std::errc() && length > 4 && length < 200 ? take(length - 4) : "";
    if (line.rfind("# service=", 0) == 0 && take(4) == "0000") return;
    throw Error(ErrorKind::rejected, "the remote does not speak git's protocol")
        .because(concat("it sent: ", escape_for_display(concat(head, line))));
  }

  std::string url_;
  Service service_;
  std::shared_ptr<HttpSession> session_;
  std::optional<std::string> base_;  // where the repository is, redirects followed
  Spool request_;
  int answer_ = 0;  // the exchange that is read; 0: none
};

}  // namespace

std::unique_ptr<Connection> connect_http(const std::string& url, Service service, std::shared_ptr<HttpSession> session,
                                         const RemoteOptions& options) {
  return std::make_unique<HttpConnection>(url, service, std::move(session), options);
}

}  // namespace ps_sync::git
