package archive

import (
	"errors"
	"io"
	"os"
)

// IsZipFile says whether a file is a zip file, by how it begins.
func IsZipFile(file string) (bool, error) {
	f, err := os.Open(file)
	if err != nil {
		return false, err
	}
	defer f.Close()
	start := make([]byte, 4)
	n, err := io.ReadFull(f, start)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	return IsZip(start[:n]), nil
}
