package mastodon

import (
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// quoting stores a post by somebody that quotes another.
func (h *house) quoting(by store.Actor, path string, quoted store.Post, state store.QuoteState) store.Post {
	h.t.Helper()
	p := store.Post{
		URI: "https://" + by.Domain + path, ActorID: by.ID, Content: "<p>Look</p>", PublishedAt: storetest.Start.Add(20 * time.Minute),
		Extra: store.PostExtra{QuoteURI: quoted.URI},
	}
	h.write(func(tx *store.Tx) error {
		if err := tx.InsertPost(&p); err != nil {
			return err
		}
		return tx.SaveQuote(&store.Quote{PostID: p.ID, QuotedURI: quoted.URI, State: state})
	})
	return p
}

func TestQuoteShapes(t *testing.T) {
	h := newHouse(t)
	inner := h.quoting(h.Carol, "/posts/inner", h.Walk, store.QuoteAccepted)
	outer := h.quoting(h.Bob, "/posts/outer", inner, store.QuoteAccepted)
	s := read[object](h, "GET", "/api/v1/statuses/"+id(outer.ID), "")
	hasKeys(t, "Status", s, statusKeys)
	sound(t, "outer", s)
	hasKeys(t, "QuoteApproval", s["quote_approval"], "automatic manual current_user")
	q := s["quote"].(object)
	hasKeys(t, "Quote", q, "state quoted_status")
	quoted := q["quoted_status"].(object)
	hasKeys(t, "quoted Status", quoted, statusKeys)
	if q["state"] != "accepted" || quoted["id"] != id(inner.ID) || quoted["account"].(object)["id"] != id(h.Carol.ID) {
		t.Errorf("%v", q)
	}
	shallow := quoted["quote"].(object)
	hasKeys(t, "ShallowQuote", shallow, "state quoted_status_id")
	if shallow["state"] != "accepted" || shallow["quoted_status_id"] != id(h.Walk.ID) {
		t.Errorf("%v", shallow)
	}
	if read[object](h, "GET", "/api/v1/statuses/"+id(h.Walk.ID), "")["quotes_count"] != 1.0 {
		t.Error("the quote is not counted")
	}
}

func TestQuoteStates(t *testing.T) {
	h := newHouse(t)
	for i, c := range []struct {
		state store.QuoteState
		want  any
	}{
		{store.QuotePending, "pending"}, {store.QuoteRefused, "rejected"}, {store.QuoteRevoked, "revoked"}, {store.QuoteLegacy, nil},
	} {
		p := h.quoting(h.Bob, "/posts/q"+id(int64(i)), h.Tea, c.state)
		q, _ := read[object](h, "GET", "/api/v1/statuses/"+id(p.ID), "")["quote"].(object)
		if q["state"] != c.want || q["quoted_status"] != nil {
			t.Errorf("state %d: %v", c.state, q)
		}
	}
	p := h.quoting(h.Bob, "/posts/hidden", h.Tea, store.QuoteAccepted)
	h.write(func(tx *store.Tx) error { return tx.BlockHost(h.Carol.Domain) })
	if q := read[object](h, "GET", "/api/v1/statuses/"+id(p.ID), "")["quote"].(object); q["state"] != "blocked_account" || q["quoted_status"] != nil {
		t.Errorf("blocked: %v", q)
	}
	h.write(func(tx *store.Tx) error { return tx.UnblockHost(h.Carol.Domain) })
	h.write(func(tx *store.Tx) error { return tx.DeletePost(h.Tea) })
	if q := read[object](h, "GET", "/api/v1/statuses/"+id(p.ID), "")["quote"].(object); q["state"] != "deleted" || q["quoted_status"] != nil {
		t.Errorf("deleted: %v", q)
	}
}

func TestQuoteByAnApp(t *testing.T) {
	h := newHouse(t)
	s := read[object](h, "POST", "/api/v1/statuses", "status=Look&quoted_status_id="+id(h.Walk.ID)+"&quote_approval_policy=followers")
	if q := s["quote"].(object); q["state"] != "pending" || q["quoted_status"] != nil {
		t.Errorf("%v", q)
	}
	approval := s["quote_approval"].(object)
	if list := approval["automatic"].([]any); len(list) != 1 || list[0] != "followers" || approval["current_user"] != "automatic" {
		t.Errorf("%v", approval)
	}
	own := read[object](h, "POST", "/api/v1/statuses", "status=Look&quoted_status_id="+id(h.Thanks.ID))
	if q := own["quote"].(object); q["state"] != "accepted" || q["quoted_status"].(object)["id"] != id(h.Thanks.ID) {
		t.Errorf("%v", q)
	}
	h.write(func(tx *store.Tx) error {
		p := h.Tea
		p.Extra.Policy = &store.Policy{Quote: &store.Grant{Auto: store.WhoAuthor}}
		return tx.SetPostExtra(&p)
	})
	checkError(t, h.ask("POST", "/api/v1/statuses", "status=Look&quoted_status_id="+id(h.Tea.ID)), 422, "a post that may not be quoted")
	if a := read[object](h, "GET", "/api/v1/statuses/"+id(h.Tea.ID), "")["quote_approval"].(object); a["current_user"] != "denied" {
		t.Errorf("%v", a)
	}
	if a := read[object](h, "GET", "/api/v1/statuses/"+id(h.Walk.ID), "")["quote_approval"].(object); a["current_user"] != "unknown" {
		t.Errorf("%v", a)
	}
	h.write(func(tx *store.Tx) error {
		p := h.Walk
		p.Extra.Policy = &store.Policy{Quote: &store.Grant{Auto: store.WhoFollowers, Manual: store.WhoPublic | store.WhoOthers}}
		return tx.SetPostExtra(&p)
	})
	a := read[object](h, "GET", "/api/v1/statuses/"+id(h.Walk.ID), "")["quote_approval"].(object)
	if manual := a["manual"].([]any); a["current_user"] != "automatic" || len(manual) != 2 || manual[1] != "unsupported_policy" {
		t.Errorf("%v", a) // Alice follows Bob
	}
}

func TestInteractionPolicyByAnApp(t *testing.T) {
	h := newHouse(t)
	path := "/api/v1/statuses/" + id(h.Hello.ID) + "/interaction_policy"
	s := read[object](h, "PUT", path, "quote_approval_policy=nobody")
	if a := s["quote_approval"].(object); len(a["automatic"].([]any)) != 0 || a["current_user"] != "automatic" || s["edited_at"] != nil {
		t.Errorf("%v %v", a, s["edited_at"])
	}
	checkError(t, h.ask("PUT", path, "quote_approval_policy=friends"), 422, "a policy that there is not")
	checkError(t, h.ask("PUT", path, ""), 422, "no policy")
	checkError(t, h.ask("PUT", "/api/v1/statuses/"+id(h.Walk.ID)+"/interaction_policy", "quote_approval_policy=nobody"), 404, "another's post")
}

func TestQuotesOfOwnPost(t *testing.T) {
	h := newHouse(t)
	p := h.quoting(h.Bob, "/posts/q", h.Hello, store.QuoteAccepted)
	h.quoting(h.Carol, "/posts/q", h.Hello, store.QuotePending)
	st := store.Stamp{Kind: "quote", PostID: h.Hello.ID, ActorID: h.Bob.ID, ObjectURI: p.URI}
	h.write(func(tx *store.Tx) error {
		if err := tx.AddStamp(&st); err != nil {
			return err
		}
		return tx.Notify(&store.Notification{Kind: "quote", ActorID: h.Bob.ID, PostID: p.ID})
	})
	base := "/api/v1/statuses/" + id(h.Hello.ID) + "/quotes"
	list := read[[]object](h, "GET", base, "")
	if len(list) != 1 || list[0]["id"] != id(p.ID) {
		t.Fatalf("%v", list)
	}
	note := read[[]object](h, "GET", "/api/v1/notifications?types[]=quote", "")
	if len(note) != 1 || note[0]["type"] != "quote" || note[0]["status"].(object)["id"] != id(p.ID) {
		t.Errorf("%v", note)
	}
	s := read[object](h, "POST", base+"/"+id(p.ID)+"/revoke", "")
	if q := s["quote"].(object); q["state"] != "revoked" || q["quoted_status"] != nil {
		t.Errorf("%v", q)
	}
	if list := read[[]object](h, "GET", base, ""); len(list) != 0 {
		t.Errorf("%v", list)
	}
	h.write(func(tx *store.Tx) error {
		got, err := tx.Stamp(st.ID)
		if err == nil && got.RevokedAt.IsZero() {
			t.Error("the stamp stands")
		}
		return err
	})
	checkError(t, h.ask("POST", base+"/"+id(h.Walk.ID)+"/revoke", ""), 404, "a post that quotes nothing")
	checkError(t, h.ask("POST", base+"/x/revoke", ""), 404, "no id")
	checkError(t, h.ask("POST", "/api/v1/statuses/"+id(h.Walk.ID)+"/quotes/"+id(p.ID)+"/revoke", ""), 404, "another's post")
	checkError(t, h.ask("GET", "/api/v1/statuses/"+id(h.Walk.ID)+"/quotes", ""), 404, "quotes of another's post")
}
