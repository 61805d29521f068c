package federation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/federation/remote"
	"dassie/store"
	"dassie/web/reply"
)

// placeRows puts rows in force that need no other server. The others stay waiting.
func (s *Service) placeRows(ctx context.Context, i store.CSVImport, rows []store.CSVRow) error {
	err := s.store.Read(ctx, func(tx *store.Tx) error { return knownHere(tx, i.Kind, rows) }) // who was met meanwhile
	if err != nil {
		return err
	}
	if i.Kind == store.CSVLists {
		made := map[string]bool{}
		for _, r := range rows {
			if made[r.Title] {
				continue
			}
			made[r.Title] = true
			if _, err := s.listCalled(ctx, r.Title); err != nil && reply.CodeOf(err) == reply.Internal {
				return err // that there are too many is said of each row
			}
		}
	}
	return sideBySide(i.Kind, len(rows), func(n int) error {
		if rows[n].State != store.CSVWaiting {
			return nil
		}
		return s.placeRow(ctx, i, &rows[n], false)
	})
}

// askRow does one row that needs another server: it finds whom or what it is about,
// and puts it in force. One that needs none any more is put in force too, and false is
// returned.
func (s *Service) askRow(ctx context.Context, i store.CSVImport, row store.CSVRow) (asked bool, err error) {
	rows := []store.CSVRow{row}
	if err := s.placeRows(ctx, i, rows); err != nil {
		return false, err
	}
	if row = rows[0]; row.State != store.CSVWaiting {
		return false, s.store.Write(ctx, func(tx *store.Tx) error { return tx.SaveCSVRow(row) })
	}
	tried := row.TriedAt
	row.TriedAt = s.now()
	if asked = row.Ref == 0; asked {
		row.Ref, err = s.findForRow(ctx, row)
	}
	if err == nil && (i.Kind == store.CSVFollowing || i.Kind == store.CSVLists) {
		at, free, e := s.placeOf(ctx, row)
		if e != nil && reply.CodeOf(e) == reply.Internal { // the fault is ours, and the row stays as it is
			return true, e
		}
		if !free.IsZero() {
			if row.DueAt = free; !asked {
				row.TriedAt = tried
			}
			return asked, s.store.Write(ctx, func(tx *store.Tx) error { return tx.SaveCSVRow(row) })
		}
		row.Ref, err = at, e
	}
	if ctx.Err() != nil {
		return true, ctx.Err()
	}
	now, e := store.Get(ctx, s.store, func(tx *store.Tx) (store.CSVImport, error) { return tx.CSVImport(i.ID) })
	if e != nil || now.State != store.CSVRunning {
		return true, notThere(e) // it was stopped meanwhile
	}
	if err == nil {
		err = s.placeRow(ctx, i, &row, true)
		if err != nil {
			return true, err
		}
	} else {
		s.notFound(&row, err)
	}
	return true, s.store.Write(ctx, func(tx *store.Tx) error { return tx.SaveCSVRow(row) })
}

// placeOf is the account under which the person of a row is to be followed now: their
// own, or the one that they moved to, if that says itself that it is theirs (T18). free
// is when its server may be asked, if that is not now. What is no *reply.Error is a
// fault here.
func (s *Service) placeOf(ctx context.Context, row store.CSVRow) (id int64, free time.Time, err error) {
	a, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(row.Ref) })
	if err != nil || a.Extra.MovedTo == "" {
		return row.Ref, free, err
	}
	if _, follows, err := s.followOfRow(ctx, row.Ref); err != nil || follows {
		return row.Ref, free, err
	}
	host := ap.Host(a.Extra.MovedTo)
	if s.origin.Owns(a.Extra.MovedTo) {
		return 0, free, reply.Errorf(reply.Unprocessable, "They moved here: this is you.")
	}
	if free = s.paces.free(host, s.now()); !free.IsZero() && host != row.Host {
		return row.Ref, free, nil
	}
	free = time.Time{}
	if err := s.mayAsk(ctx, host); errors.Is(err, errOverBudget) {
		return 0, free, lookupError(host, err)
	} else if err != nil {
		return 0, free, err
	}
	s.paces.asked(csvJob, host, s.now(), CSVGap, CSVHostGap)
	asked, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	to, err := within(asked, func() (store.Actor, error) { return s.refreshActor(asked, a.Extra.MovedTo) })
	if err != nil {
		return 0, free, lookupError(host, err)
	}
	if to.ID == a.ID || !arrivable(to, a.URI) {
		return 0, free, reply.Errorf(reply.Unprocessable, "They moved to @%s, which does not say so itself. Look there, and follow it if it is right.", to.Handle())
	}
	return to.ID, free, nil
}

// findForRow asks a server about a person or a post. Whoever is found is not looked at
// further: pictures and posts come with the follow.
func (s *Service) findForRow(ctx context.Context, row store.CSVRow) (int64, error) {
	asked, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	found, err := within(asked, func() (Found, error) { return s.lookup(asked, row.Key) })
	switch {
	case err != nil:
		return 0, err
	case ap.IsURL(row.Key) && found.Post != nil:
		return found.Post.ID, nil
	case !ap.IsURL(row.Key) && found.Actor != nil:
		return found.Actor.ID, nil
	}
	return 0, reply.Errorf(reply.NotFound, "%s has something else at this address.", row.Host)
}

// notFound notes why a server did not tell what a row is about, and whether to ask
// once more.
func (s *Service) notFound(row *store.CSVRow, err error) {
	worded := lookupError(row.Host, err)
	row.Reason = reply.Message(worded)
	later := reply.CodeOf(worded) == reply.Unavailable || errors.Is(err, remote.ErrResolve) || errors.Is(err, remote.ErrTimeout) || errors.Is(err, context.DeadlineExceeded)
	switch {
	case later && row.Tries < len(csvWaits):
		row.DueAt = s.now().Add(csvWaits[row.Tries])
		row.Tries++
	case later:
		row.State = store.CSVSilent
	case reply.CodeOf(worded) == reply.NotFound:
		row.State = store.CSVNotFound
	default:
		row.State = store.CSVRefused
	}
}

// placeRow puts a row in force through the verb that a person would use, if what it is
// about is here. Slow says that its server may be told.
func (s *Service) placeRow(ctx context.Context, i store.CSVImport, row *store.CSVRow, slow bool) error {
	var state store.CSVRowState
	var err error
	switch i.Kind {
	case store.CSVFollowing:
		state, err = s.placeFollow(ctx, *row, slow)
	case store.CSVLists:
		state, err = s.placeListed(ctx, *row, slow)
	case store.CSVBlocks:
		state, err = s.placeBlock(ctx, row.Ref)
	case store.CSVMutes:
		state, err = s.placeMute(ctx, *row)
	case store.CSVBookmarks:
		state, err = s.placeBookmark(ctx, row.Ref)
	case store.CSVFilters:
		state, err = s.placeFilter(ctx, i, *row)
	}
	if err != nil && reply.CodeOf(err) == reply.Internal {
		return fmt.Errorf("line %d: %w", row.Line, err)
	}
	row.State = state
	if err != nil {
		row.State, row.Reason = store.CSVRefused, reply.Message(err)
	} else if state != store.CSVWaiting {
		row.Reason = ""
	}
	return nil
}

func (s *Service) placeFollow(ctx context.Context, row store.CSVRow, slow bool) (store.CSVRowState, error) {
	choice := FollowChoice{Boosts: row.Wish.Boosts, Notify: row.Wish.Notify}
	if row.Wish.Languages != nil {
		choice.Languages = append([]string{}, strings.Fields(*row.Wish.Languages)...)
	}
	f, follows, err := s.followOfRow(ctx, row.Ref)
	switch {
	case err != nil:
		return 0, err
	case follows && choice.on(f) == f:
		return store.CSVSame, nil
	case !follows && !slow:
		return store.CSVWaiting, nil
	}
	_, err = s.FollowAs(ctx, row.Ref, choice)
	return store.CSVTaken, err
}

// followOfRow reads whether the owner follows somebody, or asked to.
func (s *Service) followOfRow(ctx context.Context, actorID int64) (f store.Following, follows bool, err error) {
	f, err = store.Get(ctx, s.store, func(tx *store.Tx) (store.Following, error) { return tx.Following(actorID) })
	if errors.Is(err, store.ErrNotFound) {
		return f, false, nil
	}
	return f, f.State == store.FollowAsked || f.State == store.FollowAccepted, err
}

func (s *Service) placeListed(ctx context.Context, row store.CSVRow, slow bool) (store.CSVRowState, error) {
	list, err := s.listCalled(ctx, row.Title)
	if err != nil || row.Ref == 0 {
		return store.CSVWaiting, err
	}
	_, follows, err := s.followOfRow(ctx, row.Ref)
	switch {
	case err != nil:
		return 0, err
	case !follows && !slow:
		return store.CSVWaiting, nil
	case !follows:
		if _, err := s.Follow(ctx, row.Ref); err != nil {
			return 0, err
		}
	}
	if err := s.AddToList(ctx, list.ID, row.Ref); errors.Is(err, ErrListed) {
		return store.CSVSame, nil
	} else if err != nil {
		return 0, err
	}
	return store.CSVTaken, nil
}

// listCalled finds the list with a title, or makes one.
func (s *Service) listCalled(ctx context.Context, title string) (store.List, error) {
	l, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.List, error) { return tx.ListCalled(title) })
	if !errors.Is(err, store.ErrNotFound) {
		return l, err
	}
	return s.SaveList(ctx, store.List{Title: title, Replies: store.RepliesListed})
}

func (s *Service) placeBlock(ctx context.Context, actorID int64) (store.CSVRowState, error) {
	if actorID == 0 {
		return store.CSVWaiting, nil
	}
	blocked, err := store.Get(ctx, s.store, func(tx *store.Tx) (map[int64]bool, error) { return tx.BlockedAmong(actorID) })
	if err != nil || blocked[actorID] {
		return store.CSVSame, err
	}
	return store.CSVTaken, s.Block(ctx, actorID)
}

// placeMute mutes for good; a mute that is in force keeps its end.
func (s *Service) placeMute(ctx context.Context, row store.CSVRow) (store.CSVRowState, error) {
	if row.Ref == 0 {
		return store.CSVWaiting, nil
	}
	now, err := store.Get(ctx, s.store, func(tx *store.Tx) (map[int64]store.Mute, error) { return tx.MutedAmong(row.Ref) })
	if err != nil {
		return 0, err
	}
	m, muted := now[row.Ref]
	notices := !muted || m.Notices // Mastodon mutes notices too where nothing is said
	if row.Wish.Notices != nil {
		notices = *row.Wish.Notices
	}
	if muted && notices == m.Notices {
		return store.CSVSame, nil
	}
	rest := time.Duration(0)
	if muted && !m.Until.IsZero() {
		rest = max(m.Until.Sub(s.now()), time.Second)
	}
	return store.CSVTaken, s.Mute(ctx, row.Ref, rest, notices)
}

func (s *Service) placeBookmark(ctx context.Context, postID int64) (store.CSVRowState, error) {
	if postID == 0 {
		return store.CSVWaiting, nil
	}
	saved, err := store.Get(ctx, s.store, func(tx *store.Tx) (map[int64]bool, error) { return tx.BookmarkedAmong([]int64{postID}) })
	if err != nil || saved[postID] {
		return store.CSVSame, err
	}
	_, err = s.Save(ctx, postID)
	return store.CSVTaken, err
}

func (s *Service) placeFilter(ctx context.Context, i store.CSVImport, row store.CSVRow) (store.CSVRowState, error) {
	all, err := store.Get(ctx, s.store, func(tx *store.Tx) ([]store.Filter, error) { return tx.Filters() })
	if err != nil {
		return 0, err
	}
	here := nthFilter(all, row.Title, row.Wish.Nth)
	if row.Wish.Filter != nil {
		p := planFilter(here, *row.Wish.Filter, i.Overwrite)
		if p.same {
			return store.CSVSame, nil
		}
		_, err := s.SaveFilter(ctx, p.filter, p.edits...)
		return store.CSVTaken, err
	}
	switch {
	case here == nil:
		return 0, reply.Errorf(reply.NotFound, "Its filter “%s” is not here.", row.Title)
	case row.Ref == 0:
		return store.CSVWaiting, nil
	}
	for _, p := range here.Posts {
		if p.PostID == row.Ref {
			return store.CSVSame, nil
		}
	}
	_, err = s.FilterPost(ctx, here.ID, row.Ref)
	return store.CSVTaken, err
}
