package federation

import (
	"context"
	"errors"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"dassie/store"
)

// RestorePicture stores a picture of the profile from an archive as it is, if it is
// one that this program made, and anew else; it says its name.
func (s *Service) RestorePicture(ctx context.Context, kind string, data io.Reader) (string, error) {
	kept, err := s.spoolSame(ctx, data)
	if err != nil {
		return "", err
	}
	defer func() { kept.Close(); os.Remove(kept.Name()) }()
	name, err := s.TakePicture(ctx, kind, kept)
	if err != nil {
		return "", err
	}
	start := pictureStarts[path.Ext(name)]
	head := make([]byte, len(start))
	if _, err := kept.ReadAt(head, 0); err != nil || len(start) == 0 || string(head) != start {
		return name, nil
	}
	info, err := kept.Stat()
	if err != nil || info.Size() > ownPictureBytes || !s.verbatim(kept, "") {
		return name, err
	}
	if _, err := kept.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	return s.media.BlobAs(ctx, kept, path.Ext(name))
}

// ownPictureBytes is more than a picture of a profile takes that this program made.
const ownPictureBytes = 2 << 20

// pictureStarts are how the pictures begin that this program makes, by the ends of
// their names.
var pictureStarts = map[string]string{".jpg": "\xff\xd8\xff", ".png": "\x89PNG\r\n\x1a\n"}

// RestoreSince lets the account be as old as an archive of it says that it is.
func (s *Service) RestoreSince(tx *store.Tx, at time.Time) error {
	me, err := tx.Actor(store.OwnerID)
	if err != nil || at.Before(earliestAccount) || !at.Before(me.PublishedAt) {
		return err
	}
	me.PublishedAt = at
	tx.After(s.documents.clear)
	return tx.SaveActor(&me)
}

// earliestAccount is before there was anything that could be an account.
var earliestAccount = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// RestoreAliases adds the addresses of accounts that the owner had.
func (s *Service) RestoreAliases(tx *store.Tx, aliases []string) error {
	me, err := tx.Actor(store.OwnerID)
	if err != nil {
		return err
	}
	before := len(me.Extra.AlsoKnownAs)
	for _, at := range aliases {
		if s.elsewhere(at) && !slices.Contains(me.Extra.AlsoKnownAs, at) && len(me.Extra.AlsoKnownAs) < maxAliases {
			me.Extra.AlsoKnownAs = append(me.Extra.AlsoKnownAs, at)
		}
	}
	if len(me.Extra.AlsoKnownAs) == before {
		return nil
	}
	return tx.SaveActor(&me)
}

// RestoreList stores a list under the id that it had.
func (s *Service) RestoreList(tx *store.Tx, l store.List) error {
	if l.Title = cut(oneLine(l.Title), longestTitle); l.Title == "" || l.ID <= 0 || l.ID > store.IDAt(tx.Now().Add(24*time.Hour)) {
		return store.ErrNotFound
	}
	all, err := tx.Lists()
	if err != nil {
		return err
	}
	if len(all) >= maxLists && !slices.ContainsFunc(all, func(k store.List) bool { return k.ID == l.ID }) {
		return store.ErrNotFound
	}
	l.Replies, l.At = min(max(l.Replies, store.RepliesNone), store.RepliesFollowed), tx.Now()
	return tx.SaveList(&l)
}

// RestoreFilter stores a filter with its words and posts, and says whether it did:
// one that is here, or one too many, is not stored.
func (s *Service) RestoreFilter(tx *store.Tx, f store.Filter, posts []string) (bool, error) {
	all, err := tx.Filters()
	if err != nil || len(all) >= maxFilters {
		return false, err
	}
	f.Title = cut(oneLine(f.Title), longestFilter)
	if slices.ContainsFunc(all, func(k store.Filter) bool {
		return k.Title == f.Title && k.Context == f.Context && k.Action == f.Action && len(k.Words) == len(f.Words)
	}) || f.Title == "" || f.Context == 0 {
		return false, nil
	}
	f.ID = 0
	if err := tx.SaveFilter(&f); err != nil {
		return false, err
	}
	for _, w := range f.Words[:min(len(f.Words), maxFilterWords)] {
		w.ID, w.FilterID, w.Word = 0, f.ID, cut(oneLine(w.Word), longestWord)
		if w.Word == "" {
			continue
		}
		if err := tx.SaveFilterWord(&w); err != nil {
			return false, err
		}
	}
	for _, uri := range posts[:min(len(posts), maxFilterPosts)] {
		id, err := tx.PostIDByURI(uri)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err == nil {
			_, err = tx.AddFilterPost(f.ID, id)
		}
		if err != nil {
			return false, err
		}
	}
	tx.After(func() {
		if err := s.Reload(context.Background()); err != nil {
			s.log.Error("cannot read the filters", "error", err)
		}
	})
	return true, nil
}

// RestoreSecurity writes a line of the security log as history. Lines that its sweep
// would take at once are not written.
func (s *Service) RestoreSecurity(tx *store.Tx, at time.Time, kind, detail string) error {
	if age := tx.Now().Sub(at); age < 0 || age > 180*24*time.Hour {
		return nil
	}
	return tx.RestoreSecurity(store.SecurityEvent{At: at, Kind: cut(oneLine(kind), 40), Detail: cut(strings.ToValidUTF8(detail, "\uFFFD"), 500)})
}
