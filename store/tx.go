package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// bg is what every statement runs under: a cancellable context inside the
// driver costs a goroutine per query and can interrupt the next statement, so
// callers' contexts cancel only their wait.
var bg = context.Background()

// Tx is one consistent view of the database: read-only from Store.Read, the
// shared write transaction from Store.Write. It is valid until the function it
// was given to returns, and must not be used by several goroutines.
type Tx struct {
	s      *Store
	c      *conn
	after  []func()
	people *peopleView // what may be had of people without asking; nil where rows change
	broken error       // set once SQLite has ended the transaction itself: no statement may follow
}

// conn is one database connection with its prepared statements.
type conn struct {
	raw   *sql.Conn
	stmts map[string]*statement
}

// statement is one that is prepared.
type statement struct {
	*sql.Stmt
	people bool // changes rows of people
}

func (c *conn) prepare(query string) (*statement, error) {
	if st, ok := c.stmts[query]; ok {
		return st, nil
	}
	st, err := c.raw.PrepareContext(bg, query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	kept := &statement{st, changesPeople.MatchString(query)}
	c.stmts[query] = kept
	return kept, nil
}

// prepare is the statement of a query on this connection.
func (t *Tx) prepare(query string) (*statement, error) {
	if t.s.trace != nil {
		t.s.trace(query)
	}
	return t.c.prepare(query)
}

func (c *conn) close() error {
	for _, st := range c.stmts {
		st.Close()
	}
	return c.raw.Close()
}

// After runs f once the transaction is on disk, in the order of the calls; it
// is how events reach streams, caches and pages. It must be quick and may not
// write. If the transaction fails, f never runs.
func (t *Tx) After(f func()) { t.after = append(t.after, f) }

// Now is the store's clock.
func (t *Tx) Now() time.Time { return t.s.now() }

func (t *Tx) exec(query string, args ...any) (sql.Result, error) {
	if t.broken != nil {
		return nil, t.broken
	}
	st, err := t.prepare(query)
	if err != nil {
		return nil, t.failed(err)
	}
	if st.people {
		t.s.peopleChanged = true
	}
	res, err := st.ExecContext(bg, args...)
	if err != nil {
		return nil, t.failed(err)
	}
	return res, nil
}

// failed wraps a statement's error. After a full disk, a fault of the device,
// want of memory or a damaged page SQLite may have rolled the transaction back:
// a caller that went on would write outside of it.
func (t *Tx) failed(err error) error {
	err = fmt.Errorf("store: %w", err)
	if isFatal(err) {
		t.broken = err
	}
	return err
}

// changed runs a statement and says how many rows it changed.
func (t *Tx) changed(query string, args ...any) (int, error) {
	res, err := t.exec(query, args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// scanner is what a scan function of a type reads from.
type scanner interface{ Scan(dest ...any) error }

// one reads a single row; without one it is ErrNotFound.
func (t *Tx) one(scan func(scanner) error, query string, args ...any) error {
	if t.broken != nil {
		return t.broken
	}
	st, err := t.prepare(query)
	if err != nil {
		return t.failed(err)
	}
	err = scan(st.QueryRowContext(bg, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return t.failed(err)
	}
	return nil
}

// value reads a single column of a single row.
func value[T any](t *Tx, query string, args ...any) (T, error) {
	var v T
	err := t.one(func(r scanner) error { return r.Scan(&v) }, query, args...)
	return v, err
}

// many reads all rows; the rows are closed when it returns.
func many[T any](t *Tx, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	return manyOf(t, 0, scan, query, args...)
}

// manyOf is many where it is known how many rows to expect: a list of large rows
// that grows is copied again and again.
func manyOf[T any](t *Tx, expect int, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	var list []T
	err := t.each(func(r scanner) error {
		v, err := scan(r)
		if err != nil {
			return err
		}
		if list == nil {
			list = make([]T, 0, min(max(expect, 1), maxExpected))
		}
		list = append(list, v)
		return nil
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return list, nil
}

// maxExpected is for how many rows there is room before the first came.
const maxExpected = 64

// each hands over all rows; they are closed when it returns.
func (t *Tx) each(scan func(scanner) error, query string, args ...any) error {
	if t.broken != nil {
		return t.broken
	}
	st, err := t.prepare(query)
	if err != nil {
		return t.failed(err)
	}
	rows, err := st.QueryContext(bg, args...)
	if err != nil {
		return t.failed(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return t.failed(err)
		}
	}
	if err := rows.Err(); err != nil {
		return t.failed(err)
	}
	return nil
}

// exists says whether a query of one column has a row.
func (t *Tx) exists(query string, args ...any) (bool, error) {
	_, err := value[int64](t, query, args...)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// idList is a list of ids as a JSON array, for queries that look up many at
// once through json_each, whatever their number.
func idList(ids []int64) string {
	b := append(make([]byte, 0, 20*len(ids)+2), '[')
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	return string(append(b, ']'))
}

func scanInt64(r scanner) (int64, error) {
	var v int64
	err := r.Scan(&v)
	return v, err
}

func scanString(r scanner) (string, error) {
	var v string
	err := r.Scan(&v)
	return v, err
}

// ms is how times are stored: milliseconds since 1970; the zero time is 0.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// msOrNull is ms with the zero time as null.
func msOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

func fromMS(v int64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return time.UnixMilli(v).UTC()
}

func fromNullMS(v sql.NullInt64) time.Time { return fromMS(v.Int64) }

// nullInt stores 0 as null, for columns with a partial index.
func nullInt(v int64) any {
	if v == 0 {
		return nil
	}
	return v
}

// nullStr stores "" as null, for columns that are mostly empty.
func nullStr(v string) any {
	if v == "" {
		return nil
	}
	return v
}
