package store

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// lineText is how many characters of a text its one line needs: HTML has more marks than
// words at its beginning, such as whom a post names.
const lineText = "800"

// lineColumns are those of a post that is shown as one line: the beginning of its
// text, and never its source. Thousands are read at once.
var lineColumns = strings.NewReplacer("p.content", "substr(p.content, 1, "+lineText+")", "p.source", "null").Replace(postColumns)

// Cut says whether a post that was read as a line may go on.
func (p Post) Cut() bool { return strconv.Itoa(utf8.RuneCountInString(p.Content)) == lineText }

// HomeLines reads a page of the home timeline with only the beginning of each text.
func (t *Tx) HomeLines(p Page) ([]Post, error) {
	list := `
		select ` + lineColumns + `
		from home h
		cross join posts p on p.id = h.post_id
		where ` + unmuted + `
		and ` + boostsWanted + `
		and ` + heard + `
		and h.post_id < ?
		and h.post_id > ?
		order by h.post_id `
	now := ms(t.Now())
	return page(t, p, scanPost, list+`desc limit ?`, list+`asc limit ?`, now, now)
}

// PostLines reads posts by their ids as HomeLines does; missing ones are left out.
func (t *Tx) PostLines(ids []int64) (map[int64]Post, error) {
	list, err := many(t, scanPost, `
		select `+lineColumns+`
		from json_each(?) j
		cross join posts p on p.id = j.value`, idList(distinct(ids)))
	found := make(map[int64]Post, len(list))
	for _, p := range list {
		found[p.ID] = p
	}
	return found, err
}
