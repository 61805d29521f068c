package federation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

const (
	maxKey      = 255            // bytes of an idempotency key
	keyAge      = 24 * time.Hour // how long it counts at most; a sweep forgets it then
	maxClockLag = 24 * time.Hour // how far the clock may lie behind the newest own post (DECISIONS 3)
)

// Publish writes a post and queues its deliveries. People who are named are
// looked up over the network first, for at most 10 seconds. The same Key
// returns the same post for as long as it counts. What the owner did wrong is a *reply.Error
// in plain words.
func (s *Service) Publish(ctx context.Context, d Draft) (store.Post, error) {
	if len(d.Key) > maxKey {
		return store.Post{}, reply.Errorf(reply.Invalid, "The idempotency key is longer than %d bytes.", maxKey)
	}
	p, ok, err := s.publishedBefore(ctx, d)
	if err != nil || ok {
		return p, err
	}
	if err := checkDraft(&d); err != nil {
		return store.Post{}, err
	}
	w, err := s.write(ctx, d)
	if err != nil {
		return store.Post{}, err
	}
	if w.empty && d.QuoteID == 0 && len(d.Media) == 0 {
		return store.Post{}, reply.Errorf(reply.Unprocessable, "Write something first.")
	}
	p, err = store.Put(ctx, s.store, func(tx *store.Tx) (store.Post, error) { return s.publish(tx, d, w) })
	if err != nil && reply.CodeOf(err) == reply.Internal {
		err = fmt.Errorf("publish post: %w", err)
	}
	return p, err
}

// publishedBefore spares a repeated request the network; what counts is the
// same question inside the transaction.
func (s *Service) publishedBefore(ctx context.Context, d Draft) (p store.Post, ok bool, err error) {
	if d.Key == "" {
		return p, false, nil
	}
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		p, ok, err = repeated(tx, d)
		return err
	})
	return p, ok, err
}

// repeated finds the post that an idempotency key made.
func repeated(tx *store.Tx, d Draft) (store.Post, bool, error) {
	if d.Key == "" {
		return store.Post{}, false, nil
	}
	id, err := tx.Idempotent(d.Key, d.keySince(tx.Now()))
	if errors.Is(err, store.ErrNotFound) {
		return store.Post{}, false, nil
	}
	if err != nil {
		return store.Post{}, false, err
	}
	p, err := tx.Post(id)
	if errors.Is(err, store.ErrNotFound) {
		return p, false, reply.Errorf(reply.Conflict, "This was published already, and then deleted.")
	}
	return p, err == nil, err
}

// keySince is since when the key of a draft counts.
func (d Draft) keySince(now time.Time) time.Time {
	if d.KeyLasts > 0 {
		return now.Add(-d.KeyLasts)
	}
	return now.Add(-keyAge)
}

// publish is the one transaction of a new post: the row, whom and what it
// names, and one delivery per inbox.
func (s *Service) publish(tx *store.Tx, d Draft, w written) (store.Post, error) {
	if p, ok, err := repeated(tx, d); err != nil || ok {
		return p, err
	}
	if err := clockFit(tx); err != nil {
		return store.Post{}, err
	}
	if err := notMoved(tx); err != nil {
		return store.Post{}, err
	}
	p, people, err := s.compose(tx, d, w)
	if err != nil {
		return p, err
	}
	if p.Visibility == store.Direct && len(people) == 0 {
		return p, reply.Errorf(reply.Unprocessable, "Name at least one person, or choose another audience.")
	}
	if err := attach(tx, &p, d.Media); err != nil {
		return p, err
	}
	if err := tx.InsertPost(&p); err != nil {
		return p, err
	}
	if err := s.fileNames(tx, p, nil, people); err != nil {
		return p, err
	}
	if err := tx.AddHome(p.ID, false); err != nil {
		return p, err
	}
	if err := s.fileConversation(tx, p, store.Actor{ID: store.OwnerID}); err != nil {
		return p, err
	}
	if p.ParentID != 0 {
		if err := tx.KeepPost(p.ParentID); err != nil {
			return p, err
		}
		s.threadChanged(tx, p)
	}
	if err := s.planEnd(tx, p); err != nil {
		return p, err
	}
	if err := s.fileQuote(tx, p, d.QuoteID); err != nil {
		return p, err
	}
	if d.Key != "" {
		if err := tx.SaveIdempotent(d.Key, p.ID); err != nil {
			return p, err
		}
	}
	if err := s.wantCard(tx, p); err != nil {
		return p, err
	}
	to, err := s.audience(tx, p, people)
	if err != nil {
		return p, err
	}
	s.emit(tx, EventPost, p.ID)
	return p, s.sendPost(tx, "Create", p, to)
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
	id := tx.NewID()
	p := store.Post{
		ID: id, URI: s.postURI(id), ActorID: store.OwnerID, Visibility: d.Visibility, Kept: true,
		Summary: d.Summary, Content: w.html, Source: d.Text, Language: d.Language,
		Sensitive: d.Sensitive || d.Summary != "", PublishedAt: tx.Now().UTC().Truncate(time.Millisecond),
		Extra: store.PostExtra{Tags: w.tags, Markdown: d.Markdown, App: d.App, AppURL: d.AppURL},
	}
	p.URL = s.pageOf(p)
	if d.Poll != nil {
		p.Kind, p.Extra.Poll = store.KindQuestion, d.Poll.begin(p.PublishedAt)
	}
	if p.Language == "" {
		p.Language = s.Settings().Language
	}
	people := w.people
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
