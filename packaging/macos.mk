# The library for macOS, built on Linux by zig (from PyPI) and LLVM's linker. It is signed
# ad hoc for arm64, which asks for that. On a Mac `make` builds it.

MACOS_ARCH ?= arm64 x86_64
LLD        ?= $(firstword $(shell for name in ld64.lld $(foreach n,22 21 20 19 18 17 16 15 14,ld64.lld-$n); do command -v $$name; done) ld64.lld)

.PHONY: macos $(addprefix macos-,$(MACOS_ARCH))
macos: $(addprefix macos-,$(MACOS_ARCH)) ## build the libraries for macOS (or MACOS_ARCH) into build/macos

$(addprefix macos-,$(MACOS_ARCH)): macos-%: $(tools)/complete
	@command -v '$(LLD)' >/dev/null || { echo "make: there is no $(LLD), LLVM's linker for macOS: install lld, or say make LLD="; exit 1; }
	@$(with_zig) LLD='$(LLD)' $(MAKE) --no-print-directory SYSTEM=Darwin CC='$(CURDIR)/packaging/macos/zig-cc $*' \
	    GOOS=darwin GOARCH=$(subst x86_64,amd64,$*) BUILD='$(build)/macos/$*' all
