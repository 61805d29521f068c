package store

// OwnMedia lists the owner's uploads, the newest first; bare are only those without
// a description.
func (t *Tx) OwnMedia(bare bool, p Page) ([]Media, error) {
	query := `
		select ` + mediaColumns + `
		from media m
		where m.id < ?1
		and m.id > ?2`
	if bare {
		query += `
		and m.alt = ''`
	}
	high := p.Max
	if high == 0 {
		high = 1<<63 - 1
	}
	if p.Min > 0 { // paging up: those just above, in the order of all lists
		list, err := many(t, scanMedia, query+`
		order by m.id
		limit ?3`, high, p.Min, p.Limit)
		for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
			list[i], list[j] = list[j], list[i]
		}
		return list, err
	}
	return many(t, scanMedia, query+`
		order by m.id desc
		limit ?3`, high, 0, p.Limit)
}

// MediaSums counts the owner's uploads, those of them without a description, and
// their bytes.
type MediaSums struct {
	All, Bare int
	Bytes     int64
}

// SumMedia reads them.
func (t *Tx) SumMedia() (MediaSums, error) {
	var s MediaSums
	err := t.one(func(r scanner) error { return r.Scan(&s.All, &s.Bare, &s.Bytes) }, `
		select count(*), coalesce(sum(alt = ''), 0), coalesce(sum(size), 0)
		from media`)
	return s, err
}
