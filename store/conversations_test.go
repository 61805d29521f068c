package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// whispers stores a direct post and files it, as federation does.
type whispers struct {
	t *testing.T
	s *store.Store
	n int
}

func (w *whispers) say(by store.Actor, parent store.Post, context string, to ...store.Actor) store.Post {
	w.t.Helper()
	w.n++
	p := store.Post{
		URI: fmt.Sprintf("%s/whisper/%d", by.URI, w.n), ActorID: by.ID, Visibility: store.Direct, ParentURI: parent.URI,
		Content: "<p>psst</p>", PublishedAt: storetest.Start.Add(time.Duration(w.n-100) * time.Hour), Extra: store.PostExtra{Context: context},
	}
	var named []int64
	for _, a := range to {
		p.Extra.Mentions = append(p.Extra.Mentions, store.Mention{ActorID: a.ID, URI: a.URI, Handle: a.Handle()})
		named = append(named, a.ID)
	}
	if by.ID == store.OwnerID {
		p.ID = store.IDAt(p.PublishedAt)
	}
	write(w.t, w.s, func(tx *store.Tx) error {
		if err := tx.InsertPost(&p); err != nil {
			return err
		}
		if err := tx.SetMentions(p.ID, named); err != nil {
			return err
		}
		_, err := tx.FileConversation(store.Filing{Post: p, Author: by, Unread: true})
		return err
	})
	return p
}

func (w *whispers) of(p store.Post) store.Conversation {
	w.t.Helper()
	return read(w.t, w.s, func(tx *store.Tx) (store.Conversation, error) { return tx.ConversationOf(p.ID) })
}

func (w *whispers) unread() int {
	w.t.Helper()
	return read(w.t, w.s, func(tx *store.Tx) (int, error) { return tx.CountUnreadConversations(99) })
}

func TestDirectPostsAreFiledAsConversations(t *testing.T) {
	s, f, _ := world(t)
	w := &whispers{t: t, s: s}
	first := w.say(f.Bob, store.Post{}, "https://bob.example/contexts/1", f.Alice)
	// A server that forgets the conversation is known by what it answers; one that
	// knows it, by its name, even if what it answers is not here.
	answer := w.say(f.Alice, first, "", f.Bob)
	elsewhere := w.say(f.Bob, store.Post{URI: "https://bob.example/never-seen"}, "https://bob.example/contexts/1", f.Alice)
	talk := w.of(first)
	if w.of(answer).ID != talk.ID || w.of(elsewhere).ID != talk.ID || talk.LastID != elsewhere.ID || !slices.Equal(talk.People, []string{f.Bob.URI}) {
		t.Errorf("one talk became %+v, %+v, %+v", talk, w.of(answer), w.of(elsewhere))
	}
	other := w.say(f.Bob, store.Post{}, "", f.Alice)
	if w.of(other).ID == talk.ID {
		t.Error("a talk of its own was filed under another")
	}
	got := read(t, s, func(tx *store.Tx) ([]store.Post, error) { return tx.ConversationPosts(talk.ID, store.Page{}) })
	if !slices.Equal(ids(got), []int64{elsewhere.ID, answer.ID, first.ID}) {
		t.Errorf("its posts are %v", ids(got))
	}
	list := read(t, s, func(tx *store.Tx) ([]store.Conversation, error) { return tx.Conversations(store.Page{Limit: 1}) })
	if len(list) != 1 || list[0].ID != w.of(other).ID {
		t.Errorf("the list begins with %+v", list)
	}
	write(t, s, func(tx *store.Tx) error {
		fresh, err := tx.FileConversation(store.Filing{Post: first, Author: f.Bob})
		if fresh {
			t.Error("the same post was filed twice")
		}
		return err
	})
}

// Whoever comes in later must not appear to read what was said before.
func TestOneMorePersonBeginsAnotherConversation(t *testing.T) {
	s, f, _ := world(t)
	w := &whispers{t: t, s: s}
	first := w.say(f.Bob, store.Post{}, "https://bob.example/contexts/1", f.Alice)
	wider := w.say(f.Bob, first, "https://bob.example/contexts/1", f.Alice, f.Carol)
	if w.of(first).ID == w.of(wider).ID {
		t.Fatal("Carol was let into the talk of two")
	}
	back := w.say(f.Alice, wider, "", f.Carol, f.Bob)
	if w.of(back).ID != w.of(wider).ID {
		t.Error("the talk of three is two")
	}
	people := read(t, s, func(tx *store.Tx) (map[int64][]int64, error) {
		return tx.PeopleOf([]int64{w.of(wider).ID, w.of(first).ID})
	})
	if len(people[w.of(wider).ID]) != 2 || !slices.Equal(people[w.of(first).ID], []int64{f.Bob.ID}) {
		t.Errorf("the people are %v", people)
	}
	// Two people who are told apart in one public thread are two talks.
	aside := w.say(f.Alice, f.Walk, "https://alice.example/contexts/7", f.Carol)
	if other := w.say(f.Alice, f.Walk, "https://alice.example/contexts/7", f.Bob); w.of(aside).ID == w.of(other).ID {
		t.Error("what was said to Carol and what was said to Bob became one talk")
	}
}

func TestConversationsAreReadAndLeft(t *testing.T) {
	s, f, _ := world(t)
	w := &whispers{t: t, s: s}
	first := w.say(f.Bob, store.Post{}, "c", f.Alice)
	second := w.say(f.Bob, first, "c", f.Alice)
	w.say(f.Carol, store.Post{}, "d", f.Alice)
	if n := w.unread(); n != 2 {
		t.Fatalf("%d are unread", n)
	}
	talk := w.of(first)
	write(t, s, func(tx *store.Tx) error { return tx.ReadConversation(talk.ID, first.ID) })
	if n := w.unread(); n != 2 {
		t.Error("what came after the page was opened counts as read")
	}
	write(t, s, func(tx *store.Tx) error { return tx.ReadConversation(talk.ID, second.ID) })
	if n := w.unread(); n != 1 {
		t.Errorf("%d are unread", n)
	}
	w.say(f.Bob, second, "c", f.Alice)
	mine := w.say(f.Alice, second, "c", f.Bob)
	if w.of(mine).Unread {
		t.Error("who answered has not read it")
	}
	write(t, s, func(tx *store.Tx) error { return tx.ReadConversationsWith(f.Carol.ID) })
	if n := w.unread(); n != 0 {
		t.Errorf("%d are unread", n)
	}
	write(t, s, func(tx *store.Tx) error { return tx.DeletePost(mine) })
	if last := w.of(first).LastID; last == mine.ID {
		t.Error("its last post is one that was deleted")
	}
	write(t, s, func(tx *store.Tx) error { return tx.DropConversation(talk.ID) })
	if p := read(t, s, func(tx *store.Tx) (store.Post, error) { return tx.Post(first.ID) }); p.ID == 0 {
		t.Error("a talk that is hidden took its posts along")
	}
	again := w.say(f.Bob, second, "c", f.Alice)
	got := read(t, s, func(tx *store.Tx) ([]store.Post, error) { return tx.ConversationPosts(w.of(again).ID, store.Page{}) })
	if !slices.Equal(ids(got), []int64{again.ID}) {
		t.Errorf("one more post brought %v back", ids(got))
	}
	write(t, s, func(tx *store.Tx) error { return tx.DeletePost(again) })
	err := s.Read(bg, func(tx *store.Tx) error { _, err := tx.ConversationOf(again.ID); return err })
	if !errors.Is(err, store.ErrNotFound) || count(t, s, "select count(*) from conversations where root = 'c'") != 0 {
		t.Error("a talk without posts is left")
	}
}

func TestDirectPostsAreFound(t *testing.T) {
	s, f, _ := world(t)
	w := &whispers{t: t, s: s}
	a := w.say(f.Bob, store.Post{}, "c", f.Alice)
	b := w.say(f.Alice, a, "c", f.Bob)
	c := w.say(f.Carol, store.Post{}, "d", f.Alice)
	find := func(after int64, limit int) []int64 {
		return ids(read(t, s, func(tx *store.Tx) ([]store.Post, error) { return tx.DirectPosts(after, limit) }))
	}
	if got := find(0, 10); !slices.Equal(got, []int64{a.ID, b.ID, c.ID}) {
		t.Errorf("found %v", got)
	}
	if got := find(a.ID, 1); !slices.Equal(got, []int64{b.ID}) {
		t.Errorf("then %v", got)
	}
}
