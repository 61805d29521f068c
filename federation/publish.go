package federation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

const (
	maxKey      = 255            // bytes of an idempotency key
	keyAge      = 24 * time.Hour // how long it counts at most; a sweep forgets it then
	maxClockLag = 24 * time.Hour // how far the clock may lie behind the newest own post (DECISIONS 3)
)

// Sent is what became of a draft: a post, or a text that is held for the undo
// window. One that was taken back since is a draft again.
type Sent struct {
	Post store.Post
	Held store.Unsent // its ID is 0 if there is a Post
}

// ErrNobodyNamed is in the chain of an error that is about a post for people named
// which names nobody who can be found.
var ErrNobodyNamed = errors.New("nobody is named")

// Publish writes a post and queues its deliveries. People who are named are
// looked up over the network first, for at most 10 seconds. The same Key
// returns the same post for as long as it counts. What the owner did wrong is a *reply.Error
// in plain words.
func (s *Service) Publish(ctx context.Context, d Draft) (store.Post, error) {
	sent, err := s.Send(ctx, d, 0)
	if err == nil && sent.Held.ID != 0 {
		err = reply.Errorf(reply.Conflict, "This waits to go out already, or was taken back.")
	}
	return sent.Post, err
}

// Send is Publish, or holds the text for the window, after which it goes out by
// itself: until then nobody else can tell that it exists. What cannot be published
// is refused at once.
func (s *Service) Send(ctx context.Context, d Draft, window time.Duration) (Sent, error) {
	if len(d.Key) > maxKey {
		return Sent{}, reply.Errorf(reply.Invalid, "The idempotency key is longer than %d bytes.", maxKey)
	}
	sent, ok, err := s.sentBefore(ctx, d)
	if err != nil || ok {
		return sent, err
	}
	w, err := s.writeDraft(ctx, &d)
	if err != nil {
		return Sent{}, err
	}
	sent, err = store.Put(ctx, s.store, func(tx *store.Tx) (Sent, error) {
		if sent, ok, err := repeated(tx, d); err != nil || ok {
			return sent, err
		}
		if window > 0 {
			u, err := s.hold(tx, d, w, window)
			return Sent{Held: u}, err
		}
		p, err := s.publish(tx, d, w)
		return Sent{Post: p}, err
	})
	if err != nil && reply.CodeOf(err) == reply.Internal {
		err = fmt.Errorf("publish post: %w", err)
	}
	return sent, err
}

// writeDraft checks a draft and makes HTML of it.
func (s *Service) writeDraft(ctx context.Context, d *Draft) (written, error) {
	if err := checkDraft(d); err != nil {
		return written{}, err
	}
	w, err := s.write(ctx, *d)
	if err == nil && w.empty && d.QuoteID == 0 && len(d.Media) == 0 {
		err = reply.Errorf(reply.Unprocessable, "Write something first.")
	}
	return w, err
}

// sentBefore spares a repeated request the network; what counts is the same question
// inside the transaction.
func (s *Service) sentBefore(ctx context.Context, d Draft) (sent Sent, ok bool, err error) {
	if d.Key == "" {
		return sent, false, nil
	}
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		sent, ok, err = repeated(tx, d)
		return err
	})
	return sent, ok, err
}

// repeated finds what an idempotency key made.
func repeated(tx *store.Tx, d Draft) (sent Sent, ok bool, err error) {
	if d.Key == "" {
		return sent, false, nil
	}
	id, err := tx.Idempotent(d.Key, d.keySince(tx.Now()))
	if errors.Is(err, store.ErrNotFound) {
		return sent, false, nil
	}
	if err != nil {
		return sent, false, err
	}
	if sent.Post, err = tx.Post(id); !errors.Is(err, store.ErrNotFound) {
		return sent, err == nil, err
	}
	if sent.Held, err = tx.Unsent(id); err == nil && sent.Held.Kind == store.UnsentScheduled {
		err = reply.Errorf(reply.Conflict, "This is scheduled already.")
	}
	if errors.Is(err, store.ErrNotFound) {
		err = reply.Errorf(reply.Conflict, "This was published already, and then deleted.")
	}
	return sent, err == nil, err
}

// keySince is since when the key of a draft counts.
func (d Draft) keySince(now time.Time) time.Time {
	if d.KeyLasts > 0 {
		return now.Add(-d.KeyLasts)
	}
	return now.Add(-keyAge)
}

// fit says what a draft becomes, and for whom, if it can be published now.
func (s *Service) fit(tx *store.Tx, d Draft, w written) (store.Post, []store.Actor, error) {
	if err := clockFit(tx); err != nil {
		return store.Post{}, nil, err
	}
	if err := notMoved(tx); err != nil {
		return store.Post{}, nil, err
	}
	p, people, err := s.compose(tx, d, w)
	if err == nil && p.Visibility == store.Direct && len(people) == 0 {
		err = &reply.Error{Code: reply.Unprocessable, Message: "Name at least one person, or choose another audience.", Err: ErrNobodyNamed}
	}
	return p, people, err
}

// publish is the one transaction of a new post and of those that follow it: the
// rows, whom and what they name, and one delivery per inbox.
func (s *Service) publish(tx *store.Tx, d Draft, w written) (store.Post, error) {
	d.early = time.Duration(len(w.rest)) * time.Second
	p, people, err := s.publishOne(tx, d, w)
	if err != nil {
		return p, err
	}
	return p, s.publishThread(tx, d, p, people, w.rest)
}

// publishOne publishes one post, and says whom it is addressed to by name.
func (s *Service) publishOne(tx *store.Tx, d Draft, w written) (store.Post, []store.Actor, error) {
	p, people, err := s.fit(tx, d, w)
	if err != nil {
		return p, nil, err
	}
	if err := attach(tx, &p, d.Media); err != nil {
		return p, nil, err
	}
	if err := tx.InsertPost(&p); err != nil {
		return p, nil, err
	}
	if err := s.fileNames(tx, p, nil, people); err != nil {
		return p, nil, err
	}
	if err := tx.AddHome(p.ID, false); err != nil {
		return p, nil, err
	}
	if err := s.fileConversation(tx, p, store.Actor{ID: store.OwnerID}); err != nil {
		return p, nil, err
	}
	if p.ParentID != 0 {
		if err := tx.KeepPost(p.ParentID); err != nil {
			return p, nil, err
		}
		s.threadChanged(tx, p)
	}
	if err := s.planEnd(tx, p); err != nil {
		return p, nil, err
	}
	if err := s.fileQuote(tx, p, d.QuoteID); err != nil {
		return p, nil, err
	}
	if d.Key != "" {
		if err := tx.SaveIdempotent(d.Key, p.ID); err != nil {
			return p, nil, err
		}
	}
	if err := s.wantCard(tx, p); err != nil {
		return p, nil, err
	}
	to, err := s.audience(tx, p, people)
	if err != nil {
		return p, nil, err
	}
	s.emit(tx, EventPost, p.ID)
	return p, people, s.sendPost(tx, "Create", p, to)
}

// clockFit: ids are made of the time, so a clock far behind would put the post
// below older ones for good.
func clockFit(tx *store.Tx) error {
	behind, err := tx.ClockBehind()
	if err != nil || behind <= maxClockLag {
		return err
	}
	return reply.Errorf(reply.Conflict, "The clock of this server is %d hours behind your newest post. Set it right, then publish again; your text is not lost.", int(behind.Hours()))
}

// compose makes the row of a new post, not stored yet, and lists the people
// it is addressed to by name.
func (s *Service) compose(tx *store.Tx, d Draft, w written) (store.Post, []store.Actor, error) {
	id := d.id
	if id == 0 {
		id = tx.NewID()
	}
	p := store.Post{
		ID: id, URI: s.postURI(id), ActorID: store.OwnerID, Visibility: d.Visibility, Kept: true,
		Summary: d.Summary, Content: w.html, Source: d.Text, Language: d.Language,
		Sensitive: d.Sensitive || d.Summary != "", PublishedAt: tx.Now().Add(-d.early).UTC().Truncate(time.Millisecond),
		Extra: store.PostExtra{Tags: w.tags, Markdown: d.Markdown, App: d.App, AppURL: d.AppURL},
	}
	p.URL = s.pageOf(p)
	if d.Poll != nil {
		p.Kind, p.Extra.Poll = store.KindQuestion, d.Poll.begin(p.PublishedAt)
	}
	if p.Language == "" {
		p.Language = s.Settings().Language
	}
	people := withPeople(w.people, d.with)
	if d.ParentID != 0 {
		parent, author, err := s.parentOf(tx, d.ParentID)
		if err != nil {
			return p, nil, err
		}
		if p.Visibility, err = narrowed(d.Visibility, parent); err != nil {
			return p, nil, err
		}
		p.ParentID, p.ParentURI = parent.ID, parent.URI
		people = withAuthor(people, author)
		if p.Extra.Context, err = s.contextOf(tx, p); err != nil {
			return p, nil, err
		}
	}
	p.Extra.Mentions = mentionsOf(people)
	var err error
	if p.Extra.Emojis, err = postEmojis(tx, p); err != nil {
		return p, nil, err
	}
	return p, people, s.composeQuote(tx, &p, d, people)
}

// parentOf reads the post that is answered, and its author. Whoever answers a
// boost means the post that was boosted.
func (s *Service) parentOf(tx *store.Tx, id int64) (store.Post, store.Actor, error) {
	parent, author, err := touched(tx, id)
	if reply.CodeOf(err) == reply.NotFound {
		err = reply.Errorf(reply.Unprocessable, "The post you answer is not here any more; it may have been deleted.")
	}
	return parent, author, err
}

// WidestReply is the widest audience that an answer to a post may have, and the
// one it has if nothing else is chosen (DECISIONS 23).
func WidestReply(parent store.Post) store.Visibility {
	if parent.Visibility == store.Followers && !parent.Own() {
		return store.Direct
	}
	return parent.Visibility
}

// narrowed holds a reply within the audience of what it answers (DECISIONS 23,
// T44). Everyone and "everyone, quietly" have the same readers: there the reply
// is made as quiet as its parent. Anything else is for the owner to decide.
func narrowed(v store.Visibility, parent store.Post) (store.Visibility, error) {
	switch {
	case v == store.Direct || v == store.Followers && parent.Visibility.Open():
		return v, nil
	case parent.Visibility.Open():
		return max(v, parent.Visibility), nil
	case parent.Visibility == store.Direct:
		return v, reply.Errorf(reply.Unprocessable, "The post you answer is for the people named in it only. Choose “Only people named”.")
	case !parent.Own():
		return v, reply.Errorf(reply.Unprocessable, "Replies to a followers-only post of someone else can go to the people named only.")
	case v < store.Followers:
		return v, reply.Errorf(reply.Unprocessable, "The post you answer is for your followers only. Choose “Followers” or “Only people named”.")
	}
	return v, nil
}

// withAuthor puts the author of the parent first among those named: a reply is
// always addressed to them, whether or not its text names them.
func withAuthor(people []store.Actor, author store.Actor) []store.Actor {
	if author.ID == store.OwnerID {
		return people
	}
	list := []store.Actor{author}
	for _, a := range people {
		if a.ID != author.ID {
			list = append(list, a)
		}
	}
	return list
}

// withPeople adds those who are not in a list yet.
func withPeople(list, more []store.Actor) []store.Actor {
	list = slices.Clip(list)
	for _, a := range more {
		if !slices.ContainsFunc(list, func(b store.Actor) bool { return a.ID == b.ID }) {
			list = append(list, a)
		}
	}
	return list
}

func mentionsOf(people []store.Actor) []store.Mention {
	var list []store.Mention
	for _, a := range people {
		list = append(list, store.Mention{ActorID: a.ID, URI: a.URI, Handle: a.Handle(), URL: a.URL})
	}
	return list
}

// fileNames keeps by whom and under which hashtags a post is found.
func (s *Service) fileNames(tx *store.Tx, p store.Post, oldTags []string, people []store.Actor) error {
	ids := make([]int64, len(people))
	for i, a := range people {
		ids[i] = a.ID
	}
	if err := tx.SetMentions(p.ID, ids); err != nil {
		return err
	}
	return tx.SetTags(p.ID, store.TagNames(oldTags), store.TagNames(p.Extra.Tags))
}
