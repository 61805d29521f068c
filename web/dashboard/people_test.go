package dashboard

import (
	"net/http"
	"strings"
	"testing"

	"dassie/federation/fedtest"
	"dassie/store"
)

// asks makes others ask to follow alice, who approves by hand.
func (h *house) asks(names ...string) map[string]string {
	h.t.Helper()
	h.Lock(h.t, true)
	ids := map[string]string{}
	for _, name := range names {
		h.other(name).Follows(h.t, h.Server)
		ids[name] = decimal(h.known(h.other(name)).ID)
	}
	return ids
}

// known is what alice has stored of another server's owner.
func (h *house) known(s *fedtest.Server) store.Actor {
	h.t.Helper()
	a, err := store.Get(ctx, h.Store(), func(tx *store.Tx) (store.Actor, error) { return tx.ActorByURI(s.ActorURI()) })
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *house) state(id string) store.FollowState {
	h.t.Helper()
	f, err := store.Get(ctx, h.Store(), func(tx *store.Tx) (store.Follower, error) { return tx.Follower(number(id)) })
	if err != nil {
		h.t.Fatal(err)
	}
	return f.State
}

func TestRequests(t *testing.T) {
	h := newHouse(t, "bob", "carol", "dora")
	ids := h.asks("bob", "carol", "dora")
	h.open("/me/requests").says(t, "3 waiting", "@"+h.other("bob").Handle(), "Accept and follow back", "None of your followers are there")
	h.open("/me/requests?several=1").says(t, `type="checkbox" name="id" value="`+ids["bob"]+`"`)
	h.open("/me/inbox").says(t, "ask to follow you")

	h.sent("/me/requests", "do", "accept", "id", ids["bob"]).says(t, "Accepted.", "2 waiting", "Decided lately")
	h.sent("/me/requests", "do", "reject", "id", ids["carol"]).says(t, "Rejected.")
	h.sent("/me/requests", "do", "accept-follow", "id", ids["dora"]).says(t, "Nobody is waiting")
	if h.state(ids["bob"]) != store.FollowAccepted || h.state(ids["carol"]) != store.FollowRejected || h.state(ids["dora"]) != store.FollowAccepted {
		t.Error("the answers were not stored")
	}
	h.cluster.Settle()
	h.open("/me/followers").says(t, "2 people on 2 servers", "Remove this server…")
	h.open("/me/followers?by=new").says(t, "Remove…", "follows you since")
	h.open("/me/following").says(t, "@"+h.other("dora").Handle(), "Unfollow…")
}

func TestRequestsInBulk(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	ids := h.asks("bob", "carol")
	h.sent("/me/requests", "do", "accept", "id", ids["bob"], "id", ids["carol"])
	if h.state(ids["bob"]) != store.FollowAccepted || h.state(ids["carol"]) != store.FollowAccepted {
		t.Error("not both were accepted")
	}
	h.sent("/me/requests", "do", "accept").says(t, "Nothing was done.")
	if p := h.submit("/me/requests", "do", "adore", "id", ids["bob"]); p.status != http.StatusUnprocessableEntity {
		t.Errorf("an unknown answer gets %d", p.status)
	}
}

func TestRejectAndBlock(t *testing.T) {
	h := newHouse(t, "bob")
	id := h.asks("bob")["bob"]
	host := h.other("bob").Host
	h.open("/me/requests/"+id+"/block").says(t, "Reject and block "+host+"?", "None of your followers are there")
	h.sent("/me/requests/"+id+"/block").says(t, "Rejected and blocked.", "Nobody is waiting")
	blocked, err := store.Get(ctx, h.Store(), func(tx *store.Tx) (bool, error) { return tx.HostBlocked(host) })
	if err != nil || !blocked {
		t.Errorf("%s is not blocked: %v", host, err)
	}
}

func TestFindFollowRemove(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	bob.Post(t, store.Public, "Canfranc at dawn")
	h.open("/me/search?q=%40"+bob.Handle()).says(t, "@"+bob.Handle(), ">Follow</button>")
	path := personPath(h.known(bob).ID)
	h.open(path).says(t, "Canfranc at dawn", ">Follow</button>")
	if p := h.submit(path+"/follow", "back", path); p.status != http.StatusSeeOther || p.location != path {
		t.Errorf("follow answers %d to %s", p.status, p.location)
	}
	h.open(path).says(t, "Asked, no answer yet")
	h.open(path+"/unfollow").says(t, "Take it back")
	h.cluster.Settle()
	h.open(path).says(t, "You follow them", "Unfollow…")
	h.open("/me").says(t, "Canfranc at dawn")
	h.open("/me/search?q=%40"+bob.Handle()).says(t, "You follow them")
	if _, err := h.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	h.open("/me/search?q=canfranc").says(t, "Canfranc at dawn")

	h.sent(path+"/unfollow").says(t, "Unfollowed.", "You follow nobody yet")
	bob.Follows(t, h.Server)
	h.open(path).says(t, "Follows you since")
	h.open(path+"/remove").says(t, "Remove bob as a follower?")
	h.sent(path+"/remove").says(t, "Removed.", "Nobody follows you yet")
	if p := h.submit(path+"/follow", "back", "//evil.example/x"); p.location != path {
		t.Errorf("a foreign way back leads to %s", p.location)
	}
}

func TestSearchSaysWhatWentWrong(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	bob.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	h.open("/me/search?q=%40bob%40"+bob.Host).says(t, bob.Host, `aria-invalid="true"`)
	h.open("/me/search?q=nothing+like+this").says(t, "Nothing found")
	h.open("/me/search?q="+strings.Repeat("x", 3000)).says(t, "longer than any address")
	h.open("/me/search?q=javascript%3A%2F%2Falert(1)").hides(t, `href="javascript:`)
	h.open("/me/search?q=%22%28%20OR%20NEAR").says(t, "Search")
}
