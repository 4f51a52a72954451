# The library for macOS, built on Linux by zig (from PyPI) and LLVM's linker. It is signed
# ad hoc for arm64, which asks for that.

MACOS_ARCH ?= arm64 x86_64
LLD        ?= $(firstword $(shell for name in ld64.lld $(foreach n,22 21 20 19 18 17 16 15 14,ld64.lld-$n); do command -v $$name; done) ld64.lld)
# The oldest macOS that Go 1.27 supports.
macos_oldest := 13.0
macos_dylib  := libcachekit_core.$(firstword $(subst ., ,$(version))).dylib
macos_link   := -Wl,-install_name,@rpath/$(macos_dylib) -Wl,-current_version,$(version)
macos_env     = CGO_ENABLED=1 GOOS=darwin GOARCH=$(subst x86_64,amd64,$*) LLD='$(LLD)' EXPORTS='$(build)/macos/$*/exports' \
    CC='$(CURDIR)/packaging/macos/zig-cc $* $(macos_oldest)'

.PHONY: macos $(addprefix macos-,$(MACOS_ARCH))
macos: $(addprefix macos-,$(MACOS_ARCH)) ## build the libraries for macOS (or MACOS_ARCH) into build/macos

# Go starts when the library is loaded, as on Windows: see load_godebug there.
$(addprefix macos-,$(MACOS_ARCH)): macos-%: $(tools)/complete $(go_sources) include/cachekit.h
	@command -v '$(LLD)' >/dev/null || { echo "make: there is no $(LLD), LLVM's linker for macOS: install lld, or say make LLD="; exit 1; }
	@mkdir -p '$(build)/macos/$*'
	@packaging/names.sh include/cachekit.h | sed 's/^/_/' >'$(build)/macos/$*/exports'
	@$(with_zig) $(macos_env) CGO_CFLAGS="$$($(GO) env CGO_CFLAGS) $(header_sum)" $(GO) build -buildmode=c-shared -trimpath \
	    -buildvcs=false -ldflags "$(omit) -buildid= -X runtime.godebugDefault=$(call load_godebug,$(macos_env)) '-extldflags=$(macos_link)'" \
	    -o '$(build)/macos/$*/$(macos_dylib)' ./capi
	@rm -f '$(build)/macos/$*/$(basename $(macos_dylib)).h'
	@ln -sf '$(macos_dylib)' '$(build)/macos/$*/libcachekit_core.dylib'
