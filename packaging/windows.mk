# The library for Windows on x86-64, built on Linux by mingw-w64.

WINDOWS_CC ?= x86_64-w64-mingw32-gcc
windows    := $(BUILD)/windows/amd64
dll        := $(windows)/libcachekit_core.dll
windows_go  = CC='$(WINDOWS_CC)' CGO_ENABLED=1 GOOS=windows GOARCH=amd64

.PHONY: windows
windows: $(dll) $(windows)/libcachekit_core.dll.a ## build the DLL for Windows, its import library and its .def into build/windows/amd64 (mingw-w64)

# What the DLL exports. Microsoft's lib makes an import library from it.
$(windows)/libcachekit_core.def: include/cachekit.h packaging/names.sh $(windows)/config
	@names=$$(packaging/names.sh include/cachekit.h) && printf '%s\n' 'LIBRARY libcachekit_core.dll' EXPORTS $$names >'$@'

# The names of its members and symbols are made from these options.
$(windows)/libcachekit_core.dll.a: $(windows)/libcachekit_core.def
	@cd '$(@D)' && "$$($(WINDOWS_CC) -print-prog-name=dlltool)" --deterministic-libraries --temp-prefix cachekit \
	    -m i386:x86-64 -d $(<F) -l $(@F)

# Go's linker exports all Go functions that C can call, unless it is told to export
# everything; the flag behind it takes that back, and what the .def names is left.
# With libgcc inside, the DLL needs none but those of Windows.
windows_link = -static-libgcc -Wl,--export-all-symbols -Wl,--exclude-all-symbols \
    \"$(abspath $(windows))/libcachekit_core.def\"

$(dll): $(go_sources) include/cachekit.h $(windows)/libcachekit_core.def $(windows)/config
	@$(windows_go) CGO_CFLAGS="$$($(GO) env CGO_CFLAGS) $(header_sum)" \
	    $(GO) build -buildmode=c-shared -trimpath -buildvcs=false \
	    -ldflags "$(omit) -buildid= $(call load_godebug,$(windows_go)) '-extldflags=$(windows_link)'" -o '$@' ./capi
	@rm -f '$(basename $@).h'

$(windows)/config: packaging/windows.mk always
	@mkdir -p '$(@D)'
	@command -v '$(firstword $(WINDOWS_CC))' >/dev/null || { echo \
	    "make: there is no C compiler \"$(WINDOWS_CC)\": install mingw-w64 (Debian: gcc-mingw-w64-x86-64), or say make WINDOWS_CC="; exit 1; }
	@{ cksum packaging/windows.mk; $(WINDOWS_CC) --version | head -n 1; $(GO) version; \
	    $(windows_go) $(GO) env CC GOAMD64 GOFLAGS GOEXPERIMENT CGO_CFLAGS CGO_LDFLAGS; } >'$@.new'
	@cmp -s '$@.new' '$@' && rm '$@.new' || mv '$@.new' '$@'
