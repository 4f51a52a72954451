// Command contents writes down what a built library is made of: a bill of
// materials in CycloneDX's JSON, for scanners, and the licences that whoever passes
// the library on has to pass on too.
//
// Usage, in the folder of go.mod: contents LIBRARY VERSION FOLDER
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: contents LIBRARY VERSION FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "contents:", err)
		os.Exit(1)
	}
}

// billName is the file in the folder that holds the bill of materials; the licences
// lie in licenses beside it.
const billName = "cachekit_core.cdx.json"

func write(library, version, folder string) error {
	info, err := buildinfo.ReadFile(library)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(library)
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
	return os.WriteFile(filepath.Join(folder, billName), append(bill, '\n'), 0o644)
}

// part is something that the library was linked from.
type part struct {
	name, version, sum string
	license            []byte
	spdx               string
}

// parts returns Go's standard library and the modules, in the order of the build
// information, which is that of their names.
func parts(info *buildinfo.BuildInfo) ([]part, error) {
	goroot, err := output("go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	license, err := os.ReadFile(filepath.Join(goroot, "LICENSE"))
	if errors.Is(err, fs.ErrNotExist) {
		// Some distributions leave it out. It is that of the Go project's modules.
		license, err = moduleLicense("golang.org/x/sys")
	}
	if err != nil {
		return nil, err
	}
	found := []part{{name: "std", version: strings.TrimPrefix(info.GoVersion, "go"), license: license}}
	for _, dep := range info.Deps {
		license, err := moduleLicense(dep.Path)
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

func moduleLicense(path string) ([]byte, error) {
	dir := filepath.Join("vendor", filepath.FromSlash(path))
	if _, err := os.Stat("vendor"); err != nil {
		if dir, err = output("go", "list", "-m", "-f", "{{.Dir}}", path); err != nil {
			return nil, err
		}
	}
	return os.ReadFile(filepath.Join(dir, "LICENSE"))
}

// spdx returns the name of a licence in SPDX's list.
func spdx(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	switch {
	case strings.Contains(text, "Permission is hereby granted, free of charge"):
		return "MIT"
	case !strings.Contains(text, "Redistribution and use in source and binary forms"):
		return ""
	case strings.Contains(text, "endorse or promote"):
		return "BSD-3-Clause"
	}
	return "BSD-2-Clause"
}

func output(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
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
		License struct {
			ID string `json:"id"`
		} `json:"license"`
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
	c.Licenses[0].License.ID = spdx
	return c
}
