package federation

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"dassie/store"
)

// Piece is a part of a text; Found says that a filter found it.
type Piece struct {
	Text  string
	Found bool
}

const (
	piecesBefore = 60  // characters that stand before what was found first
	piecesAfter  = 160 // and after it
)

// Pieces are the words of a post around what a filter found first, with all that it
// found there told apart. Where it found nothing but the post itself, they are how
// the post begins.
func (f *Filter) Pieces(p *store.Post) []Piece {
	var begin []Piece
	for _, part := range filterParts(p) {
		if part == "" {
			continue
		}
		spans := f.spans(part)
		if len(spans) > 0 {
			return cutPieces(part, spans)
		}
		if begin == nil {
			begin = cutPieces(part, nil)
		}
	}
	return begin
}

type found struct{ from, to int }

// spans are the places in a text that a filter finds, in order and apart.
func (f *Filter) spans(text string) []found {
	lower, at := lowered(text)
	var list []found
	for n, word := range f.words {
		for from := 0; ; {
			i := findWord(lower, word, f.Words[n].Whole, from)
			if i < 0 {
				break
			}
			from = i + len(word)
			list = append(list, found{at[i], at[from]})
		}
	}
	slices.SortFunc(list, func(a, b found) int { return a.from - b.from })
	out := list[:0]
	for _, s := range list {
		if last := len(out) - 1; last >= 0 && s.from <= out[last].to {
			out[last].to = max(out[last].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// lowered is a text in lower case as filters compare it, with the place in the text
// that each of its bytes comes from, and one more for the end.
func lowered(text string) (lower string, at []int) {
	var b strings.Builder
	for i, r := range text {
		if r == utf8.RuneError {
			r = '\uFFFD' // as strings.ToLower has it
		}
		n, _ := b.WriteRune(unicode.ToLower(r))
		for range n {
			at = append(at, i)
		}
	}
	return b.String(), append(at, len(text))
}

// cutPieces cuts a text around the first place.
func cutPieces(text string, spans []found) []Piece {
	from, to := 0, len(text)
	middle := 0
	if len(spans) > 0 {
		middle = spans[0].from
	}
	if i := back(text, middle, piecesBefore); i > 0 {
		from = i
	}
	if i := ahead(text, middle, piecesAfter); i < len(text) {
		to = i
	}
	var list []Piece
	add := func(a, b int, is bool) {
		if a < b {
			list = append(list, Piece{text[a:b], is})
		}
	}
	if from > 0 {
		list = append(list, Piece{Text: "…"})
	}
	at := from
	for _, s := range spans {
		if s.from >= to {
			break
		}
		add(at, s.from, false)
		add(s.from, min(s.to, to), true)
		at = min(s.to, to)
	}
	add(at, to, false)
	if to < len(text) {
		list = append(list, Piece{Text: "…"})
	}
	return list
}

// back is some characters before a place.
func back(text string, at, n int) int {
	for ; n > 0 && at > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(text[:at])
		at -= size
	}
	return at
}

// ahead is some characters after a place.
func ahead(text string, at, n int) int {
	for ; n > 0 && at < len(text); n-- {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return at
}

// Why says by what hits found a post: the words, each once, or that it is named
// itself.
func (h FilterHit) Why() string {
	if h.Post && len(h.Words) == 0 {
		return "this post"
	}
	var list []string
	for _, w := range h.Words {
		if !slices.Contains(list, w) {
			list = append(list, w)
		}
	}
	return strings.Join(list, ", ")
}

// HitOf is the hit of a filter among several.
func HitOf(f *Filter, hits []FilterHit) FilterHit {
	for _, h := range hits {
		if h.Filter == f {
			return h
		}
	}
	return FilterHit{Filter: f}
}
