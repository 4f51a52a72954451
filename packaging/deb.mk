# The Debian packages, and the source package that they are built from. It holds the Go modules,
# so that dpkg-buildpackage needs no network.

# For another processor, by Debian's cross compiler: DEB_ARCH=arm64.
DEB_ARCH ?=
deb      := $(build)/deb$(DEB_ARCH:%=-%)
deb_tree := $(deb)/cachekit-core-$(version)

.PHONY: deb-source deb
deb-source: ## the source package for Debian, in build/deb
	@for tool in dpkg-buildpackage dh; do command -v $$tool >/dev/null || { \
	    echo "make: there is no $$tool, which builds Debian packages: install dpkg-dev and debhelper"; exit 1; }; done
	@rm -rf '$(deb)'
	@packaging/source.sh '$(deb_tree)' $(released)
	@cp -R packaging/debian '$(deb_tree)/debian' && chmod -R u=rwX,go=rX '$(deb_tree)'
	@$(deb_times) && cd '$(deb)' && find . -exec touch -h -d "@$$SOURCE_DATE_EPOCH" {} + && \
	    tar -cf orig.tar --exclude='$(notdir $(deb_tree))/debian' --sort=name --owner=0 --group=0 --numeric-owner '$(notdir $(deb_tree))' && \
	    xz -T1 <orig.tar >'cachekit-core_$(version).orig.tar.xz' && rm orig.tar && dpkg-source -b '$(notdir $(deb_tree))' >/dev/null

# Times are that of the changelog, not those of the packages for Python and Ruby.
deb_times = export SOURCE_DATE_EPOCH=$$(dpkg-parsechangelog -l packaging/debian/changelog -S Timestamp)

# The Go that make uses builds them. No Debian has one as new, so dpkg-buildpackage is not to
# ask for it (-d).
deb: deb-source ## the Debian packages, in build/deb, or for DEB_ARCH=arm64 in build/deb-arm64 (debhelper)
	@$(deb_times) && cd '$(deb_tree)' && MAKEFLAGS= MFLAGS= MAKELEVEL= \
	    GO="$$($(GO) env GOROOT)/bin/go" GOCACHE="$$($(GO) env GOCACHE)" dpkg-buildpackage -us -uc -d $(DEB_ARCH:%=-Pcross,nocheck -a%)
	@rm -rf '$(deb_tree)'
