package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
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
	for _, page := range pages {
		words := strings.Split(strings.TrimSuffix(filepath.Base(page), ".1"), "-")
		text, err := exec.Command(command, append(words[1:], "--help")...).Output()
		if err != nil {
			return "", err
		}
		out.WriteString("## " + strings.Join(words, " ") + "\n\n```text\n" + strings.TrimSpace(string(text)) + "\n```\n\n")
	}
	return out.String(), nil
}
