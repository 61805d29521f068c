package federation

import (
	"context"
	"errors"
	"sync"
	"time"

	"dassie/store"
)

const (
	maxFlying  = 192             // requests that wait for connect, handshake or answer
	maxFailing = maxFlying / 2   // of these, to inboxes that failed the last time
	cutAfter   = 3 * time.Second // a request that waits for less is never cut for others
)

// errCut is why a request was ended that waited while others had no place.
var errCut = errors.New("others went first")

// sendingSet holds what is being sent right now, one request per host.
type sendingSet struct {
	mu      sync.Mutex
	pairs   map[[2]int64]bool // outgoing and inbox
	hosts   map[int64]*flight
	failing int

	asked, settled uint64 // how often has said no, and up to which no its caller has committed
}

// flight is one request on its way.
type flight struct {
	inboxID int64
	failing bool
	cut     bool
	cancel  context.CancelCauseFunc
	since   time.Time // when it was signed; zero while nothing waits for the other side
}

func (f *sendingSet) init() {
	f.pairs, f.hosts = map[[2]int64]bool{}, map[int64]*flight{}
}

// has says whether a delivery is being sent; a deletion asks it inside its
// transaction.
func (f *sendingSet) has(outgoingID, inboxID int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pairs[[2]int64{outgoingID, inboxID}] {
		return true
	}
	f.asked++
	return false
}

// mark notes that a delivery is about to be sent. If a deletion may have been
// told no before and has not committed since, unsure is true: what the caller
// read may be cancelled by now. It then reads again behind the writer and calls
// settle with the token.
func (f *sendingSet) mark(outgoingID, inboxID int64) (token uint64, unsure bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pairs[[2]int64{outgoingID, inboxID}] = true
	return f.asked, f.asked != f.settled
}

func (f *sendingSet) settle(token uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.settled = max(f.settled, token)
}

func (f *sendingSet) unmark(outgoingID, inboxID int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.pairs, [2]int64{outgoingID, inboxID})
}

// place is what came of asking for one.
type place int

const (
	placed   place = iota
	hostBusy       // the host has its one place already
	noPlace        // all are taken
)

// begin takes the host's one place. When all places are taken, the request that
// waits longest is cut, so that hanging hosts cost the others nothing; it is tried
// again by its schedule. Inboxes that failed before get half of the places and cut
// nobody.
func (f *sendingSet) begin(in store.Inbox, now time.Time) place {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hosts[in.HostID] != nil {
		return hostBusy
	}
	failing := !in.FailingSince.IsZero()
	if failing && f.failing >= maxFailing {
		return noPlace
	}
	if len(f.hosts) >= maxFlying {
		if !failing {
			f.cutLongest(now)
		}
		return noPlace
	}
	f.hosts[in.HostID] = &flight{inboxID: in.ID, failing: failing}
	if failing {
		f.failing++
	}
	return placed
}

// canBeCut notes how a request that has just begun is cut.
func (f *sendingSet) canBeCut(hostID int64, cancel context.CancelCauseFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hosts[hostID].cancel = cancel
}

// idle says that nothing is on its way.
func (f *sendingSet) idle() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.hosts) == 0
}

func (f *sendingSet) cutLongest(now time.Time) {
	var longest *flight
	for _, fl := range f.hosts {
		if fl.cut {
			return // one at a time: its place is free in a moment
		}
		if !fl.since.IsZero() && (longest == nil || fl.since.Before(longest.since)) {
			longest = fl
		}
	}
	if longest != nil && now.Sub(longest.since) >= cutAfter {
		longest.cut = true
		longest.cancel(errCut)
	}
}

// waits notes that a request to a host was signed, or with the zero time that
// its answer came.
func (f *sendingSet) waits(hostID int64, since time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl := f.hosts[hostID]; fl != nil {
		fl.since = since
	}
}

func (f *sendingSet) end(hostID int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hosts[hostID].failing {
		f.failing--
	}
	delete(f.hosts, hostID)
}

// inboxes are those that are being sent to.
func (f *sendingSet) inboxes() map[int64]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	ids := make(map[int64]bool, len(f.hosts))
	for _, fl := range f.hosts {
		ids[fl.inboxID] = true
	}
	return ids
}
