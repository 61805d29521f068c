package federation

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/store"
)

// followWish is what a follow of an archive asks for.
type followWish struct {
	Boosts, Notify bool
	Languages      []string
	Lists          []int64
	Recommend      bool
}

// WantFollow notes that somebody is to be followed again: slowly, one after the other.
func (s *Service) WantFollow(tx *store.Tx, importID int64, uri string, f store.Following, lists []int64, recommend bool) error {
	b, err := json.Marshal(followWish{f.Boosts, f.Notify, strings.Fields(f.Languages), lists, recommend})
	if err != nil {
		return err
	}
	return s.WantImported(tx, store.ImportWant{ImportID: importID, Kind: store.WantFollow, URI: uri, Detail: string(b)})
}

// followImported asks to follow somebody, and puts them where they were.
func (s *Service) followImported(ctx context.Context, w store.ImportWant, actorID int64) error {
	var wish followWish
	if err := json.Unmarshal([]byte(w.Detail), &wish); err != nil {
		return nil // nothing that was ever noted
	}
	c := FollowChoice{Boosts: &wish.Boosts, Notify: &wish.Notify, Languages: wish.Languages}
	if _, err := s.FollowAs(ctx, actorID, c); err != nil {
		return err
	}
	for _, list := range wish.Lists {
		if err := s.AddToList(ctx, list, actorID); err != nil && !errors.Is(err, store.ErrNotFound) {
			s.log.Debug("cannot list somebody again", "error", err)
		}
	}
	if !wish.Recommend {
		return nil
	}
	return s.store.Write(ctx, func(tx *store.Tx) error { // before they accept: it was so
		n, err := tx.CountEndorsements()
		if err != nil || n >= maxEndorsements {
			return err
		}
		return tx.Endorse(actorID)
	})
}

// RestoreRelation stores a mute, a block or a note about somebody. No server is told,
// unless a follow ends by it.
func (s *Service) RestoreRelation(tx *store.Tx, actorID int64, mute *store.Mute, block *store.Block, note string) error {
	if mute != nil && (mute.Until.IsZero() || mute.Until.After(tx.Now())) {
		mute.ActorID = actorID
		if err := errors.Join(tx.SaveMute(*mute), tx.MutedSince(actorID, mute.At)); err != nil {
			return err
		}
	}
	if block != nil {
		a, err := tx.Actor(actorID)
		if err != nil {
			return err
		}
		if err := s.endFollows(tx, a); err != nil {
			return err
		}
		if err := errors.Join(tx.AddBlock(actorID, ""), tx.BlockedSince(actorID, block.At)); err != nil {
			return err
		}
		s.blocksChanged(tx, a)
	}
	if note != "" {
		return tx.SetNote(actorID, cut(strings.ToValidUTF8(note, ""), maxNote))
	}
	return nil
}

// RestoreRules puts rules for servers in force again, of names that have none.
func (s *Service) RestoreRules(tx *store.Tx, rules []store.ServerRule) error {
	var list []ListedServer
	for _, r := range rules {
		host, err := ap.ParseHost(r.Name)
		if err != nil || host == s.origin.Host || host == s.origin.Domain {
			continue
		}
		list = append(list, ListedServer{Name: host, Bound: r.Bound, Comment: cut(oneLine(r.Comment), 500)})
	}
	return s.applySome(tx, list, time.Time{})
}

// RestoreSettings makes the choices of an archive those of this account. No own post is
// deleted for its age before a day has passed.
func (s *Service) RestoreSettings(tx *store.Tx, set store.Settings) error {
	before, err := tx.Settings()
	if err != nil {
		return err
	}
	if _, err := time.LoadLocation(set.Timezone); err != nil {
		set.Timezone = before.Timezone
	}
	if set.Language = language(set.Language); set.Language == "" {
		set.Language = before.Language
	}
	if set.Expiry.Clamp(); set.Expiry.Days != 0 { // for the posts here it is a new choice
		set.Expiry.From = s.now().Add(expiryNotice)
	}
	tx.After(func() {
		if err := s.Reload(context.Background()); err != nil {
			s.log.Error("cannot read the settings", "error", err)
		}
	})
	if err := saveSettings(tx, before, set); err != nil {
		return err
	}
	return s.planExpiry(tx, set.Expiry, 0, time.Time{})
}

// RestoreUnsent stores a text that was not sent. What was to go out by a time that
// has passed becomes a draft.
func (s *Service) RestoreUnsent(tx *store.Tx, u store.Unsent, files []TakenFile) error {
	u.Draft.Media, u.Draft.Known = nil, false // it gets another id
	if u.Kind == store.UnsentDraft {
		u.DueAt = time.Time{}
	}
	if u.Kind == store.UnsentScheduled && !u.DueAt.After(tx.Now()) {
		u.Kind, u.DueAt = store.UnsentDraft, time.Time{}
		u.Draft.Problem = "Its time passed before it was imported. Nothing was sent."
	}
	ids := make([]int64, 0, len(files))
	known, err := tx.UnsentKnown(u)
	if err != nil || known {
		return err
	}
	for _, f := range files {
		m := f.Media
		ok := false
		if m.ID != 0 {
			if m.Name == "" {
				m.Name = store.Random(16)
			}
			if ok, err = tx.RestoreMedia(m); err != nil {
				return err
			}
		}
		if !ok {
			if err := tx.AddMedia(&m); err != nil {
				return err
			}
		}
		ids = append(ids, m.ID)
	}
	u.Draft.Media = ids
	if err := tx.RestoreUnsent(&u); err != nil || u.Kind != store.UnsentScheduled {
		return err
	}
	return s.planScheduled(tx, u)
}
