# The packages for Python and Ruby on Windows and macOS. Those for Python are without the C
# extension, which would have to be linked with a Python of that system.

SYSTEMS := windows macos-arm64 macos-x86_64

library_windows      = $(abspath $(dll))
library_macos-arm64  = $(build)/macos/arm64/libcachekit_core.dylib
library_macos-x86_64 = $(build)/macos/x86_64/libcachekit_core.dylib
wheel_windows       := win_amd64
wheel_macos-arm64   := macosx_13_0_arm64
wheel_macos-x86_64  := macosx_13_0_x86_64
gem_windows         := x64-mingw-ucrt
gem_macos-arm64     := arm64-darwin
gem_macos-x86_64    := x86_64-darwin

.PHONY: wheels gems $(foreach s,$(SYSTEMS),system-$s wheel-$s gem-$s)
wheels: wheel $(addprefix wheel-,$(SYSTEMS)) ## the wheels for Linux, Windows and macOS, in build/wheels
gems: gem $(addprefix gem-,$(SYSTEMS)) ## the gems for Linux, Windows and macOS, in build/gems

# The library as it goes into packages, with what it is made of.
$(addprefix system-,$(SYSTEMS)): system-%: %
	@rm -rf '$(build)/system/$*' && mkdir -p '$(build)/system/$*/contents'
	@cp -L '$(library_$*)' '$(build)/system/$*/'
	@$(GO) run ./packaging/contents '$(library_$*)' '$(version)' '$(build)/system/$*/contents'
	@chmod -R u=rwX,go=rX '$(build)/system/$*'

$(addprefix wheel-,$(SYSTEMS)): wheel-%: sdist system-%
	@$(call wheel_tree,$*)
	@umask 022 && cd '$(build)/wheel/$*' && CACHEKIT_CORE_LIBRARY='$(build)/system/$*' CACHEKIT_CORE_PLATFORM=$(wheel_$*) $(wheel_build)

$(addprefix gem-,$(SYSTEMS)): gem-%: tree system-%
	@$(call gem_tree,$(build)/gem/$*)
	@$(call gem_library,$(library_$*),$(build)/system/$*/contents)
	@cd '$(build)/gem/$*' && export CACHEKIT_CORE_PLATFORM=$(gem_$*) && $(call gem_build,-$(gem_$*))
