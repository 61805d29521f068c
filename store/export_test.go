package store

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// Commits is the number of write transactions so far.
func (s *Store) Commits() int64 { return s.commits.Load() }

// NextTry is the schedule of retries.
func NextTry(since, now time.Time, chance float64) time.Time { return nextTry(since, now, chance) }

// Fold and Unfold are the ledger's packed form.
func Fold(states map[int64]DeliveryState) []byte { return fold(states) }

// Unfold reads what Fold wrote.
func Unfold(body []byte) (map[int64]DeliveryState, error) { return unfold(body) }

// Exec runs any statement in a transaction.
func (t *Tx) Exec(query string, args ...any) error {
	_, err := t.exec(query, args...)
	return err
}

// Int reads one number.
func (t *Tx) Int(query string, args ...any) (int64, error) { return value[int64](t, query, args...) }

// Strings reads one column.
func (t *Tx) Strings(query string, args ...any) ([]string, error) {
	return many(t, scanString, query, args...)
}

// WithMigrations opens a store with other migrations than the built-in ones.
func (o Options) WithMigrations(sql ...string) Options {
	for i, q := range sql {
		o.migrations = append(o.migrations, migration{name: string(rune('1'+i)) + "_test.sql", sql: q})
	}
	return o
}

// WithNext is what the program has, and steps after it.
func (o Options) WithNext(sql ...string) Options {
	list, err := loadMigrations()
	if err != nil {
		panic(err)
	}
	var all []string
	for _, m := range list {
		all = append(all, m.sql)
	}
	return o.WithMigrations(append(all, sql...)...)
}

// WithFreeBytes pretends that the file system has so much room.
func (o Options) WithFreeBytes(n int64) Options {
	o.freeBytes = func(string) (int64, error) { return n, nil }
	return o
}

// Migration is the text of a built-in migration, counted from 0.
func Migration(i int) string {
	list, err := loadMigrations()
	if err != nil {
		panic(err)
	}
	return list[i].sql
}

// Waiting is the number of jobs handed over and not yet taken.
func (s *Store) Waiting() int { return len(s.jobs) }

// OnWriter runs a statement outside of transactions on the writer's connection,
// before anything is written.
func (s *Store) OnWriter(query string) {
	if _, err := s.wconn.raw.ExecContext(bg, query); err != nil {
		panic(err)
	}
}

// Plan is what SQLite will do for one query.
type Plan struct {
	Query string
	Lines []string
}

// Plans runs fn and explains every query it used.
func (t *Tx) Plans(fn func(*Tx) error) ([]Plan, error) {
	used := t.c.stmts
	t.c.stmts = map[string]*statement{}
	defer func() { t.c.stmts = used }()
	t.people = nil // all is asked for
	if err := fn(t); err != nil {
		return nil, err
	}
	var plans []Plan
	for _, query := range slices.Sorted(maps.Keys(t.c.stmts)) {
		lines, err := many(t, func(r scanner) (string, error) {
			var id, parent, unused int
			var text string
			err := r.Scan(&id, &parent, &unused, &text)
			return text, err
		}, "explain query plan "+query, make([]any, params(query))...)
		if err != nil {
			return nil, err
		}
		plans = append(plans, Plan{query, lines})
	}
	return plans, nil
}

// params is the number of parameters of a query, numbered or not.
func params(query string) int {
	most := 0
	for i, r := range query {
		if r != '?' {
			continue
		}
		n, _ := strconv.Atoi(query[i+1 : i+1+digits(query[i+1:])])
		if n == 0 {
			n = most + 1
		}
		most = max(most, n)
	}
	return most
}

func digits(s string) int {
	for i, r := range s {
		if r < '0' || r > '9' {
			return i
		}
	}
	return len(s)
}

// WithFreeBytes pretends that the file system has so much room.
func (o BackupOptions) WithFreeBytes(n int64) BackupOptions {
	o.freeBytes = func(string) (int64, error) { return n, nil }
	return o
}

// WithFreeBytes pretends that the file system has so much room.
func (o RestoreOptions) WithFreeBytes(n int64) RestoreOptions {
	o.freeBytes = func(string) (int64, error) { return n, nil }
	return o
}

// PeopleKept is how many people are kept in memory.
func (s *Store) PeopleKept() int {
	s.people.mu.Lock()
	defer s.people.mu.Unlock()
	return len(s.people.rows)
}

// AgeOfRule names the setting that a rule of the sweep follows; "" for none.
func AgeOfRule(name string) string {
	for _, rule := range sweeps {
		if rule.name == name {
			return rule.age
		}
	}
	return ""
}

// SubjectTables are the tables that are covered by what is kept about one person.
func SubjectTables() []string {
	var list []string
	for _, p := range subjectParts {
		list = append(list, p.table)
	}
	return list
}

// SubjectParts are the kinds of what is kept about one person.
func SubjectParts() []SubjectPart { return subjectParts }

// EmptyLog is for a func after a commit.
func (s *Store) EmptyLog() { s.emptyLog() }
