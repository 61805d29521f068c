package store

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

const (
	searchFirst = 200   // posts with the words that are looked at for one page at first …
	searchStep  = 2000  // … then at a time …
	searchMost  = 10000 // … and at most, however few pass
	searchTerms = 16    // words and phrases that count
)

// PostQuery says which posts are looked for: those that pass all of it.
type PostQuery struct {
	Words    string // each of them is in the post; "several in quotes" stand together; -this is not in it
	From     int64  // who wrote it; 0 is anybody
	Followed bool   // by somebody whom the owner follows
	Media    bool   // has attachments
	Poll     bool
	Reply    bool      // answers something
	Language string    // "en" is also "en-GB"
	After    time.Time // written at that time or later
	Before   time.Time // written before
}

// SearchPosts finds posts, newest first: never by rank, which would read every row
// of a common word. Left out are posts of people whom the owner blocked (T48) or
// muted, unless From names the latter, and those of people who do not want to be
// found, unless the post had to do with the owner (DECISIONS 11).
//
// It looks at a bounded number of posts. If more were to be looked at, next is
// where to go on from, as Page.Max, else 0.
func (t *Tx) SearchPosts(q PostQuery, p Page) (posts []Post, next int64, err error) {
	source, args := q.source()
	if source == "" {
		return nil, 0, nil
	}
	up := p.Min > 0
	low, high := max(p.Min, p.Since), p.max()
	if !q.After.IsZero() {
		low = max(low, IDAt(q.After)-1)
	}
	if !q.Before.IsZero() {
		high = min(high, IDAt(q.Before))
	}
	order := "desc"
	if up {
		order = "asc"
	}
	type row struct {
		id int64
		ok bool
	}
	var ids []int64
	for step, seen := searchFirst, 0; len(ids) < p.limit(); step = searchStep {
		all := append(q.passes(t), args...)
		rows, err := many(t, func(r scanner) (x row, err error) { err = r.Scan(&x.id, &x.ok); return }, `
			select s.id, `+passes+`
			from (`+source+order+` limit ?) s`, append(all, high, low, step)...)
		if err != nil {
			return nil, 0, err
		}
		for _, x := range rows {
			if x.ok && len(ids) < p.limit() {
				ids = append(ids, x.id)
			}
		}
		if seen += len(rows); len(rows) < step {
			break
		}
		last := rows[len(rows)-1].id
		if high = last; up {
			high, low = p.max(), last
		}
		if seen >= searchMost && len(ids) < p.limit() {
			next = last
			break
		}
	}
	if up {
		slices.Reverse(ids)
	}
	posts, err = t.Posts(ids)
	return posts, next, err
}

// source is the query of the ids that are looked at, up to its order, and its
// arguments before the two bounds; "" finds nothing.
func (q PostQuery) source() (query string, args []any) {
	match := matchQuery(q.Words)
	if q.From > OwnerID { // own posts are not in that column
		match = strings.TrimPrefix(match+` AND author : "`+authorWord(q.From)+`"`, " AND ")
	}
	switch {
	case match != "":
		return `
			select rowid id
			from search
			where search match ?
			and rowid < ?
			and rowid > ?
			order by rowid `, []any{match}
	case strings.TrimSpace(q.Words) != "":
		return "", nil // signs alone are no word
	case q.From == OwnerID:
		return `
			select id
			from posts indexed by posts_own
			where actor_id = 1
			and id < ?
			and id > ?
			order by id `, nil
	case q == PostQuery{}:
		return "", nil
	}
	return `
			select id
			from posts not indexed
			where id < ?
			and id > ?
			order by id `, nil
}

// passes is true of a post s.id that is to be found; its arguments are those of
// PostQuery.passes.
const passes = `exists (
				select 1
				from posts p
				cross join actors a on a.id = p.actor_id
				where p.id = s.id
				and p.boost_of is null
				and (?1 = 0 or p.actor_id = ?1)
				and (not ?2 or exists (select 1 from following f where f.actor_id = p.actor_id and f.state = 1))
				and (not ?3 or p.extra like '%"attachments":%')
				and (not ?4 or p.extra like '%"poll":%')
				and (not ?5 or p.parent_uri is not null)
				and (?6 = '' or p.language = ?6 collate nocase or p.language like ?6 || '-%')
				and not exists (select 1 from blocks b where b.actor_id = p.actor_id)
				and (?1 != 0 or not exists (select 1 from mutes m where m.actor_id = p.actor_id and (m.until is null or m.until > ?7)))
				and (p.actor_id = 1 or p.kept = 1 or a.indexable
					or exists (select 1 from following f where f.actor_id = p.actor_id and f.state = 1)
					or exists (select 1 from home h where h.post_id = p.id)
					or exists (select 1 from mentions x where x.post_id = p.id)
					or exists (select 1 from posts o cross join home h on h.post_id = o.id where o.boost_of = p.id)))`

func (q PostQuery) passes(t *Tx) []any {
	return []any{q.From, q.Followed, q.Media, q.Poll, q.Reply, q.Language, ms(t.Now())}
}

// matchQuery makes an FTS5 query of words. Every word is quoted, so that no input
// is FTS5 syntax; characters of wordless scripts that stand together must stand
// together in the text. "" is for what holds no word that must be there.
func matchQuery(words string) string {
	var with, without []string
	for i, part := range strings.Split(words, `"`) {
		if i%2 == 1 { // between quotes
			if term := searchTerm(part); term != "" {
				with = append(with, term)
			}
			continue
		}
		for w := range strings.FieldsSeq(part) {
			bare, not := strings.CutPrefix(w, "-")
			term := searchTerm(bare)
			switch {
			case term == "":
			case not && bare[0] != '-':
				without = append(without, term)
			default:
				with = append(with, term)
			}
		}
	}
	if len(with) == 0 {
		return ""
	}
	match := "body : (" + strings.Join(with[:min(len(with), searchTerms)], " ") + ")"
	if len(without) > 0 {
		match = "(" + match + " NOT body : (" + strings.Join(without[:min(len(without), searchTerms)], " OR ") + "))"
	}
	return match
}

// searchTerm is a word or phrase as FTS5 takes it, "" if there is no letter in it.
func searchTerm(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) < 0 {
		return ""
	}
	return `"` + strings.Join(strings.Fields(searchable(text)), " ") + `"`
}
