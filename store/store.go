package store

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver; its libc is pinned in go.mod to the version it was tested with
)

// FileName is the database inside the data directory.
const FileName = "dassie.db"

// Options say how a store is opened. The zero value opens an existing database
// for a command.
type Options struct {
	Create   bool             // make the database if there is none (init, serve, restore, demo only)
	Serve    bool             // take the lock of the data directory and migrate; refused while another server holds it
	Readers  int              // query-only connections; 0 means the number of cores, between 2 and 4
	Now      func() time.Time // clock; nil means time.Now
	Progress func(string)     // told what a migration is doing; may be nil
	Trace    func(string)     // told each statement that runs, so that a test can count them; may be nil

	// Patience is how long a write that waits for company does so at most; 0 means
	// 50 ms. Tests that do one thing at a time have none to wait for.
	Patience time.Duration

	// RSAKey draws the RSA-2048 keys of a new account; nil means new ones. Tests
	// share a few: drawing them takes longer than most tests.
	RSAKey func() (*rsa.PrivateKey, error)

	migrations []migration                     // tests: instead of the built-in ones
	freeBytes  func(dir string) (int64, error) // tests: instead of asking the file system
}

// Store is one SQLite file: the database, the queue and the search index. It
// is safe for use by many goroutines.
type Store struct {
	// OnForeignWrite is called within about a second of a commit by another
	// process, on the writer's goroutine: it may not write and must be quick. Set
	// it right after Open, before anything else uses the store.
	OnForeignWrite func()

	onSecurityLine atomic.Pointer[func()]

	dir        string
	db         *sql.DB
	wconn      *conn
	readers    chan *conn
	nreaders   int
	jobs       chan *job
	closing    chan struct{}
	writerDone chan struct{}
	closeOnce  sync.Once
	lock       *os.File
	version    int64
	hashKey    []byte
	lastID     atomic.Int64
	commits    atomic.Int64 // write transactions so far; tests count them
	serving    bool
	now        func() time.Time
	trace      func(string)
	rsaKey     func() (*rsa.PrivateKey, error)
	patience   time.Duration

	people        peopleCache
	peopleChanged bool // by the transaction that the writer is in

	overwriting bool // what that transaction deletes is written over
	logHolds    bool // the log may hold pages from before an erasure
	logStuck    bool // and cannot be emptied, as was said
}

// Open opens the database in dir. Errors are ErrLocked, ErrNewer, ErrBroken,
// ErrNoAccount (no database and Create not set), or plain ones that name the
// path.
func Open(dir string, o Options) (*Store, error) {
	s := &Store{
		dir:        dir,
		trace:      o.Trace,
		jobs:       make(chan *job, maxBatch),
		closing:    make(chan struct{}),
		writerDone: make(chan struct{}),
		now:        o.Now,
		rsaKey:     o.RSAKey,
		patience:   o.Patience,
		serving:    o.Serve,
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.rsaKey == nil {
		s.rsaKey = drawRSA
	}
	if s.patience == 0 {
		s.patience = patientWait
	}
	if err := s.prepareDir(o); err != nil {
		return nil, err
	}
	if err := s.open(o); err != nil {
		s.release()
		return nil, err
	}
	go s.writer()
	return s, nil
}

func (s *Store) prepareDir(o Options) error {
	file := filepath.Join(s.dir, FileName)
	if !o.Create {
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			return ErrNoAccount
		} else if err != nil {
			return fmt.Errorf("look at the database: %w", err)
		}
	} else if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	if err := checkOwner(file); err != nil {
		return err
	}
	if o.Serve {
		lock, err := lockDir(s.dir)
		if err != nil {
			return err
		}
		s.lock = lock
	}
	return nil
}

func (s *Store) open(o Options) error {
	file := filepath.Join(s.dir, FileName)
	list, err := o.schema()
	if err != nil {
		return err
	}
	if err := peek(file, len(list)); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the database for writing: %w", err)
	}
	f.Close()
	if log, err := os.Stat(file + "-wal"); err == nil && o.Serve {
		s.logHolds = log.Size() > 0 // a crash left it, which may have come right after an erasure
	}
	if s.db, err = sql.Open("sqlite", dsn(file)); err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	if s.wconn, err = s.connect(); err != nil {
		return s.named(err)
	}
	for _, step := range []func() error{
		func() error { return s.migrate(list, o) },
		s.loadHashKey,
		s.loadLastID,
		func() (err error) { s.version, err = s.dataVersion(); return err },
		func() error { return s.openReaders(o.Readers) },
	} {
		if err := step(); err != nil {
			return s.named(err)
		}
	}
	return nil
}

func (s *Store) openReaders(n int) error {
	if n == 0 {
		n = min(max(runtime.NumCPU(), 2), 4)
	}
	s.readers = make(chan *conn, n)
	for range n {
		c, err := s.connect()
		if err != nil {
			return err
		}
		s.readers <- c
		s.nreaders++
		if _, err := c.raw.ExecContext(bg, "pragma query_only(1)"); err != nil {
			return fmt.Errorf("make a reader query-only: %w", err)
		}
	}
	return nil
}

// named turns SQLite's word for a damaged file into ours.
func (s *Store) named(err error) error {
	if isBroken(err) && !errors.Is(err, ErrBroken) {
		return fmt.Errorf("%w: %s: %w", ErrBroken, filepath.Join(s.dir, FileName), err)
	}
	return err
}

const busyTimeout = "10000" // milliseconds

// dsn sets what each connection needs. busy_timeout comes first: the others may wait for a lock.
func dsn(file string) string {
	q := url.Values{"_pragma": {
		"busy_timeout(" + busyTimeout + ")",
		"journal_mode(wal)",
		"secure_delete(fast)", // see Overwrite
		"synchronous(full)",   // DECISIONS: every commit is on disk when it is acknowledged
		"cache_size(-1000)",   // modernc's buffers take twice the nominal size
		"temp_store(memory)",
		"wal_autocheckpoint(4000)",
		"journal_size_limit(33554432)",
	}}
	return "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + q.Encode()
}

func (s *Store) connect() (*conn, error) {
	raw, err := s.db.Conn(bg)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return &conn{raw: raw, stmts: map[string]*statement{}}, nil
}

// Read runs fn on one consistent, read-only view. A context that ends cancels
// only the wait for a free reader.
func (s *Store) Read(ctx context.Context, fn func(*Tx) error) error {
	var c *conn
	select {
	case c = <-s.readers:
	case <-s.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.readers <- c }()
	tx := &Tx{s: s, c: c, people: s.people.view()} // before the view of the file is taken
	if _, err := tx.exec("begin"); err != nil {
		return err
	}
	err := protect(func() error { return fn(tx) })
	if _, e := tx.exec("rollback"); e != nil && err == nil {
		err = e
	}
	return err
}

// Get is Read for a single result.
func Get[T any](ctx context.Context, s *Store, fn func(*Tx) (T, error)) (T, error) {
	var v T
	err := s.Read(ctx, func(tx *Tx) (err error) {
		v, err = fn(tx)
		return err
	})
	return v, err
}

// Put is Write for a single result, which is the zero value with an error.
func Put[T any](ctx context.Context, s *Store, fn func(*Tx) (T, error)) (T, error) {
	var v, none T
	err := s.Write(ctx, func(tx *Tx) (err error) {
		v, err = fn(tx)
		return err
	})
	if err != nil {
		return none, err // fn may still be running and set v, if it was the context that ended
	}
	return v, nil
}

// Dir is the data directory.
func (s *Store) Dir() string { return s.dir }

// Close waits for the writes that were handed over, checkpoints and closes.
func (s *Store) Close() error {
	var err error
	s.closeOnce.Do(func() {
		close(s.closing)
		<-s.writerDone
		if s.serving {
			s.closeReaders()
			s.checkpoint("truncate")
		}
		err = s.release()
	})
	return err
}

func (s *Store) release() error {
	var err error
	s.closeReaders()
	if s.wconn != nil {
		s.wconn.close()
	}
	if s.db != nil {
		err = s.db.Close()
	}
	if s.lock != nil {
		s.lock.Close() // closing the file frees the lock
	}
	return err
}

// closeReaders waits for the reads that are running.
func (s *Store) closeReaders() {
	for ; s.nreaders > 0; s.nreaders-- {
		(<-s.readers).close()
	}
}

// Random returns n random bytes in lower-case hexadecimal.
func Random(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}
