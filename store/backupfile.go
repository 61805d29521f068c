package store

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"
)

// ErrNotBackup is returned for a file that is not a whole and sound backup.
var ErrNotBackup = errors.New("is not a whole dassie backup")

const (
	backupFormat  = 1
	manifestName  = "manifest.json"
	manifestLimit = 32 << 20 // bytes
	backupFiles   = 200_000  // files in one backup: an owner's pictures in a long life
	mediaFolder   = "media"  // as store/media lays it out
	tarBlock      = 512
	tarEnd        = 2 * tarBlock // zeros at the end of a tar file
)

// Backup is the first member of a backup, manifest.json: what is in the file,
// and whose it is. The members follow in the order of Files, and unpacked by
// hand they are a data directory.
type Backup struct {
	Format  int          `json:"format"`
	Note    string       `json:"note"`
	Program string       `json:"program"` // that made it, with its version
	Schema  int          `json:"schema"`  // version of the database
	Handle  string       `json:"handle"`  // user@domain
	Host    string       `json:"host"`
	Actor   string       `json:"actor"`  // id
	KeyID   string       `json:"key_id"` // the key that other servers know the actor by …
	KeyHash string       `json:"key"`    // … and SHA-256 of its public half, as DER (PKIX)
	Created time.Time    `json:"created"`
	Files   []BackupFile `json:"files"`
	Missing []string     `json:"missing,omitempty"` // pictures that the database names but the disk does not have
}

// BackupFile is one member.
type BackupFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Size is the number of bytes that the members have.
func (b Backup) Size() (sum int64) {
	for _, f := range b.Files {
		sum += f.Size
	}
	return sum
}

// mediaMember is a picture as store/media lays it out, below mediaFolder.
var mediaMember = regexp.MustCompile(`^media/([0-9a-f]{2})/([0-9a-f]{2})/([0-9a-f]{32,64}(\.[a-z0-9]{1,5})?)$`)

// validMember says whether a backup may hold a member of this name. It never
// leads out of the directory that it is unpacked in.
func validMember(name string) bool {
	m := mediaMember.FindStringSubmatch(name)
	return name == FileName || m != nil && m[3][:4] == m[1]+m[2]
}

// memberOf is where a picture lies in a data directory; "" for a name that the
// media store cannot have given out.
func memberOf(media string) string {
	if len(media) < 4 {
		return ""
	}
	name := mediaFolder + "/" + media[:2] + "/" + media[2:4] + "/" + media
	if !validMember(name) {
		return ""
	}
	return name
}

// check judges a manifest by itself. Names are all different, valid, and the
// database comes first; their sum does not overflow.
func (b Backup) check() error {
	switch {
	case b.Format > backupFormat:
		return fmt.Errorf("was made by a newer version (%s): install that one", clip(b.Program))
	case b.Format != backupFormat:
		return notBackup("its manifest cannot be read")
	case len(b.Files) == 0 || b.Files[0].Name != FileName:
		return notBackup("there is no database in it")
	case len(b.Files) > backupFiles:
		return notBackup("it lists too many files")
	}
	names := map[string]bool{}
	sum := int64(0)
	for _, f := range b.Files {
		if !validMember(f.Name) || names[f.Name] {
			return notBackup(fmt.Sprintf("it lists %q", clip(f.Name)))
		}
		names[f.Name] = true
		if sum += f.Size; f.Size < 0 || f.Size > 1<<50 || sum > 1<<50 {
			return notBackup("it lists sizes that cannot be")
		}
	}
	return nil
}

func notBackup(why string) error { return fmt.Errorf("%w: %s", ErrNotBackup, why) }

// clip holds a stranger's text to a length that fits a sentence.
func clip(text string) string {
	if len(text) > 60 {
		return text[:60] + "…"
	}
	return text
}

// backupReader reads a backup from its start to its end and believes nothing.
type backupReader struct {
	ctx  context.Context
	from io.Reader
	read int64 // bytes so far
	err  error // of the file itself, not of what is in it
	tar  *tar.Reader
}

func newBackupReader(ctx context.Context, from io.Reader) *backupReader {
	r := &backupReader{ctx: ctx, from: bufio.NewReaderSize(from, 256<<10)}
	r.tar = tar.NewReader(r)
	return r
}

// Read counts, and ends when the context does.
func (r *backupReader) Read(p []byte) (int, error) {
	if r.err == nil {
		r.err = r.ctx.Err()
	}
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.from.Read(p)
	r.read += int64(n)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// fault is the file's own error if there was one, else that what is in it is no
// backup.
func (r *backupReader) fault(err error) error {
	switch {
	case r.err != nil:
		return fmt.Errorf("read the backup: %w", r.err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return notBackup("it is cut off")
	}
	return notBackup("it is damaged or of another program")
}

// manifest reads the first member.
func (r *backupReader) manifest() (Backup, error) {
	var b Backup
	h, err := r.tar.Next()
	if err != nil {
		return b, r.fault(err)
	}
	if h.Name != manifestName || h.Typeflag != tar.TypeReg || h.Size > manifestLimit {
		return b, notBackup("it does not begin with " + manifestName)
	}
	text, err := io.ReadAll(r.tar)
	if err != nil {
		return b, r.fault(err)
	}
	if json.Unmarshal(text, &b) != nil {
		return b, notBackup("its manifest cannot be read")
	}
	return b, b.check()
}

// rest reads what the manifest lists, in that order and nothing else, and
// compares sizes and hashes. What take does with a member it must read whole.
func (r *backupReader) rest(b Backup, take func(BackupFile, io.Reader) error) error {
	for _, f := range b.Files {
		h, err := r.tar.Next()
		if err != nil {
			return r.fault(err)
		}
		if h.Name != f.Name || h.Typeflag != tar.TypeReg || h.Size != f.Size {
			return notBackup(fmt.Sprintf("it holds %q where %s should be", clip(h.Name), f.Name))
		}
		sum := sha256.New()
		if err := take(f, io.TeeReader(r.tar, sum)); err != nil {
			return err
		}
		if hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
			return notBackup(f.Name + " in it is damaged")
		}
	}
	end := r.read + (tarBlock-r.read%tarBlock)%tarBlock + tarEnd
	switch h, err := r.tar.Next(); {
	case err == nil:
		return notBackup(fmt.Sprintf("it holds %q too", clip(h.Name)))
	case err != io.EOF:
		return r.fault(err)
	case r.read < end:
		return notBackup("it is cut off")
	}
	return nil
}

// backupWriter writes members in the order of a manifest.
type backupWriter struct {
	tar *tar.Writer
	b   Backup
}

func (w *backupWriter) manifest() error {
	text, err := json.MarshalIndent(w.b, "", "  ")
	if err != nil {
		return err
	}
	if err := w.header(manifestName, int64(len(text))); err != nil {
		return err
	}
	_, err = w.tar.Write(text)
	return err
}

func (w *backupWriter) header(name string, size int64) error {
	return w.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: w.b.Created})
}

// member copies a file that was measured before, which must not have changed.
func (w *backupWriter) member(ctx context.Context, f BackupFile, path string) error {
	if err := w.header(f.Name, f.Size); err != nil {
		return err
	}
	got, err := copyFile(ctx, w.tar, path)
	if err == nil && got.SHA256 != f.SHA256 {
		err = fmt.Errorf("%s changed while it was read", f.Name)
	}
	return err
}

// copyFile copies a file and says how long it is and what its hash is.
func copyFile(ctx context.Context, to io.Writer, path string) (BackupFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return BackupFile{}, err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.CopyBuffer(io.MultiWriter(to, sum), untilDone{ctx, f}, make([]byte, 256<<10))
	return BackupFile{Size: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, err
}

// untilDone reads until its context ends.
type untilDone struct {
	ctx  context.Context
	from io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.from.Read(p)
}
