package federation

import (
	"context"
	"errors"
	"sync/atomic"
)

// errSpent says that a task made as many requests as it may.
var errSpent = errors.New("all requests that may be made for this were made")

// meter counts the requests that one task makes. It travels in the context, so
// that whatever the task calls is counted where it asks.
type meter struct {
	most int64
	used atomic.Int64
	of   *meter // the task that this one is part of
}

type meterKey struct{}

// metered bounds the requests made under the context that it returns.
func metered(ctx context.Context, most int) (context.Context, *meter) {
	of, _ := ctx.Value(meterKey{}).(*meter)
	m := &meter{most: int64(most), of: of}
	return context.WithValue(ctx, meterKey{}, m), m
}

// spend counts one request, or says that no more may be made. Without a meter
// in the context there is no bound here.
func spend(ctx context.Context) error {
	m, _ := ctx.Value(meterKey{}).(*meter)
	for at := m; at != nil; at = at.of {
		if at.used.Add(1) <= at.most {
			continue
		}
		for back := m; ; back = back.of { // what was counted below a spent one was not made
			back.used.Add(-1)
			if back == at {
				return errSpent
			}
		}
	}
	return nil
}

// spent is how many requests were made.
func (m *meter) spent() int { return int(m.used.Load()) }

// left is how many more may be made.
func (m *meter) left() int {
	left := m.most - m.used.Load()
	if m.of != nil {
		left = min(left, int64(m.of.left()))
	}
	return int(max(left, 0))
}
