package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
	s     *Store
	c     *conn
	after []func()
}

// conn is one database connection with its prepared statements.
type conn struct {
	raw   *sql.Conn
	stmts map[string]*sql.Stmt
}

func (c *conn) prepare(query string) (*sql.Stmt, error) {
	if st, ok := c.stmts[query]; ok {
		return st, nil
	}
	st, err := c.raw.PrepareContext(bg, query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	c.stmts[query] = st
	return st, nil
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
	st, err := t.c.prepare(query)
	if err != nil {
		return nil, err
	}
	res, err := st.ExecContext(bg, args...)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return res, nil
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
	st, err := t.c.prepare(query)
	if err != nil {
		return err
	}
	err = scan(st.QueryRowContext(bg, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
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
	st, err := t.c.prepare(query)
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(bg, args...)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		list = append(list, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return list, nil
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
