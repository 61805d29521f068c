package archive

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"unicode/utf8"

	"dassie/web/reply"
)

// What an archive may hold (T40). Whatever it says of itself, no more than this is
// read of it.
const (
	maxMembers   = 100_000   // files in it
	maxDirectory = 32 << 20  // bytes of its list of files
	maxUnpacked  = 256 << 30 // bytes of all of them unpacked …
	maxRatio     = 300       // … and how many times as large as they are packed
	ratioFrom    = 1 << 20   // smaller files may be packed as tightly as they like
	maxNameBytes = 1024
)

// refuse is what is said of an archive that is not taken.
func refuse(format string, args ...any) error {
	return reply.Errorf(reply.Unprocessable, format, args...)
}

// packedFile is an archive that was checked, open to be read.
type packedFile struct {
	f         *os.File
	byName    map[string]*zip.File
	root      string            // folder in which everything lies, with its slash; "" as a rule
	tails     map[string]string // members by the end of their place; nil until it is asked for
	temporary bool              // it goes when it is closed
}

func (p *packedFile) Close() error {
	err := p.f.Close()
	if p.temporary {
		if gone := os.Remove(p.f.Name()); !errors.Is(gone, fs.ErrNotExist) { // a server beside may have been first
			err = errors.Join(err, gone)
		}
	}
	return err
}

// openPacked opens an archive and checks everything that its list of files says,
// before any of them is read. Nothing is ever unpacked under a name of its choice.
func openPacked(name string) (*packedFile, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open the archive: %w", err)
	}
	p, err := readPacked(f)
	if err != nil {
		f.Close()
	}
	return p, err
}

// readPacked reads the directory of an archive, and refuses what cannot be one.
func readPacked(f *os.File) (*packedFile, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open the archive: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, refuse("%s is not a file.", path.Base(f.Name()))
	}
	if err := checkDirectory(f, info.Size()); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, torn(err)
	}
	p := &packedFile{f: f, byName: make(map[string]*zip.File, len(z.File))}
	return p, p.check(z.File, info.Size())
}

// torn is what is said of a zip file that cannot be read.
func torn(err error) error {
	return &reply.Error{Code: reply.Unprocessable, Message: "The archive is damaged or not whole. Download it again, and choose the new file.", Err: err}
}

// check looks at every entry of the list.
func (p *packedFile) check(files []*zip.File, size int64) error {
	var packed, unpacked uint64
	for _, f := range files {
		if err := checkMember(f); err != nil {
			return err
		}
		name := strings.TrimSuffix(f.Name, "/")
		if p.byName[name] != nil {
			return refuse("The archive has the file “%s” twice, so nobody can say which one counts.", shortName(name))
		}
		if packed, unpacked = packed+f.CompressedSize64, unpacked+f.UncompressedSize64; unpacked > maxUnpacked {
			return refuse("Unpacked, the archive would have more than %d GB.", maxUnpacked>>30)
		}
		if p.byName[name] = f; f.Mode().IsDir() {
			delete(p.byName, name)
		}
	}
	if packed > uint64(size) { // entries that share their bytes (Fifield's bomb)
		return refuse("The archive's files overlap. It was made to do harm, or it is damaged.")
	}
	return nil
}

func checkMember(f *zip.File) error {
	name := f.Name
	switch err := checkName(name, f.Mode()); {
	case err != nil:
		return err
	case f.Flags&1 != 0:
		return refuse("The archive is encrypted. Unpack it, pack it again without a password, and choose that file.")
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return refuse("“%s” is packed in a way that is not known here.", shortName(name))
	case f.UncompressedSize64 > ratioFrom && f.UncompressedSize64/maxRatio > f.CompressedSize64:
		return refuse("“%s” would be %d times as large when it is unpacked. That is a bomb, not an archive.", shortName(name), f.UncompressedSize64/max(f.CompressedSize64, 1))
	}
	return nil
}

// checkName looks at what an entry is called, and what it is.
func checkName(name string, mode fs.FileMode) error {
	switch {
	case name == "" || len(name) > maxNameBytes || !utf8.ValidString(name) || strings.ContainsAny(name, "\x00\\"):
		return refuse("The archive has a file with a name that cannot be: “%s”.", shortName(name))
	case strings.HasPrefix(name, "/") || !fs.ValidPath(strings.TrimSuffix(name, "/")) || strings.Contains(name, ":"):
		return refuse("The archive wants to write outside of its folder: “%s”.", shortName(name))
	case mode&fs.ModeSymlink != 0:
		return refuse("The archive has a link in the place of a file: “%s”.", shortName(name))
	case !mode.IsRegular() && !mode.IsDir():
		return refuse("The archive has something that is no file: “%s”.", shortName(name))
	}
	return nil
}

// shortName is a name from an archive as it can be shown.
func shortName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return '\uFFFD'
		}
		return r
	}, name)
	if r := []rune(name); len(r) > 60 {
		name = "…" + string(r[len(r)-60:])
	}
	return name
}

// Parts of a zip file that say where its list of files is (APPNOTE 4.3).
const (
	endSignature    = "PK\x05\x06"
	end64Locator    = "PK\x06\x07"
	end64Signature  = "PK\x06\x06"
	entrySignature  = "PK\x01\x02"
	endBytes        = 22
	end64Bytes      = 56
	locatorBytes    = 20
	entryBytes      = 46
	longestComment  = 0xffff
	unknownIn64Bits = 0xffffffff
)

// checkDirectory walks the list of files without keeping it, since the reader of
// archive/zip keeps all that it finds, whatever the number that stands at the end.
func checkDirectory(f io.ReaderAt, size int64) error {
	tail := make([]byte, min(size, endBytes+longestComment+locatorBytes))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return torn(err)
	}
	at := bytes.LastIndex(tail, []byte(endSignature))
	if at < 0 || len(tail)-at < endBytes {
		return torn(zip.ErrFormat)
	}
	end := tail[at:]
	length, offset := uint64(binary.LittleEndian.Uint32(end[12:])), uint64(binary.LittleEndian.Uint32(end[16:]))
	before := size - int64(len(tail)) + int64(at) // where the list ends
	if at >= locatorBytes && string(tail[at-locatorBytes:at-locatorBytes+4]) == end64Locator {
		where := int64(binary.LittleEndian.Uint64(tail[at-locatorBytes+8:]))
		var b [end64Bytes]byte
		if where < 0 || where > size-end64Bytes {
			return torn(zip.ErrFormat)
		}
		if _, err := f.ReadAt(b[:], where); err != nil || string(b[:4]) != end64Signature {
			return torn(zip.ErrFormat)
		}
		length, offset, before = binary.LittleEndian.Uint64(b[40:]), binary.LittleEndian.Uint64(b[48:]), where
	} else if length == unknownIn64Bits || offset == unknownIn64Bits {
		return torn(zip.ErrFormat)
	}
	if length > maxDirectory {
		return tooManyMembers()
	}
	if length > uint64(before) || offset > uint64(before) {
		return torn(zip.ErrFormat)
	}
	// Both places from which it might be read.
	for _, from := range []int64{int64(offset), before - int64(length)} {
		if err := walkDirectory(io.NewSectionReader(f, from, size-from)); err != nil {
			return err
		}
	}
	return nil
}

// tooManyMembers is the refusal of an archive with more than maxMembers.
func tooManyMembers() error {
	return refuse("The archive has more than %d files. That is more than dassie takes in one.", maxMembers)
}

// walkDirectory counts the entries that follow one another from here.
func walkDirectory(f *io.SectionReader) error {
	var b [entryBytes]byte
	at := int64(0)
	for n := 0; ; n++ {
		if _, err := f.ReadAt(b[:], at); err != nil || string(b[:4]) != entrySignature {
			return nil // its end
		}
		at += entryBytes
		for _, part := range []int{28, 30, 32} {
			at += int64(binary.LittleEndian.Uint16(b[part:]))
		}
		if n >= maxMembers || at > maxDirectory {
			return tooManyMembers()
		}
	}
}

// open reads a member; fs.ErrNotExist if there is none.
func (p *packedFile) open(name string) (io.ReadCloser, error) {
	f := p.byName[name]
	if f == nil {
		return nil, fs.ErrNotExist
	}
	r, err := f.Open()
	if err != nil {
		return nil, torn(err)
	}
	return r, nil
}

// has says whether there is a member.
func (p *packedFile) has(name string) bool { return p.byName[name] != nil }
