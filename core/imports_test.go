package core_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

func goList(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command(need.Program(t, "go"), append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	return strings.Fields(string(out))
}

// Whoever wants compression alone gets no cryptography with it, and a package
// that any Go program can build.
func TestImportsNoCryptographyAndNoC(t *testing.T) {
	deps := goList(t, "-deps", ".")
	if len(deps) < 10 {
		t.Fatalf("go list names only %v", deps)
	}
	for _, dep := range deps {
		if dep == "C" || dep == "runtime/cgo" || dep == "crypto" || strings.HasPrefix(dep, "crypto/") ||
			strings.Contains(dep, "/crypto") || strings.Contains(dep, "fips140") || strings.HasPrefix(dep, "net") {
			t.Errorf("core depends on %s", dep)
		}
	}
	const ours = "github.com/cachekit-go/cachekit-core/core"
	if files := goList(t, "-f", "{{join .CgoFiles \" \"}}", "./..."); len(files) > 0 {
		t.Errorf("%s and below use cgo: %v", ours, files)
	}
	for _, dep := range deps {
		if strings.HasPrefix(dep, ours+"/") {
			t.Errorf("core imports %s, which is above it", dep)
		}
	}
}

// What is internal is below everything else, in its tests too.
func TestNoImportGoesUp(t *testing.T) {
	const module = "github.com/cachekit-go/cachekit-core/"
	imports := goList(t, "-f", "{{range .Imports}}{{$.ImportPath}}>{{.}} {{end}}{{range .TestImports}}{{$.ImportPath}}>{{.}} {{end}}"+
		"{{range .XTestImports}}{{$.ImportPath}}>{{.}} {{end}}", "../internal/...")
	inside := 0
	for _, line := range imports {
		from, to, _ := strings.Cut(line, ">")
		if strings.HasPrefix(to, module+"internal/") {
			inside++
		} else if strings.HasPrefix(to, module) {
			t.Errorf("%s imports %s, which is above it", from, to)
		}
	}
	if inside < 20 {
		t.Errorf("go list names only %d imports", inside)
	}
}
