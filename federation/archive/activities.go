package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/store/media"
)

// Members that Mastodon's archives have, by the same names.
const (
	actorMember     = "actor.json"
	outboxMember    = "outbox.json"
	likesMember     = "likes.json"
	bookmarksMember = "bookmarks.json"
	mediaFolder     = "media_attachments/files/"
)

// profile writes actor.json: the actor as it is served, but with the addresses of
// the files beside it.
func (e *export) profile() error {
	var actor *ap.Actor
	var me store.Actor
	err := e.read(func(tx *store.Tx) (err error) {
		if me, err = tx.Actor(store.OwnerID); err != nil {
			return err
		}
		actor, err = e.Service.ActorDocument(tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range []struct {
		name, file string
		at         *ap.Image
	}{{"avatar", me.Avatar, &actor.Icon}, {"header", me.Header, &actor.Image}} {
		if p.file == "" {
			continue
		}
		member := p.name + path.Ext(p.file)
		ok, err := e.file(member, p.file)
		if err != nil {
			return err
		}
		if *p.at = (ap.Image{}); ok {
			*p.at = ap.Image{URL: member, MediaType: media.MIME(p.file)}
			e.pictures[p.name] = member
		}
	}
	b, err := ap.Marshal(actor)
	if err != nil {
		return err
	}
	if b, err = with(b, map[string]string{"outbox": outboxMember, "likes": likesMember, "bookmarks": bookmarksMember}); err != nil {
		return err
	}
	return e.bytes(actorMember, b)
}

// with sets texts at the top level of a document.
func with(document []byte, texts map[string]string) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(document, &fields); err != nil {
		return nil, err
	}
	for key, text := range texts {
		quoted, err := json.Marshal(text)
		if err != nil {
			return nil, err
		}
		fields[key] = quoted
	}
	return json.MarshalIndent(fields, "", "  ")
}

// outbox writes outbox.json, with each post as the activity by which it left, of
// every visibility, the oldest first.
func (e *export) outbox() error {
	w, err := e.create(outboxMember, false)
	if err != nil {
		return err
	}
	list := collection{w: w, id: outboxMember, context: ap.ArchiveContext}
	err = e.eachPost(func(tx *store.Tx, posts []store.Post) error {
		files, err := tx.MediaOfPosts(idsOf(posts))
		if err != nil {
			return err
		}
		for _, p := range posts {
			activity, err := e.activity(tx, p, files[p.ID])
			if err != nil {
				return fmt.Errorf("post %d: %w", p.ID, err)
			}
			if activity == nil {
				continue
			}
			if err := list.add(activity); err != nil {
				return err
			}
		}
		e.passed(len(posts), true)
		return nil
	})
	e.sum.Posts = list.n
	return joinEnd(err, list.end)
}

func idsOf(posts []store.Post) []int64 {
	ids := make([]int64, len(posts))
	for i, p := range posts {
		ids[i] = p.ID
	}
	return ids
}

// activity is a post without its own @context and with the paths of its files in
// the archive. A boost of what is not stored any more has nothing to say.
func (e *export) activity(tx *store.Tx, p store.Post, files []store.Media) (json.RawMessage, error) {
	m, err := e.Service.ActivityDocument(tx, p)
	if errors.Is(err, store.ErrNotFound) && p.BoostOf != 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if p.BoostOf == 0 {
		if m.Object, err = archivedNote(m.Object, p, files); err != nil {
			return nil, err
		}
	}
	return encode(m)
}

// archivedNote is a note as Mastodon's archives have it: readers of those take some
// fields for granted that may be left out otherwise, and files are named by their path
// in the archive (NoteSerializer, BackupService).
func archivedNote(note any, p store.Post, files []store.Media) (json.RawMessage, error) {
	b, err := encode(note)
	if err != nil {
		return nil, err
	}
	if len(p.Extra.Attachments) > 0 {
		if b, err = localised(b, p, files); err != nil {
			return nil, err
		}
	}
	more := map[string]any{"atomUri": p.URI, "inReplyToAtomUri": nil}
	if p.Summary == "" {
		more["summary"] = nil
	}
	if p.ParentURI == "" {
		more["inReplyTo"] = nil
	} else {
		more["inReplyToAtomUri"] = p.ParentURI
	}
	head, err := encode(more)
	if err != nil {
		return nil, err
	}
	return append(append(head[:len(head)-1], ','), b[1:]...), nil
}

// localised lets the attachments of a note lead to the files in the archive.
func localised(b []byte, p store.Post, files []store.Media) (json.RawMessage, error) {
	var note map[string]json.RawMessage
	if err := json.Unmarshal(b, &note); err != nil {
		return nil, err
	}
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(note["attachment"], &list); err != nil {
		return nil, err
	}
	for i, item := range list {
		if item["name"] == nil {
			item["name"] = json.RawMessage("null")
		}
		if len(list) != len(p.Extra.Attachments) {
			continue
		}
		if at := slices.IndexFunc(files, func(m store.Media) bool { return m.ID == p.Extra.Attachments[i].ID }); at >= 0 {
			path, err := encode(memberOf(files[at]))
			if err != nil {
				return nil, err
			}
			item["url"] = path
		}
	}
	var err error
	if note["attachment"], err = encode(list); err != nil {
		return nil, err
	}
	return encode(note)
}

// marked writes likes.json and bookmarks.json: addresses of posts, the oldest first.
func (e *export) marked() error {
	var err error
	if e.sum.Likes, err = e.addresses(likesMember, likePairs); err != nil {
		return err
	}
	e.sum.Bookmarks, err = e.addresses(bookmarksMember, bookmarkPairs)
	return err
}

// pairs are the ids of the entries of a list, each with that of the post it is about.
func pairs[T any](list []T, of func(T) (id, post int64)) [][2]int64 {
	out := make([][2]int64, len(list))
	for i, v := range list {
		out[i][0], out[i][1] = of(v)
	}
	return out
}

// addresses writes a collection of the addresses of posts that a list names.
func (e *export) addresses(member string, list func(*store.Tx, store.Page) ([][2]int64, error)) (int, error) {
	w, err := e.create(member, false)
	if err != nil {
		return 0, err
	}
	c := collection{w: w, id: member}
	err = e.eachMarked(list, func(_ *store.Tx, posts []store.Post) error {
		for _, p := range posts {
			if err := c.add(p.URI); err != nil {
				return err
			}
		}
		return nil
	})
	return c.n, joinEnd(err, c.end)
}

// eachMarked calls f with the posts that a list names, a page at a time, the oldest
// entry first.
func (e *export) eachMarked(list func(*store.Tx, store.Page) ([][2]int64, error), f func(*store.Tx, []store.Post) error) error {
	for after := int64(1); ; {
		n := 0
		err := e.read(func(tx *store.Tx) error {
			found, err := list(tx, store.Page{Min: after, Limit: pageSize})
			if n = len(found); err != nil || n == 0 {
				return err
			}
			after = found[0][0]
			slices.Reverse(found)
			ids := make([]int64, n)
			for i, pair := range found {
				ids[i] = pair[1]
			}
			posts, err := tx.Posts(ids)
			if err != nil {
				return err
			}
			return f(tx, posts)
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// collection writes an OrderedCollection item by item. The number of items comes
// last, when it is known.
type collection struct {
	w       io.Writer
	id      string
	context string // its @context; "" for that of ActivityStreams alone
	n       int
}

// add writes one item, and before the first what stands before all.
func (c *collection) add(v any) error {
	head := ","
	if c.n == 0 {
		head = c.head()
	}
	c.n++
	b, err := encode(v)
	if err == nil {
		_, err = fmt.Fprintf(c.w, "%s\n%s", head, b)
	}
	return err
}

// head is what stands before the items.
func (c *collection) head() string {
	context := `"https://www.w3.org/ns/activitystreams"`
	if c.context != "" {
		context = c.context
	}
	return fmt.Sprintf(`{"@context":%s,"id":%q,"type":"OrderedCollection","orderedItems":[`, context, c.id)
}

// end writes what stands behind the items.
func (c *collection) end() error {
	head := ""
	if c.n == 0 {
		head = c.head()
	}
	_, err := fmt.Fprintf(c.w, "%s\n],\"totalItems\":%d}\n", head, c.n)
	return err
}

// encode is JSON that keeps <, > and & as they are; what is JSON already stays so.
func encode(v any) (json.RawMessage, error) {
	if raw, ok := v.(json.RawMessage); ok {
		return raw, nil
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(buf.Bytes()), err
}

// joinEnd ends a member after all went well.
func joinEnd(err error, end func() error) error {
	if err != nil {
		return err
	}
	return end()
}
