package store

import (
	"context"
	"log/slog"
	"os"
	"time"
)

const (
	day = 24 * time.Hour

	sweepSlice = 1000                  // rows that a sweep looks for at once
	sweepHold  = 20 * time.Millisecond // how long one write of a sweep may hold the writer, give or take a row
)

// sweep is one rule of house-keeping: what grows has an age or a cap.
type sweep struct {
	name string

	// find lists keys of rows to remove, in a read view, so that looking never
	// holds the writer. After is the last key of the slice before, 0 at first;
	// it may be ignored where a removed row is not found again.
	find func(t *Tx, set Settings, after int64) (keys []any, next int64, err error)

	// drop removes one of them and says whether it did: what was found may have
	// come into use meanwhile.
	drop func(t *Tx, set Settings, key any) (bool, error)

	// age names the setting that the rule follows, "" for none; count is then how
	// many it would remove.
	age   string
	count func(t *Tx, set Settings) (int, error)
}

// Sweep runs every rule and reports what each removed. It writes in short
// slices, and nothing at all where there is nothing to remove. A context that
// ends stops it between slices.
func (s *Store) Sweep(ctx context.Context) (map[string]int, error) {
	report := map[string]int{}
	for _, rule := range sweeps {
		n, err := s.sweepOne(ctx, rule)
		if n > 0 {
			report[rule.name] = n
			slog.Info("swept", "what", rule.name, "removed", n)
		}
		if err != nil {
			return report, err
		}
	}
	return report, s.dropSnapshots(func(_ string, info os.FileInfo) bool {
		return s.now().Sub(info.ModTime()) > SnapshotLasts
	})
}

func (s *Store) sweepOne(ctx context.Context, rule sweep) (total int, err error) {
	var after int64
	for {
		var keys []any
		var set Settings
		var next int64
		err := s.Read(ctx, func(t *Tx) (err error) {
			if set, err = t.Settings(); err != nil {
				return err
			}
			keys, next, err = rule.find(t, set, after)
			return err
		})
		if err != nil {
			return total, err
		}
		n, err := s.dropAll(ctx, rule, set, keys)
		total += n
		if err != nil {
			return total, err
		}
		// Nothing removed of what was found, and no place to go on from: it came into use.
		if next == 0 && (len(keys) < sweepSlice || n == 0) {
			return total, nil
		}
		after = next
	}
}

func (s *Store) dropAll(ctx context.Context, rule sweep, set Settings, keys []any) (total int, err error) {
	for len(keys) > 0 {
		type progress struct{ done, removed int }
		p, err := Put(ctx, s, func(t *Tx) (progress, error) {
			var p progress
			for start := time.Now(); p.done < len(keys) && (p.done == 0 || time.Since(start) < sweepHold); p.done++ {
				removed, err := rule.drop(t, set, keys[p.done])
				if err != nil {
					return p, err
				}
				if removed {
					p.removed++
				}
			}
			return p, nil
		})
		if err != nil {
			return total, err
		}
		total += p.removed
		keys = keys[p.done:]
	}
	return total, nil
}

func scanKey(r scanner) (any, error) {
	var v any
	err := r.Scan(&v)
	return v, err
}

// rows is the rule for a query that names rows of one table; drop asks the
// condition once more. Table, key and condition are our own constants; the
// condition has one parameter, the time before which a row is too old.
func rows(name, table, key, where string, age func(Settings) time.Duration) sweep {
	cut := func(t *Tx, set Settings) int64 { return ms(t.Now().Add(-age(set))) }
	return sweep{
		name: name,
		find: func(t *Tx, set Settings, _ int64) ([]any, int64, error) {
			keys, err := many(t, scanKey, `
				select `+key+`
				from `+table+` x
				where `+where+`
				limit ?`, cut(t, set), sweepSlice)
			return keys, 0, err
		},
		drop: func(t *Tx, set Settings, k any) (bool, error) {
			n, err := t.changed(`
				delete from `+table+` as x
				where `+key+` = ?2
				and `+where, cut(t, set), k)
			return n > 0, err
		},
	}
}

// aged is rows with the age that a setting names.
func aged(name, setting, table, key, where string) sweep {
	a, ok := AgeNamed(setting)
	if !ok {
		panic("no age " + setting) // a wrong constant in the table of sweeps
	}
	of := func(set Settings) time.Duration { return time.Duration(*a.Of(&set)) * day }
	rule := rows(name, table, key, where, of)
	rule.age = setting
	rule.count = func(t *Tx, set Settings) (int, error) {
		return value[int](t, `
			select count(*)
			from `+table+` x
			where `+where, ms(t.Now().Add(-of(set))))
	}
	return rule
}

func after(d time.Duration) func(Settings) time.Duration {
	return func(Settings) time.Duration { return d }
}

// overCap keeps the newest rows of a table, as a column orders them; where
// narrows the rows that count ("" for all).
func overCap(name, table, key, order, where string, keep int) sweep {
	if where == "" {
		where = "true"
	}
	return sweep{
		name: name,
		find: func(t *Tx, _ Settings, _ int64) ([]any, int64, error) {
			keys, err := many(t, scanKey, `
				select `+key+`
				from `+table+`
				where `+where+`
				order by `+order+` desc
				limit ?
				offset ?`, sweepSlice, keep)
			return keys, 0, err
		},
		drop: func(t *Tx, _ Settings, k any) (bool, error) {
			n, err := t.changed(`
				delete from `+table+`
				where `+key+` = ?
				and `+where, k)
			return n > 0, err
		},
	}
}
