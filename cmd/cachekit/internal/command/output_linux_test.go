package command

import (
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
)

// What cannot be written is an error, by whatever way it is printed.
func TestOutputOnAFullDisk(t *testing.T) {
	folder(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("skipped: there is no /dev/full")
	}
	defer full.Close()
	var errs strings.Builder
	for _, args := range [][]string{
		{"store"}, {"inspect"}, {"version"}, {"interop", "key", "a", "b"}, {"key", "generate"}, {"--help"},
		{"inspect", "--help"}, {}, {"completion", "bash"}, {"inspect", "--json", "cut"}, {"inspect", "--check", "cut"},
		{"--version"}, {"key", "fingerprint", "--key-file", "keys"},
	} {
		errs.Reset()
		if code := Run("1.2.3", args, strings.NewReader("x"), full, &errs); code != exitFailed || !strings.Contains(errs.String(), "no space left") {
			t.Errorf("%v: exit code %d: %s", args, code, &errs)
		}
	}
}

// Only regular files are replaced: what else stands there is written to, and stays.
func TestOutputIntoSpecialFiles(t *testing.T) {
	folder(t)
	want := must(t, "hello", "store")

	if err := syscall.Mkfifo("fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		text := "nothing"
		if f, err := os.Open("fifo"); err == nil {
			all, _ := io.ReadAll(f)
			text = string(all)
		}
		got <- text
	}()
	must(t, "hello", "store", "-o", "fifo")
	if info, err := os.Lstat("fifo"); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Fatalf("the pipe is no pipe any more: %v", err) // and its reader waits
	}
	if text := <-got; text != want {
		t.Errorf("out of the pipe came %q", text)
	}

	if err := os.WriteFile("file", []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"link": "file", "far": "folder/../link", "dangling": "none"} {
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	must(t, "hello", "store", "-o", "far")
	if text, err := os.ReadFile("file"); err != nil || string(text) != want {
		t.Errorf("through links: %q, %v", text, err)
	}
	for _, link := range []string{"link", "far"} {
		if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s is no link any more: %v", link, err)
		}
	}
	if r := run(t, "hello", "store", "-o", "dangling"); r.code != exitFailed || !strings.Contains(r.errs, "leads to no file") {
		t.Errorf("a link to nothing: exit code %d: %s", r.code, r.errs)
	}

	// One like /dev/full, and not that itself, which root would lose to a mistake here.
	if err := syscall.Mknod("full", syscall.S_IFCHR|0o600, 1<<8|7); err != nil {
		t.Skipf("skipped the device: %v", err)
	}
	if f, err := os.OpenFile("full", os.O_WRONLY, 0); err != nil {
		t.Skipf("skipped the device: %v", err) // of a file system without devices
	} else {
		f.Close()
	}
	r := run(t, "hello", "store", "-o", "full")
	if r.code != exitFailed || !strings.Contains(r.errs, "full cannot be written: no space left") {
		t.Errorf("a full device: exit code %d: %s", r.code, r.errs)
	}
	if info, err := os.Lstat("full"); err != nil || info.Mode()&os.ModeDevice == 0 {
		t.Errorf("the device is none any more: %v", err)
	}
}
