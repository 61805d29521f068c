// Package logs is what this server writes down about requests, and what it does not.
//
// It owns one folder, logs/ in the data directory: the log of requests, which there
// is only if the owner wants it, one file for each day in UTC. Lines go by
// themselves after the owner's number of days, and addresses in them are cut after
// CutAfter, also if the server was off meanwhile. Files are 0600, the folder 0700.
//
// Everything else that the program logs goes through Filter, which takes addresses
// and secrets out of it.
//
// It never writes a body, a header, or what stands after the question mark of an
// address.
package logs

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// CutAfter is the age at which an address in the log keeps only its network.
	CutAfter = 7 * 24 * time.Hour

	// Folder is the name of the folder in the data directory.
	Folder = "logs"

	day       = 24 * time.Hour
	fileName  = "access-2006-01-02.log"
	cutName   = "access-2006-01-02.cut.log"
	flushTime = 5 * time.Second
)

// Log is the log of requests. It is safe for use by many goroutines.
type Log struct {
	dir string

	// MaxFile and MaxAll bound, in bytes, what is written on one day, and all files
	// together. They are set before the first line.
	MaxFile, MaxAll int64

	mu    sync.Mutex
	file  *os.File // of today, nil until a line is written
	w     *bufio.Writer
	today string // its name
	size  int64
	full  bool        // today's file took its last line
	timer *time.Timer // for the next flush
}

// Open takes dir as the folder. Nothing is made there before the first line.
func Open(dir string) *Log { return &Log{dir: dir, MaxFile: 16 << 20, MaxAll: 64 << 20} }

// Request is one line of the log.
type Request struct {
	At     time.Time
	Client netip.Addr
	Method string
	Path   string // without what stands after the question mark
	Status int
	Bytes  int64
	Took   time.Duration
}

// line is the request as it is written: one line, whatever was asked for.
func (r Request) line() string {
	client := "-"
	if r.Client.IsValid() {
		client = r.Client.Unmap().WithZone("").String()
	}
	return fmt.Sprintf("%s %s %s %s %d %d %dms\n",
		r.At.UTC().Format(time.RFC3339), client, word(r.Method, 12), HidePath(r.Path), r.Status, r.Bytes, r.Took.Milliseconds())
}

// word is a stranger's word as it may stand in a line.
func word(s string, most int) string {
	if len(s) > most {
		s = s[:most]
	}
	return strings.Map(func(c rune) rune {
		if c <= ' ' || c >= 0x7f {
			return '?'
		}
		return c
	}, s)
}

// Write adds a line. When the day's file is full, what comes after is not written;
// the file says so.
func (l *Log) Write(r Request) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if name := r.At.UTC().Format(fileName); name != l.today {
		if err := l.begin(name); err != nil {
			return err
		}
	}
	if l.full {
		return nil
	}
	line := r.line()
	if l.size+int64(len(line)) > l.MaxFile {
		l.full = true
		line = r.At.UTC().Format(time.RFC3339) + " the file of this day is full: what came after is not written down\n"
	}
	l.size += int64(len(line))
	if _, err := l.w.WriteString(line); err != nil {
		return fmt.Errorf("write the log of requests: %w", err)
	}
	if l.timer == nil { // a card is not worn by each line
		l.timer = time.AfterFunc(flushTime, func() { _ = l.Flush() }) // what fails now fails again at the next line
	}
	return nil
}

// begin goes on with the file of a day.
func (l *Log) begin(name string) error {
	if err := errors.Join(l.close(), os.MkdirAll(l.dir, 0o700)); err != nil {
		return fmt.Errorf("make the folder of logs: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(l.dir, name), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the log of requests: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return fmt.Errorf("open the log of requests: %w", err)
	}
	l.file, l.w, l.today, l.size, l.full = f, bufio.NewWriter(f), name, info.Size(), info.Size() >= l.MaxFile
	return nil
}

// Flush hands what was written to the system.
func (l *Log) Flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flush()
}

func (l *Log) flush() error {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	if l.w == nil {
		return nil
	}
	return l.w.Flush()
}

// Close ends the log; a later Write begins it again.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.close()
}

func (l *Log) close() error {
	err := l.flush()
	if l.file != nil {
		err = errors.Join(err, l.file.Close())
	}
	l.file, l.w, l.today = nil, nil, ""
	return err
}

// dayFile is one file of the folder.
type dayFile struct {
	name string
	day  time.Time // when it begins
	cut  bool      // its addresses are cut
	size int64
}

// files lists them, the oldest first. What has another name is not ours.
func (l *Log) files() (list []dayFile, err error) {
	entries, err := os.ReadDir(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the folder of logs: %w", err)
	}
	for _, e := range entries {
		f := dayFile{name: e.Name()}
		if f.day, err = time.Parse(fileName, f.name); err != nil {
			if f.day, err = time.Parse(cutName, f.name); err != nil {
				continue
			}
			f.cut = true
		}
		info, err := e.Info()
		if err != nil {
			continue // it went meanwhile
		}
		f.size = info.Size()
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b dayFile) int { return a.day.Compare(b.day) })
	return list, nil
}

// Held is how many days the log has, and how many bytes.
func (l *Log) Held() (days int, bytes int64, err error) {
	return l.sum(func(dayFile) bool { return true })
}

// Due is what Age would remove: the days, and their bytes.
func (l *Log) Due(now time.Time, keep int) (days int, bytes int64, err error) {
	return l.sum(func(f dayFile) bool { return over(f, now, keep) })
}

func (l *Log) sum(which func(dayFile) bool) (days int, bytes int64, err error) {
	list, err := l.files()
	seen := map[time.Time]bool{}
	for _, f := range list {
		if which(f) {
			seen[f.day] = true
			bytes += f.size
		}
	}
	return len(seen), bytes, err
}

// over says whether the first line of a file may be older than keep days. Of one
// that a wrong clock named, nobody knows.
func over(f dayFile, now time.Time, keep int) bool {
	return now.Sub(f.day) >= time.Duration(keep)*day || f.day.Sub(now) > day
}

// Age removes the days that are too old, and cuts the addresses of those that are
// older than CutAfter; beyond MaxAll, the oldest days go. It says how many days went,
// and their bytes.
func (l *Log) Age(now time.Time, keep int) (days int, bytes int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.flush(); err != nil {
		return 0, 0, err
	}
	parts, err := filepath.Glob(filepath.Join(l.dir, "*.part"))
	for _, name := range parts { // a crash left them
		err = errors.Join(err, os.Remove(name))
	}
	list, err2 := l.files()
	if err = errors.Join(err, err2); err != nil {
		return 0, 0, err
	}
	var all int64
	for _, f := range list {
		all += f.size
	}
	gone := map[time.Time]bool{}
	for _, f := range list {
		today := f.name == now.UTC().Format(fileName)
		switch {
		case over(f, now, keep) || all > l.MaxAll && !today:
			if err := l.remove(f); err != nil {
				return len(gone), bytes, err
			}
			gone[f.day] = true
			bytes, all = bytes+f.size, all-f.size
		case !f.cut && now.Sub(f.day) >= CutAfter:
			if err := l.cut(f); err != nil {
				return len(gone), bytes, err
			}
		}
	}
	return len(gone), bytes, nil
}

func (l *Log) remove(f dayFile) error {
	if f.name == l.today {
		if err := l.close(); err != nil {
			return err
		}
	}
	if err := os.Remove(filepath.Join(l.dir, f.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove an old log of requests: %w", err)
	}
	return nil
}

// cut writes a file anew with the networks of its addresses. A crash leaves the old
// one, which is cut again.
func (l *Log) cut(f dayFile) error {
	to := filepath.Join(l.dir, f.day.Format(cutName))
	err := rewrite(filepath.Join(l.dir, f.name), to, cutLine)
	if err != nil {
		return fmt.Errorf("cut the addresses of an old log of requests: %w", err)
	}
	return l.remove(f)
}

func rewrite(from, to string, change func(string) string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	part := to + ".part"
	out, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	lines := bufio.NewScanner(in)
	for lines.Scan() && err == nil {
		_, err = w.WriteString(change(lines.Text()) + "\n")
	}
	if err = errors.Join(err, lines.Err(), w.Flush(), out.Sync(), out.Close()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return os.Rename(part, to)
}

func cutLine(line string) string {
	at, rest, ok := strings.Cut(line, " ")
	client, rest, ok2 := strings.Cut(rest, " ")
	addr, err := netip.ParseAddr(client)
	if !ok || !ok2 || err != nil {
		return line
	}
	return at + " " + Network(addr) + " " + rest
}

// Network is an address without the part that tells people apart: 24 bits of an
// IPv4 address stay, 48 of an IPv6 address.
func Network(addr netip.Addr) string {
	bits := 24
	if addr = addr.Unmap().WithZone(""); addr.Is6() {
		bits = 48
	}
	return netip.PrefixFrom(addr, bits).Masked().String()
}
