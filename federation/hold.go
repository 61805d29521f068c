package federation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

// maxHeld is how many texts are held at a time.
const maxHeld = 200

// ErrWentOut is in the chain of the answer to whoever wants to take back a post that
// is out already.
var ErrWentOut = errors.New("went out already")

// UndoWindow is how long a post is held that the owner sends, from a page or by an app.
func (s *Service) UndoWindow(byApp bool) time.Duration {
	set := s.Settings()
	if byApp && !set.UndoApps {
		return 0
	}
	return time.Duration(set.UndoSeconds) * time.Second
}

// hold keeps a draft that goes out when the window ends. All that can be known to
// stand in its way is refused now.
func (s *Service) hold(tx *store.Tx, d Draft, w written, window time.Duration) (store.Unsent, error) {
	p, _, err := s.fit(tx, d, w)
	if err != nil {
		return store.Unsent{}, err
	}
	held, err := tx.Held()
	if err == nil && len(held) >= maxHeld {
		err = reply.Errorf(reply.RateLimited, "%d posts wait to go out, the most there can be. Send this in a minute.", maxHeld)
	}
	if err != nil {
		return store.Unsent{}, err
	}
	d.Visibility = p.Visibility
	media, err := takeLoose(tx, d.Media)
	if err != nil {
		return store.Unsent{}, err
	}
	u := store.Unsent{Kind: store.UnsentHeld, DueAt: s.now().Add(window), Draft: keptText(d, media)}
	if err := tx.SaveUnsent(&u); err != nil {
		return u, err
	}
	if d.Key != "" {
		if err := tx.SaveIdempotent(d.Key, u.ID); err != nil {
			return u, err
		}
	}
	return u, s.planScheduled(tx, u)
}

// sentKey is under what it is remembered for a day which post a text became.
func sentKey(id int64) string { return idKey("sent", id) }

// SentAs is the post that a scheduled or held text became within the last day;
// store.ErrNotFound if it became none.
func SentAs(tx *store.Tx, id int64) (int64, error) {
	return tx.Idempotent(sentKey(id), tx.Now().Add(-keyAge))
}

// TakeBack makes a held text a draft, which goes out when the owner says so. Twice is
// as good as once; ErrWentOut is in the error of one that is out.
func (s *Service) TakeBack(ctx context.Context, id int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		u, err := tx.Unsent(id)
		if errors.Is(err, store.ErrNotFound) {
			return wentOut(tx, id)
		}
		if err != nil || u.Kind == store.UnsentDraft {
			return err
		}
		return s.giveBack(tx, u, "")
	})
}

// wentOut is the answer about a text that is not here.
func wentOut(tx *store.Tx, id int64) error {
	_, err := SentAs(tx, id)
	if err == nil {
		return &reply.Error{Code: reply.Conflict, Message: "It went out a moment ago.", Err: ErrWentOut}
	}
	return err
}

// giveBack is toDraft for a text whose id an app may know: to apps it is as if it
// was deleted.
func (s *Service) giveBack(tx *store.Tx, u store.Unsent, problem string) error {
	if u.Draft.Known {
		s.emit(tx, EventDelete, u.ID)
	}
	return toDraft(tx, u, problem)
}

// SendNow sends a text that waits. One that is held goes out at once; a draft, or one
// that is scheduled, is held for the window first, as if it was just written. What
// cannot go out stays what it is.
func (s *Service) SendNow(ctx context.Context, id int64, window time.Duration) (Sent, error) {
	u, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Unsent, error) {
		u, err := tx.Unsent(id)
		if errors.Is(err, store.ErrNotFound) {
			err = wentOut(tx, id)
		}
		return u, err
	})
	if err != nil {
		return Sent{}, err
	}
	if u.Draft.EditID != 0 {
		return Sent{}, reply.Errorf(reply.Conflict, "This changes a post that is out. Open it and save the changes.")
	}
	if u.Kind == store.UnsentHeld || window == 0 {
		p, err := s.publishUnsent(ctx, u)
		if errors.Is(err, store.ErrNotFound) { // the end of the window was faster
			p, err = s.sentMeanwhile(ctx, id)
		}
		return Sent{Post: p}, err
	}
	d := draftOf(u)
	w, err := s.writeDraft(ctx, &d)
	if err != nil {
		return Sent{}, err
	}
	u, err = store.Put(ctx, s.store, func(tx *store.Tx) (store.Unsent, error) {
		now, err := tx.Unsent(id)
		if err != nil || now.Kind == store.UnsentHeld { // pressed twice
			return now, err
		}
		if _, _, err := s.fit(tx, d, w); err != nil {
			return now, err
		}
		now.Kind, now.DueAt, now.Draft.Problem = store.UnsentHeld, s.now().Add(window), ""
		if err := tx.SaveUnsent(&now); err != nil {
			return now, err
		}
		return now, s.planScheduled(tx, now)
	})
	return Sent{Held: u}, err
}

func (s *Service) sentMeanwhile(ctx context.Context, id int64) (store.Post, error) {
	return store.Get(ctx, s.store, func(tx *store.Tx) (store.Post, error) {
		postID, err := SentAs(tx, id)
		if err != nil {
			return store.Post{}, err
		}
		return tx.Post(postID)
	})
}

// ChangeHeld puts another text in the place of a held one, and its window begins
// anew. For whom it is, what it answers and what it quotes stay; so does a poll that
// is not given.
func (s *Service) ChangeHeld(ctx context.Context, id int64, d Draft) error {
	u, err := s.Held(ctx, id)
	if err != nil {
		return err
	}
	was := draftOf(u)
	d.Visibility, d.ParentID, d.QuoteID, d.App, d.AppURL, d.Known, d.id = was.Visibility, was.ParentID, was.QuoteID, was.App, was.AppURL, was.Known, was.id
	if d.Poll == nil {
		d.Poll = was.Poll
	}
	if d.Language == "" {
		d.Language = was.Language
	}
	if d.QuotePolicy == "" {
		d.QuotePolicy = was.QuotePolicy
	}
	w, err := s.writeDraft(ctx, &d)
	if err != nil {
		return err
	}
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		now, err := heldText(tx, id)
		if err != nil {
			return err
		}
		if _, _, err := s.fit(tx, d, w); err != nil {
			return err
		}
		if err := tx.DropUnsent(id); err != nil { // its own files are free for it
			return err
		}
		media, err := takeLoose(tx, d.Media)
		if err != nil {
			return err
		}
		now.DueAt, now.Draft = s.now().Add(max(s.UndoWindow(false), time.Second)), keptText(d, media)
		if err := tx.SaveUnsent(&now); err != nil {
			return err
		}
		return s.planScheduled(tx, now)
	})
	if err != nil && reply.CodeOf(err) == reply.Internal && !errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("change a held post: %w", err)
	}
	return err
}

// DropHeld deletes a held text that its writer was told the id of. Its files stay for
// a day, for whoever writes it anew.
func (s *Service) DropHeld(ctx context.Context, id int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := heldText(tx, id); err != nil {
			return err
		}
		s.emit(tx, EventDelete, id)
		return unsend(tx, id)
	})
}

func heldText(tx *store.Tx, id int64) (store.Unsent, error) {
	u, err := tx.Unsent(id)
	if err == nil && u.Kind != store.UnsentHeld {
		err = store.ErrNotFound
	}
	return u, err
}

// Held reads a held text; store.ErrNotFound if it is none.
func (s *Service) Held(ctx context.Context, id int64) (store.Unsent, error) {
	return store.Get(ctx, s.store, func(tx *store.Tx) (store.Unsent, error) { return heldText(tx, id) })
}

// AsPost is a held text as the post that it is about to become. It asks no other
// server.
func (s *Service) AsPost(ctx context.Context, u store.Unsent) (store.Post, error) {
	d := draftOf(u)
	d.id = u.ID
	named := markup.FindMentions(d.Text, d.Markdown)
	people, _, err := s.knownNamed(ctx, named)
	if err != nil {
		return store.Post{}, err
	}
	w, err := s.writeWith(d.Text, d.Markdown, named, people)
	if err != nil {
		return store.Post{}, err
	}
	return store.Get(ctx, s.store, func(tx *store.Tx) (store.Post, error) {
		p, _, err := s.compose(tx, d, w)
		if err != nil {
			return p, err
		}
		files, err := tx.MediaList(u.Draft.Media)
		for _, m := range files {
			p.Extra.Attachments = append(p.Extra.Attachments, m.Attachment())
		}
		return p, err
	})
}
