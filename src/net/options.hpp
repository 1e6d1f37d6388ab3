// From settings to libcurl's options.
#pragma once

#include <curl/curl.h>

#include "ps_sync/net/http.hpp"

namespace ps_sync::net {

/// A list of libcurl's, freed with this object.
class TextList {
 public:
  TextList() = default;
  TextList(const TextList&) = delete;
  TextList& operator=(const TextList&) = delete;
  ~TextList() { clear(); }
  void add(const std::string& line);
  void clear();
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

/// `resolve` has to live as long as the transfer.
void apply_settings(CURL* easy, const HttpSettings& settings, TextList& resolve);
void apply_login(CURL* easy, const HttpSettings& settings, const std::optional<Login>& login);

}  // namespace ps_sync::net
