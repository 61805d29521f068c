package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const sweptKey = "swept"

// Swept says what a sweep removed.
type Swept struct {
	At      time.Time   `json:"at"`              // when it ended
	Removed []SweptKind `json:"removed"`         // what there was nothing of is left out
	Bytes   int64       `json:"bytes,omitempty"` // of files
	Cut     bool        `json:"cut,omitempty"`   // its time was over before everything was looked through
}

// SweptKind is how many things of a kind went.
type SweptKind struct {
	What string `json:"what"`
	N    int    `json:"n"`
}

// Add notes that things went.
func (s *Swept) Add(what string, n int) {
	if n > 0 {
		s.Removed = append(s.Removed, SweptKind{what, n})
	}
}

// Total counts them all.
func (s Swept) Total() (n int) {
	for _, k := range s.Removed {
		n += k.N
	}
	return n
}

// Report takes over what Sweep reports, in the order of its table.
func (s *Swept) Report(report map[string]int) {
	for _, rule := range sweeps {
		s.Add(rule.name, report[rule.name])
	}
}

// SaveSwept notes what the last sweep removed, in the place of the one before.
func (t *Tx) SaveSwept(s Swept) error {
	s.At = s.At.UTC()
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("note what a sweep removed: %w", err)
	}
	return t.SetSetting(sweptKey, string(b))
}

// Swept reads what the last sweep removed; the zero value if there was none.
func (t *Tx) Swept() (s Swept, err error) {
	text, err := t.Setting(sweptKey)
	if errors.Is(err, ErrNotFound) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return s, fmt.Errorf("read what a sweep removed: %w", err)
	}
	return s, nil
}
