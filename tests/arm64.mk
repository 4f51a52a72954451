# What is tested of the library on arm64, in the emulator qemu-user. It runs on the memory order
# of this machine: what only the weaker order of arm64 shows, it does not.

ARM64_CC  ?= aarch64-linux-gnu-gcc
ARM64_CXX ?= aarch64-linux-gnu-g++
arm64_emulator = $(shell command -v qemu-aarch64-static)
arm64     := $(BUILD)/arm64
# The one in the wheels and gems.
arm64_lib := $(abspath $(BUILD))/portable/aarch64/libcachekit_core.so
# Where the emulated programs find their C library.
arm64_libc = $(shell $(ARM64_CC) -print-file-name=libc.so.6 | sed 's|/lib/libc.so.6$$||')

.PHONY: test-arm64 emulated
test-arm64: ## C, C++ and Go tests on arm64, if its compilers and qemu-user-static are installed
	@lack=$$(for p in qemu-aarch64-static '$(ARM64_CC)' '$(ARM64_CXX)'; do command -v "$$p" >/dev/null || echo "$$p is not installed"; done); \
	    if [ -z "$$lack" ]; then $(MAKE) --no-print-directory emulated; \
	    elif [ -n "$$CACHEKIT_NO_SKIPS" ]; then echo "arm64:" $$lack; exit 1; \
	    else echo "arm64: not run:" $$lack; fi

emulated: export CHECK_EMULATOR = $(arm64_emulator)
emulated: export QEMU_LD_PREFIX = $(arm64_libc)
emulated: portable-aarch64
	@$(MAKE) -s -C tests/c arm64 CC='$(ARM64_CC)' LIBRARY='$(arm64_lib)' BUILD='$(abspath $(arm64))/c'
	@mkdir -p '$(arm64)/cpp' && GOARCH= $(GO) run ./tests/cpp/rows >'$(arm64)/cpp/rows.txt'
	@$(MAKE) -s -C tests/cpp run found=cxx sanitize= CXX='$(ARM64_CXX)' RUN='$(arm64_emulator)' LIBRARY='$(arm64_lib)' BUILD='$(abspath $(arm64))/cpp'
	@$(MAKE) -s CC='$(ARM64_CC)' GOARCH=arm64 BUILD='$(arm64)/gcc' static
	$(ARM64_CC) $(cflags) -pthread $(arm64_static) -o '$(arm64)/quickstart' examples/c/quickstart.c '$(arm64)/gcc/libcachekit_core.a'
	'$(arm64_emulator)' '$(arm64)/quickstart'
	CGO_ENABLED=0 GOARCH=arm64 $(GO) vet ./...
	$(go_on_arm64) -skip '$(slow_on_arm64)' ./core/... ./internal/...
	cd cmd/cachekit && $(go_on_arm64) -skip '$(left_out_of_command)' ./...

# GNU ld 2.40 crashes on the archive when it looks for an erratum of the Cortex-A53, which
# Debian's gcc has it do.
arm64_static = -mno-fix-cortex-a53-843419

# Programs that tests look for and that are for this machine would make a test fail there.
go_on_arm64 = CACHEKIT_NO_SKIPS= CGO_ENABLED=0 GOARCH=arm64 $(GO) test -short -exec '$(arm64_emulator)'

# These take most of the time there. The encoders have no code for arm64 alone, and 386 runs them.
slow_on_arm64 = TestDamageNeverYieldsWrongData|TestAllocations|TestGuardPagesEncoders|TestLevels$$|TestRoundTrip$$|TestSteadyStateAllocatesNothing

# These run the command as a program, which only an emulator could.
left_out_of_command = TestReadmeRuns|TestOperationsRun|TestResealIsInterrupted|TestResealIsKilledAmidWrites|TestOnATerminal

.PHONY: instructions-arm64
counted := $(abspath $(arm64))/instructions
peers   := $(counted)/peers/root/usr/lib/aarch64-linux-gnu

instructions-arm64: portable-aarch64 ## count the instructions of calls on arm64, beside Debian's liblz4, libxxhash and OpenSSL; writes bench/results/instructions-arm64.md
	@[ -f '$(peers)/libcrypto.so.3' ] || bench/instructions/peers.sh '$(counted)/peers'
	$(ARM64_CC) $(cflags) -D_GNU_SOURCE -pthread -o '$(counted)/harness' bench/harness/*.c -ldl
	$(ARM64_CC) $(cflags) -D_GNU_SOURCE -fPIC -shared -idirafter /usr/include -idirafter /usr/include/$$(gcc -print-multiarch) \
	    -o '$(counted)/libhand.so' bench/peers/hand/hand.c $(addprefix '$(peers)/,liblz4.so.1' libxxhash.so.0' libcrypto.so.3') \
	    -Wl,--allow-shlib-undefined -Wl,-rpath,'$(peers)'
	cd bench && QEMU_LD_PREFIX='$(arm64_libc)' $(GO) run ./instructions '$(counted)/harness' '$(arm64_lib)' '$(counted)/libhand.so'
