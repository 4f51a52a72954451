# The tools of a build: which Go, which C compiler, which linker; one line that
# says what to do where one is missing.

ifeq ($(shell command -v $(GO)),)
$(error there is no "$(GO)": install Go 1.26 or later from https://go.dev/dl, or say make GO=/path/to/go)
endif
ifeq ($(shell command -v $(firstword $(CC))),)
$(error there is no C compiler "$(firstword $(CC))": install gcc or clang, or say make CC=/path/to/cc)
endif

# The toolchain that go.mod names, fetched by the local Go like a module. Where
# it cannot be had, the local one. Another one: make GOTOOLCHAIN=go1.26.0, or the
# variable in the environment; "local" there is what many images set, and is no
# wish for one.
newest := $(shell sed -n 's/^toolchain //p' go.mod)
ifneq ($(origin GOTOOLCHAIN),command line)
ifneq ($(filter-out local auto,$(GOTOOLCHAIN)),)
else ifneq ($(shell GOTOOLCHAIN=$(newest) $(GO) version 2>/dev/null),)
GOTOOLCHAIN := $(newest)
else
GOTOOLCHAIN := local
$(info make: $(newest) cannot be fetched; building with $(shell GOTOOLCHAIN=local $(GO) version))
endif
endif
export GOTOOLCHAIN

unfit := $(shell $(GO) list -m 2>&1 | grep 'requires go')
ifneq ($(unfit),)
$(error $(unfit): install Go $(shell sed -n 's/^go //p' go.mod) or later from https://go.dev/dl)
endif

ifeq ($(SYSTEM),Darwin)
# There is no other.
linker := ld64
else
# The linker must understand the additions in capi/link: gold and mold do not.
linker := $(firstword $(foreach l,bfd lld,$(shell $(CC) -fuse-ld=$l -Wl,--version >/dev/null 2>&1 && echo $l)))
ifeq ($(linker),)
$(error "$(CC)" finds neither GNU ld nor lld: install binutils or lld)
endif
endif

# Of the same target as the compiler.
NM      := $(shell $(CC) -print-prog-name=nm)
READELF := $(shell $(CC) -print-prog-name=readelf)
# The static archive alone needs these, so other commands do not ask for them.
LD       = $(shell $(CC) -print-prog-name=ld)
AR       = $(shell $(CC) -print-prog-name=ar)
OBJCOPY  = $(shell $(CC) -print-prog-name=objcopy)
