package main

// #include "ckgo.h"
import "C"

import (
	"fmt"
	"runtime"

	"github.com/cachekit-go/cachekit-core/internal/aesgcm"
	"github.com/cachekit-go/cachekit-core/internal/lz4block"
)

// ckgo_start is the first call. It returns when Go and every package is ready.
//
//export ckgo_start
func ckgo_start() C.int { return C.CACHEKIT_OK }

//export ckgo_build_info
func ckgo_build_info(out *C.char, capacity C.size_t) (result C.int) {
	defer recovered(&result)
	info := fmt.Sprintf("%s %s/%s aes=%s%s lz4=%s%s", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		aesgcm.Path(), remark(aesgcm.Warning()), lz4block.Path(), remark(lz4block.Warning()))
	to := chars(out, capacity)
	n := copy(to[:len(to)-1], info)
	to[n] = 0
	return C.CACHEKIT_OK
}

func remark(warning string) string {
	if warning == "" {
		return ""
	}
	return " (" + warning + ")"
}

//export ckgo_hardware_accelerated
func ckgo_hardware_accelerated() (result C.int) {
	defer recovered(new(C.int))
	if aesgcm.Accelerated() {
		return 1
	}
	return 0
}
