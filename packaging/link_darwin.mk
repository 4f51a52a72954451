# How the library is linked for macOS, there or by `make macos`. Go starts when it is loaded.

# The oldest macOS that Go 1.27 supports; compilers read this variable.
MACOSX_DEPLOYMENT_TARGET ?= 13.0
export MACOSX_DEPLOYMENT_TARGET

# Programs find it by the folders that they were linked with. Go names libraries of the system
# of which this one uses nothing.
exports    := $(BUILD)/exports
link_flags  = -Wl,-install_name,@rpath/$(soname) -Wl,-current_version,$(version) -Wl,-dead_strip_dylibs \
    \"-Wl,-exported_symbols_list,$(abspath $(BUILD))/exports\"
go_flags    = $(call load_godebug,CGO_ENABLED=1)
pc_system   = -e '/^Libs:/s|$$| -Wl,-rpath,"$${libdir}"|'
# zig, by which `make macos` compiles, brings no nm: a test looks at what that makes.
check       = $(if $(NM),NM='$(NM)' tests/c/symbols.sh include/cachekit.h)

# In C a name has a line below in front of it.
$(exports): include/cachekit.h packaging/names.sh $(BUILD)/config
	@packaging/names.sh include/cachekit.h | sed 's/^/_/' >'$@.new'
	@mv '$@.new' '$@'

$(BUILD)/libcachekit_core.a:
	@echo "make: the static archive can be built on Linux only"; exit 1
