// The usual way to match a wildcard is to try every length for it, which takes exponential time for `*a*a*a*b`. Here
// the pattern is a machine instead: each step of it is one bit, and the set of steps that the text so far can have
// reached is carried along from byte to byte, all steps at once in one or a few machine words. The cost is the length
// of the text times a 64th of the length of the pattern, and nothing can make it more.
//
// Steps: a set of bytes (a plain byte, `?`, `[…]`) is left by one of its bytes. A star is left for free and stays for
// any byte, the crossing kind also for '/'. `**/` is three steps: an entry that is left for free, either into the
// crossing star and the '/' after it, or past them both.
#include "sync/glob.hpp"

#include <array>
#include <bitset>

namespace ps_sync::sync {

namespace {

using ByteSet = std::bitset<256>;

enum class Step { bytes, star, crossing_star, folders };

struct Program {
  std::vector<Step> steps;
  std::vector<ByteSet> accepts;  // empty sets for all but Step::bytes

  void add(Step step, const ByteSet& bytes = {}) {
    steps.push_back(step);
    accepts.push_back(bytes);
  }
  void add_byte(char c) { add(Step::bytes, ByteSet().set(static_cast<std::uint8_t>(c))); }
};

bool in_class(std::string_view name, int c) {
  const bool digit = c >= '0' && c <= '9';
  const bool lower = c >= 'a' && c <= 'z';
  const bool upper = c >= 'A' && c <= 'Z';
  const bool graph = c > ' ' && c < 0x7F;
  if (name == "alnum") return digit || lower || upper;
  if (name == "alpha") return lower || upper;
  if (name == "blank") return c == ' ' || c == '\t';
  if (name == "cntrl") return c < ' ' || c == 0x7F;
  if (name == "digit") return digit;
  if (name == "graph") return graph;
  if (name == "lower") return lower;
  if (name == "print") return graph || c == ' ';
  if (name == "punct") return graph && !digit && !lower && !upper;
  if (name == "space") return c == ' ' || (c >= '\t' && c <= '\r');
  if (name == "upper") return upper;
  return digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::optional<ByteSet> named_class(std::string_view name) {
  constexpr std::string_view known[] = {"alnum", "alpha", "blank", "cntrl", "digit", "graph",
                                        "lower", "print", "punct", "space", "upper", "xdigit"};
  for (const std::string_view candidate : known) {
    if (candidate != name) continue;
    ByteSet set;
    for (int c = 0; c < 0x80; ++c) set.set(static_cast<std::size_t>(c), in_class(name, c));
    return set;
  }
  return std::nullopt;
}

/// Reads `[…]`. The first ']' is plain, so is a '-' at either end; of a range that
/// runs backwards only the first byte counts, as in git.
class BracketReader {
 public:
  /// `at` is behind the opening bracket.
  BracketReader(std::string_view pattern, std::size_t at) : pattern_(pattern), at_(at) {}

  /// The bytes that it matches; absent where it is never closed or names an unknown class.
  std::optional<ByteSet> read() {
    const bool negated = at_ < pattern_.size() && (pattern_[at_] == '!' || pattern_[at_] == '^');
    if (negated) ++at_;
    for (bool first = true;; first = false) {
      if (at_ >= pattern_.size()) return std::nullopt;
      if (pattern_[at_] == ']' && !first) break;
      if (!read_item()) return std::nullopt;
    }
    ++at_;
    if (negated) set_.flip();
    set_.reset('/');
    return set_;
  }
  /// Behind the closing bracket.
  std::size_t end() const { return at_; }

 private:
  bool read_item() {
    const bool can_be_range = from_ != 0 && at_ + 1 < pattern_.size() && pattern_[at_ + 1] != ']';
    if (pattern_[at_] == '-' && can_be_range) {
      ++at_;
      const std::optional<std::uint8_t> to = read_byte();
      if (!to) return false;
      for (std::size_t c = from_; c <= *to; ++c) set_.set(c);
      from_ = 0;
      return true;
    }
    if (pattern_.substr(at_, 2) == "[:") {
      const std::size_t close = pattern_.find(']', at_ + 2);
      if (close == std::string_view::npos) return false;
      if (close > at_ + 2 && pattern_[close - 1] == ':') return read_class(close);
      // not a class after all: a plain '[', and ':' comes next
    }
    const std::optional<std::uint8_t> byte = read_byte();
    if (!byte) return false;
    set_.set(*byte);
    from_ = *byte;
    return true;
  }

  bool read_class(std::size_t close) {
    const std::optional<ByteSet> members = named_class(pattern_.substr(at_ + 2, close - 1 - (at_ + 2)));
    if (!members) return false;
    set_ |= *members;
    from_ = 0;
    at_ = close + 1;
    return true;
  }

  std::optional<std::uint8_t> read_byte() {
    if (pattern_[at_] == '\\') ++at_;
    if (at_ >= pattern_.size()) return std::nullopt;
    return static_cast<std::uint8_t>(pattern_[at_++]);
  }

  std::string_view pattern_;
  std::size_t at_;
  ByteSet set_;
  std::uint8_t from_ = 0;  // the byte that a following '-' makes a range of; 0 for none
};

/// Reads a run of stars at `at` and gives where it ends. Two or more cross '/' only where they are a whole component.
std::size_t read_stars(std::string_view pattern, std::size_t at, Program& program) {
  const std::size_t end = std::min(pattern.find_first_not_of('*', at), pattern.size());
  const std::string_view rest = pattern.substr(end);
  const bool opens = at == 0 || pattern[at - 1] == '/';
  const bool closes = rest.empty() || rest.front() == '/' || rest.substr(0, 2) == "\\/";
  if (end - at == 1 || !opens || !closes) {
    program.add(Step::star);
    return end;
  }
  if (rest.empty() || rest.front() != '/') {
    program.add(Step::crossing_star);
    return end;
  }
  program.add(Step::folders);
  program.add(Step::crossing_star);
  program.add_byte('/');
  return end + 1;
}

std::optional<Program> parse(std::string_view pattern) {
  Program program;
  for (std::size_t at = 0; at < pattern.size();) {
    switch (pattern[at]) {
      case '*':
        at = read_stars(pattern, at, program);
        break;
      case '?':
        program.add(Step::bytes, ByteSet().set().reset('/'));
        ++at;
        break;
      case '[': {
        BracketReader bracket(pattern, at + 1);
        const std::optional<ByteSet> bytes = bracket.read();
        if (!bytes) return std::nullopt;
        program.add(Step::bytes, *bytes);
        at = bracket.end();
        break;
      }
      case '\\':
        if (++at == pattern.size()) return std::nullopt;
        [[fallthrough]];
      default:
        program.add_byte(pattern[at]);
        ++at;
    }
  }
  return program;
}

constexpr std::size_t max_words = Glob::max_pattern_bytes / 64 + 1;

}  // namespace

std::optional<Glob> Glob::compile(std::string_view pattern) {
  const std::optional<Program> program = parse(pattern);
  if (!program) return std::nullopt;
  Glob glob;
  glob.steps_ = program->steps.size();
  glob.words_ = glob.steps_ / 64 + 1;
  glob.accepts_.resize(256 * glob.words_);
  glob.stars_.resize(glob.words_);
  glob.crossing_.resize(glob.words_);
  glob.folders_.resize(glob.words_);
  for (std::size_t i = 0; i < glob.steps_; ++i) {
    const std::size_t word = i / 64;
    const std::uint64_t bit = std::uint64_t{1} << (i % 64);
    const Step step = program->steps[i];
    if (step == Step::star || step == Step::crossing_star) glob.stars_[word] |= bit;
    if (step == Step::crossing_star) glob.crossing_[word] |= bit;
    if (step == Step::folders) glob.folders_[word] |= bit;
    for (std::size_t c = 0; c < 256; ++c) {
      if (program->accepts[i][c]) glob.accepts_[c * glob.words_ + word] |= bit;
    }
  }
  // A '/' at the end may belong to a `**/` that is left out.
  if (glob.steps_ > 0 && program->accepts.back().count() == 1 && !program->accepts.back()['/']) {
    for (std::size_t c = 0; c < 256; ++c) {
      if (program->accepts.back()[c]) glob.last_byte_ = static_cast<char>(c);
    }
  }
  return glob;
}

bool Glob::matches(std::string_view text) const {
  if (last_byte_ && (text.empty() || text.back() != *last_byte_)) return false;
  std::array<std::uint64_t, max_words> reached;
  std::uint64_t carry = 1;  // the first step is reached by no byte at all

  // Adds what is reached for free, and leaves in `carry` what goes on into the next word.
  const auto settle = [&](std::size_t word, std::uint64_t moved, std::uint64_t stayed) {
    const std::uint64_t hops = stars_[word] | folders_[word];
    std::uint64_t set = moved << 1 | stayed | carry;
    for (std::uint64_t before = 0; before != set;) {
      before = set;
      set |= (set & hops) << 1 | (set & folders_[word]) << 3;
    }
    carry = (moved | (set & hops)) >> 63 | (set & folders_[word]) >> 61;
    reached[word] = set;
    return set;
  };

  for (std::size_t word = 0; word < words_; ++word) settle(word, 0, 0);
  for (const char c : text) {
    const std::uint64_t* accepts = &accepts_[static_cast<std::uint8_t>(c) * words_];
    const std::vector<std::uint64_t>& stays = c == '/' ? crossing_ : stars_;
    std::uint64_t any = 0;
    carry = 0;
    for (std::size_t word = 0; word < words_; ++word) {
      any |= settle(word, reached[word] & accepts[word], reached[word] & stays[word]);
    }
    if (any == 0) return false;
  }
  return (reached[steps_ / 64] >> (steps_ % 64) & 1) != 0;
}

}  // namespace ps_sync::sync
