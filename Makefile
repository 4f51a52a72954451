# make help lists the commands.

version := $(shell sed -n 's/^.define CACHEKIT_VERSION_STRING "\(.*\)"/\1/p' include/cachekit.h)
soname  := libcachekit_core.so.$(firstword $(subst ., ,$(version)))
library := build/libcachekit_core.so.$(version)

PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DESTDIR    ?=
CC         ?= cc
GO         ?= go

warnings := -Wall -Wextra -Wpedantic -Wconversion -Werror
cflags   := -std=c11 -O2 $(warnings) -Iinclude
# Programs built here find the library where it was built.
links    := -Lbuild -lcachekit_core -Wl,-rpath,'$$ORIGIN'

go_sources := $(shell find core capi -name '*.go' -o -name '*.s' -o -name '*.[ch]' -o -name '*.map' -o -name '*.ld') go.mod go.sum

# Go's build cache does not look into include/, but at flags: this one, which
# nothing reads, makes it compile again after a change of the header.
header_sum = -DCACHEKIT_HEADER_SUM=$(firstword $(shell cksum < include/cachekit.h))

link_flags = -Wl,-soname,$(soname),--no-undefined \"-Wl,--version-script=$(CURDIR)/capi/link/exports.map\" \"-Wl,-T,$(CURDIR)/capi/link/lazy.ld\" -Wl,--wrap=nanosleep

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: all
all: build/libcachekit_core.so ## build the library into build/

$(library): $(go_sources) include/cachekit.h
	@mkdir -p build
	CGO_ENABLED=1 CGO_CFLAGS="$$($(GO) env CGO_CFLAGS) $(header_sum)" \
	    $(GO) build -buildmode=c-shared -trimpath \
	    -ldflags "-s -w -buildid= '-extldflags=$(link_flags)'" -o $@ ./capi
	@rm -f build/libcachekit_core.so.$(basename $(version)).h $(basename $@).h

build/libcachekit_core.so: $(library)
	@ln -sf $(notdir $(library)) build/$(soname)
	@ln -sf $(soname) $@

.PHONY: example
example: build/quickstart build/pipeline ## build and run the C examples
	build/quickstart
	build/pipeline

build/%: examples/c/%.c build/libcachekit_core.so include/cachekit.h
	$(CC) $(cflags) -o $@ $< $(links)

build/redis_share: examples/c/redis_share.c examples/c/json_msgpack.h build/libcachekit_core.so include/cachekit.h
	$(CC) $(cflags) $$(pkg-config --cflags hiredis) -o $@ $< $(links) $$(pkg-config --libs hiredis)

.PHONY: test test-go test-c test-musl test-examples test-redis test-hosts
test: test-go test-c test-examples test-redis test-hosts ## run every test (a few minutes)

test-go: ## the Go tests
	$(GO) vet ./...
	GO='$(GO)' tests/go.sh ./core/... ./capi/...

test-c: all ## the C tests
	$(MAKE) -C tests/c check

# Go's c-shared crashes at load on musl; ours starts Go itself.
test-musl: all ## the C tests on musl, if musl-gcc is installed
	@if command -v musl-gcc >/dev/null; then $(MAKE) -C tests/c musl; \
	    elif [ -n "$$CACHEKIT_NO_SKIPS" ]; then echo "musl: musl-gcc is not installed"; exit 1; \
	    else echo "musl: not run, musl-gcc is not installed"; fi

test-examples: all ## build and run the examples in every language that is installed
	GO='$(GO)' tests/go.sh -count=1 ./tests/examples/...

test-redis: all ## share entries with the Python package through a Redis of its own
	GO='$(GO)' tests/go.sh -count=1 ./tests/redis/...

test-hosts: all ## pre-forking servers and other hosts in Python and Ruby
	GO='$(GO)' tests/go.sh -count=1 ./tests/hosts/...

.PHONY: test-race test-portable test-long test-rotation fuzz fuzz-short
test-race: ## the Go tests under the race detector
	$(GO) test -race -short ./core/...

# An emulator runs what this machine cannot: qemu-user-static.
test-portable: ## the Go tests without the fast kernels, and for arm64
	CACHEKIT_AES=stdlib CACHEKIT_LZ4=portable $(GO) test -count=1 -short ./core/...
	$(GO) test -short -tags purego,noasm ./core/...
	GOARCH=arm64 $(GO) vet ./core/...
	GOARCH=386 $(GO) vet ./core/...
	@if command -v qemu-aarch64-static >/dev/null; then set -x; \
	    GOARCH=arm64 CGO_ENABLED=0 $(GO) test -short -exec qemu-aarch64-static ./core/...; \
	    else echo "arm64: not run, qemu-aarch64-static is not installed"; fi

test-long: ## the Go tests in their long form (about an hour)
	CACHEKIT_LONG_TESTS=1 $(GO) test -timeout 4h ./core/...

test-rotation: all ## 2^31 encryptions through the C library, until it asks for rotation
	$(MAKE) -C tests/c rotation

FUZZTIME ?= 5m
fuzz: ## fuzz every target for FUZZTIME (default 5m) each
	tests/fuzz.sh $(FUZZTIME)

fuzz-short: ## fuzz every target with 50,000 inputs
	tests/fuzz.sh 50000x

.PHONY: bench bench-quick bench-smoke
bench: all ## compare with the Rust library and with hand-glued C; writes bench/RESULTS.md (8 minutes)
	cd bench && $(GO) run . -full

bench-quick: all ## the same, shorter; writes nothing but its output (2 minutes)
	cd bench && $(GO) run . -quick

bench-smoke: all ## check that the benchmark works (seconds)
	cd bench && $(GO) test ./... && $(GO) run . -smoke

.PHONY: generate lint
generate: ## write the generated files again
	$(GO) generate ./core/... ./capi/...

lint: ## gofmt, vet, staticcheck, govulncheck
	@unformatted=$$(gofmt -l core capi examples tests); \
	    [ -z "$$unformatted" ] || { echo "gofmt: $$unformatted"; exit 1; }
	$(GO) vet ./...
	cd examples/go-redis && $(GO) vet ./...
	cd bench && $(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	@report=$$($(GO) run $(GOVULNCHECK) ./... 2>&1) || case "$$report" in \
	    *"fetching vulnerabilities"*) report="govulncheck: left out, its database cannot be reached";; \
	    *) echo "$$report"; exit 1;; \
	    esac; echo "$$report" | tail -n 1

.PHONY: install
install: all ## install library, header and pkg-config file (PREFIX, LIBDIR, DESTDIR)
	install -d '$(DESTDIR)$(LIBDIR)/pkgconfig' '$(DESTDIR)$(INCLUDEDIR)'
	install -m 755 $(library) '$(DESTDIR)$(LIBDIR)/'
	ln -sf $(notdir $(library)) '$(DESTDIR)$(LIBDIR)/$(soname)'
	ln -sf $(soname) '$(DESTDIR)$(LIBDIR)/libcachekit_core.so'
	install -m 644 include/cachekit.h '$(DESTDIR)$(INCLUDEDIR)/'
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
	    -e 's|@VERSION@|$(version)|' packaging/cachekit_core.pc.in \
	    > '$(DESTDIR)$(LIBDIR)/pkgconfig/cachekit_core.pc'
	@[ -n '$(DESTDIR)' ] || ldconfig 2>/dev/null || true

.PHONY: uninstall
uninstall: ## remove what install put there
	rm -f '$(DESTDIR)$(LIBDIR)/libcachekit_core.so' '$(DESTDIR)$(LIBDIR)/$(soname)' \
	    '$(DESTDIR)$(LIBDIR)/$(notdir $(library))' '$(DESTDIR)$(INCLUDEDIR)/cachekit.h' \
	    '$(DESTDIR)$(LIBDIR)/pkgconfig/cachekit_core.pc'

.PHONY: clean
clean: ## remove what was built
	rm -rf build

.PHONY: help
help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
