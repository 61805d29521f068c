package federation

import (
	"sync"
	"time"
)

// paceTurn is how long one that waited for its turn has to take it.
const paceTurn = 5 * time.Second

// importPace lets archives and lists, which are imported side by side, ask other servers
// at one pace, in turns. A restart forgets it, which costs one gap.
type importPace struct {
	mu    sync.Mutex
	next  time.Time            // when any server may be asked again …
	hosts map[string]time.Time // … and when each of those that were asked may
	last  string               // who asked last
	waits bool                 // somebody else waits for the turn after that
}

// turn says whether who may ask now; if not, when to try again. busy are the servers
// that are to be left in peace.
func (p *importPace) turn(who string, now time.Time) (ok bool, again time.Time, busy []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Before(p.next) {
		p.waits = p.waits || who != p.last
		return false, p.next, nil
	}
	if late := p.next.Add(paceTurn); who == p.last && p.waits && now.Before(late) {
		return false, now.Add(time.Second), nil
	}
	for host, until := range p.hosts {
		if now.Before(until) {
			busy = append(busy, host)
		} else {
			delete(p.hosts, host)
		}
	}
	return true, now, busy
}

// free is when a server may be asked again; zero if it may be now.
func (p *importPace) free(host string, now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := p.hosts[host]; now.Before(until) {
		return until
	}
	return time.Time{}
}

// asked notes that who asked a server, and how long all, and that server, are left in
// peace.
func (p *importPace) asked(who, host string, now time.Time, gap, hostGap time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hosts == nil {
		p.hosts = map[string]time.Time{}
	}
	p.last, p.waits, p.next = who, false, now.Add(gap)
	p.hosts[host] = now.Add(hostGap)
}

// spared takes back that a server was asked: it was not necessary.
func (p *importPace) spared(host string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = now
	delete(p.hosts, host)
}
