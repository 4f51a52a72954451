package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// help is the reference of the command: what --help says of it and of each of the
// commands that have a manual page.
func help(command, manual string) (string, error) {
	pages, err := filepath.Glob(manual + "/cachekit*.1")
	if err != nil || len(pages) == 0 {
		return "", fmt.Errorf("no manual pages in %s: %v", manual, err)
	}
	var out strings.Builder
	out.WriteString("# The command cachekit\n\nWhat `--help` says of each command; the manual pages, such as `man cachekit-inspect`, say the same.\n\n")
	var commands []string
	for _, page := range pages {
		name := strings.TrimSuffix(filepath.Base(page), ".1")
		// What completion says of each shell is not about cachekit.
		if !strings.HasPrefix(name, "cachekit-completion-") {
			commands = append(commands, strings.ReplaceAll(name, "-", " "))
		}
	}
	slices.Sort(commands) // so that a command stands before those below it
	for _, name := range commands {
		words := strings.Fields(name)
		text, err := exec.Command(command, append(words[1:], "--help")...).Output()
		if err != nil {
			return "", err
		}
		out.WriteString("## " + name + "\n\n```text\n" + strings.TrimSpace(string(text)) + "\n```\n\n")
	}
	return out.String(), nil
}
