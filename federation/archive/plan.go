package archive

import (
	"encoding/json"
	"fmt"
	"slices"

	"dassie/store"
)

func writeJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// Plan is what an archive brings, and what it does not.
type Plan struct {
	Kind   string   `json:"kind"`   // a key of Kinds
	Handle string   `json:"handle"` // of whom it is, without the leading @
	Same   bool     `json:"same"`   // of this very account: posts keep their addresses
	Parts  []Part   `json:"parts"`
	Left   []Left   `json:"left"`  // what does not come
	Words  []string `json:"words"` // what the owner should know besides
	Leave  []string `json:"leave"` // keys of parts that the owner does not want
}

// Part is one kind of what comes.
type Part struct {
	Key   string `json:"key"`
	Name  string `json:"name"`
	Count int    `json:"count"`
	Items int    `json:"items"` // that are read for it: the measure of progress
	Note  string `json:"note,omitempty"`
}

// Left is why something does not come, and how many there are; 0 if that is not known.
type Left struct {
	Why   string `json:"why"`
	Count int    `json:"count"`
}

// Result is what came of an import.
type Result struct {
	Taken map[string]int `json:"taken"` // by key of the part
	Left  []Left         `json:"left"`
}

// ReadPlan is the preview of an import.
func ReadPlan(row store.Import) (Plan, error) {
	var p Plan
	if err := json.Unmarshal([]byte(row.Plan), &p); err != nil {
		return p, fmt.Errorf("read the preview of an import: %w", err)
	}
	return p, nil
}

// ReadResult is what came of an import until now.
func ReadResult(row store.Import) (Result, error) {
	r := Result{}
	if err := json.Unmarshal([]byte(row.Result), &r); err != nil {
		return r, fmt.Errorf("read the result of an import: %w", err)
	}
	if r.Taken == nil {
		r.Taken = map[string]int{}
	}
	return r, nil
}

// Missing is what does not come, or did not come until now: also what only the preview
// knows.
func (p Plan) Missing(r Result) []Left {
	list := slices.Clone(r.Left)
	for _, l := range p.Left {
		if !slices.ContainsFunc(r.Left, func(m Left) bool { return m.Why == l.Why }) {
			list = append(list, l)
		}
	}
	return list
}

// wants says whether the owner takes a part.
func (p Plan) wants(key string) bool { return !slices.Contains(p.Leave, key) }

// total is how many items are read for what the owner takes.
func (p Plan) total() (n int) {
	for _, part := range p.Parts {
		if p.wants(part.Key) {
			n += part.Items
		}
	}
	return n
}

// Kinds of archives, as they are called.
var Kinds = map[string]string{kindOwn: "dassie", kindMastodon: "Mastodon"}

const (
	kindOwn      = "dassie"
	kindMastodon = "mastodon"
)

// copy shares nothing with r.
func (r Result) copy() (Result, error) {
	out := Result{Taken: make(map[string]int, len(r.Taken)), Left: slices.Clone(r.Left)}
	for k, v := range r.Taken {
		out.Taken[k] = v
	}
	return out, nil
}

// leave counts what does not come, by the reason.
func leave(list []Left, why string, n int) []Left {
	for i := range list {
		if list[i].Why == why {
			list[i].Count += n
			return list
		}
	}
	return append(list, Left{why, n})
}

// leave notes that one thing did not come, and why.
func (r *Result) leave(why string) { r.Left = leave(r.Left, why, 1) }

// count is leave for n of them, also none.
func (r *Result) count(why string, n int) {
	if n > 0 {
		r.Left = leave(r.Left, why, n)
	}
}
