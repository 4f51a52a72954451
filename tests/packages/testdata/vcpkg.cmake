# Runs the port with what vcpkg's own functions would do for it: cmake -DPORT=... -P. It
# shows that the script is one, and what the port installs; not that vcpkg agrees.
function(vcpkg_from_github)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "OUT_SOURCE_PATH;REPO;REF;SHA512" "")
  if(NOT arg_REF STREQUAL "v${VERSION}" OR NOT arg_REPO OR NOT DEFINED arg_SHA512)
    message(FATAL_ERROR "the port fetches ${arg_REPO} ${arg_REF}")
  endif()
  set(${arg_OUT_SOURCE_PATH} "${SOURCE}" PARENT_SCOPE)
endfunction()

function(vcpkg_cmake_get_vars out)
  file(WRITE "${CURRENT_BUILDTREES_DIR}/vars.cmake" "set(VCPKG_DETECTED_CMAKE_C_COMPILER cc)\n")
  set(${out} "${CURRENT_BUILDTREES_DIR}/vars.cmake" PARENT_SCOPE)
endfunction()

function(vcpkg_execute_required_process)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "WORKING_DIRECTORY;LOGNAME" "COMMAND")
  execute_process(COMMAND ${arg_COMMAND} WORKING_DIRECTORY "${arg_WORKING_DIRECTORY}" RESULT_VARIABLE failed)
  if(failed OR NOT arg_LOGNAME)
    message(FATAL_ERROR "${arg_COMMAND}: ${failed}")
  endif()
endfunction()

function(vcpkg_fixup_pkgconfig)
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "FILE_LIST")
  file(INSTALL ${arg_FILE_LIST} DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT_NAME}" RENAME copyright)
endfunction()

include("${PORT}")
