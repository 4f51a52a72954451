package build

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/cachekit-go/cachekit-core/bench/internal/results"
)

// Machine describes this one: processor, kernel and compilers, no names of hosts or users.
func Machine() results.Machine {
	m := results.Machine{CPUs: runtime.NumCPU(), CPU: runtime.GOARCH, Kernel: runtime.GOOS}
	info, _ := os.ReadFile("/proc/cpuinfo")
	var family, model string
	for line := range strings.Lines(string(info)) {
		key, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(key) {
		case "model name":
			m.CPU = strings.TrimSpace(value)
		case "cpu family":
			family = strings.TrimSpace(value)
		case "model":
			model = strings.TrimSpace(value)
		case "flags":
			m.Features = interesting(strings.Fields(value))
		}
	}
	if family != "" {
		m.CPU += " family " + family + " model " + model // "AMD EPYC" alone says little
	}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		version, _, _ := strings.Cut(strings.TrimSpace(string(release)), "-") // what follows may name a provider
		m.Kernel = runtime.GOOS + " " + version + ", " + runtime.GOARCH
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load, _, _ = strings.Cut(string(load), " ")
	}
	for _, command := range [][]string{{cc(), "--version"}, {"go", "version"}, {"rustc", "--version"}} {
		if out, err := exec.Command(command[0], command[1:]...).Output(); err == nil {
			first, _, _ := strings.Cut(string(out), "\n")
			m.Compilers = append(m.Compilers, first)
		}
	}
	return m
}

// interesting keeps the flags that the kernels here ask for.
func interesting(flags []string) []string {
	var kept []string
	for _, f := range []string{"aes", "pclmulqdq", "avx2", "bmi2", "avx512f", "avx512vl", "avx512bw", "vaes", "vpclmulqdq"} {
		if slices.Contains(flags, f) {
			kept = append(kept, f)
		}
	}
	return kept
}

// Commit is the short name of the commit that the source tree is at, with a mark when files differ from it.
func Commit(benchDir string) string {
	cmd := exec.Command("git", "describe", "--always", "--dirty", "--exclude=*")
	cmd.Dir = benchDir
	out, err := cmd.Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
