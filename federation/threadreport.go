package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"dassie/federation/ap"
	"dassie/federation/remote"
	"dassie/store"
)

// Why a server did not give something, to be read after its name.
const (
	whySilent = "did not answer."
	whyTime   = "was not asked: there was no time left."
	whyEnough = "has more than is taken in one search."
	whyAway   = "has a list of replies that leads to another server."
)

// missingWhy puts an error into words, and says whether the server is at fault and
// another try is worth it.
func missingWhy(err error) (why string, silent bool) {
	var status *remote.StatusError
	switch {
	case errors.As(err, &status):
		return statusWhy(status.Code)
	case errors.Is(err, errBlockedPerson):
		return "has posts by somebody whom you blocked.", false
	case errors.Is(err, errBlocked):
		return "is blocked by you.", false
	case errors.Is(err, errOverBudget):
		return "was not asked: too many new servers of its domain were named.", true
	case errors.Is(err, errPrivate):
		return "does not show it to everybody.", false
	case errors.Is(err, errSpent):
		return whyEnough, false
	case errors.Is(err, errForeign), errors.Is(err, remote.ErrRedirect):
		return "answered for somebody else, so it is not believed.", false
	case errors.Is(err, remote.ErrAddress), errors.Is(err, remote.ErrURL), errors.Is(err, remote.ErrOwnHost):
		return "cannot be asked: its address is not one of the public internet.", false
	case errors.Is(err, remote.ErrContentType), errors.Is(err, remote.ErrTooLarge), errors.Is(err, ap.ErrShape), errors.Is(err, ap.ErrSyntax):
		return "answered with something that is no post.", false
	case errors.Is(err, store.ErrNotFound):
		return "has deleted it.", false
	}
	return whySilent, true
}

func statusWhy(code int) (string, bool) {
	switch {
	case code == 404 || code == 410:
		return "has deleted it, or does not show it.", false
	case code == 401 || code == 403 || code == 451:
		return "does not show it to us.", false
	case code == 429:
		return "asked us to wait.", true
	case code >= 500:
		return "answered with an error (" + strconv.Itoa(code) + ").", true
	}
	return "did not give an answer that is of use (" + strconv.Itoa(code) + ").", false
}

// miss counts what a server did not give. r.mu is held.
func (r *threadRun) miss(host, why string, silent bool, count int) {
	r.lost[MissingPart{Host: host, Why: why, Silent: silent}] += count
}

// fail counts what a server did not give because of an error. After three errors
// in a row that are the server's own it is not asked any more, and at once when
// it asks for patience.
func (r *threadRun) fail(h *threadHost, err error, count int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.s.log.Debug("a part of a conversation is missing", "host", h.name, "error", err)
	why, silent := missingWhy(err)
	if r.ctx.Err() != nil {
		why = whyTime
	}
	r.miss(h.name, why, silent, count)
	if !silent || h.closed() {
		return
	}
	h.failures++
	var status *remote.StatusError
	if errors.As(err, &status) && status.Code == 429 {
		h.failures = threadFailures
	}
	if h.closed() {
		r.waiting -= len(h.posts)
	}
}

// drain counts what was not asked for any more as missing. r.mu is not needed:
// no worker runs.
func (r *threadRun) drain() {
	for _, h := range r.order {
		if len(h.posts)+len(h.pages)+len(h.notes) == 0 {
			continue
		}
		why, silent := whyTime, true
		switch {
		case h.refused != nil:
			why, silent = missingWhy(h.refused)
		case h.failures >= threadFailures:
			why = whySilent
		case r.meter.left() == 0:
			why = whyEnough
		}
		r.miss(h.name, why, silent, len(h.posts)+len(h.notes))
		h.notes, h.posts, h.pages = nil, nil, nil
	}
}

// finish stores what came of the search and tells open pages.
func (r *threadRun) finish() (ThreadReport, error) {
	report := ThreadReport{RootID: r.root.ID, Found: len(r.fresh), Requests: r.meter.spent(), At: r.s.now(), Done: r.ctx.Err() == nil && r.meter.left() > 0}
	lost := 0
	for part, n := range r.lost {
		part.Count = n
		report.Missing = append(report.Missing, part)
		lost += n
		report.Done = report.Done && !part.Silent && part.Why != whyEnough
	}
	slices.SortFunc(report.Missing, func(a, b MissingPart) int {
		return strings.Compare(a.Host+" "+a.Why, b.Host+" "+b.Why)
	})
	err := r.s.store.Write(context.WithoutCancel(r.ctx), func(tx *store.Tx) error {
		var err error
		if report.Known, report.About, err = r.count(tx, lost); err != nil {
			return err
		}
		text, err := json.Marshal(report)
		if err != nil {
			return err
		}
		if err := r.wantFaces(tx); err != nil {
			return err
		}
		r.s.emit(tx, EventThread, r.root.ID)
		return tx.SaveThreadFetch(store.ThreadFetch{RootID: r.root.ID, At: report.At, Result: string(text)})
	})
	if err != nil {
		return report, fmt.Errorf("store the search of thread %d: %w", r.root.ID, err)
	}
	return report, nil
}

// count says how many replies are known and how many there are about: a list that
// was read to its end is the truth, else the number that its server gives.
func (r *threadRun) count(tx *store.Tx, lost int) (known, about int, err error) {
	below, err := tx.Descendants(r.root.ID, threadObjects)
	if err != nil {
		return 0, 0, err
	}
	children := map[int64]int{}
	for _, p := range below {
		children[p.ParentID]++
	}
	unseen := 0
	for _, p := range append(below, r.root) {
		if n := r.claims[p.ID]; n > p.Replies {
			if err := tx.SetCounts(p.ID, n, 0, 0); err != nil {
				return 0, 0, err
			}
			p.Replies = n
		}
		if !r.whole[p.ID] && !r.listed && !p.Own() {
			unseen += max(p.Replies-children[p.ID], 0)
		}
	}
	return len(below), len(below) + max(unseen, lost), nil
}

// wantFaces queues the pictures of a few of the people who are new here.
func (r *threadRun) wantFaces(tx *store.Tx) error {
	var ids []int64
	for _, p := range r.fresh {
		if !slices.Contains(ids, p.ActorID) && len(ids) < threadFaces {
			ids = append(ids, p.ActorID)
		}
	}
	people, err := tx.Actors(ids...)
	if err != nil {
		return err
	}
	for _, a := range people {
		if err := r.s.wantSeenPictures(tx, a); err != nil {
			return err
		}
	}
	return nil
}

const (
	listsAge  = 15 * time.Minute // between two readings of one list of replies, as Mastodon
	listsKept = 10_000
)

// listMemory remembers in memory, by a hash, which lists of replies were read lately.
type listMemory struct {
	seed maphash.Seed
	kept *lru.Cache[uint64, time.Time]
}

func newListMemory() (listMemory, error) {
	kept, err := lru.New[uint64, time.Time](listsKept)
	return listMemory{maphash.MakeSeed(), kept}, err
}

func (m listMemory) note(uri string, now time.Time) {
	m.kept.Add(maphash.String(m.seed, uri), now)
}

func (m listMemory) recent(uri string, now time.Time) bool {
	at, ok := m.kept.Get(maphash.String(m.seed, uri))
	return ok && now.Sub(at) < listsAge
}
