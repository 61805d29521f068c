package public

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

const (
	ancestorsShown   = 40  // posts above one
	descendantsShown = 200 // answers below one, in all
	deepest          = 4   // levels of answers; deeper ones stand beside their parent
	versionsShown    = 5   // earlier versions of a post
	longNeighbour    = 40  // characters of a neighbour's first words
	longTitle        = 70
)

type neighbour struct{ URL, Text string }

// version is a post as it was before an edit.
type version struct {
	Time    time.Time
	Warning string
	Content template.HTML
	Media   int // how many things were attached
}

type postPage struct {
	assets.Visitor
	Ancestors      []assets.Entry
	Entry          assets.Entry
	Answers        []assets.EntryNode
	AnswersShown   int // how many there are, whether counts are shown or not
	NotShown       int
	Elsewhere      *neighbour // the beginning of the conversation on its own server; nil if it began here
	Versions       []version
	MoreVersions   int
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
	d := postPage{Visitor: v.postFrame(p)}
	list, err := v.render([]store.Post{p})
	if err != nil {
		return nil, err
	}
	d.Entry = list[0]
	if err := v.above(p, &d); err != nil {
		return nil, err
	}
	below, err := v.below(p)
	if err != nil {
		return nil, err
	}
	d.Answers, d.AnswersShown, d.NotShown = below.tree(id, 1), below.shown, below.notShown
	if !p.EditedAt.IsZero() {
		if err := v.history(p, &d); err != nil {
			return nil, err
		}
	}
	if v.set.PostsOnWeb {
		if d.Earlier, d.Later, err = v.neighbours(id); err != nil {
			return nil, err
		}
	}
	return v.html("public_post", d)
}

// postFrame is the frame of a post's page. Behind a warning nothing but the
// warning is told to those who make previews, and sensitive pictures never are.
func (v *view) postFrame(p store.Post) assets.Visitor {
	path := v.site.PostPath(p.ID)
	frame := v.visitor(v.owner.Called()+": "+heading(p, longTitle), heading(p, longDescribed), path)
	frame.Activity, frame.Kind, frame.OEmbed = p.URI, "article", v.site.oembedPath(path)
	frame.Published, frame.Edited = p.PublishedAt, p.EditedAt
	frame.NoIndex = frame.NoIndex || p.Visibility != store.Public || !v.set.PostsOnWeb
	if p.Summary != "" || p.Sensitive {
		frame.Image = ""
		return frame
	}
	for _, a := range p.Extra.Attachments {
		m := federation.OwnFile(a)
		shown := m.URL
		if m.Preview != "" {
			shown = m.Preview
		}
		if m.Kind != "Picture" || !strings.HasPrefix(shown, "/") {
			continue // what is not kept here is not for previews either
		}
		frame.Image, frame.ImageAlt, frame.LargeImage = v.site.svc.Origin().URL(shown), m.Alt, true
		break
	}
	return frame
}

// above reads the posts above one, the root first, up to the first that visitors
// may not see.
func (v *view) above(p store.Post, d *postPage) error {
	up, err := v.tx.Ancestors(p, ancestorsShown)
	if err != nil {
		return fmt.Errorf("read thread of post %d: %w", p.ID, err)
	}
	if err := v.read(actorIDs(up)...); err != nil {
		return err
	}
	first := len(up)
	for first > 0 && v.listed(up[first-1]) {
		first--
	}
	up = up[first:]
	if len(up) == 0 {
		return nil
	}
	if d.Ancestors, err = v.render(up); err != nil {
		return err
	}
	for i := range d.Ancestors {
		if i > 0 {
			d.Ancestors[i].ReplyTo, d.Ancestors[i].ReplyURL = "", ""
		}
		d.Ancestors[i].ByOwner = false // names stand above each post of a thread
	}
	d.Entry.ReplyTo, d.Entry.ReplyURL = "", "" // it stands right above
	if root := up[0]; !root.Own() {
		d.Elsewhere = &neighbour{v.postAddress(root), v.author(root.ActorID).person.Called()}
	}
	return nil
}

// history reads the versions before the edits of a post, newest first.
func (v *view) history(p store.Post, d *postPage) error {
	edits, err := v.tx.Edits(p.ID)
	if err != nil {
		return fmt.Errorf("read versions of post %d: %w", p.ID, err)
	}
	for i := len(edits) - 1; i >= 0; i-- {
		if len(d.Versions) == versionsShown {
			d.MoreVersions = i + 1
			break
		}
		e := edits[i]
		d.Versions = append(d.Versions, version{e.At, e.Summary, template.HTML(e.Content), len(e.Extra.Attachments)}) // cleaned before it was stored
	}
	return nil
}

// below holds the answers to a post that visitors may see, by parent.
type below struct {
	answers  map[int64][]assets.Entry
	ids      map[string]int64
	shown    int
	notShown int // public ones that are left out
}

// below reads the answers to a post. What a rule of the owner holds back is not shown
// to visitors either, until the owner lets it through.
func (v *view) below(p store.Post) (*below, error) {
	list, err := v.tx.Descendants(p.ID, descendantsShown)
	if err != nil {
		return nil, fmt.Errorf("read answers to post %d: %w", p.ID, err)
	}
	if err := v.read(actorIDs(list)...); err != nil {
		return nil, err
	}
	ids := make([]int64, len(list))
	for i, q := range list {
		ids[i] = q.ID
	}
	held, err := v.tx.HeldAmong(ids...)
	if err != nil {
		return nil, fmt.Errorf("look up what is held back: %w", err)
	}
	b := &below{answers: map[int64][]assets.Entry{}, ids: map[string]int64{}}
	visible := map[int64]bool{p.ID: true}
	var shown []store.Post
	for _, q := range list { // parents come before their answers
		if !v.listed(q) || held[q.ID] || !visible[q.ParentID] {
			if q.Visibility == store.Public && q.BoostOf == 0 {
				b.notShown++
			}
			continue
		}
		visible[q.ID] = true
		shown = append(shown, q)
	}
	entries, err := v.render(shown)
	for i, e := range entries {
		b.shown++
		b.ids[e.ID] = shown[i].ID
		b.answers[shown[i].ParentID] = append(b.answers[shown[i].ParentID], e)
	}
	return b, err
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
