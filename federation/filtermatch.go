package federation

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"dassie/federation/markup"
	"dassie/store"
)

// Filters are those that look through one page of posts.
type Filters []*Filter

// Filter is a filter made ready to look through posts.
type Filter struct {
	store.Filter
	words []string // as Words, in lower case
	posts map[int64]bool
}

// FilterHit is a filter that found a post, and by what.
type FilterHit struct {
	Filter *Filter
	Words  []string // as the owner wrote them
	Post   bool     // it names the post
}

// NewFilter makes a filter ready.
func NewFilter(f store.Filter) *Filter {
	ready := &Filter{Filter: f}
	for _, w := range f.Words {
		ready.words = append(ready.words, oneLineWords(w.Word))
	}
	if len(f.Posts) > 0 {
		ready.posts = make(map[int64]bool, len(f.Posts))
		for _, p := range f.Posts {
			ready.posts[p.PostID] = true
		}
	}
	return ready
}

// Match lists the filters that find a post: by its text, content warning, the
// options of its poll, and what describes its pictures, as in Mastodon. The owner's
// own posts are never found: nobody has to be spared what they wrote. A boost is
// judged by what it boosts.
func (fs Filters) Match(p *store.Post) []FilterHit {
	if len(fs) == 0 || p.Own() || p.BoostOf != 0 {
		return nil
	}
	text, read := "", false
	var hits []FilterHit
	for _, f := range fs {
		hit := FilterHit{Filter: f, Post: f.posts[p.ID]}
		if len(f.words) > 0 && !read {
			text, read = searchable(p), true
		}
		for n, word := range f.words {
			if containsWord(text, word, f.Words[n].Whole) {
				hit.Words = append(hit.Words, f.Words[n].Word)
			}
		}
		if hit.Post || len(hit.Words) > 0 {
			hits = append(hits, hit)
		}
	}
	return hits
}

// Gravest is what the hits together ask for: to hide before to warn before to
// blur. The filter that asks for it is returned with it; nil for no hits.
func Gravest(hits []FilterHit) *Filter {
	rank := map[store.FilterAction]int{store.FilterBlur: 1, store.FilterWarn: 2, store.FilterHide: 3}
	var found *Filter
	for _, h := range hits {
		if found == nil || rank[h.Filter.Action] > rank[found.Action] {
			found = h.Filter
		}
	}
	return found
}

// searchable is all that filters look at, a line for each part.
func searchable(p *store.Post) string {
	parts := filterParts(p)
	for i := range parts {
		parts[i] = strings.ToLower(parts[i])
	}
	return strings.Join(parts, "\n")
}

// filterParts is what searchable looks at as it is written, each part on one line.
func filterParts(p *store.Post) []string {
	parts := []string{p.Summary, markup.Text(p.HTML())}
	if p.Extra.Poll != nil {
		for _, o := range p.Extra.Poll.Options {
			parts = append(parts, o.Name)
		}
	}
	for _, a := range p.Extra.Attachments {
		parts = append(parts, a.Alt)
	}
	for i := range parts {
		parts[i] = strings.Join(strings.Fields(parts[i]), " ")
	}
	return parts
}

// containsWord looks for a word; whole means that it must not go on on a side where
// it begins or ends with a letter or digit.
func containsWord(text, word string, whole bool) bool { return findWord(text, word, whole, 0) >= 0 }

// findWord is where a word stands in a text from a place on; -1 for nowhere.
func findWord(text, word string, whole bool, from int) int {
	if word == "" {
		return -1
	}
	first, _ := utf8.DecodeRuneInString(word)
	last, _ := utf8.DecodeLastRuneInString(word)
	for {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return -1
		}
		at, end := from+i, from+i+len(word)
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[end:])
		if !whole || !(inWord(first) && inWord(before)) && !(inWord(last) && inWord(after)) {
			return at
		}
		_, size := utf8.DecodeRuneInString(text[at:])
		from = at + size
	}
}

// inWord is what \w is in Mastodon's filters; the end of the text, which decodes as
// U+FFFD, is not in a word.
func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || unicode.Is(unicode.Pc, r)
}
