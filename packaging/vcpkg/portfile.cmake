# A port for vcpkg, as an overlay: vcpkg install cachekit-core --overlay-ports=FOLDER, where
# FOLDER/cachekit-core has these files. With the first release, SHA512 gets the number that
# vcpkg then says. The machine needs Go and make.
vcpkg_from_github(
  OUT_SOURCE_PATH SOURCE_PATH
  REPO cachekit-go/cachekit-core
  REF "v${VERSION}"
  SHA512 0)

find_program(GO NAMES go REQUIRED)
find_program(MAKE NAMES gmake make REQUIRED)

set(goarch_x64 amd64)
set(goarch_arm64 arm64)
set(build "${CURRENT_BUILDTREES_DIR}/${TARGET_TRIPLET}-rel")
vcpkg_cmake_get_vars(cmake_vars_file)
include("${cmake_vars_file}")
set(make "${MAKE}" --no-print-directory "GO=${GO}" "CC=${VCPKG_DETECTED_CMAKE_C_COMPILER}"
  "GOARCH=${goarch_${VCPKG_TARGET_ARCHITECTURE}}" "BUILD=${build}")

# One build serves debug and release: it has no debug data of C's.
set(VCPKG_BUILD_TYPE release)
set(VCPKG_POLICY_MISMATCHED_NUMBER_OF_BINARIES enabled)
set(targets all)
if(VCPKG_LIBRARY_LINKAGE STREQUAL "static")
  list(APPEND targets static)
endif()
vcpkg_execute_required_process(COMMAND ${make} ${targets}
  WORKING_DIRECTORY "${SOURCE_PATH}" LOGNAME "build-${TARGET_TRIPLET}")
vcpkg_execute_required_process(COMMAND ${make} install "PREFIX=${CURRENT_PACKAGES_DIR}" "DESTDIR="
  WORKING_DIRECTORY "${SOURCE_PATH}" LOGNAME "install-${TARGET_TRIPLET}")
if(VCPKG_LIBRARY_LINKAGE STREQUAL "static")
  file(GLOB shared "${CURRENT_PACKAGES_DIR}/lib/libcachekit_core.so*")
  file(REMOVE ${shared})
endif()

# The files for CMake find the library from where they are, so they stay there.
set(VCPKG_POLICY_SKIP_LIB_CMAKE_MERGE_CHECK enabled)
vcpkg_fixup_pkgconfig()
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
