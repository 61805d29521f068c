package federation

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

// csvFilter is a filter as Mastodon 4.6 exports it, and with the names of our own
// archives.
type csvFilter struct {
	Title    string          `json:"title"`
	Context  []string        `json:"context"`
	Where    []string        `json:"where"`
	Action   string          `json:"action"`
	Expires  json.RawMessage `json:"expires_at"`
	Expires2 json.RawMessage `json:"expires"`
	Keywords []csvWord       `json:"keywords_attributes"`
	Words    []csvWord       `json:"words"`
	Statuses []string        `json:"statuses"`
	Posts    []string        `json:"posts"`
}

type csvWord struct {
	Keyword string `json:"keyword"`
	Word    string `json:"word"`
	Whole   bool   `json:"whole_word"`
}

var (
	filterPlaces = map[string]store.FilterContext{
		"home": store.FilterHome, "notifications": store.FilterNotifications, "public": store.FilterPublic, "thread": store.FilterThread, "account": store.FilterAccount,
	}
	filterActions = map[string]store.FilterAction{"": store.FilterWarn, "warn": store.FilterWarn, "hide": store.FilterHide, "blur": store.FilterBlur}
)

// filterLines is how far apart filters lie in the order of rows: between them are the
// posts that they find.
const filterLines = 2 * maxFilterPosts

// filters reads Mastodon's custom_filters.json, or the list of our own archives.
func (in *csvReading) filters(text []byte) error {
	if in.imp.Kind != store.CSVUnknown && in.imp.Kind != store.CSVFilters {
		in.imp.Notes.Unlike = store.CSVFilters
		return reply.Errorf(reply.Unprocessable, "This file has filters in it, or other JSON, and no list of the kind you chose.")
	}
	in.imp.Kind = store.CSVFilters
	list, err := decodeFilters(text)
	if err != nil {
		return reply.Errorf(reply.Unprocessable, "This is JSON, but no list of filters as Mastodon or dassie writes it. Nothing was taken from it.")
	}
	if len(list) > maxCSVRows/100 {
		return reply.Errorf(reply.TooLarge, "A file may have %d filters; this one has more. Nothing was taken from it.", maxCSVRows/100)
	}
	nth := map[string]int{}
	for i, f := range list {
		filter, why := f.filter()
		if why != "" {
			in.wrong(i+1, f.Title, why)
			continue
		}
		line := (i + 1) * filterLines
		n := nth[filter.Title]
		nth[filter.Title]++
		in.rows = append(in.rows, store.CSVRow{Line: line, Title: filter.Title, Wish: store.CSVWish{Filter: &filter, Nth: n}})
		for _, uri := range append(f.Statuses, f.Posts...) {
			key, host, why := postAddress(uri)
			if why != "" {
				in.wrong(i+1, uri, why)
				continue
			}
			line++
			in.add(store.CSVRow{Line: line, Key: key, Host: host, Title: filter.Title, Wish: store.CSVWish{Nth: n}})
		}
	}
	return nil
}

func decodeFilters(text []byte) ([]csvFilter, error) {
	var list []csvFilter
	d := json.NewDecoder(bytes.NewReader(text))
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
		if err := d.Decode(&list); err != nil {
			return nil, err
		}
	} else {
		var whole struct {
			Filters *[]csvFilter `json:"custom_filters"`
		}
		if err := d.Decode(&whole); err != nil {
			return nil, err
		}
		if whole.Filters == nil {
			return nil, errors.New("no filters")
		}
		list = *whole.Filters
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the list")
	}
	return list, nil
}

// filter makes a filter of it, or says what is wrong.
func (f csvFilter) filter() (store.Filter, string) {
	out := store.Filter{Title: oneLine(f.Title)}
	for _, place := range append(f.Context, f.Where...) {
		at, ok := filterPlaces[place]
		if !ok {
			return out, "“" + printable(place, 40) + "” is no place where a filter counts."
		}
		out.Context |= at
	}
	var ok bool
	if out.Action, ok = filterActions[f.Action]; !ok {
		return out, "“" + printable(f.Action, 40) + "” is neither warn, hide nor blur."
	}
	if out.ExpiresAt, ok = expiry(f.Expires, f.Expires2); !ok {
		return out, "When it ends is not a time."
	}
	for _, w := range append(f.Keywords, f.Words...) {
		word := oneLine(w.Keyword + w.Word)
		if err := checkFilterWord(word); err != nil {
			return out, reply.Message(err)
		}
		out.Words = append(out.Words, store.FilterWord{Word: word, Whole: w.Whole})
	}
	switch {
	case len(out.Words) > maxFilterWords:
		return out, "A filter has at most 100 words and phrases."
	case len(f.Statuses)+len(f.Posts) > maxFilterPosts:
		return out, "A filter has at most 1,000 single posts."
	}
	if err := checkFilter(out); err != nil {
		return out, reply.Message(err)
	}
	return out, ""
}

// expiry reads a time as Mastodon writes it ("2030-01-02 03:04:05 UTC") or as JSON does.
func expiry(texts ...json.RawMessage) (time.Time, bool) {
	for _, raw := range texts {
		if len(raw) == 0 || string(raw) == "null" || string(raw) == `""` {
			continue
		}
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return time.Time{}, false
		}
		for _, form := range []string{time.RFC3339Nano, "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05 -0700"} {
			if at, err := time.Parse(form, strings.TrimSpace(text)); err == nil {
				return at.UTC().Truncate(time.Millisecond), true
			}
		}
		return time.Time{}, false
	}
	return time.Time{}, true
}

// filterPlan is what a filter of a list comes to: the one of the same title that is
// here, or a new one, and the words that it gains or loses.
type filterPlan struct {
	filter store.Filter
	edits  []FilterWordEdit
	fresh  bool
	same   bool
}

// planFilter compares a filter of a list with the one that is here, nil for none. When
// it is added, what is here keeps its places and gains words; when it takes the place
// of what is here, it becomes as the list says.
func planFilter(here *store.Filter, wish store.Filter, overwrite bool) (p filterPlan) {
	p.fresh = here == nil
	p.filter = wish
	var have []store.FilterWord
	if here != nil {
		have = here.Words
		p.filter.ID = here.ID
		if !overwrite {
			p.filter = *here
		}
	}
	same := func(a, b store.FilterWord) bool { return a.Word == b.Word && a.Whole == b.Whole }
	for _, w := range wish.Words {
		if !slices.ContainsFunc(have, func(h store.FilterWord) bool { return same(h, w) }) {
			p.edits = append(p.edits, FilterWordEdit{Word: new(w.Word), Whole: new(w.Whole)})
		}
	}
	if overwrite {
		for _, h := range have {
			if !slices.ContainsFunc(wish.Words, func(w store.FilterWord) bool { return same(h, w) }) {
				p.edits = append(p.edits, FilterWordEdit{ID: h.ID, Drop: true})
			}
		}
	}
	p.same = here != nil && len(p.edits) == 0 && p.filter.Context == here.Context && p.filter.Action == here.Action && p.filter.ExpiresAt.Equal(here.ExpiresAt)
	return p
}

// nthFilter finds the filter here that a row stands for: of several with one title the
// first stands for the first. Nth counts from 0.
func nthFilter(all []store.Filter, title string, nth int) *store.Filter {
	for i := range all {
		if all[i].Title != title {
			continue
		}
		if nth == 0 {
			return &all[i]
		}
		nth--
	}
	return nil
}
