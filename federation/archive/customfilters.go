package archive

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"dassie/store"
)

// filtersFile is the list of filters as Mastodon exports it since 4.6.
const filtersFile = "custom_filters.json"

type customFilter struct {
	Title    string          `json:"title"`
	Expires  *string         `json:"expires_at"`
	Context  []string        `json:"context"`
	Action   string          `json:"action"`
	Keywords []customKeyword `json:"keywords_attributes"`
	Statuses []string        `json:"statuses"`
}

type customKeyword struct {
	Keyword string `json:"keyword"`
	Whole   bool   `json:"whole_word"`
}

// customFilters writes it.
func (e *export) customFilters(w io.Writer) error {
	list := []customFilter{}
	err := e.read(func(tx *store.Tx) error {
		all, err := filterList(tx)
		for _, f := range all {
			c := customFilter{Title: f.Title, Context: f.Where, Action: f.Action, Keywords: []customKeyword{}, Statuses: f.Posts}
			if !f.Expires.IsZero() {
				c.Expires = new(f.Expires.UTC().Format(time.RFC3339Nano))
			}
			for _, k := range f.Words {
				c.Keywords = append(c.Keywords, customKeyword{k.Word, k.Whole})
			}
			list = append(list, c)
		}
		return err
	})
	if err != nil {
		return err
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	if err := out.Encode(map[string]any{"custom_filters": list}); err != nil {
		return fmt.Errorf("write the filters: %w", err)
	}
	return nil
}
