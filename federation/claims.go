package federation

import (
	"maps"
	"strconv"
	"strings"
	"sync"

	"dassie/federation/ap"
	"dassie/store"
)

// groups are kinds of jobs that ask many servers, some of which hang: together
// they hold no more workers than this, so that one is always left for what arrives.
var groups = map[string]struct {
	name   string
	atOnce int
}{
	"thread":  {"#threads", 2},
	"parents": {"#conversations", 1},
	"hinted":  {"#conversations", 1},
	"gap":     {"#conversations", 1},
	"card":    {"#pages", 1},
	"links":   {"#pages", 1},

	"last-posts": {"#pages", 1},
	"mail":       {"#mail", 1},
	"csv-import": {"#imports", 1},
}

// workState wakes the workers and counts what runs.
type workState struct {
	jobs       chan struct{}
	deliveries chan struct{} // more is due
	landed     chan struct{} // a place became free

	mu      sync.Mutex
	running map[string]bool // keys of jobs that run
	peers   map[string]int  // of these, how many by the domain that sent them
}

func (w *workState) init() {
	w.jobs = make(chan struct{}, 1)
	w.deliveries = make(chan struct{}, 1)
	w.landed = make(chan struct{}, 1)
	w.running, w.peers = map[string]bool{}, map[string]int{}
}

func poke(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default: // somebody has poked already
	}
}

func (w *workState) pokeJobs()       { poke(w.jobs) }
func (w *workState) pokeDeliveries() { poke(w.deliveries) }

func runningKey(j store.Job) string {
	if j.Key != "" {
		return j.Key
	}
	return "#" + strconv.FormatInt(j.ID, 10)
}

// busy is what runs now.
func (w *workState) busy() map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.running)
}

// claim marks a job as running, unless it or another one of its key is.
func (w *workState) claim(j store.Job) bool {
	key := runningKey(j)
	w.mu.Lock()
	defer w.mu.Unlock()
	peer := peerOf(j)
	if w.running[key] || peer != "" && w.peers[peer] >= atOnce(j) {
		return false
	}
	w.running[key] = true
	if peer != "" {
		w.peers[peer]++
	}
	return true
}

func (w *workState) release(j store.Job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.running, runningKey(j))
	if peer := peerOf(j); peer != "" {
		if w.peers[peer]--; w.peers[peer] == 0 {
			delete(w.peers, peer)
		}
	}
}

// full lists the kinds of which no more may run now.
func (w *workState) full() (kinds []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for kind, g := range groups {
		if w.peers[g.name] >= g.atOnce {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// atOnce is how many jobs of a peer or group may run at a time.
func atOnce(j store.Job) int {
	if g, ok := groups[j.Kind]; ok {
		return g.atOnce
	}
	return jobsOfPeer
}

// peerOf is the registrable domain of who sent an activity, or the group of a
// job, "" for other work. A domain's servers may hang in every fetch that its
// activities need: they hold some of the workers, never all.
func peerOf(j store.Job) string {
	if g, ok := groups[j.Kind]; ok {
		return g.name
	}
	if j.Kind != "inbox" && j.Kind != "quote" && j.Kind != "quoted" && j.Kind != "followers" {
		return ""
	}
	uri := j.Key
	if i := strings.Index(uri, "http"); i > 0 {
		uri = uri[i:] // refer:Create:https://…, quote:ID:CLAIM:https://…
	}
	return registrable(ap.Host(uri))
}
