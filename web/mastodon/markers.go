package mastodon

import (
	"slices"

	"dassie/store"
	"dassie/web/reply"
)

// timelines are what has a marker.
var timelines = []string{store.MarkerHome, store.MarkerNotifications}

// errStale is Mastodon's answer to a marker that another app has moved meanwhile.
var errStale = reply.Errorf(reply.Conflict, "Conflict during update, please try again")

func marker(m store.Marker) Marker {
	return Marker{LastReadID: id(m.LastID), Version: m.Version, UpdatedAt: date(m.At)}
}

// markers: GET /api/v1/markers?timeline[]=home. One that was never set is left
// out, and so are all that were not asked for.
func (a *API) markers(c *call) (any, error) {
	asked := c.params.list("timeline")
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (map[string]Marker, error) {
		out := map[string]Marker{}
		for _, name := range timelines {
			if !slices.Contains(asked, name) {
				continue
			}
			m, err := tx.Marker(name)
			if err != nil {
				return nil, err
			}
			if m.LastID != 0 {
				out[name] = marker(m)
			}
		}
		return out, nil
	})
}

// moveMarkers: POST /api/v1/markers with home[last_read_id] and
// notifications[last_read_id]. The place is the one that the pages have. It never
// goes back: if all that is asked for lies behind what is known, the app is told
// with 409 to read the markers again; else it learns from the answer.
func (a *API) moveMarkers(c *call) (any, error) {
	to := map[string]int64{}
	for _, name := range timelines {
		text := c.params.get(name + "[last_read_id]")
		if text == "" {
			continue
		}
		n, ok := parseID(text)
		if !ok {
			return nil, reply.Errorf(reply.Unprocessable, "Validation failed: %s[last_read_id] is no id.", name)
		}
		to[name] = n
	}
	now, err := a.svc.MoveMarkers(c.ctx, to)
	if err != nil {
		return nil, err
	}
	out := map[string]Marker{}
	stale := 0
	for name, m := range now {
		if to[name] < m.LastID {
			stale++
		}
		if m.LastID != 0 {
			out[name] = marker(m)
		}
	}
	if stale > 0 && stale == len(to) {
		return nil, errStale
	}
	return out, nil
}
