// Command bundle writes a folder as an archive whose bytes depend on its files alone: their
// names, contents, and whether they may be executed.
//
//	bundle FOLDER ARCHIVE
//
// ARCHIVE ends in .tar.gz or .zip. What is in it stands below a folder with the name of
// FOLDER. Times are that of SOURCE_DATE_EPOCH, in seconds since 1970.
package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: bundle FOLDER ARCHIVE")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

// An archive takes files in the order of their names.
type archive interface {
	add(name, link string, mode fs.FileMode, content []byte) error
	Close() error
}

func write(folder, name string) (err error) {
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return errors.New("SOURCE_DATE_EPOCH is not set to a number of seconds")
	}
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			os.Remove(name)
		}
	}()
	var to archive
	if when := time.Unix(seconds, 0).UTC(); strings.HasSuffix(name, ".zip") {
		to = &zipped{zip.NewWriter(out), when}
	} else {
		to = newTarred(out, when)
	}
	return errors.Join(addAll(to, folder), to.Close())
}

// addAll adds what is in a folder. WalkDir goes through it in the order of the names.
func addAll(to archive, folder string) error {
	root := filepath.Base(folder)
	return filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		below, err := filepath.Rel(folder, file)
		if err != nil {
			return err
		}
		name := path.Join(root, filepath.ToSlash(below))
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			link, err := os.Readlink(file)
			if err != nil {
				return err
			}
			return to.add(name, link, 0o777, nil)
		}
		mode := fs.FileMode(0o644)
		if info.Mode()&0o100 != 0 {
			mode = 0o755
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return to.add(name, "", mode, content)
	})
}

type tarred struct {
	*tar.Writer
	packed *gzip.Writer
	when   time.Time
}

func newTarred(out io.Writer, when time.Time) *tarred {
	packed, _ := gzip.NewWriterLevel(out, gzip.BestCompression) // the level is one
	return &tarred{tar.NewWriter(packed), packed, when}
}

func (t *tarred) add(name, link string, mode fs.FileMode, content []byte) error {
	header := &tar.Header{Name: name, Mode: int64(mode), Size: int64(len(content)), ModTime: t.when, Typeflag: tar.TypeReg}
	if link != "" {
		header.Typeflag, header.Linkname = tar.TypeSymlink, link
	}
	if err := t.WriteHeader(header); err != nil {
		return err
	}
	_, err := t.Write(content)
	return err
}

func (t *tarred) Close() error { return errors.Join(t.Writer.Close(), t.packed.Close()) }

type zipped struct {
	*zip.Writer
	when time.Time
}

// add refuses links, which Windows takes for files.
func (z *zipped) add(name, link string, mode fs.FileMode, content []byte) error {
	if link != "" {
		return fmt.Errorf("%s is a symbolic link", name)
	}
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: z.when}
	header.SetMode(mode)
	w, err := z.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}
