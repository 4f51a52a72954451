package packages

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cachekit-go/cachekit-core/internal/need"
)

// program returns the first program of a README in a language.
func program(t *testing.T, file, language string) string {
	t.Helper()
	text := string(read(t, filepath.Join(root, file)))
	block := regexp.MustCompile("(?s)\n```" + language + "\n(.*?)```\n").FindStringSubmatch(text)
	if block == nil {
		t.Fatalf("%s has no program in %s", file, language)
	}
	return block[1]
}

// place is a folder that holds nothing but what a test puts there, for a user who
// has nothing either.
type place struct{ dir string }

func newPlace(t *testing.T) place {
	t.Helper()
	p := place{t.TempDir()}
	for _, name := range []string{"home", "modules", "work", "tmp"} {
		if err := os.Mkdir(filepath.Join(p.dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// sh runs a command line without the variables of this process, and without a way to
// fetch Go modules.
func (p place) sh(line, path string, env ...string) (string, error) {
	variables := append([]string{"HOME=home", "TMPDIR=tmp", "GOMODCACHE=modules"}, env...)
	for i, v := range variables[:3] {
		name, value, _ := strings.Cut(v, "=")
		variables[i] = name + "='" + filepath.Join(p.dir, value) + "'"
	}
	variables = append(variables, "PATH='"+path+"'", "GOPROXY=off", "GOFLAGS=-modcacherw", "PIP_NO_INDEX=1",
		"PIP_DISABLE_PIP_VERSION_CHECK=1", "CACHEKIT_MASTER_KEY="+strings.Repeat("61", 32))
	return sh(filepath.Join(p.dir, "work"), "env -i "+strings.Join(variables, " ")+" "+line)
}

func (p place) must(t *testing.T, line string, env ...string) string {
	t.Helper()
	out, err := p.sh(line, os.Getenv("PATH"), env...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return out
}

func (p place) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, "work", name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// wantPython installs a wheel into an environment of its own and runs the README's
// program, and one that says which library and which twin it had.
func (p place) wantPython(t *testing.T, wheel, native string) {
	t.Helper()
	p.must(t, "python3 -m venv ../env")
	p.must(t, "../env/bin/python -m pip install --quiet '"+wheel+"'")
	p.write(t, "readme.py", program(t, "bindings/python/README.md", "python"))
	if out := p.must(t, "../env/bin/python -W error readme.py"); out == "" {
		t.Error("the program of the README printed nothing")
	}
	p.write(t, "which.py", `import cachekit_core
print(cachekit_core.load(), cachekit_core.__version__, "fast" if cachekit_core.accelerated else "plain")
`)
	fields := strings.Fields(p.must(t, "../env/bin/python which.py"))
	if len(fields) != 3 || !strings.HasPrefix(fields[0], filepath.Join(p.dir, "env")) || fields[1] != version(t) || fields[2] != native {
		t.Errorf("it loaded %q; want the bundled library, version %s and the %s twin", fields, version(t), native)
	}
}

func TestWheelIsInstalled(t *testing.T) {
	need.Programs(t, "python3")
	if hostProcessor(t) == "" {
		t.Skip("skipped: there are no wheels for this processor")
	}
	newPlace(t).wantPython(t, wheel(t, hostProcessor(t)), "fast")
}

func hostProcessor(t *testing.T) string {
	t.Helper()
	name := strings.TrimSpace(must(t, root, "uname -m"))
	if _, ok := processors[name]; !ok {
		return ""
	}
	return name
}

// goCache is where compiled packages of Go's standard library are; that of the
// user who has nothing would be empty, which takes a minute to fill.
func goCache(t *testing.T) string {
	t.Helper()
	return "GOCACHE='" + strings.TrimSpace(must(t, root, "go env GOCACHE")) + "'"
}

func TestSourcePackageBuildsOffline(t *testing.T) {
	p := newPlace(t)
	python, archive := tools(t)+"/bin/python", sdist(t)
	p.must(t, "'"+python+"' -m pip wheel --quiet --no-build-isolation --no-deps --wheel-dir . '"+archive+"'", goCache(t))
	found, err := filepath.Glob(filepath.Join(p.dir, "work", "*.whl"))
	if err != nil || len(found) != 1 || !strings.Contains(found[0], "-py3-none-linux_") {
		t.Fatalf("wheels: %v, %v", found, err)
	}
	files := unzip(t, found[0])
	_, library := only(t, files, "cachekit_core/libcachekit_core.so")
	wantBill(t, files, library)
	p.wantPython(t, found[0], "fast")
}

// pathWithout makes a folder of links to what is needed to install a source package,
// but for one program.
func (p place) pathWithout(t *testing.T, missing string) string {
	t.Helper()
	dir := filepath.Join(p.dir, "without-"+missing)
	must(t, p.dir, "mkdir '"+dir+"' && for name in sh env make cc ld as go ruby gem uname mkdir cp rm tar; do "+
		"[ $name = "+missing+" ] || ln -s \"$(command -v $name)\" '"+dir+"/'; done")
	return dir
}

func TestMissingToolsAreNamed(t *testing.T) {
	need.Programs(t, "make", "cc", "go")
	for program, says := range map[string]string{"go": "Go 1.26 or later", "cc": "a C compiler", "make": "needs make"} {
		p := newPlace(t)
		path := p.pathWithout(t, program)
		out, err := p.sh("'"+tools(t)+"/bin/python' -m pip wheel --no-build-isolation --no-deps --wheel-dir . '"+sdist(t)+"'", path)
		if err == nil || !strings.Contains(out, says) {
			t.Errorf("pip without %s: %v, and it does not say %q:\n%s", program, err, says, out)
		}
		need.Ruby(t)
		out, err = p.sh("gem install --local --no-document '"+gem(t, "")+"'", path, "GEM_HOME='"+p.dir+"/gems'")
		if err == nil || !strings.Contains(out, says) {
			t.Errorf("gem without %s: %v, and it does not say %q:\n%s", program, err, says, out)
		}
	}
}

// wantRuby installs a gem and runs the README's program.
func (p place) wantRuby(t *testing.T, gem string, env ...string) {
	t.Helper()
	need.Ruby(t)
	home := "GEM_HOME='" + filepath.Join(p.dir, "gems") + "'"
	p.must(t, "gem install --local --no-document '"+gem+"'", append(env, home)...)
	p.write(t, "readme.rb", program(t, "bindings/ruby/README.md", "ruby"))
	if out := p.must(t, "ruby -w readme.rb", home); out == "" {
		t.Error("the program of the README printed nothing")
	}
	p.write(t, "which.rb", `require "cachekit_core"
puts CachekitCore.load, CachekitCore::VERSION
`)
	fields := strings.Fields(p.must(t, "ruby -w which.rb", home))
	if len(fields) != 2 || !strings.HasPrefix(fields[0], filepath.Join(p.dir, "gems")) || fields[1] != version(t) {
		t.Errorf("it loaded %q; want the library of the gem, version %s", fields, version(t))
	}
}

func TestGemIsInstalled(t *testing.T) {
	if hostProcessor(t) == "" {
		t.Skip("skipped: there are no gems for this processor")
	}
	newPlace(t).wantRuby(t, gem(t, hostProcessor(t)+"-linux-gnu"))
}

func TestSourceGemBuildsOffline(t *testing.T) {
	newPlace(t).wantRuby(t, gem(t, ""), goCache(t))
}
