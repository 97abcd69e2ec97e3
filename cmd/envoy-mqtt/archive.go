package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// An archiveFile is a file of an archive.
type archiveFile struct {
	name string
	data []byte
}

// archiveFormats write archives by the end of their names. Each returns when
// everything is written to w.
var archiveFormats = []struct {
	suffix string
	write  func(w io.Writer, folder string, files []archiveFile) error
}{
	{".zip", writeZip},
	{".tar.gz", writeTarGz},
	{".tgz", writeTarGz},
}

// archiveFormat returns the function that writes the archive at path, and the
// folder within it. The error names the valid ends of the name.
func archiveFormat(path string) (write func(io.Writer, string, []archiveFile) error, folder string, err error) {
	base := filepath.Base(path)
	for _, f := range archiveFormats {
		if folder, ok := strings.CutSuffix(strings.ToLower(base), f.suffix); ok && folder != "" {
			return f.write, base[:len(folder)], nil
		}
	}
	return nil, "", fmt.Errorf("%s: name a file that ends in .zip or .tar.gz", path)
}

// writeArchive writes an archive that only its owner can read. It does not replace
// a file, and leaves none if it fails.
func writeArchive(path string, files []archiveFile) error {
	write, folder, err := archiveFormat(path)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = write(f, folder, files)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = os.Remove(path) // it is incomplete
	}
	return err
}

func writeZip(w io.Writer, folder string, files []archiveFile) error {
	z := zip.NewWriter(w)
	for _, file := range files {
		out, err := z.CreateHeader(&zip.FileHeader{Name: folder + "/" + file.name, Method: zip.Deflate, Modified: time.Now()})
		if err != nil {
			return err
		}
		if _, err := out.Write(file.data); err != nil {
			return err
		}
	}
	return z.Close()
}

func writeTarGz(w io.Writer, folder string, files []archiveFile) error {
	gz := gzip.NewWriter(w)
	t := tar.NewWriter(gz)
	for _, file := range files {
		header := &tar.Header{Name: folder + "/" + file.name, Mode: 0o600, Size: int64(len(file.data)), ModTime: time.Now().Truncate(time.Second)}
		if err := t.WriteHeader(header); err != nil {
			return err
		}
		if _, err := t.Write(file.data); err != nil {
			return err
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	return gz.Close()
}
