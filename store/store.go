package store

import (
	"context"
	"crypto/rand"
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
}

// Store is one SQLite file: the database, the queue and the search index. It
// is safe for use by many goroutines.
type Store struct {
	// OnForeignWrite is called within a second of a commit by another process,
	// on the writer's goroutine: it may not write and must be quick. Set it
	// before the first Write.
	OnForeignWrite func()

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
	now        func() time.Time
}

// Open opens the database in dir. Errors are ErrLocked, ErrNewer, ErrBroken,
// ErrNoAccount (no database and Create not set), or plain ones that name the
// path.
func Open(dir string, o Options) (*Store, error) {
	s := &Store{
		dir:        dir,
		jobs:       make(chan *job, maxBatch),
		closing:    make(chan struct{}),
		writerDone: make(chan struct{}),
		now:        o.Now,
	}
	if s.now == nil {
		s.now = time.Now
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
	if !o.Serve {
		return nil
	}
	lock, err := lockDir(s.dir)
	if err != nil {
		return err
	}
	s.lock = lock
	return nil
}

func (s *Store) open(o Options) error {
	file := filepath.Join(s.dir, FileName)
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	f.Close()
	s.db, err = sql.Open("sqlite", dsn(file, false))
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	s.db.SetMaxOpenConns(8)
	if s.wconn, err = s.connect(s.db); err != nil {
		return err
	}
	if err := s.migrate(o); err != nil {
		return err
	}
	if err := s.loadHashKey(); err != nil {
		return err
	}
	if err := s.loadLastID(); err != nil {
		return err
	}
	s.nreaders = o.Readers
	if s.nreaders == 0 {
		s.nreaders = min(max(runtime.NumCPU(), 2), 4)
	}
	s.readers = make(chan *conn, s.nreaders)
	for range s.nreaders {
		c, err := s.connect(s.db)
		if err != nil {
			return err
		}
		if _, err := c.raw.ExecContext(bg, "pragma query_only(1)"); err != nil {
			return fmt.Errorf("make a reader query-only: %w", err)
		}
		s.readers <- c
	}
	return nil
}

// dsn sets what each connection needs. busy_timeout comes first: the others may wait for a lock.
func dsn(file string, readOnly bool) string {
	q := url.Values{"_pragma": {
		"busy_timeout(10000)",
		"journal_mode(wal)",
		"synchronous(full)", // DECISIONS: every commit is on disk when it is acknowledged
		"cache_size(-1000)", // modernc's buffers take twice the nominal size
		"temp_store(memory)",
		"wal_autocheckpoint(4000)",
		"journal_size_limit(33554432)",
	}}
	if readOnly {
		q.Set("mode", "ro")
	}
	return "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + q.Encode()
}

func (s *Store) connect(db *sql.DB) (*conn, error) {
	raw, err := db.Conn(bg)
	if err != nil {
		if isBroken(err) {
			return nil, fmt.Errorf("%w: %s", ErrBroken, filepath.Join(s.dir, FileName))
		}
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return &conn{raw: raw, stmts: map[string]*sql.Stmt{}}, nil
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
	tx := &Tx{s: s, c: c}
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

// Put is Write for a single result.
func Put[T any](ctx context.Context, s *Store, fn func(*Tx) (T, error)) (T, error) {
	var v T
	err := s.Write(ctx, func(tx *Tx) (err error) {
		v, err = fn(tx)
		return err
	})
	return v, err
}

// Dir is the data directory.
func (s *Store) Dir() string { return s.dir }

// Close waits for the writes that were handed over, checkpoints and closes.
func (s *Store) Close() error {
	var err error
	s.closeOnce.Do(func() {
		close(s.closing)
		<-s.writerDone
		for range s.nreaders {
			(<-s.readers).close()
		}
		s.checkpoint("truncate")
		err = s.release()
	})
	return err
}

func (s *Store) release() error {
	var err error
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

// Random returns n random bytes in lower-case hexadecimal.
func Random(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}
