# The packages for Python and Ruby, and the tests of both.

WHEEL_ARCH ?= x86_64 aarch64
goarch_x86_64  := amd64
goarch_aarch64 := arm64
# The oldest glibc that prebuilt libraries run with; zig has what is needed to link
# against it.
glibc := 2.17
# Times in packages; zip begins in 1980.
SOURCE_DATE_EPOCH ?= 315532800
export SOURCE_DATE_EPOCH

build  := $(abspath $(BUILD))
tools  := $(build)/packaging
zig_cc  = $(CURDIR)/packaging/zig-cc $1-linux-gnu.$(glibc)
# For recipes that compile with zig.
with_zig = ZIG="$$('$(tools)/bin/python' -c 'import os, ziglang; print(os.path.join(os.path.dirname(ziglang.__file__), "zig"))')" \
    ZIG_GLOBAL_CACHE_DIR='$(tools)/zig' ZIG_LOCAL_CACHE_DIR='$(tools)/zig'

$(tools)/complete: packaging/requirements.txt
	@python3 -m venv --clear '$(tools)' || { echo "make: packages need python3 with venv (python3-venv)"; exit 1; }
	@'$(tools)/bin/python' -m pip install --quiet --no-input --only-binary :all: -r $< || \
	    { echo "make: what $< asks for cannot be had from PyPI"; exit 1; }
	@touch '$@'

# What the library is made of, and its licences.
.PHONY: contents
contents: $(BUILD)/contents/cachekit_core.cdx.json
$(BUILD)/contents/cachekit_core.cdx.json: $(library) packaging/contents/main.go
	@rm -rf '$(@D)' && mkdir -p '$(@D)'
	@GOARCH= GOOS= CGO_ENABLED=0 $(GO) run ./packaging/contents '$(library)' '$(version)' '$(@D)'
	@chmod -R u=rwX,go=rX '$(@D)'

# The library for one processor, as it goes into packages.
.PHONY: $(addprefix portable-,$(WHEEL_ARCH))
$(addprefix portable-,$(WHEEL_ARCH)): portable-%: $(tools)/complete
	@$(with_zig) $(MAKE) --no-print-directory CC='$(call zig_cc,$*)' GOARCH=$(goarch_$*) BUILD='$(build)/portable/$*' \
	    '$(build)/portable/$*/libcachekit_core.so' '$(build)/portable/$*/cachekit_ffi.h' contents
	@packaging/floor.sh $(glibc) '$(build)/portable/$*/libcachekit_core.so'

# The source of the library and the packages, without what lies around in this tree.
.PHONY: tree
tree: $(tools)/complete
	@rm -rf '$(build)/tree'
	@packaging/source.sh '$(build)/tree'
	@mkdir '$(build)/tree/bindings'
	@tar cf - --exclude=__pycache__ --exclude='*.egg-info' --exclude='*.so' --exclude=bindings/python/build \
	    bindings/python bindings/ruby | tar xf - -C '$(build)/tree'

.PHONY: sdist
sdist: tree ## the source package for Python, in build/wheels
	@mkdir -p '$(build)/wheels'
	@cd '$(build)/tree/bindings/python' && '$(tools)/bin/python' setup.py -q sdist --dist-dir '$(build)/wheels'

# $1 is the platform, whose folder has the source package for a wheel; and what builds it there.
wheel_tree  = rm -rf '$(build)/wheel/$1' && mkdir -p '$(build)/wheel/$1' && umask 022 && \
    tar xf '$(build)/wheels/cachekit_core-$(version).tar.gz' -C '$(build)/wheel/$1' --strip-components=1
wheel_build = '$(tools)/bin/python' -m pip wheel --quiet --no-build-isolation --no-index --no-deps --wheel-dir '$(build)/wheels' .

.PHONY: wheel
wheel: $(addprefix wheel-,$(WHEEL_ARCH)) ## the wheels for x86_64 and aarch64 (or WHEEL_ARCH), in build/wheels

.PHONY: $(addprefix wheel-,$(WHEEL_ARCH))
$(addprefix wheel-,$(WHEEL_ARCH)): wheel-%: sdist portable-%
	@$(call wheel_tree,$*)
	@umask 022 && cd '$(build)/wheel/$*' && $(with_zig) CC='$(call zig_cc,$*)' LDSHARED='$(call zig_cc,$*) -shared' \
	    CFLAGS="-I$$('$(tools)/bin/python' '$(CURDIR)/packaging/python_headers.py' $* '$(build)/wheel/$*/headers')" \
	    CACHEKIT_CORE_LIBRARY='$(build)/portable/$*' \
	    CACHEKIT_CORE_PLATFORM=manylinux_$(subst .,_,$(glibc))_$*.manylinux2014_$* \
	    $(wheel_build)
	@packaging/floor.sh $(glibc) '$(build)/wheel/$*'/build/lib*/cachekit_core/*.so

.PHONY: gem
gem: gem-source $(addprefix gem-,$(WHEEL_ARCH)) ## the gems: with the source, and for x86_64 and aarch64, in build/gems

# $1 is the folder for one gem, or the library that it gets, and $2 what that is made of; what
# builds a gem has its platform in the environment.
gem_tree  = rm -rf '$1' && mkdir -p '$1' '$(build)/gems' && cp -RL '$(build)/tree/bindings/ruby/.' '$1'
gem_library = cp -L '$1' '$(build)/gem/$*/lib/cachekit_core/' && cp -R '$2' '$(build)/gem/$*/' && \
    mkdir '$(build)/gem/$*/include' && cp include/cachekit.h '$(build)/gem/$*/include/'
gem_build = chmod -R u=rwX,go=rX . && gem build --quiet --strict --output '$(build)/gems/cachekit_core-$(version)$1.gem' cachekit_core.gemspec

.PHONY: gem-source
gem-source: tree
	@$(call gem_tree,$(build)/gem/source)
	@'$(build)/tree/packaging/source.sh' '$(build)/gem/source/source'
	@cd '$(build)/gem/source' && $(gem_build)

.PHONY: $(addprefix gem-,$(WHEEL_ARCH))
$(addprefix gem-,$(WHEEL_ARCH)): gem-%: tree portable-%
	@$(call gem_tree,$(build)/gem/$*)
	@$(call gem_library,$(build)/portable/$*/libcachekit_core.so,$(build)/portable/$*/contents)
	@cd '$(build)/gem/$*' && export CACHEKIT_CORE_PLATFORM=$*-linux-gnu && $(call gem_build,-$*-linux-gnu)
