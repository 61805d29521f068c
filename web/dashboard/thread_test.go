package dashboard

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"testing"
	"time"

	"dassie/store"
)

func TestAPostSaysWhatIsMissingAndLooksForIt(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	bob, carol := h.other("bob"), h.other("carol")
	root := bob.Post(t, store.Public, "Who is awake?")
	if _, err := carol.Lookup(ctx, root.URI); err != nil {
		t.Fatal(err)
	}
	at, _ := carol.Has(t, root.URI)
	answer := carol.Post(t, store.Public, "I am awake", at.ID)
	found, err := h.Lookup(ctx, root.URI)
	if err != nil {
		t.Fatal(err)
	}
	// What bob's server says of the number of replies; so far nothing else came.
	if err := h.Store().Write(ctx, func(tx *store.Tx) error { return tx.SetCounts(found.Post.ID, 2, 0, 0) }); err != nil {
		t.Fatal(err)
	}
	path := "/me/post/" + decimal(found.Post.ID)
	carol.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	h.open(path).says(t, "We know 0 of about 2 replies.", "Their servers are being asked now.", "Fetch missing replies")
	h.cluster.Settle()
	h.open(path).says(t, "We know 0 of about 1 reply.", "1 server did not answer: "+carol.Host+", tried just now.", carol.Host+" answered with an error (503).",
		"About 1 more reply exists that never reached this server.", "Fetch missing replies", path+"/thread")
	h.sent(path+"/thread").says(t, "Nobody was asked.")
	carol.Misbehave(nil)
	h.cluster.Advance(20 * time.Minute)
	h.sent(path+"/thread").says(t, "Looking.", "Their servers are being asked now.")
	h.cluster.Settle()
	p := h.open(path)
	p.says(t, "I am awake")
	p.hides(t, "Fetch missing replies", "did not answer", "of about")
	if got, ok := h.Has(t, answer.URI); !ok || got.ParentID != found.Post.ID {
		t.Error("the answer is not stored where it belongs")
	}
	if p := h.submit("/me/post/77777777777/thread"); p.status != http.StatusNotFound {
		t.Errorf("a post that never was: %d", p.status)
	}
}

// grown stores answers to a post: parents[i] is what answer i answers, -1 for the
// post itself.
func (h *house) grown(root store.Post, by store.Actor, parents []int) []store.Post {
	h.t.Helper()
	posts := make([]store.Post, len(parents))
	err := h.Store().Write(ctx, func(tx *store.Tx) error {
		for i, at := range parents {
			parent := root
			if at >= 0 {
				parent = posts[at]
			}
			posts[i] = store.Post{
				URI: fmt.Sprintf("%s/grown/%d", by.URI, i), ActorID: by.ID, ParentURI: parent.URI, PublishedAt: root.PublishedAt.Add(time.Duration(i+1) * time.Second),
				Content: fmt.Sprintf("<p>Answer number %d. Counterpoint: a late leek is a cheap leek, and the market is dry and has coffee.</p>", i),
			}
			if err := tx.InsertPost(&posts[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return posts
}

var shownPost = regexp.MustCompile(`<article class="card" id="p-(\d+)"`)
var furtherPage = regexp.MustCompile(`class="folded"><a(?: rel="next")? href="(/me/post/[^"#]+)"`)

// A thread of any length is a page of bounded weight, and every post of it can be
// reached.
func TestALongThreadIsFolded(t *testing.T) {
	h := newHouse(t, "bob")
	root := h.Post(t, store.Public, "Who has seeds?")
	h.cluster.Advance(time.Hour)
	bob := h.Find(t, h.other("bob"))
	parents := make([]int, 330)
	for i := range parents {
		switch {
		case i < 90:
			parents[i] = -1 // plain answers
		case i < 150:
			parents[i] = 3 // a post with many answers
		case i == 150:
			parents[i] = 5
		default:
			parents[i] = i - 1 // a talk 180 deep
		}
	}
	answers := h.grown(root, bob, parents)
	seen, todo, done := map[string]bool{}, []string{postPath(root.ID)}, map[string]bool{}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		if done[path] {
			continue
		}
		done[path] = true
		p := h.open(path)
		shown := shownPost.FindAllStringSubmatch(p.body, -1)
		for _, m := range shown {
			seen[m[1]] = true
		}
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		io.WriteString(z, p.body)
		z.Close()
		if len(shown) > 1+ancestorsShown+nodesShown || b.Len() > 20<<10 {
			t.Errorf("%s: %d posts, %d bytes compressed", path, len(shown), b.Len())
		}
		if path == postPath(root.ID) {
			t.Logf("%d posts, %d bytes, %d compressed", len(shown), len(p.body), b.Len())
			p.says(t, "more replies", "more replies to this post")
		}
		for _, m := range furtherPage.FindAllStringSubmatch(p.body, -1) {
			todo = append(todo, m[1])
		}
	}
	for i, a := range answers {
		if !seen[decimal(a.ID)] {
			t.Errorf("answer %d is on no page", i)
			break
		}
	}
	deep := h.open(postPath(answers[329].ID))
	deep.says(t, "What stands above in this conversation", "Answering")
	h.open(postPath(root.ID)+"?replies="+decimal(answers[89].ID)).says(t, "The first replies")
}

// T48: the tree keeps its shape where somebody is hidden, without a word of theirs.
func TestT48BlockedPeopleLeaveALineInTheTree(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	root := h.Post(t, store.Public, "Who has seeds?")
	bob, carol := h.Find(t, h.other("bob")), h.Find(t, h.other("carol"))
	theirs := h.grown(root, bob, []int{-1, -1})
	answer := store.Post{URI: carol.URI + "/a", ActorID: carol.ID, ParentURI: theirs[0].URI, Content: "<p>Carol answers</p>", PublishedAt: theirs[1].PublishedAt}
	if err := h.Store().Write(ctx, func(tx *store.Tx) error { return tx.InsertPost(&answer) }); err != nil {
		t.Fatal(err)
	}
	h.open(postPath(root.ID)).says(t, "Answer number 0", "Answer number 1", "Carol answers")
	h.sent(personPath(bob.ID) + "/block")
	p := h.open(postPath(root.ID))
	p.hides(t, "Answer number", ">bob<")
	p.says(t, leftOut, "Carol answers", "1 reply by people you blocked, muted or silenced, or who are gone, is not shown.")
	below := h.open(postPath(answer.ID))
	below.says(t, leftOut, "Carol answers", "Who has seeds?")
	below.hides(t, "Answer number", ">bob<")
}

func TestMutedPeopleLeaveALineThatOpens(t *testing.T) {
	h := newHouse(t, "bob")
	root := h.Post(t, store.Public, "Who has seeds?")
	bob := h.Find(t, h.other("bob"))
	theirs := h.grown(root, bob, []int{-1, 0, -1})
	if err := h.Mute(ctx, bob.ID, time.Hour, true); err != nil {
		t.Fatal(err)
	}
	p := h.open(postPath(root.ID))
	p.hides(t, "Answer number")
	p.says(t, "3 replies by people you blocked, muted or silenced, or who are gone, are not shown.")
	mine := h.Post(t, store.Public, "I have some", theirs[1].ID)
	p = h.open(postPath(root.ID))
	p.hides(t, "Answer number")
	p.says(t, leftMuted, `href="`+postPath(theirs[1].ID)+`">Show it</a>`, "I have some", "1 reply by people you blocked, muted or silenced")
	h.open(postPath(theirs[1].ID)).says(t, "Answer number 1", leftMuted, "I have some")
	h.cluster.Advance(2 * time.Hour)
	h.open(postPath(mine.ID)).says(t, "Answer number 0", "Answer number 1")
}

func TestMutedPeopleMakeNoMessageUnread(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	if err := h.Mute(ctx, h.Find(t, bob).ID, 0, true); err != nil {
		t.Fatal(err)
	}
	bob.Post(t, store.Direct, "@"+h.Handle()+" hello")
	h.open("/me/messages").hides(t, ">New</span>", "Mark all read")
}
