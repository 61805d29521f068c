package federation_test

import (
	"slices"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

// talks lists a server's conversations, newest first, with the texts in each.
func talks(t *testing.T, s *fedtest.Server) (list []store.Conversation, texts [][]string) {
	t.Helper()
	err := s.Store().Read(ctx(), func(tx *store.Tx) (err error) {
		if list, err = tx.Conversations(store.Page{}); err != nil {
			return err
		}
		for _, c := range list {
			posts, err := tx.ConversationPosts(c.ID, store.Page{})
			if err != nil {
				return err
			}
			var said []string
			for _, p := range slices.Backward(posts) {
				said = append(said, p.Source+plain(p))
			}
			texts = append(texts, said)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list, texts
}

func plain(p store.Post) string {
	if p.Own() {
		return ""
	}
	return "their words"
}

func TestPrivateMentionsAreFiledOnBothSides(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	first := alice.Post(t, store.Direct, "@"+bob.Handle()+" the key is under the pot")
	list, _ := talks(t, bob)
	if len(list) != 1 || !list[0].Unread || !slices.Equal(list[0].People, []string{alice.ActorURI()}) {
		t.Fatalf("at bob's: %+v", list)
	}
	at, _ := bob.Has(t, first.URI)
	c.Advance(time.Minute)
	bob.Post(t, store.Direct, "@"+alice.Handle()+" which pot", at.ID)
	if list, texts := talks(t, bob); len(list) != 1 || list[0].Unread || len(texts[0]) != 2 {
		t.Errorf("at bob's: %+v, %q", list, texts)
	}
	if list, texts := talks(t, alice); len(list) != 1 || !list[0].Unread || !slices.Equal(texts[0], []string{"@" + bob.Handle() + " the key is under the pot", "their words"}) {
		t.Errorf("at alice's: %+v, %q", list, texts)
	}
	list, _ = talks(t, alice)
	if err := alice.ReadConversation(ctx(), list[0].ID, list[0].LastID); err != nil {
		t.Fatal(err)
	}
	alice.Post(t, store.Public, "@"+bob.Handle()+" in public")
	alice.Post(t, store.Direct, "@"+carol.Handle()+" @"+bob.Handle()+" all three", first.ID)
	list, _ = talks(t, alice)
	if len(list) != 2 || list[0].Unread || list[1].Unread {
		t.Errorf("at alice's: %+v", list)
	}
	if list, _ := talks(t, carol); len(list) != 1 || len(list[0].People) != 2 {
		t.Errorf("at carol's: %+v", list)
	}
	if err := alice.DropConversation(ctx(), list[0].ID); err != nil {
		t.Fatal(err)
	}
	if list, _ := talks(t, alice); len(list) != 1 {
		t.Errorf("one was dropped, %d are left", len(list))
	}
	if err := alice.DropConversation(ctx(), list[0].ID); err != store.ErrNotFound {
		t.Errorf("dropped twice: %v", err)
	}
	if err := bob.Block(ctx(), at.ActorID); err != nil {
		t.Fatal(err)
	}
	list, _ = talks(t, bob)
	for _, talk := range list {
		if talk.Unread {
			t.Errorf("after the block: %+v", talk)
		}
	}
}

func TestDirectPostsOfBeforeAreFiled(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	first := alice.Post(t, store.Direct, "@"+bob.Handle()+" one")
	at, _ := bob.Has(t, first.URI)
	c.Advance(time.Minute)
	second := bob.Post(t, store.Direct, "@"+alice.Handle()+" two", at.ID)
	before, texts := talks(t, bob)
	if err := bob.DropConversation(ctx(), before[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := bob.WantTalks(ctx()); err != nil {
		t.Fatal(err)
	}
	c.Settle() // the job that a start queues
	after, again := talks(t, bob)
	if len(after) != 1 || after[0].Unread || !slices.Equal(again[0], texts[0]) || after[0].LastID != second.ID {
		t.Errorf("filed anew: %+v, %q", after, again)
	}
	// Once is enough: what the owner drops from then on stays dropped.
	if err := bob.DropConversation(ctx(), after[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := bob.WantTalks(ctx()); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if list, _ := talks(t, bob); len(list) != 0 {
		t.Errorf("it came back: %+v", list)
	}
}
