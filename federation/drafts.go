package federation

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/sync/errgroup"

	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

const (
	maxCharacters = 5000             // of text and content warning together (DECISIONS 35)
	maxLookups    = 20               // people whom one text makes us ask other servers about
	lookupTime    = 10 * time.Second // for all of them together, and for one look-up by the owner
	maxDrafts     = 200              // saved at a time
	maxDraftBytes = 64 << 10         // of a saved text: what is too long to publish is not lost
)

// Draft is what the owner wants to publish, from a page or by an app.
type Draft struct {
	Text        string
	Markdown    bool   // Text is Markdown; else plain text with links
	Summary     string // content warning, plain text
	Visibility  store.Visibility
	Language    string // BCP 47; "" for the owner's usual one
	Sensitive   bool
	Media       []Attached        // uploads, in order
	ParentID    int64             // post that is answered, 0 for none
	Poll        *PollDraft        // what is asked, nil for nothing
	QuoteID     int64             // post that is quoted, 0 for none
	QuotePolicy store.QuotePolicy // who may quote it; "" for the owner's usual one
	App, AppURL string            // program that the draft was written with
	Key         string            // idempotency key, at most 255 bytes; "" for none
	KeyLasts    time.Duration     // how long it counts, at most the day that 0 stands for
	Known       bool              // whoever sends it is told its id, also while it is held
	Thread      []string          // texts of posts that follow, each answering the one before; with the first they are published or refused together

	id    int64         // that the post is to have; 0 for a new one
	early time.Duration // how long before now it is dated: servers order the posts of a thread by their seconds
	with  []store.Actor // who is addressed beside those whom the text names
}

// checkDraft refuses what cannot become a post and brings the rest into form.
func checkDraft(d *Draft) error {
	if d.Visibility < store.Public || d.Visibility > store.Direct {
		return reply.Errorf(reply.Invalid, "Choose who may read the post.")
	}
	if d.QuotePolicy != "" && !d.QuotePolicy.Valid() {
		return reply.Errorf(reply.Unprocessable, "Choose who may quote the post.")
	}
	d.Text, d.Summary = newlines(d.Text), oneLine(d.Summary)
	d.Language = language(d.Language)
	n := markup.CountCharacters(d.Text) + markup.CountCharacters(d.Summary)
	if n > maxCharacters || len(d.Text) > markup.MaxSource {
		return reply.Errorf(reply.Unprocessable, "The text has %d characters; %d is the most there can be.", n, maxCharacters)
	}
	if err := checkMedia(d.Media); err != nil {
		return err
	}
	if err := checkThread(d); err != nil {
		return err
	}
	return checkPoll(d.Poll)
}

// newlines is text with plain ends of lines: forms that are sent as multipart/form-data
// have two characters there (HTML 4.10.21.7), which apps would get back.
func newlines(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// oneLine is text without control characters, runs of space made one.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return strings.Join(strings.Fields(text), " ")
}

// written is the text of a draft as HTML, with what it names.
type written struct {
	html   string
	lost   []markup.Handle // who is named and was not found
	rest   []written       // of the posts that follow
	empty  bool            // nothing visible is in it
	people []store.Actor   // named and stored here, without the owner
	tags   []string
}

// write turns a draft into HTML. People who cannot be found stay plain text.
func (s *Service) write(ctx context.Context, d Draft) (written, error) {
	w, err := s.writeText(ctx, d.Text, d.Markdown)
	if err == nil {
		w.rest, err = s.writeThread(ctx, d)
	}
	return w, err
}

func (s *Service) writeText(ctx context.Context, text string, markdown bool) (written, error) {
	named := markup.FindMentions(text, markdown)
	people, err := s.findNamed(ctx, named)
	if err != nil {
		return written{}, err
	}
	return s.writeWith(text, markdown, named, people)
}

// writeWith is writeText with the people found.
func (s *Service) writeWith(text string, markdown bool, named []markup.Handle, people map[markup.Handle]store.Actor) (written, error) {
	r, err := s.render(text, markdown, people)
	if err != nil {
		return written{}, err
	}
	w := written{html: r.HTML, tags: r.Hashtags, empty: strings.TrimSpace(markup.Text(r.HTML)) == ""}
	byURI := make(map[string]store.Actor, len(people))
	for _, a := range people {
		byURI[a.URI] = a
	}
	for _, m := range r.Mentions {
		if a, ok := byURI[m.Href]; ok {
			w.people = append(w.people, a)
		}
	}
	for _, h := range named {
		if _, ok := people[handleKey(h.User, h.Host)]; !ok && !s.isOwner(h.User, h.Host) {
			w.lost = append(w.lost, h)
		}
	}
	return w, nil
}

// render is the text as HTML with links to the people found, to the owner and
// to our pages of hashtags.
func (s *Service) render(text string, markdown bool, people map[markup.Handle]store.Actor) (markup.Rendered, error) {
	links := markup.Links{
		Mention: func(user, host string) (markup.Target, bool) {
			if s.isOwner(user, host) {
				return markup.Target{Href: s.actorURI, URL: s.origin.URL("/@" + s.me.Name), User: s.me.Name, Host: s.origin.Domain}, true
			}
			a, ok := people[handleKey(user, host)]
			return markup.Target{Href: a.URI, URL: a.URL, User: a.Username, Host: a.Domain}, ok
		},
		Hashtag: s.tagPage,
	}
	if markdown {
		return markup.Markdown(text, links)
	}
	return markup.Plain(text, links)
}

// isOwner says whether a handle is the owner's; without a host it is a name here.
func (s *Service) isOwner(user, host string) bool {
	return strings.EqualFold(user, s.me.Name) && (host == "" || host == s.origin.Domain || host == s.origin.Host)
}

func handleKey(user, host string) markup.Handle {
	return markup.Handle{User: strings.ToLower(user), Host: host}
}

// findNamed resolves handles: from the store, else over the network, a few at a
// time. Those who cannot be found are left out.
func (s *Service) findNamed(ctx context.Context, handles []markup.Handle) (map[markup.Handle]store.Actor, error) {
	found, unknown, err := s.knownNamed(ctx, handles)
	if err != nil || len(unknown) == 0 {
		return found, err
	}
	s.askForNamed(ctx, unknown[:min(len(unknown), maxLookups)], found)
	return found, ctx.Err()
}

// knownNamed finds handles in the store, and lists those that are not there.
func (s *Service) knownNamed(ctx context.Context, handles []markup.Handle) (found map[markup.Handle]store.Actor, unknown []markup.Handle, err error) {
	found = map[markup.Handle]store.Actor{}
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		clear(found)
		unknown = nil
		for _, h := range handles {
			if h.Host == s.origin.Domain || h.Host == s.origin.Host {
				continue // the owner, or nobody
			}
			blocked, err := tx.HostBlocked(h.Host)
			if err != nil {
				return err
			}
			if blocked {
				continue
			}
			a, err := tx.ActorByHandle(h.User, h.Host)
			switch {
			case errors.Is(err, store.ErrNotFound):
				unknown = append(unknown, h)
			case err != nil:
				return err
			default:
				found[handleKey(h.User, h.Host)] = a
			}
		}
		return nil
	})
	return found, unknown, err
}

// askForNamed looks handles up over the network and adds whom it finds in time.
func (s *Service) askForNamed(ctx context.Context, handles []markup.Handle, found map[markup.Handle]store.Actor) {
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(4)
	for _, h := range handles {
		group.Go(func() error {
			a, err := within(ctx, func() (store.Actor, error) { return s.fetchHandle(ctx, h.User, h.Host) })
			if err != nil {
				s.log.Debug("left a mention as text", "user", h.User, "host", h.Host, "error", err)
				return nil // one who is not found must not keep the others from being named
			}
			mu.Lock()
			defer mu.Unlock()
			found[handleKey(h.User, h.Host)] = a
			return nil
		})
	}
	group.Wait() // its functions return no error
}

// within waits for f as long as ctx lasts. A fetch of an actor may be shared with
// others, who have more time: it goes on when nobody here waits for it any more.
func within[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	ch := make(chan result, 1)
	go func() {
		v, err := f()
		ch <- result{v, err}
	}()
	select {
	case r := <-ch:
		return r.v, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// SaveDraft keeps a text for later under an id, or under a new one if that is 0.
// It may be longer than a post, up to 64 KiB, and there are at most 200.
func (s *Service) SaveDraft(ctx context.Context, id int64, text store.UnsentText) (store.Unsent, error) {
	size := len(text.Text) + len(text.Summary)
	for _, more := range text.Thread {
		size += len(more)
	}
	if size > maxDraftBytes {
		return store.Unsent{}, reply.Errorf(reply.Unprocessable, "The draft is longer than %d KB, the most that is kept.", maxDraftBytes>>10)
	}
	u, err := store.Put(ctx, s.store, func(tx *store.Tx) (store.Unsent, error) {
		u := store.Unsent{ID: id, Draft: text}
		loose, err := looseOf(tx, text.Media)
		if err != nil {
			return u, err
		}
		if u.Draft.Media = nil; len(loose) > 0 {
			u.Draft.Media = mediaIDs(loose)
		}
		if id == 0 && text.Form != "" {
			old, err := tx.DraftOfForm(text.Form)
			if err == nil {
				u.ID = old.ID
			} else if !errors.Is(err, store.ErrNotFound) {
				return u, err
			}
		}
		if id != 0 {
			old, err := tx.Unsent(id)
			if errors.Is(err, store.ErrNotFound) || err == nil && old.Kind != store.UnsentDraft {
				u.ID = 0 // sent or deleted meanwhile: the text is kept all the same
			} else if err != nil {
				return u, err
			}
		}
		if u.ID == 0 {
			list, err := tx.UnsentList(store.UnsentDraft)
			if err != nil {
				return u, err
			}
			for _, old := range list {
				same := old.Draft
				if same.Form = u.Draft.Form; reflect.DeepEqual(same, u.Draft) { // the button was pressed twice
					return old, nil
				}
			}
			if len(list) >= maxDrafts {
				return u, reply.Errorf(reply.Conflict, "You have %d drafts, the most there can be. Delete one first.", maxDrafts)
			}
		}
		return u, tx.SaveUnsent(&u)
	})
	if err != nil && reply.CodeOf(err) == reply.Internal {
		err = fmt.Errorf("save draft: %w", err)
	}
	return u, err
}

// DropDraftOf deletes the draft that a form saved, if it did.
func (s *Service) DropDraftOf(ctx context.Context, form string) error {
	if form == "" {
		return nil
	}
	u, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Unsent, error) { return tx.DraftOfForm(form) })
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.DropDraft(ctx, u.ID)
}

// Drafts lists the saved texts, the last edited first.
func (s *Service) Drafts(ctx context.Context) ([]store.Unsent, error) {
	return store.Get(ctx, s.store, func(tx *store.Tx) ([]store.Unsent, error) { return tx.UnsentList(store.UnsentDraft) })
}

// DropDraft deletes a saved text, also one that is scheduled, and the uploads that nothing else has; one that
// is not there is no error.
func (s *Service) DropDraft(ctx context.Context, id int64) error {
	files, err := store.Put(ctx, s.store, func(tx *store.Tx) ([]string, error) { return dropDraft(tx, id) })
	if err == nil {
		s.removeUnused(ctx, files...)
	}
	return err
}

func dropDraft(tx *store.Tx, id int64) (files []string, err error) {
	u, err := tx.Unsent(id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err == nil {
		err = unsend(tx, id)
	}
	if err != nil {
		return nil, err
	}
	loose, err := looseOf(tx, u.Draft.Media)
	if err != nil {
		return nil, err
	}
	for _, m := range loose {
		named, err := tx.InDraft(m.ID)
		if err != nil {
			return nil, err
		}
		if named {
			continue
		}
		if err := tx.DropMedia(m.ID); err != nil {
			return nil, err
		}
		files = append(files, m.File, m.Preview)
	}
	return files, nil
}

func mediaIDs(list []store.Media) []int64 {
	ids := make([]int64, len(list))
	for i, m := range list {
		ids[i] = m.ID
	}
	return ids
}
