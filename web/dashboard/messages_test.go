package dashboard

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

func TestMessagesAreTalksThatCanBeAnswered(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	bob := h.other("bob")
	h.open("/me/messages").says(t, "No messages yet.")
	theirs := bob.Post(t, store.Direct, "@"+h.Handle()+" the key is under the pot")
	list := h.open("/me/messages")
	list.says(t, ">bob</bdi>", "the key is under the pot", ">New</span>", "Mark all read", "Not encrypted.", `Messages <span class="n count" data-n="messages"><span>1<`)
	h.open("/me/more").says(t, `href="/me/messages">Messages <span class="count">1</span>`)
	here, _ := h.Has(t, theirs.URI)
	c, err := store.Get(ctx, h.Store(), func(tx *store.Tx) (store.Conversation, error) { return tx.ConversationOf(here.ID) })
	if err != nil {
		t.Fatal(err)
	}
	path := conversationPath(c.ID)
	h.open(path).says(t, "Readable by you, them, and both servers’ owners. Not encrypted.", "the key is under the pot", "Mark read", "@"+bob.Handle()+" </textarea>", "Delete this conversation…")
	// Looking alone changes nothing; a form does.
	h.open("/me/messages").says(t, ">New</span>")
	opened := h.sent(path+"/read", "until", decimal(c.LastID))
	if opened.location != path+anchor(here.ID) {
		t.Errorf("it leads to %s", opened.location)
	}
	opened.hides(t, "Mark read")
	h.open("/me/messages").hides(t, ">New</span>", "Mark all read")

	h.cluster.Advance(time.Minute)
	answered := h.sent("/me/write", "do", "post", "text", "@"+bob.Handle()+" which pot", "audience", "named", "reply", decimal(here.ID))
	if !strings.HasPrefix(answered.location, path+"?done=posted#p-") {
		t.Errorf("an answer leads to %s", answered.location)
	}
	answered.says(t, "Posted.", "which pot")
	h.cluster.Settle()
	if there, ok := bob.Has(t, h.own()[0].URI); !ok || there.Visibility != store.Direct || there.ParentID != theirs.ID {
		t.Errorf("at bob's: %v %+v", ok, there)
	}
	h.open("/me/messages").says(t, "You: <span dir=\"auto\">@bob which pot")
	first, second := strings.Index(h.open(path).body, "under the pot"), strings.Index(h.open(path).body, "which pot")
	if first < 0 || second < first {
		t.Error("the messages are not in their order")
	}

	h.open(path+"/delete").says(t, "Delete this conversation?", "Nobody is told")
	h.sent(path+"/delete").says(t, "Conversation deleted.", "No messages yet.")
	for _, gone := range []string{path, path + "/delete", "/me/messages/7", "/me/messages/x"} {
		if p := h.do("GET", gone, nil); p.status != http.StatusNotFound {
			t.Errorf("GET %s answers %d", gone, p.status)
		}
	}
	if p := h.submit(path + "/delete"); p.status != http.StatusNotFound {
		t.Errorf("deleted twice: %d", p.status)
	}
	h.open(postPath(here.ID)).says(t, "the key is under the pot")
}

func TestAMessageSaysWhomItDidNotReach(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	bob, carol := h.other("bob"), h.other("carol")
	h.Find(t, bob)
	h.Find(t, carol)
	carol.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	sent := h.sent("/me/write", "do", "post", "text", "@"+bob.Handle()+" @"+carol.Handle()+" Thursday", "audience", "named")
	sent.hides(t, `class="trouble"`) // it is on its way
	path, _, _ := strings.Cut(sent.location, "?")
	h.cluster.Settle()
	p := h.open(path)
	p.says(t, `class="trouble"`, "Has not reached @"+carol.Handle()+" yet: ", "Next try in ", "the owners of all your servers")
	p.hides(t, "Has not reached @"+bob.Handle())
	carol.Misbehave(nil)
	h.cluster.SettleFor(10*time.Minute, time.Minute)
	h.open(path).hides(t, `class="trouble"`)
	carol.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	mine := h.own()[0]
	h.sent("/me/write", "do", "post", "text", "@"+bob.Handle()+" @"+carol.Handle()+" or Friday", "audience", "named", "reply", decimal(mine.ID))
	h.cluster.Settle()
	h.open(path).says(t, "The server of @"+carol.Handle()+" refused it")
	if err := bob.Block(ctx, bob.Find(t, h.Server).ID); err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	h.sent("/me/write", "do", "post", "text", "@"+bob.Handle()+" @"+carol.Handle()+" or never", "audience", "named", "reply", decimal(mine.ID))
	h.open(path).says(t, "Not sent to @"+bob.Handle()+": one of you blocked the other.")
}

// T48: whom the owner blocked is not read, here as elsewhere.
func TestT48MessagesOfBlockedPeopleAreNotShown(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	bob, carol := h.other("bob"), h.other("carol")
	alone := bob.Post(t, store.Direct, "@"+h.Handle()+" a secret of two")
	h.cluster.Advance(time.Minute)
	three := bob.Post(t, store.Direct, "@"+h.Handle()+" @"+carol.Handle()+" a secret of three")
	talkOf := func(uri string) string {
		p, _ := h.Has(t, uri)
		c, err := store.Get(ctx, h.Store(), func(tx *store.Tx) (store.Conversation, error) { return tx.ConversationOf(p.ID) })
		if err != nil {
			t.Fatal(err)
		}
		return conversationPath(c.ID)
	}
	of2, of3 := talkOf(alone.URI), talkOf(three.URI)
	who := h.Find(t, bob)
	h.sent(personPath(who.ID) + "/block")
	list := h.open("/me/messages")
	list.hides(t, "a secret of two", "a secret of three", of2+`"`, ">New</span>")
	if p := h.do("GET", of2, nil); p.status != http.StatusNotFound {
		t.Errorf("the talk of two answers %d", p.status)
	}
	p := h.do("GET", of3, nil)
	p.hides(t, "a secret of three")
}
