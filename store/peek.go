package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// applicationID marks our files in SQLite's header; 0001_init.sql writes it.
const applicationID = 0x64617373 // "dass"

// peek looks at the header of a database file without SQLite, whose opening
// alone would already change a foreign file, and refuses what is not ours or too
// new. Fields are those of the SQLite file format, section 1.3.
func peek(file string, known int) error {
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer f.Close()
	head := make([]byte, 100)
	n, err := io.ReadFull(f, head)
	if n == 0 && errors.Is(err, io.EOF) {
		return nil // an empty file is an empty database
	}
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read the database: %w", err)
	}
	if n < len(head) || !bytes.HasPrefix(head, []byte("SQLite format 3\x00")) {
		return fmt.Errorf("%w: %s", ErrBroken, file)
	}
	version, app := binary.BigEndian.Uint32(head[60:]), binary.BigEndian.Uint32(head[68:])
	pages := binary.BigEndian.Uint32(head[28:])
	switch {
	case app == 0 && version == 0 && pages <= 1:
		return nil // ours before its first checkpoint, or empty: the schema is looked at later
	case app != applicationID:
		return fmt.Errorf("%w: %s belongs to another program", ErrBroken, file)
	case int64(version) > int64(known):
		return newer(int(version), known)
	}
	return nil
}
