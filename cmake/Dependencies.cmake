# Finds the libraries, and names the package to install where one is missing.

function(ps_sync_missing name apt brew)
  message(FATAL_ERROR
    "${name} was not found.\n"
    "  Debian, Ubuntu:  apt-get install ${apt}\n"
    "  macOS:           brew install ${brew}\n"
    "or run ./scripts/quickstart, which installs all of them.")
endfunction()

find_package(PkgConfig QUIET)
if(NOT PkgConfig_FOUND)
  ps_sync_missing(pkg-config pkg-config pkg-config)
endif()

pkg_check_modules(LIBGIT2 QUIET IMPORTED_TARGET libgit2)
if(NOT LIBGIT2_FOUND)
  ps_sync_missing(libgit2 libgit2-dev libgit2)
endif()
if(LIBGIT2_VERSION VERSION_LESS 1.5)
  message(FATAL_ERROR "libgit2 ${LIBGIT2_VERSION} is too old: ps-sync needs 1.5 or newer")
endif()

pkg_check_modules(LIBCRYPTO QUIET IMPORTED_TARGET libcrypto)
if(NOT LIBCRYPTO_FOUND)
  ps_sync_missing("libcrypto (OpenSSL)" libssl-dev openssl)
endif()

pkg_check_modules(LIBCURL QUIET IMPORTED_TARGET libcurl)
if(NOT LIBCURL_FOUND)
  ps_sync_missing(libcurl libcurl4-openssl-dev curl)
endif()

pkg_check_modules(XXHASH QUIET IMPORTED_TARGET libxxhash)
if(NOT XXHASH_FOUND)
  ps_sync_missing(xxHash libxxhash-dev xxhash)
endif()

find_package(ZLIB QUIET)
if(NOT ZLIB_FOUND)
  ps_sync_missing(zlib zlib1g-dev zlib)
endif()

find_package(Threads REQUIRED)

find_package(nlohmann_json QUIET)
if(NOT nlohmann_json_FOUND)
  ps_sync_missing("nlohmann_json" nlohmann-json3-dev nlohmann-json)
endif()

find_package(yaml-cpp QUIET)
if(NOT yaml-cpp_FOUND)
  ps_sync_missing("yaml-cpp" libyaml-cpp-dev yaml-cpp)
endif()
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)  # the name before 0.8
endif()

find_package(CLI11 QUIET)
if(NOT CLI11_FOUND)
  ps_sync_missing("CLI11" libcli11-dev cli11)
endif()

if(PS_SYNC_TESTS)
  find_package(Catch2 QUIET)
  if(NOT Catch2_FOUND)
    ps_sync_missing("Catch2" catch2 catch2)
  endif()
endif()
