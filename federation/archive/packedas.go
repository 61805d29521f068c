package archive

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// StartBytes is how many bytes tell how a file is packed.
const StartBytes = 262

// tarMark stands in a tar file, at tarMarkAt (POSIX.1-2017, pax, ustar Interchange Format).
const (
	tarMark   = "ustar"
	tarMarkAt = 257
)

// isZip says whether a file that begins so is a zip file.
func isZip(start []byte) bool {
	return bytes.HasPrefix(start, []byte("PK\x03\x04")) || bytes.HasPrefix(start, []byte("PK\x05\x06"))
}

// isTar says whether a file that begins so is a tar file, or one that gzip made smaller
// (RFC 1952, 2.3.1): Mastodon packed archives so until version 4.2.
func isTar(start []byte) bool {
	return bytes.HasPrefix(start, []byte("\x1f\x8b\x08")) || len(start) >= StartBytes && string(start[tarMarkAt:StartBytes]) == tarMark
}

// IsArchive says whether a file may be an archive, by its first StartBytes bytes.
func IsArchive(start []byte) bool { return isZip(start) || isTar(start) }

// IsArchiveFile is IsArchive for a file on the disk.
func IsArchiveFile(name string) (bool, error) {
	f, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	start, err := startOf(f)
	return IsArchive(start), err
}

// startOf reads what tells how a file is packed.
func startOf(f io.Reader) ([]byte, error) {
	start := make([]byte, StartBytes)
	n, err := io.ReadFull(f, start)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // it is shorter
	}
	return start[:n], err
}
