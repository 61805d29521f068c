package federation

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"dassie/federation/remote"
	"dassie/store"
)

func inboxAt(host int64, failing bool) store.Inbox {
	in := store.Inbox{ID: host, HostID: host}
	if failing {
		in.FailingSince = time.Unix(1, 0)
	}
	return in
}

// When all places are taken, only a request that waits long is cut, one at a
// time, and never for an inbox that failed before.
func TestTheLongestWaitingIsCutWhenAllPlacesAreTaken(t *testing.T) {
	var f sendingSet
	f.init()
	cut := map[int64]error{}
	now := time.Unix(1000, 0)
	begin := func(host int64, failing bool) bool {
		if f.begin(inboxAt(host, failing), now) != placed {
			return false
		}
		f.canBeCut(host, func(cause error) { cut[host] = cause })
		return true
	}
	for i := range int64(maxFlying) {
		if !begin(i, false) {
			t.Fatalf("place %d was refused", i)
		}
		f.waits(i, now.Add(time.Duration(i)*time.Millisecond))
	}
	if f.begin(inboxAt(3, false), now) != hostBusy {
		t.Error("a host got a second place")
	}
	if begin(1000, false) || len(cut) != 0 {
		t.Errorf("requests that had just left were cut: %v", cut)
	}
	now = now.Add(cutAfter)
	if begin(1000, true) || len(cut) != 0 {
		t.Errorf("one was cut for an inbox that failed before: %v", cut)
	}
	for range 5 {
		begin(1000, false)
	}
	if len(cut) != 1 || !errors.Is(cut[0], errCut) {
		t.Errorf("cut are %v, not the longest waiting alone", cut)
	}
	f.end(0)
	if !begin(1000, false) {
		t.Error("the free place was not given")
	}
}

func TestInboxesThatFailedTakeHalfOfThePlaces(t *testing.T) {
	var f sendingSet
	f.init()
	n := 0
	for i := range int64(maxFlying) {
		if f.begin(inboxAt(i, true), time.Time{}) == placed {
			n++
		}
	}
	if n != maxFailing {
		t.Errorf("%d failing inboxes are tried at a time", n)
	}
	if f.begin(inboxAt(5000, false), time.Time{}) != placed {
		t.Error("a working inbox found no place beside them")
	}
}

// A deletion that found nothing on its way makes later sendings look again.
func TestADeletionThatSawNothingFlyingIsNotOvertaken(t *testing.T) {
	var f sendingSet
	f.init()
	if _, unsure := f.mark(1, 1); unsure {
		t.Error("unsure without any deletion")
	}
	if !f.has(1, 1) {
		t.Error("what is being sent is not known")
	}
	if f.has(2, 1) {
		t.Error("something else is being sent")
	}
	token, unsure := f.mark(2, 1)
	if !unsure {
		t.Error("a sending that was just cancelled would leave")
	}
	f.settle(token)
	if _, unsure := f.mark(3, 1); unsure {
		t.Error("unsure for ever")
	}
}

func TestAStaleRenderingIsNotKept(t *testing.T) {
	var c renderedCache
	_, before := c.get(7)
	c.clear() // the post was edited while it was rendered
	c.put(7, []byte("old"), before)
	if body, _ := c.get(7); body != nil {
		t.Error("the text from before the edit would be sent")
	}
}

// A forger who hangs up, or a host that is busy, says nothing about a key.
func TestT32_ForgersCannotBlockAKey(t *testing.T) {
	s := &Service{keys: newKeyCache(), now: time.Now, budget: newBudget(time.Now)}
	const id = "https://good.example/u#main-key"
	for _, err := range []error{busyKeys(), tooMany(), context.Canceled, store.ErrClosed} {
		s.refuseKey(id, err)
		if _, ok := s.keys.refused.Get(id); ok {
			t.Errorf("%v blocks the key", err)
		}
	}
	s.refuseKey(id, unverifiable(id, context.DeadlineExceeded))
	if r, ok := s.keys.refused.Get(id); !ok || time.Until(r.until) > keyPassing {
		t.Errorf("a passing failure is remembered until %v", r.until)
	}
	s.refuseKey(id, unverifiable(id, errForeign))
	if r, _ := s.keys.refused.Get(id); time.Until(r.until) < keyNegative-time.Minute {
		t.Errorf("a lie is remembered until %v", r.until)
	}
}

// T31: of one registrable domain ten new hosts an hour; T62: everything kept by
// name has a cap, whatever hosts are named.
func TestT31T62_NamesOfStrangersAreBounded(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	b := newBudget(func() time.Time { return now })
	n := 0
	for i := range 500 {
		if b.thirdParty(name(i) + ".evil.example") {
			n++
		}
	}
	if n != newHostsPerDomain {
		t.Errorf("%d hosts of one domain may be contacted", n)
	}
	s := &Service{keys: newKeyCache(), now: func() time.Time { return now }, budget: b}
	for i := range 3 * limitersKept {
		host := name(i) + ".example"
		b.hosts.allow(host, now)
		b.keyFetch(host, "192.0.2.1")
		b.sources.allow(host, now)
		b.bad.allow(host, now)
		b.thirdParty(host + ".org")
		s.refuseKey("https://"+host+"/u#k", unverifiable(host, errForeign))
		s.keys.known.Add(host, &signer{})
	}
	for what, l := range map[string]*limiters{"hosts": b.hosts, "keys": b.keys, "sources": b.sources, "bad": b.bad, "domains": b.domains} {
		if l.known.Len() > limitersKept {
			t.Errorf("%s: %d rows", what, l.known.Len())
		}
	}
	if s.keys.refused.Len() > keysRefused || s.keys.known.Len() > keysCached || len(b.turns) != 0 {
		t.Errorf("%d refused, %d known keys, %d turns", s.keys.refused.Len(), s.keys.known.Len(), len(b.turns))
	}
	var leave []func()
	for i := range 10_000 {
		if l, ok := b.enter(name(i % 500)); ok {
			leave = append(leave, l)
		}
	}
	if len(leave) > keyWaiting {
		t.Errorf("%d requests wait for keys", len(leave))
	}
	for _, l := range leave {
		l()
	}
	if b.total != 0 || len(b.queue) != 0 {
		t.Errorf("%d places, %d hosts were not given back", b.total, len(b.queue))
	}
}

func name(i int) string { return "h" + time.Duration(i).String() }

// One domain's jobs, which may all hang, never hold all workers.
func TestJobsOfOneDomainLeaveRoom(t *testing.T) {
	var w workState
	w.init()
	job := func(id int64, key string) store.Job { return store.Job{ID: id, Kind: "inbox", Key: key} }
	var held []store.Job
	for i := range int64(20) {
		if j := job(i, "https://"+name(int(i))+".evil.example/u"); w.claim(j) {
			held = append(held, j)
		}
	}
	if len(held) != jobsOfPeer {
		t.Errorf("one domain holds %d of %d workers", len(held), jobWorkers)
	}
	if w.claim(job(50, "refer:Create:https://x.evil.example/n/1")) {
		t.Error("a hint about that domain is not counted with it")
	}
	if !w.claim(job(51, "https://good.example/u")) || !w.claim(store.Job{ID: 52, Kind: "pictures", Key: "pictures:1"}) {
		t.Error("others wait for it")
	}
	for _, j := range held {
		w.release(j)
	}
	if !w.claim(held[0]) {
		t.Error("the places were not given back")
	}
}

// Only a name that leads nowhere is said to: a look-up that failed or took too long says
// nothing about it, and is no server that did not answer either.
func TestAFailedLookUpIsNoNameThatIsGone(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want string
	}{
		{remote.ErrResolve, store.NameNotFound},
		{remote.ErrLookup, store.NameUnclear},
		{fmt.Errorf("%w: %w", remote.ErrLookup, remote.ErrTimeout), store.NameUnclear},
		{remote.ErrTimeout, "did not answer in time"},
	} {
		if state, got := judge(nil, fmt.Errorf("dial x: %w", tc.err)); state != store.DeliveryUnknown || got != tc.want {
			t.Errorf("%v is %q", tc.err, got)
		}
	}
}
