# The C++ runtime and three small libraries go into the program itself on Linux: loading and binding them at each start
# takes as long as a quick command's own work (docs/decisions/0006-static-runtime.md). Where a static library is missing,
# the shared one is linked.

set(PS_SYNC_STATIC OFF)
if(PS_SYNC_STATIC_RUNTIME AND CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT PS_SYNC_SANITIZE)
  file(WRITE ${CMAKE_BINARY_DIR}/static/check.cpp "#include <string>\nint main(int n, char** v) { return std::string(v[0]).empty() ? n : 0; }\n")
  try_compile(PS_SYNC_HAS_STATIC_RUNTIME ${CMAKE_BINARY_DIR}/static/check SOURCES ${CMAKE_BINARY_DIR}/static/check.cpp
    LINK_OPTIONS -static-libstdc++ -static-libgcc)
  set(PS_SYNC_STATIC ${PS_SYNC_HAS_STATIC_RUNTIME})
endif()

# ps_sync_static(NAME SHARED FILE): NAME is the library FILE with SHARED's headers, or SHARED where there is no such file.
function(ps_sync_static name shared file)
  add_library(${name} INTERFACE)
  find_library(${name}_FILE NAMES ${file})
  if(PS_SYNC_STATIC AND ${name}_FILE)
    target_link_libraries(${name} INTERFACE ${${name}_FILE})
    target_include_directories(${name} SYSTEM INTERFACE $<TARGET_PROPERTY:${shared},INTERFACE_INCLUDE_DIRECTORIES>)
  else()
    target_link_libraries(${name} INTERFACE ${shared})
  endif()
endfunction()

ps_sync_static(ps_sync_yaml yaml-cpp::yaml-cpp libyaml-cpp.a)
ps_sync_static(ps_sync_xxhash PkgConfig::XXHASH libxxhash.a)
ps_sync_static(ps_sync_zlib ZLIB::ZLIB libz.a)
