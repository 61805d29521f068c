package federation

import (
	"context"
	"fmt"
	"time"

	"dassie/store"
)

// MoveMarkers moves the places where the owner stopped reading, all or none, and
// reads them back. A place never goes back, since of two windows the one that lags
// behind must not win, and never beyond what there is, since it would hide what
// comes next: what is read back may differ from what was asked for.
func (s *Service) MoveMarkers(ctx context.Context, to map[string]int64) (map[string]store.Marker, error) {
	now := map[string]store.Marker{}
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		for name, id := range to {
			if err := s.moveMarker(tx, name, id); err != nil {
				return err
			}
			m, err := tx.Marker(name)
			if err != nil {
				return err
			}
			now[name] = m
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("keep the place: %w", err)
	}
	return now, nil
}

func (s *Service) moveMarker(tx *store.Tx, name string, id int64) error {
	before, err := tx.Marker(name)
	if err != nil {
		return err
	}
	newest, err := tx.Newest(name)
	if err != nil {
		return err
	}
	if id = min(id, newest); id <= before.LastID {
		return nil
	}
	s.emit(tx, EventMarker, 0)
	return tx.SetMarker(name, id)
}

// ReadHome says that the owner read the home timeline up to a post, and what is
// listed as arrived late until a moment; the zero time for nothing of that.
func (s *Service) ReadHome(ctx context.Context, to int64, late time.Time) error {
	if _, err := s.MoveMarkers(ctx, map[string]int64{store.MarkerHome: to}); err != nil || late.IsZero() {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error { return tx.SeenLate(late) })
}
