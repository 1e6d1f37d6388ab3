# The one place for language standard, warnings and sanitizers: every target links ps_sync_settings.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without these two ccache refuses anything that uses a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(ps_sync_settings INTERFACE)
target_compile_features(ps_sync_settings INTERFACE cxx_std_20)
target_compile_definitions(ps_sync_settings INTERFACE
  _FILE_OFFSET_BITS=64
  $<$<BOOL:${PS_SYNC_FAILPOINTS}>:PS_SYNC_FAILPOINTS>)
target_compile_options(ps_sync_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wimplicit-fallthrough
  -Wno-missing-field-initializers
  $<$<BOOL:${PS_SYNC_WARNINGS_AS_ERRORS}>:-Werror>
  $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>
  # GCC 12, once it optimises, sees an uninitialised value in an empty std::optional (GCC bug 80635).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-maybe-uninitialized>)
if(PS_SYNC_SANITIZE)
  target_compile_options(ps_sync_settings INTERFACE
    -fsanitize=${PS_SYNC_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(ps_sync_settings INTERFACE -fsanitize=${PS_SYNC_SANITIZE})
endif()
