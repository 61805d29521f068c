package store

// addressMargin is how much earlier an address goes than its age says: the sweep
// runs once a night, and none may be older than promised before the next.
const addressMargin = day

// addresses is the rule that clears the addresses of visitors in a table. A column
// says when an address was written down, which is what its age counts from: a log-in
// of years ago that is still in use does not keep its.
func addresses(name, table, key, column string) sweep {
	cut := func(t *Tx, set Settings) int64 {
		return ms(t.Now().Add(-max(0, daysOf(set.KeepAddressDays)-addressMargin)))
	}
	old := `address != ''
			and ` + column + ` <= ?`
	return sweep{
		name: name,
		age:  "keep_address_days",
		find: func(t *Tx, set Settings, _ int64) ([]any, int64, error) {
			keys, err := many(t, scanKey, `
			select `+key+`
			from `+table+`
			where `+old+`
			limit ?`, cut(t, set), sweepSlice)
			return keys, 0, err
		},
		drop: func(t *Tx, _ Settings, k any) (bool, error) {
			if err := t.Overwrite(); err != nil {
				return false, err
			}
			n, err := t.changed(`
			update `+table+`
			set address = ''
			where `+key+` = ?`, k)
			return n > 0, err
		},
		count: func(t *Tx, set Settings) (int, error) {
			return value[int](t, `
			select count(*)
			from `+table+`
			where `+old, cut(t, set))
		},
	}
}
