module github.com/cachekit-go/cachekit-core

go 1.26.0

toolchain go1.27.4

require (
	github.com/mattn/go-pointer v0.0.1
	github.com/pierrec/lz4/v4 v4.1.33
	github.com/zeebo/xxh3 v1.1.0
	golang.org/x/crypto v0.58.0
	golang.org/x/sys v0.49.0
)

require github.com/klauspost/cpuid/v2 v2.2.10
