package public

import (
	"errors"
	"fmt"
	"net/http"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

const (
	ancestorsShown   = 40  // posts above one
	descendantsShown = 400 // answers below one, in all
	deepest          = 4   // levels of answers; deeper ones stand beside their parent
	longNeighbour    = 40  // characters of a neighbour's first words
	longTitle        = 70
)

type neighbour struct{ URL, Text string }

type postPage struct {
	assets.Visitor
	Ancestors      []assets.Entry
	Entry          assets.Entry
	Answers        []assets.EntryNode
	NotShown       int
	Earlier, Later neighbour
}

// Post answers GET of /@NAME/ID: ActivityPub clients get the object, and people
// the page. A post that is not for everybody is answered as one that never was.
func (s *Site) Post(w http.ResponseWriter, r *http.Request, idText string) {
	id, err := ParseID(idText)
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	if federation.WantsActivity(r) {
		s.svc.ServePost(w, r, id)
		return
	}
	s.serve(w, r, "post "+formatID(id), func(v *view) (*page, error) { return v.post(id) })
}

// readOpen reads an own post that everybody may read. The same rows are asked
// for whether there is a private post, a deleted one or none, so that the time
// an answer takes says nothing either.
func (v *view) readOpen(id int64) (store.Post, error) {
	p, err := v.tx.Post(id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return p, fmt.Errorf("read post %d: %w", id, err)
	}
	if err == nil && p.Own() && p.BoostOf == 0 && p.Visibility.Open() {
		return p, nil
	}
	gone, err := v.tx.DeletedOwn(id)
	if err == nil && gone.Open() {
		return p, &reply.Error{Code: reply.Gone, Message: "This post was deleted."}
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return p, fmt.Errorf("look for deleted post %d: %w", id, err)
	}
	return p, store.ErrNotFound
}

func (v *view) post(id int64) (*page, error) {
	p, err := v.readOpen(id)
	if err != nil {
		return nil, err
	}
	title := v.owner.Called() + ": " + heading(p, longTitle)
	d := postPage{Visitor: v.visitor(title, heading(p, longDescribed), v.site.PostPath(id))}
	d.Activity = p.URI
	if d.Entry, err = v.entry(p); err != nil {
		return nil, err
	}
	if d.Ancestors, err = v.ancestors(p); err != nil {
		return nil, err
	}
	if len(d.Ancestors) > 0 {
		d.Entry.ReplyTo, d.Entry.ReplyURL = "", "" // it stands right above
	}
	below, err := v.below(p)
	if err != nil {
		return nil, err
	}
	d.Answers, d.Entry.Replies, d.NotShown = below.tree(id, 1), below.shown, below.notShown
	if d.Earlier, d.Later, err = v.neighbours(id); err != nil {
		return nil, err
	}
	return v.html("public_post", d)
}

// ancestors are the posts above one, the root first, up to the first that
// visitors may not see.
func (v *view) ancestors(p store.Post) ([]assets.Entry, error) {
	up, err := v.tx.Ancestors(p, ancestorsShown)
	if err != nil {
		return nil, fmt.Errorf("read thread of post %d: %w", p.ID, err)
	}
	first := len(up)
	for first > 0 {
		ok, err := v.listed(up[first-1])
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		first--
	}
	var out []assets.Entry
	for i, q := range up[first:] {
		e, err := v.entry(q)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			e.ReplyTo, e.ReplyURL = "", ""
		}
		e.ByOwner = false // names stand above each post of a thread
		out = append(out, e)
	}
	return out, nil
}

// below holds the answers to a post that visitors may see, by parent.
type below struct {
	answers  map[int64][]assets.Entry
	ids      map[string]int64
	shown    int
	notShown int // public ones that are left out
}

func (v *view) below(p store.Post) (*below, error) {
	list, err := v.tx.Descendants(p.ID, descendantsShown)
	if err != nil {
		return nil, fmt.Errorf("read answers to post %d: %w", p.ID, err)
	}
	b := &below{answers: map[int64][]assets.Entry{}, ids: map[string]int64{}}
	visible := map[int64]bool{p.ID: true}
	for _, q := range list { // parents come before their answers
		ok, err := v.listed(q)
		if err != nil {
			return nil, err
		}
		if !ok || !visible[q.ParentID] {
			if q.Visibility == store.Public && q.BoostOf == 0 {
				b.notShown++
			}
			continue
		}
		visible[q.ID] = true
		e, err := v.entry(q)
		if err != nil {
			return nil, err
		}
		b.shown++
		b.ids[e.ID] = q.ID
		b.answers[q.ParentID] = append(b.answers[q.ParentID], e)
	}
	return b, nil
}

// tree hangs the answers below their parents, as deep as pages show them.
func (b *below) tree(parent int64, depth int) []assets.EntryNode {
	var out []assets.EntryNode
	for _, e := range b.answers[parent] {
		e := e
		e.ReplyTo, e.ReplyURL = "", ""
		node := assets.EntryNode{Entry: e}
		if depth < deepest {
			node.Answers = b.tree(b.ids[e.ID], depth+1)
			out = append(out, node)
			continue
		}
		out = append(out, node)
		out = append(out, b.flat(b.ids[e.ID])...)
	}
	return out
}

// flat is everything below a post, in one row; each entry names whom it answers.
func (b *below) flat(parent int64) []assets.EntryNode {
	var out []assets.EntryNode
	for _, e := range b.answers[parent] {
		out = append(out, assets.EntryNode{Entry: e})
		out = append(out, b.flat(b.ids[e.ID])...)
	}
	return out
}

// neighbours are the posts before and after one in the list of posts.
func (v *view) neighbours(id int64) (earlier, later neighbour, err error) {
	one := func(page store.Page) (neighbour, error) {
		page.Limit = 1
		list, err := v.tx.OwnPosts(page, v.widest(), false, false)
		if err != nil || len(list) == 0 {
			return neighbour{}, err
		}
		return neighbour{v.site.PostPath(list[0].ID), heading(list[0], longNeighbour)}, nil
	}
	if earlier, err = one(store.Page{Max: id}); err != nil {
		return earlier, later, err
	}
	later, err = one(store.Page{Min: id})
	return earlier, later, err
}
