# What is published beside the packages for Python and Ruby, in build/dist: for each platform
# an archive with the library and the command, the source, and checksums of all.

DIST_PLATFORMS ?= linux-x86_64 linux-aarch64 linux-musl-x86_64 linux-musl-aarch64 windows-x86_64 macos-arm64 macos-x86_64
dist := $(build)/dist

.PHONY: dist dist-source $(addprefix dist-,$(DIST_PLATFORMS))
dist: $(addprefix dist-,$(DIST_PLATFORMS)) dist-source ## the archives for all platforms (or DIST_PLATFORMS) and the source, in build/dist
	@cd '$(dist)' && ls *.tar.gz *.zip 2>/dev/null | xargs sha256sum >SHA256SUMS

dist-linux-x86_64: static-x86_64
dist-linux-aarch64: static-aarch64
dist-linux-musl-x86_64: musl-x86_64
dist-linux-musl-aarch64: musl-aarch64
dist-windows-x86_64: windows
dist-macos-arm64: macos-arm64
dist-macos-x86_64: macos-x86_64
$(addprefix dist-,$(DIST_PLATFORMS)): cachekit $(BUILD)/cachekit_ffi.h
	@GO='$(GO)' packaging/dist.sh $(@:dist-%=%) '$(version)' '$(build)' '$(omit)'

# With the modules that it is made of, so that make builds the library without a network.
dist-source: $(tools)/complete
	@rm -rf '$(dist)/cachekit-core-$(version)' && mkdir -p '$(dist)'
	@packaging/source.sh '$(dist)/cachekit-core-$(version)'
	@$(GO) run ./packaging/bundle '$(dist)/cachekit-core-$(version)' '$(dist)/cachekit-core-$(version).tar.gz'
	@rm -rf '$(dist)/cachekit-core-$(version)'

# The static archive for another processor: zig compiles, binutils put it together.
.PHONY: static-x86_64 static-aarch64
static-x86_64 static-aarch64: static-%: portable-%
	@$(with_zig) $(MAKE) --no-print-directory CC='$(call zig_cc,$*)' GOARCH=$(goarch_$*) BUILD='$(build)/portable/$*' \
	    $(foreach tool,LD AR NM OBJCOPY,$(tool)='$*-linux-gnu-$(shell echo $(tool) | tr A-Z a-z)') static

# For musl (Alpine), by zig too.
.PHONY: musl-x86_64 musl-aarch64
musl-x86_64 musl-aarch64: musl-%: $(tools)/complete
	@$(with_zig) $(MAKE) --no-print-directory CC='$(CURDIR)/packaging/zig-cc $*-linux-musl' GOARCH=$(goarch_$*) BUILD='$(build)/musl/$*' all
