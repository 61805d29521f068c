package auth

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

// T49: ten wrong passwords are free, then each costs a longer wait; the right
// one is not looked at either while waiting, and is taken afterwards.
func TestT49_DelayAfterTenWrongPasswords(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	for i := range 10 {
		if a := b.logIn("alice", "wrong password"); a.status != 401 {
			t.Fatalf("try %d: %d %s", i, a.status, a.body)
		}
	}
	a := b.logIn("alice", ownerPassword)
	if a.status != 429 || a.header.Get("Retry-After") != "2" || !strings.Contains(a.body, "Wait 2 seconds") {
		t.Fatalf("11th: %d %q %s", a.status, a.header.Get("Retry-After"), a.body)
	}
	last := 2
	for i := range 4 {
		h.clock.pass(time.Duration(last) * time.Second)
		if a = b.logIn("alice", "wrong password"); a.status != 401 {
			t.Fatalf("after the wait, round %d: %d %s", i, a.status, a.body)
		}
		a = b.logIn("alice", "wrong password")
		wait, err := strconv.Atoi(a.header.Get("Retry-After"))
		if a.status != 429 || err != nil || wait != 2*last {
			t.Fatalf("round %d: %d, wait %d after %d", i, a.status, wait, last)
		}
		last = wait
	}
	h.clock.pass(time.Duration(last) * time.Second)
	if a := b.logIn("alice", ownerPassword); a.status != 303 {
		t.Fatalf("the owner, having waited: %d %s", a.status, a.body)
	}
}

// T49: a stranger with many addresses slows down newcomers, but locks nobody
// out, and the owner's usual address not at all.
func TestT49_ManyAddressesDelayButNeverLockOut(t *testing.T) {
	h := newHouse(t)
	home := h.browser("192.0.2.1")
	if a := home.logIn("alice", ownerPassword); a.status != 303 {
		t.Fatalf("at home: %d %s", a.status, a.body)
	}
	flood := func(n int) (tried int) {
		for i := range n {
			if h.browser(fmt.Sprintf("198.51.100.%d", i)).logIn("alice", "wrong password").status == 401 {
				tried++
			}
		}
		return tried
	}
	if n := flood(40); n != 10 {
		t.Fatalf("%d of 40 addresses got a try at once, want 10", n)
	}
	away := h.browser("203.0.113.5")
	a := away.logIn("alice", ownerPassword)
	wait, _ := strconv.Atoi(a.header.Get("Retry-After"))
	if a.status != 429 || wait < 1 || wait > 60 {
		t.Fatalf("from a new address: %d, wait %d", a.status, wait)
	}
	if a := h.browser("192.0.2.1").logIn("alice", ownerPassword); a.status != 303 {
		t.Fatalf("another browser at home: %d %s", a.status, a.body)
	}
	h.clock.pass(time.Duration(wait) * time.Second)
	flood(40) // at the same moment as everybody else
	if a := away.logIn("alice", ownerPassword); a.status != 303 {
		t.Fatalf("from a new address after its wait: %d %s", a.status, a.body)
	}
}

// T49: a wrong name gets the same answer as a wrong password, and the same
// work: one hash.
func TestT49_WrongNameLooksLikeWrongPassword(t *testing.T) {
	h := newHouse(t)
	took := func(name, password string) (answer, time.Duration) {
		b := h.browser("192.0.2." + strconv.Itoa(len(name)))
		token := b.get("/login").body
		start := time.Now()
		a := b.post("/login", map[string][]string{"csrf": {token}, "name": {name}, "password": {password}})
		return a, time.Since(start)
	}
	right, t1 := took("alice", "wrong password")
	for range 2 { // what else runs on the machine may have slowed the first
		_, again := took("alice", "wrong password")
		t1 = min(t1, again)
	}
	wrong, t2 := took("mallory", ownerPassword)
	if right.status != 401 || wrong.status != 401 || right.body != wrong.body {
		t.Errorf("%d %q and %d %q", right.status, right.body, wrong.status, wrong.body)
	}
	if t2 < t1/5 {
		t.Errorf("a wrong name is answered in %s, a wrong password in %s", t2, t1)
	}
	for _, name := range []string{"Alice", " @alice ", "alice@" + testHost, "@ALICE@" + testHost} {
		if a := h.browser("192.0.2.77").logIn(name, ownerPassword); a.status != 303 {
			t.Errorf("%q: %d %s", name, a.status, a.body)
		}
	}
}

// T49: X-Forwarded-For of somebody who is no trusted proxy changes nothing.
func TestT49_ForwardedForOfAStranger(t *testing.T) {
	clock := newClock()
	th := newThrottle(clock.now)
	limited := 0
	for i := range 40 {
		r := request("203.0.113.9", "X-Forwarded-For", fmt.Sprintf("10.0.0.%d", i))
		if th.begin(throttled(ClientAddr(r, nil), nil), true) > 0 {
			limited++
		}
	}
	if limited != 30 {
		t.Errorf("%d of 40 were delayed, want 30", limited)
	}
}

func TestT49_MemoryIsBounded(t *testing.T) {
	th := newThrottle(newClock().now)
	for i := range 3 * maxBlocks {
		from := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
		for range 3 {
			th.begin(from, true)
		}
		th.passed(netip.PrefixFrom(netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)}), 32))
	}
	if th.blocks.Len() > maxBlocks || th.known.Len() > maxKnown || len(th.account.wrong) > maxTries {
		t.Errorf("%d addresses, %d known, %d tries", th.blocks.Len(), th.known.Len(), len(th.account.wrong))
	}
}

// T49: guesses sent at the same time do not slip through before the first is
// found wrong.
func TestT49_AtTheSameTime(t *testing.T) {
	th := newThrottle(newClock().now)
	from := netip.MustParsePrefix("192.0.2.1/32")
	results := make(chan bool)
	for range 50 {
		go func() { results <- th.begin(from, false) == 0 }()
	}
	admitted := 0
	for range 50 {
		if <-results {
			admitted++
		}
	}
	if admitted != 10 {
		t.Errorf("%d were admitted, want 10", admitted)
	}
}

func TestWrongPasswordsAreForgottenAfterAQuarterOfAnHour(t *testing.T) {
	clock := newClock()
	th := newThrottle(clock.now)
	from := netip.MustParsePrefix("192.0.2.1/32")
	for range 10 {
		th.begin(from, false)
	}
	clock.pass(tryWindow)
	for i := range 10 {
		if wait := th.begin(from, false); wait > 0 {
			t.Fatalf("try %d waits %s", i, wait)
		}
	}
	if wait := th.begin(from, false); wait != firstDelay {
		t.Errorf("the next waits %s", wait)
	}
}

func TestDelayHasACeiling(t *testing.T) {
	clock := newClock()
	th := newThrottle(clock.now)
	from := netip.MustParsePrefix("2001:db8::/64")
	for range 200 {
		wait := th.begin(from, true)
		if wait > maxAddressDelay {
			t.Fatalf("waits %s", wait)
		}
		clock.pass(wait)
	}
}

// A flood of failures is a few lines, each with their number.
func TestFailuresAreCountedNotHoarded(t *testing.T) {
	h := newHouse(t)
	for i := range 60 {
		if err := h.guard.wrongPassword(ctx, netip.MustParseAddr("192.0.2.1")); reply.CodeOf(err) != reply.Unauthorized {
			t.Fatalf("%d: %v", i, err)
		}
	}
	if n := len(h.securityLog()); n != maxFailureLines {
		t.Errorf("%d lines, want %d", n, maxFailureLines)
	}
	h.clock.pass(failureLineEvery)
	h.guard.wrongPassword(ctx, netip.MustParseAddr("192.0.2.1"))
	if e := h.securityLog()[0]; e.Kind != EventFailed || e.Detail != "51 wrong passwords since the last line" || e.Address != "192.0.2.1" {
		t.Errorf("%+v", e)
	}
}

func TestAddressIsKeptAsTheSettingsSay(t *testing.T) {
	h := newHouse(t)
	err := h.st.Write(ctx, func(tx *store.Tx) error {
		set, err := tx.Settings()
		if err != nil {
			return err
		}
		set.KeepAddressDays = 0
		return tx.SaveSettings(set)
	})
	if err != nil {
		t.Fatal(err)
	}
	b := h.browser("192.0.2.1")
	b.logIn("alice", "wrong password")
	b.logIn("alice", ownerPassword)
	for _, e := range h.securityLog() {
		if e.Address != "" {
			t.Errorf("kept %+v", e)
		}
	}
	if s := h.sessions(); len(s) != 1 || s[0].Address != "" {
		t.Errorf("kept %+v", s)
	}
}
