# What is published, in build/dist: for each platform an archive with the library and the
# command, the source, the packages for Python and Ruby, and checksums of all.

dist_platforms := linux-x86_64 linux-aarch64 linux-musl-x86_64 linux-musl-aarch64 windows-x86_64 macos-arm64 macos-x86_64
DIST_PLATFORMS ?= $(dist_platforms)
dist      := $(build)/dist
dist_sums  = cd '$(dist)' && find * -prune -type f -name 'cachekit[-_]core-$(version)*' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS

# They run on every processor of their kind, whatever is set for builds of one's own.
dist dist-archives: export GOAMD64 := v1
dist dist-archives: export GOARM64 := v8.0
dist dist-archives: export GOEXPERIMENT :=

.PHONY: dist dist-archives archives dist-packages dist-source $(addprefix dist-,$(DIST_PLATFORMS))
dist: ## all that is published: archives for DIST_PLATFORMS, source, wheels and gems, in build/dist
	@rm -rf '$(dist)' '$(build)/wheels' '$(build)/gems'
	@$(MAKE) --no-print-directory archives dist-packages
	@$(dist_sums)

dist-archives: archives ## the archives for all platforms (or DIST_PLATFORMS) and the source, in build/dist
	@$(dist_sums)

archives: $(addprefix dist-,$(DIST_PLATFORMS)) dist-source

dist-packages: wheels gems
	@mkdir -p '$(dist)'
	@cp '$(build)'/wheels/*-$(version)* '$(build)'/gems/*-$(version)* '$(dist)/'

dist-linux-x86_64: static-x86_64
dist-linux-aarch64: static-aarch64
dist-linux-musl-x86_64: musl-x86_64
dist-linux-musl-aarch64: musl-aarch64
dist-windows-x86_64: windows
dist-macos-arm64: macos-arm64
dist-macos-x86_64: macos-x86_64

# The operating system and processor of a platform, in Go's words.
dist_goos   = $(firstword $(foreach os,windows linux,$(findstring $(os),$1)) darwin)
dist_goarch = $(if $(findstring x86_64,$1),amd64,arm64)
dist_tree   = $(dist)/cachekit-core-$(version)-$1
$(addprefix dist-,$(DIST_PLATFORMS)): dist-%: cachekit $(BUILD)/cachekit_ffi.h
	@$(if $(filter $*,$(dist_platforms)),,echo "make: there is no platform $*, but $(dist_platforms)"; exit 1)
	@rm -rf '$(call dist_tree,$*)' && mkdir -p '$(call dist_tree,$*)/bin'
	@GOOS=$(call dist_goos,$*) GOARCH=$(call dist_goarch,$*) && export GOOS GOARCH && $(go_build_command) \
	    -o '$(call dist_tree,$*)/bin/cachekit$(if $(findstring windows,$*),.exe)' .
	@GO='$(GO)' packaging/dist.sh $* '$(version)' '$(build)' '$(call dist_tree,$*)'
	@$(GO) run ./packaging/bundle '$(call dist_tree,$*)' '$(call dist_tree,$*).$(if $(findstring windows,$*),zip,tar.gz)'
	@rm -rf '$(call dist_tree,$*)'
	@echo 'build/dist/$(notdir $(call dist_tree,$*))'

# With the modules that they are made of, so that make builds library and command without a
# network.
released    = CHANGELOG.md README.md CMakeLists.txt meson.build docs examples/c examples/cpp examples/data cmd/cachekit
dist_source = $(dist)/cachekit-core-$(version)
dist-source:
	@rm -rf '$(dist_source)' && mkdir -p '$(dist)'
	@packaging/source.sh '$(dist_source)' $(released)
	@$(GO) run ./packaging/bundle '$(dist_source)' '$(dist_source).tar.gz'
	@rm -rf '$(dist_source)'

# By zig; binutils put the static archive together.
binutils = LD='$1-linux-gnu-ld' AR='$1-linux-gnu-ar' NM='$1-linux-gnu-nm' OBJCOPY='$1-linux-gnu-objcopy'

.PHONY: static-x86_64 static-aarch64
static-x86_64 static-aarch64: static-%: portable-%
	@$(with_zig) $(MAKE) --no-print-directory CC='$(call zig_cc,$*)' GOARCH=$(goarch_$*) BUILD='$(build)/portable/$*' $(call binutils,$*) static

# For musl (Alpine).
.PHONY: musl-x86_64 musl-aarch64
musl-x86_64 musl-aarch64: musl-%: $(tools)/complete
	@$(with_zig) $(MAKE) --no-print-directory CC='$(CURDIR)/packaging/zig-cc $*-linux-musl' GOARCH=$(goarch_$*) BUILD='$(build)/portable/musl-$*' \
	    $(call binutils,$*) all static
