# What is tested of the library for Windows, under wine.

wine      := $(BUILD)/windows/wine
programs  := $(windows)/programs

.PHONY: test-windows windows-programs under-wine with-server
test-windows: ## the C tests, a C example and Go tests on Windows, if mingw-w64 and wine are installed
	@lack=$$(for p in wine unzip '$(firstword $(WINDOWS_CC))'; do command -v "$$p" >/dev/null || echo "$$p is not installed"; done); \
	    if [ -z "$$lack" ]; then $(MAKE) --no-print-directory under-wine; \
	    elif [ -n "$$CACHEKIT_NO_SKIPS" ]; then echo "windows: $$lack"; exit 1; \
	    else echo "windows: not run, $$lack"; fi

# Of the other packages of internal, those of need make folders, which Go cannot remove
# under wine 8; those of setting set variables that are no UTF-8; those of document and
# memory would take most of the time, and nothing in these two depends on the system.
# Some tests run gcc or go, which are no programs for Windows: they skip themselves.
go_on_windows := ./core/... $(addprefix ./internal/,aesgcm batch codes crypt envelope exposition lz4block meter msgpack registers)

c_on_windows = $(MAKE) -C tests/c CC='$(WINDOWS_CC)' LIBRARY='$(abspath $(dll))' BUILD='$(abspath $(programs))'

windows-programs: windows $(programs)/quickstart.exe $(programs)/loading.exe ## build the DLL and the C tests, to be run on Windows, into build/windows/amd64/programs
	@cp '$(dll)' '$(programs)/'
	$(c_on_windows) windows-programs

under-wine: windows-programs dist-windows-x86_64 $(wine)/ready
	@tests/windows/server.sh '$(abspath $(wine))' $(MAKE) --no-print-directory with-server

with-server:
	tests/windows/wine.sh '$(programs)/quickstart.exe'
	tests/windows/wine.sh '$(programs)/loading.exe'
	CC='$(WINDOWS_CC)' tests/windows/unpacked.sh '$(call dist_tree,windows-x86_64).zip'
	$(c_on_windows) windows
	CACHEKIT_NO_SKIPS= CGO_ENABLED=0 GOOS=windows GOARCH=amd64 $(GO) test -short -exec '$(CURDIR)/tests/windows/wine.sh' $(go_on_windows)

$(programs)/%.exe: examples/c/%.c $(windows)/libcachekit_core.dll.a include/cachekit.h
	@mkdir -p '$(@D)'
	$(WINDOWS_CC) $(cflags) -o '$@' $< -L'$(windows)' -lcachekit_core

$(programs)/%.exe: tests/windows/%.c include/cachekit.h
	@mkdir -p '$(@D)'
	$(WINDOWS_CC) $(cflags) -o '$@' $<

# Wine's own files, 700 MB, with a library that Go asks for.
$(wine)/ready: tests/windows/bcryptprimitives.c
	@rm -rf '$(wine)' && mkdir -p '$(wine)'
	@WINEPREFIX='$(abspath $(wine))' WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml=' wineboot --init >'$(wine).log' 2>&1 || { cat '$(wine).log'; exit 1; }
	@$(WINDOWS_CC) -O2 -shared -o '$(wine)/drive_c/windows/system32/bcryptprimitives.dll' $< -ladvapi32
	@touch '$@'
