# make help lists the commands.

version := $(shell sed -n 's/^.define CACHEKIT_VERSION_STRING "\(.*\)"/\1/p' include/cachekit.h)
major   := $(firstword $(subst ., ,$(version)))

# Where everything goes; a folder elsewhere serves for a tree that is read-only.
# Not from the environment, where a variable BUILD means something else.
BUILD   := build
ifneq ($(wildcard $(BUILD)/go.mod $(BUILD)/*.go $(BUILD)/*/*.go),)
$(error BUILD=$(BUILD) is a folder of sources, which make clean would remove)
endif

# What the library is for: Linux, or Darwin, which is macOS. On each, what the file is
# called, the name that programs look for, and the one that linkers do.
SYSTEM  := $(shell uname -s)
ifeq ($(SYSTEM),Darwin)
soname  := libcachekit_core.$(major).dylib
library := $(BUILD)/$(soname)
shared  := $(BUILD)/libcachekit_core.dylib
include packaging/link_darwin.mk
else
soname  := libcachekit_core.so.$(major)
library := $(BUILD)/libcachekit_core.so.$(version)
shared  := $(BUILD)/libcachekit_core.so
endif

PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DESTDIR    ?=
# Programs find the library by these, wherever they are built, so none is relative.
absolute = $(if $(filter-out /%,$(firstword $1)),$(CURDIR)/$1,$1)
override PREFIX     := $(call absolute,$(PREFIX))
override LIBDIR     := $(call absolute,$(LIBDIR))
override INCLUDEDIR := $(call absolute,$(INCLUDEDIR))
CC         ?= cc
CXX        ?= c++
GO         ?= go

# Most targets build something; these do not, and ask for no tool. Nor does an
# install of what was built: root may have no Go.
no_tools := help clean uninstall $(if $(wildcard $(BUILD)/config),install) $(if $(wildcard $(BUILD)/cachekit),install-cachekit)
ifneq ($(or $(filter-out $(no_tools),$(MAKECMDGOALS)),$(if $(MAKECMDGOALS),,all)),)
include tools.mk
endif

warnings := -Wall -Wextra -Wpedantic -Wconversion -Werror
cflags   := -std=c11 -O2 $(warnings) -Iinclude
cxxflags := -std=c++17 -O2 $(warnings) -Iinclude
# Programs built here find the library where it was built.
links    := -L'$(BUILD)' -lcachekit_core -Wl,-rpath,'$(if $(filter Darwin,$(SYSTEM)),@loader_path,$$ORIGIN)'

go_sources := $(shell find $(wildcard core) internal capi -name '*.go' -o -name '*.s' -o -name '*.[ch]' -o -name '*.map' -o -name '*.ld') go.mod go.sum

# Go's build cache does not look into include/, but at flags: this one, which
# nothing reads, makes it compile again after a change of the header.
header_sum = -DCACHEKIT_HEADER_SUM=$(firstword $(shell cksum < include/cachekit.h))

# For the linker: the names that are exported; Go's entry, which the library calls
# itself; and nanosleep, which must not be a cancellation point. Go splits this
# at spaces that are not between quotes. It stands behind the flags of
# CGO_LDFLAGS, whose choice of a linker may not understand the scripts. Go reads the
# addresses of what it checks for FIPS 140 out of a section where lld would write zeros.
comma     := ,
ifneq ($(SYSTEM),Darwin)
script     = \"-Wl,$1$(CURDIR)/capi/link/$2\"
link_flags = -Wl,-soname,$(soname),--no-undefined,--wrap=nanosleep $(call script,--version-script=,exports.map) \
    $(call script,-T$(comma),lazy.ld) -fuse-ld=$(linker) $(if $(filter lld,$(linker)),-Wl$(comma)--apply-dynamic-relocs)
check      = NM='$(NM)' READELF='$(READELF)' tests/c/symbols.sh include/cachekit.h
endif

# Where Go starts when the library is loaded, this part of GODEBUG is a default, which
# GODEBUG overrides. Linux gets it from capi/environment.c, which says why. $1 are
# variables for go.
load_godebug = -X runtime.godebugDefault=$$($1 $(GO) list -f '{{with .DefaultGODEBUG}}{{.}},{{end}}' ./capi)asyncpreemptoff=1

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
ACTIONLINT  := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
ZIZMOR      := zizmor==1.32.0
# Each major version lays C out a little differently, so one is chosen.
CLANG_FORMAT_MAJOR := 19
CLANG_FORMAT ?= $(shell command -v clang-format-$(CLANG_FORMAT_MAJOR) || echo clang-format)

.DEFAULT_GOAL := all
.PHONY: all
all: $(shared) $(BUILD)/cachekit_ffi.h $(wildcard $(BUILD)/libcachekit_core.a) ## build the library into build/, or BUILD

# Symbols and debug data, which Go's linker leaves out.
omit := -s -w

# Without VCS stamping the bytes depend on the sources alone.
$(library): $(go_sources) include/cachekit.h $(BUILD)/config $(exports)
	@[ -d vendor ] || why=$$($(GO) mod download 2>&1) || { echo "$$why" | tail -n 1; \
	    echo "make: the first build fetches modules from the Go module proxy: see GOPROXY in go help environment"; exit 1; }
	CC='$(CC)' CGO_ENABLED=1 CGO_CFLAGS="$$($(GO) env CGO_CFLAGS) $(header_sum)" \
	    $(GO) build -buildmode=c-shared -trimpath -buildvcs=false \
	    -ldflags "$(omit) -buildid= $(go_flags) '-extldflags=$(link_flags)'" -o '$@' ./capi
	@rm -f '$(basename $@).h'
	$(if $(check),@$(check) '$@' >'$(BUILD)/symbols.log' || \
	    { cat '$(BUILD)/symbols.log'; rm -f '$@'; echo "make: $@ did not export what the header declares"; exit 1; })

$(shared): $(library)
	$(if $(filter-out $(soname),$(notdir $(library))),@ln -sf $(notdir $(library)) '$(BUILD)/$(soname)')
	@ln -sf $(soname) '$@'

archive := $(BUILD)/libcachekit_core.a

.PHONY: static
static: $(archive) ## build the library as a static archive, too
ifneq ($(SYSTEM),Darwin)
$(archive): $(go_sources) include/cachekit.h packaging/archive.sh $(BUILD)/config
	@rm -rf '$(BUILD)/static' && mkdir '$(BUILD)/static'
	CC='$(CC)' CGO_ENABLED=1 CGO_CFLAGS="$$($(GO) env CGO_CFLAGS) $(header_sum)" \
	    $(GO) build -buildmode=c-archive -trimpath -buildvcs=false -ldflags '$(omit) -buildid=' -o '$(BUILD)/static/go.a' ./capi
	@CC='$(CC)' NM='$(NM)' LD='$(LD)' AR='$(AR)' OBJCOPY='$(OBJCOPY)' packaging/archive.sh include/cachekit.h '$@' '$(BUILD)/static'
	@rm -rf '$(BUILD)/static'
endif

# The header for those who read C but have no preprocessor.
$(BUILD)/cachekit_ffi.h: include/cachekit.h packaging/ffi.awk $(BUILD)/config
	@awk -f packaging/ffi.awk include/cachekit.h >'$@.new'
	@mv '$@.new' '$@'

# Written anew only when it changes, and then all is built anew.
$(BUILD)/config: always
	@mkdir -p '$(BUILD)'
	@{ echo '$(CC)'; echo '$(linker) $(omit)'; $(CC) --version | head -n 1; $(GO) version; \
	    $(GO) env GOOS GOARCH GOAMD64 GOARM64 GOFLAGS GOEXPERIMENT CGO_CFLAGS CGO_LDFLAGS; } > '$@.new'
	@cmp -s '$@.new' '$@' && rm '$@.new' || mv '$@.new' '$@'

.PHONY: always
always:

# The command, for the GOOS and GOARCH of the environment.
go_build_command = cd cmd/cachekit && CGO_ENABLED=0 $(GO) build $(command_flags)
command_flags    = -trimpath -buildvcs=false -ldflags '$(omit) -buildid= -X main.version=$(version)'

.PHONY: cachekit
cachekit: ## build the command, one static file, its manual pages and completions into build/, or BUILD
	@mkdir -p '$(BUILD)/completions'
	$(go_build_command) -o '$(abspath $(BUILD))/cachekit' .
	@$(run_cachekit) man '$(abspath $(BUILD))/man'
	@for shell in bash fish zsh; do ($(run_cachekit) completion $$shell) >'$(BUILD)'/completions/$$shell || exit 1; done

# One for another system may not run here.
foreign      = $(filter-out $(shell $(GO) env GOHOSTOS GOHOSTARCH),$(shell $(GO) env GOOS GOARCH))
run_cachekit = $(if $(foreign),cd cmd/cachekit && GOOS= GOARCH= CGO_ENABLED=0 $(GO) run $(command_flags) .,'$(BUILD)/cachekit')

# The library needs no C++ compiler, so neither do its examples in C.
cpp_examples = $(if $(shell command -v $(firstword $(CXX))),$(BUILD)/quickstart_cpp)

.PHONY: example
example: all $(BUILD)/quickstart $(BUILD)/pipeline $(cpp_examples) ## build and run the examples in C and C++
	'$(BUILD)/quickstart'
	'$(BUILD)/pipeline'
	$(if $(cpp_examples),'$(BUILD)/quickstart_cpp',@echo "make: not in C++, there is no $(CXX)")

$(BUILD)/%: examples/c/%.c $(shared) include/cachekit.h
	$(CC) $(cflags) -o $@ $< $(links)

$(BUILD)/%_cpp: examples/cpp/%.cpp $(shared) include/cachekit.h include/cachekit.hpp
	$(CXX) $(cxxflags) -o $@ $< $(links)

$(BUILD)/cache_aside: examples/c/cache_aside.c $(shared) include/cachekit.h
	$(CC) $(cflags) -pthread $$(pkg-config --cflags hiredis) -o $@ $< $(links) $$(pkg-config --libs hiredis)

$(BUILD)/redis_share: examples/c/redis_share.c examples/c/json_msgpack.h $(shared) include/cachekit.h
	$(CC) $(cflags) $$(pkg-config --cflags hiredis) -o $@ $< $(links) $$(pkg-config --libs hiredis)

.PHONY: test test-go test-c test-cpp test-command test-build test-musl test-examples test-redis test-hosts test-python test-ruby test-packages test-deb
test: test-go test-c test-cpp test-command test-build test-examples test-redis test-hosts test-python test-ruby test-packages ## run every test (some 20 minutes on two cores)

# Where the tests look first.
export CACHEKIT_VECTORS := $(abspath $(BUILD))/vectors

.PHONY: vectors
vectors: ## fetch the published test vectors, which make test reads, into build/vectors
	@$(GO) run ./tests/vectors '$(BUILD)/vectors'

test-go: ## the Go tests
	$(GO) vet ./...
	GO='$(GO)' tests/go.sh ./core/... ./capi/... ./internal/... ./bindings/... ./tests/vectors/

c_tests = LIBRARY='$(abspath $(shared))' BUILD='$(abspath $(BUILD))/tests'
test-c: all ## the C tests
	$(MAKE) -C tests/c check $(c_tests)

test-cpp: all ## the tests of cachekit.hpp, if there is a C++ compiler
	@if command -v '$(firstword $(CXX))' >/dev/null; then $(MAKE) -s -C tests/cpp check LIBRARY='$(abspath $(shared))' \
	    BUILD='$(abspath $(BUILD))/tests/cpp' CXX='$(CXX)'; \
	    elif [ -n "$$CACHEKIT_NO_SKIPS" ]; then echo "test-cpp: $(CXX) is not installed"; exit 1; \
	    else echo "skip test-cpp: $(CXX) is not installed"; fi

test-command: ## the command, with Redis servers of its own
	cd cmd/cachekit && $(GO) vet ./... && GO='$(GO)' ../../tests/go.sh ./...

test-build: ## build the library in other ways and places
	GO='$(GO)' tests/go.sh -count=1 ./tests/build/...

test-musl: ## the C tests on musl, if musl-gcc is installed
	@if command -v musl-gcc >/dev/null; then set -e; $(MAKE) CC=musl-gcc BUILD='$(BUILD)/musl'; \
	    $(MAKE) -C tests/c musl LIBRARY='$(abspath $(BUILD))/musl/libcachekit_core.so' BUILD='$(abspath $(BUILD))/musl/tests'; \
	    elif [ -n "$$CACHEKIT_NO_SKIPS" ]; then echo "musl: musl-gcc is not installed"; exit 1; \
	    else echo "musl: not run, musl-gcc is not installed"; fi

test-examples: all ## build and run the examples in every language that is installed
	GO='$(GO)' tests/go.sh -count=1 ./tests/examples/...

test-redis: all ## share entries with the Python package, and damage some, in a Redis of its own
	GO='$(GO)' tests/go.sh -count=1 ./tests/redis/...

test-hosts: all ## pre-forking servers and other hosts in Python, Ruby and PHP
	GO='$(GO)' tests/go.sh -count=1 ./tests/hosts/...

test-python: all ## the tests and types of the Python package
	@tests/python.sh '$(BUILD)'

test-ruby: all ## the tests of the gem
	@tests/ruby.sh '$(BUILD)'

# They take some 10 minutes, after which go test would give up by itself.
test-packages: ## build the wheels, gems, source and Debian packages, install them and run their READMEs' programs; have CMake, Meson and Conan find the library
	GO='$(GO)' tests/go.sh -count=1 -timeout 40m ./tests/packages/...

test-deb: ## of these, the tests of the Debian packages
	GO='$(GO)' tests/go.sh -count=1 -timeout 40m -run Debian ./tests/packages/...

.PHONY: test-race test-portable test-long test-rotation fuzz fuzz-short
test-race: ## the Go tests under the race detector
	$(GO) test -race -short $(filter-out %/lz4block,$(shell $(GO) list ./core/... ./internal/...))
	$(GO) test -race -short -run TestDeterminism ./internal/lz4block/ # the only one with goroutines

test-portable: ## the Go tests without the fast kernels, and for 386 and arm
	CACHEKIT_AES=stdlib CACHEKIT_LZ4=portable $(GO) test -count=1 -short ./core/... ./internal/...
	$(GO) test -short -tags purego,noasm ./core/... ./internal/...
	CGO_ENABLED=0 GOARCH=386 $(GO) vet ./...
	CGO_ENABLED=0 GOARCH=arm $(GO) vet ./...
	$(call test_for,386,$(if $(filter amd64,$(shell $(GO) env GOHOSTARCH)),,qemu-i386-static),./core/... ./internal/...)
	$(call test_for,arm,qemu-arm-static,-skip '$(slow_on_arm)' $(filter-out %/aesgcm %/lz4block,$(shell GOARCH=arm $(GO) list ./core/... ./internal/...)))

# Tests built for the processor $1, in the emulator $2 of qemu-user-static if this
# machine needs one; $3 says which.
test_for = @if [ -z '$2' ] || command -v '$2' >/dev/null; then set -x; \
    CGO_ENABLED=0 GOARCH=$1 $(GO) test -short $(if $2,-exec $2) $3; \
    elif [ -n "$$CACHEKIT_NO_SKIPS" ]; then echo "$1: $2 is not installed"; exit 1; \
    else echo "$1: not run, $2 is not installed"; fi

# These take most of the time there, as do the two packages that are left out, and
# 386 shows the same.
slow_on_arm = TestDamageNeverYieldsWrongData|TestAllocations|OfPlainArithmetic

test-long: ## the Go tests in their long form (about an hour)
	CACHEKIT_LONG_TESTS=1 $(GO) test -timeout 4h ./core/... ./internal/...

test-rotation: all ## 2^31 encryptions through the C library, until it asks for rotation
	$(MAKE) -C tests/c rotation $(c_tests)

FUZZTIME ?= 5m
fuzz: ## fuzz every target for FUZZTIME (default 5m) each
	tests/fuzz.sh $(FUZZTIME)

fuzz-short: ## fuzz every target with 50,000 inputs
	tests/fuzz.sh 50000x

.PHONY: bench bench-quick bench-smoke
bench: all ## compare with the Rust library, hand-glued C and, in Python, the PyPI package; writes bench/RESULTS.md (10 minutes)
	cd bench && $(GO) run . -full

bench-quick: all ## the same, shorter; writes nothing but its output (2 minutes)
	cd bench && $(GO) run . -quick

bench-smoke: all ## check that the benchmark works (seconds)
	cd bench && $(GO) test ./... && $(GO) run . -smoke

.PHONY: generate lint lint-c lint-workflows
generate: ## write the generated files again
	$(GO) generate ./core/... ./internal/... ./capi/... ./bindings/...

lint: lint-c lint-workflows ## gofmt, vet, staticcheck, govulncheck, clang-format, actionlint, zizmor
	@unformatted=$$(gofmt -l bindings cmd core capi docs examples internal packaging tests); \
	    [ -z "$$unformatted" ] || { echo "gofmt: $$unformatted"; exit 1; }
	$(GO) vet ./...
	CGO_ENABLED=0 $(GO) vet ./...
	for os in windows darwin; do CGO_ENABLED=0 GOOS=$$os $(GO) vet ./core/... ./internal/... || exit 1; done
	cd examples/go-redis && $(GO) vet ./...
	cd bench && $(GO) vet ./...
	cd cmd/cachekit && for os in linux darwin windows; do CGO_ENABLED=0 GOOS=$$os $(GO) vet ./... || exit 1; done
	$(GO) run $(STATICCHECK) ./...
	cd cmd/cachekit && $(GO) run $(STATICCHECK) ./...
	@report=$$($(GO) run $(GOVULNCHECK) ./... 2>&1) || case "$$report" in \
	    *"fetching vulnerabilities"*) report="govulncheck: left out, its database cannot be reached";; \
	    *) echo "$$report"; exit 1;; \
	    esac; echo "$$report" | tail -n 1

# actionlint reads the commands in the workflows with shellcheck too, if that is installed.
# zizmor looks for what an attacker could use.
zizmor := $(abspath $(BUILD))/zizmor
lint-workflows: ## the workflows of GitHub alone
	$(GO) run $(ACTIONLINT)
	@if [ "$$(cat '$(zizmor)/holds' 2>/dev/null)" = '$(ZIZMOR)' ] || { python3 -m venv --clear '$(zizmor)' && \
	    '$(zizmor)/bin/pip' install --quiet --no-input '$(ZIZMOR)' && echo '$(ZIZMOR)' >'$(zizmor)/holds'; }; then \
	    echo '$(ZIZMOR), the workflows'; '$(zizmor)/bin/zizmor' --offline --quiet --min-severity medium .github/workflows; \
	    elif [ -n "$$CACHEKIT_NO_SKIPS" ]; then echo "lint-workflows: $(ZIZMOR) cannot be had from PyPI"; exit 1; \
	    else echo "lint-workflows: without $(ZIZMOR), which cannot be had from PyPI"; fi

# All C but what .clang-format-ignore names.
c_sources = $(shell find bench bindings capi examples include internal packaging tests \
    -path bench/build -prune -o -path packaging/conan/test_package/build -prune -o \
    -name '*.[ch]' -print -o -name '*.cc' -print -o -name '*.[ch]pp' -print)

lint-c: ## clang-format, for the C alone
	@if '$(CLANG_FORMAT)' --version 2>/dev/null | grep -q ' version $(CLANG_FORMAT_MAJOR)\.'; then \
	    echo '$(CLANG_FORMAT) --dry-run --Werror, all C'; '$(CLANG_FORMAT)' --dry-run --Werror $(c_sources); \
	    else why="there is no clang-format $(CLANG_FORMAT_MAJOR) (pip install 'clang-format==$(CLANG_FORMAT_MAJOR).*', or say CLANG_FORMAT=)"; \
	    if [ -n "$$CACHEKIT_NO_SKIPS" ]; then echo "lint-c: $$why"; exit 1; \
	    else echo "lint-c: not run, $$why"; fi; fi

include packaging/packages.mk packaging/windows.mk packaging/macos.mk packaging/packages_windows_macos.mk packaging/dist.mk packaging/deb.mk
include $(wildcard tests/windows.mk tests/arm64.mk docs/site/site.mk) # which a package with the sources leaves out

.PHONY: install
install: $(if $(linker),all,built) ## install library, headers, files for pkg-config and CMake, and the archive if it was built (PREFIX, LIBDIR, DESTDIR)
	install -d '$(DESTDIR)$(LIBDIR)/pkgconfig' '$(DESTDIR)$(LIBDIR)/cmake/cachekit_core' '$(DESTDIR)$(INCLUDEDIR)'
	install -m 755 $(library) '$(DESTDIR)$(LIBDIR)/'
	$(if $(filter-out $(soname),$(notdir $(library))),ln -sf $(notdir $(library)) '$(DESTDIR)$(LIBDIR)/$(soname)')
	ln -sf $(soname) '$(DESTDIR)$(LIBDIR)/$(notdir $(shared))'
	$(if $(wildcard $(archive)),install -m 644 $(archive) '$(DESTDIR)$(LIBDIR)/')
	install -m 644 include/cachekit.h include/cachekit.hpp '$(BUILD)/cachekit_ffi.h' '$(DESTDIR)$(INCLUDEDIR)/'
	$(filled) $(pc_system) packaging/cachekit_core.pc.in > '$(DESTDIR)$(LIBDIR)/pkgconfig/cachekit_core.pc'
	for file in $(cmake_files); do \
	    $(filled) "packaging/cmake/$$file.in" > '$(DESTDIR)$(LIBDIR)/cmake/cachekit_core'/$$file || exit 1; done
	$(new_libraries)

cmake_files := cachekit_core-config.cmake cachekit_core-config-version.cmake

# In a file for pkg-config, folders below the prefix follow it.
below   = $(subst <$(PREFIX)/,$${prefix}/,<$1)
literal = $(subst |,\|,$(subst &,\&,$(subst \,\\,$1)))
filled  = sed -e 's|@PREFIX@|$(call literal,$(PREFIX))|' -e 's|@LIBDIR@|$(call literal,$(subst <,,$(call below,$(LIBDIR))))|' \
    -e 's|@INCLUDEDIR@|$(call literal,$(subst <,,$(call below,$(INCLUDEDIR))))|' \
    -e 's|@ABSOLUTE_INCLUDEDIR@|$(call literal,$(INCLUDEDIR))|' -e 's|@VERSION@|$(version)|'

# The loader of Linux keeps a list of the libraries of the system.
new_libraries = @[ -n '$(DESTDIR)' ] || ldconfig 2>/dev/null || true

.PHONY: install-cachekit
install-cachekit: $(if $(linker),cachekit) ## install the command and its manual pages (PREFIX, DESTDIR)
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/man/man1'
	install -m 755 '$(BUILD)/cachekit' '$(DESTDIR)$(PREFIX)/bin/'
	install -m 644 '$(BUILD)'/man/*.1 '$(DESTDIR)$(PREFIX)/share/man/man1/'

.PHONY: built
built:
	@[ "$$(head -n 1 '$(BUILD)/config')" = '$(CC)' ] || { echo "make: the library was built with" \
	    "CC=$$(head -n 1 '$(BUILD)/config'): say so to make install too, or run make first"; exit 1; }

.PHONY: uninstall
uninstall: ## remove what install put there
	rm -f '$(DESTDIR)$(LIBDIR)/$(notdir $(shared))' '$(DESTDIR)$(LIBDIR)/$(soname)' \
	    '$(DESTDIR)$(LIBDIR)/$(notdir $(library))' '$(DESTDIR)$(LIBDIR)/$(notdir $(archive))' \
	    '$(DESTDIR)$(INCLUDEDIR)/cachekit.h' '$(DESTDIR)$(INCLUDEDIR)/cachekit.hpp' \
	    '$(DESTDIR)$(INCLUDEDIR)/cachekit_ffi.h' \
	    '$(DESTDIR)$(LIBDIR)/pkgconfig/cachekit_core.pc' \
	    '$(DESTDIR)$(PREFIX)/bin/cachekit' '$(DESTDIR)$(PREFIX)'/share/man/man1/cachekit*.1
	rm -rf '$(DESTDIR)$(LIBDIR)/cmake/cachekit_core'
	$(new_libraries)

.PHONY: clean
clean: ## remove what was built
	rm -rf '$(BUILD)'

.PHONY: help
help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
