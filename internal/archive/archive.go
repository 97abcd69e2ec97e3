package archive

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

// A File is a file of an archive.
type File struct {
	Name string
	Data []byte
}

// formats write archives by the end of their names. Each returns when
// everything is written to w.
var formats = []struct {
	suffix string
	write  func(w io.Writer, folder string, files []File) error
}{
	{".zip", writeZip},
	{".tar.gz", writeTarGz},
	{".tgz", writeTarGz},
}

// format returns the function that writes the archive at path, and the
// folder within it. The error names the valid ends of the name.
func format(path string) (write func(io.Writer, string, []File) error, folder string, err error) {
	base := filepath.Base(path)
	for _, f := range formats {
		if folder, ok := strings.CutSuffix(strings.ToLower(base), f.suffix); ok && folder != "" {
			return f.write, base[:len(folder)], nil
		}
	}
	return nil, "", fmt.Errorf("%s: name a file that ends in .zip or .tar.gz", path)
}

// Check returns an error if path has none of the valid ends of a name.
func Check(path string) error {
	_, _, err := format(path)
	return err
}

// Write writes an archive that only its owner can read. It does not replace
// a file, and leaves none if it fails.
func Write(path string, files []File) error {
	write, folder, err := format(path)
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

func writeZip(w io.Writer, folder string, files []File) error {
	z := zip.NewWriter(w)
	for _, file := range files {
		out, err := z.CreateHeader(&zip.FileHeader{Name: folder + "/" + file.Name, Method: zip.Deflate, Modified: time.Now()})
		if err != nil {
			return err
		}
		if _, err := out.Write(file.Data); err != nil {
			return err
		}
	}
	return z.Close()
}

func writeTarGz(w io.Writer, folder string, files []File) error {
	gz := gzip.NewWriter(w)
	t := tar.NewWriter(gz)
	for _, file := range files {
		header := &tar.Header{Name: folder + "/" + file.Name, Mode: 0o600, Size: int64(len(file.Data)), ModTime: time.Now().Truncate(time.Second)}
		if err := t.WriteHeader(header); err != nil {
			return err
		}
		if _, err := t.Write(file.Data); err != nil {
			return err
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	return gz.Close()
}
