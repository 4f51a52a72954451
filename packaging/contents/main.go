// Command contents writes down what a built library or command is made of: a bill of
// materials in CycloneDX's JSON, for scanners, and the licences that whoever passes
// it on has to pass on too.
//
// Usage, at the top of the repository: contents BINARY VERSION FOLDER
package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

// repository is the path of the module at its top.
const repository = "github.com/cachekit-go/cachekit-core"

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: contents BINARY VERSION FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "contents:", err)
		os.Exit(1)
	}
}

// write puts the bill of materials into the folder, and the licences into licenses beside it.
func write(binary, version, folder string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	parts, err := parts(info)
	if err != nil {
		return err
	}
	for _, p := range parts {
		path := filepath.Join(folder, "licenses", strings.ReplaceAll(p.name, "/", "_")+".txt")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, p.license, 0o644); err != nil {
			return err
		}
	}
	bill, err := json.MarshalIndent(billOf(info, version, sha256.Sum256(content), parts), "", "  ")
	if err != nil {
		return err
	}
	name := strings.ReplaceAll(filepath.Base(info.Main.Path), "-", "_") + ".cdx.json"
	return os.WriteFile(filepath.Join(folder, name), append(bill, '\n'), 0o644)
}

// part is something that the binary was linked from.
type part struct {
	name, version, sum string
	license            []byte
	spdx               string
}

// parts returns Go's standard library and the modules, in the order of the build
// information, which is that of their names.
func parts(info *buildinfo.BuildInfo) ([]part, error) {
	// A module of its own, such as the command, lies below the folder of the library's.
	folder := strings.TrimPrefix(strings.TrimPrefix(info.Main.Path, repository), "/")
	goroot, err := goSays(folder, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	license, err := licenseIn(goroot)
	if errors.Is(err, errNoLicense) {
		// Some distributions leave it out. It is that of the Go project's modules.
		license, err = moduleLicense(folder, "golang.org/x/sys")
	}
	if err != nil {
		return nil, err
	}
	found := []part{{name: "std", version: strings.TrimPrefix(info.GoVersion, "go"), license: license}}
	for _, dep := range info.Deps {
		license, err := moduleLicense(folder, dep.Path)
		if err != nil {
			return nil, err
		}
		found = append(found, part{name: dep.Path, version: dep.Version, sum: dep.Sum, license: license})
	}
	for i := range found {
		if found[i].spdx = spdx(string(found[i].license)); found[i].spdx == "" {
			return nil, fmt.Errorf("the licence of %s is none that is known here", found[i].name)
		}
	}
	return found, nil
}

// moduleLicense returns the licence of a module that the one in folder is built from.
func moduleLicense(folder, path string) ([]byte, error) {
	vendor := filepath.Join(folder, "vendor")
	dir := filepath.Join(vendor, filepath.FromSlash(path))
	if _, err := os.Stat(vendor); err != nil {
		if dir, err = goSays(folder, "list", "-m", "-f", "{{.Dir}}", path); err != nil {
			return nil, err
		}
	}
	return licenseIn(dir)
}

var errNoLicense = errors.New("has no file with a licence")

// licenseIn returns the files with licences that a folder holds, one behind the other.
func licenseIn(dir string) ([]byte, error) {
	var texts [][]byte
	for _, pattern := range []string{"LICENSE*", "COPYING*", "NOTICE*", "licenses/*"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			texts = append(texts, text)
		}
	}
	if texts == nil {
		return nil, fmt.Errorf("%s %w", dir, errNoLicense)
	}
	return bytes.Join(texts, []byte("\n\n----------\n\n")), nil
}

// spdx returns an expression of names in SPDX's list, which is empty for a licence that is not
// known here.
func spdx(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if strings.Contains(text, "your choice of exactly one of the following two licenses: * The FreeType License") {
		return "FTL OR GPL-2.0-or-later"
	}
	var found []string
	for _, known := range []struct{ name, phrase string }{
		{"MIT", "free of charge, to any person obtaining a copy of this software"},
		{"Apache-2.0", "http://www.apache.org/licenses/"},
		{"CC-BY-4.0", "Creative Commons Attribution 4.0 International"},
		{"OFL-1.1", "SIL OPEN FONT LICENSE Version 1.1"},
	} {
		if strings.Contains(text, known.phrase) {
			found = append(found, known.name)
		}
	}
	if strings.Contains(text, "Redistribution and use in source and binary forms") {
		name := "BSD-2-Clause"
		if strings.Contains(text, "endorse or promote") {
			name = "BSD-3-Clause"
		}
		found = append(found, name)
	}
	return strings.Join(found, " AND ")
}

// goSays returns what the Go that make uses prints in a folder.
func goSays(folder string, args ...string) (string, error) {
	cmd := exec.Command(cmp.Or(os.Getenv("GO"), "go"), args...)
	cmd.Dir = folder
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// The parts of CycloneDX 1.6 that are used.
type (
	document struct {
		Format       string       `json:"bomFormat"`
		Spec         string       `json:"specVersion"`
		Version      int          `json:"version"`
		Metadata     metadata     `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	metadata struct {
		Component component `json:"component"`
	}
	component struct {
		Type       string     `json:"type"`
		Ref        string     `json:"bom-ref"`
		Name       string     `json:"name"`
		Version    string     `json:"version"`
		Hashes     []hash     `json:"hashes,omitempty"`
		Licenses   []licensed `json:"licenses"`
		PURL       string     `json:"purl"`
		Properties []property `json:"properties,omitempty"`
	}
	hash struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	licensed struct {
		License    *named `json:"license,omitempty"`
		Expression string `json:"expression,omitempty"` // of several
	}
	named struct {
		ID string `json:"id"`
	}
	property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	dependency struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn,omitempty"`
	}
)

func billOf(info *buildinfo.BuildInfo, version string, sum [32]byte, parts []part) document {
	main := describe(info.Main.Path, "v"+version, "MIT")
	if slices.Contains(info.Settings, debug.BuildSetting{Key: "-buildmode", Value: "exe"}) {
		main.Type = "application"
	}
	main.Hashes = []hash{{"SHA-256", fmt.Sprintf("%x", sum)}}
	for _, s := range info.Settings {
		if s.Key == "GOARCH" || s.Key == "GOOS" {
			main.Properties = append(main.Properties, property{"cachekit:" + strings.ToLower(s.Key), s.Value})
		}
	}
	doc := document{Format: "CycloneDX", Spec: "1.6", Version: 1, Metadata: metadata{main}}
	all := dependency{Ref: main.Ref}
	for _, p := range parts {
		c := describe(p.name, p.version, p.spdx)
		if p.sum != "" {
			c.Properties = []property{{"cachekit:go.sum", p.sum}}
		}
		doc.Components = append(doc.Components, c)
		all.DependsOn = append(all.DependsOn, c.Ref)
	}
	doc.Dependencies = []dependency{all}
	return doc
}

func describe(name, version, spdx string) component {
	purl := "pkg:golang/" + name + "@" + version
	c := component{Type: "library", Ref: purl, Name: name, Version: version, PURL: purl, Licenses: make([]licensed, 1)}
	if strings.Contains(spdx, " ") {
		c.Licenses[0].Expression = spdx
	} else {
		c.Licenses[0].License = &named{spdx}
	}
	return c
}
