package federation

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"dassie/store"
)

// Who may see the files of a post for few is whoever knows their names, because
// other servers fetch files unsigned (DECISIONS 24). So the names change when
// somebody who knew them may read such posts no longer, and the servers of those
// who still may are told the new ones (T45).

const (
	namesJob  = "media-names"
	leftJob   = "media-names:left"
	namesKey  = "media_names" // setting: the id drawn when the last whole round began
	nameSlice = 10            // posts renamed in one write
	// leftPause is how often at most the names change because somebody left by
	// themselves: else a follower who comes and goes would have us write to
	// everybody all day.
	leftPause = 24 * time.Hour
)

// renameFor queues new names for the files of followers-only posts, since a
// follower was removed, and of direct posts that name somebody blocked (0 for none).
func (s *Service) renameFor(tx *store.Tx, blocked int64) error {
	some, err := tx.PostsWithPrivateMedia(blocked, 0, 1)
	if err != nil || len(some) == 0 {
		return err
	}
	tx.After(s.work.pokeJobs)
	return tx.AddJob(namesJob, namesJob, namesPayload(tx.NewID(), blocked), time.Time{})
}

// renameAfterLeaving does so for a follower who left or blocked the owner: at once,
// but at most once a day.
func (s *Service) renameAfterLeaving(tx *store.Tx) error {
	some, err := tx.PostsWithPrivateMedia(0, 0, 1)
	if err != nil || len(some) == 0 {
		return err
	}
	planned, err := tx.JobPlanned(leftJob, tx.Now())
	if err != nil || planned {
		return err
	}
	last, err := lastRenaming(tx)
	if err != nil {
		return err
	}
	at := tx.Now()
	if last != 0 {
		at = later(at, store.TimeOf(last).Add(leftPause))
	}
	tx.After(s.work.pokeJobs)
	return tx.AddJob(namesJob, leftJob, namesPayload(tx.NewID(), 0), at)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// namesPayload is when a round was asked for, and who was blocked.
func namesPayload(asked, blocked int64) []byte { return fmt.Appendf(nil, "%d %d", asked, blocked) }

func lastRenaming(tx *store.Tx) (int64, error) {
	text, err := tx.Setting(namesKey)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

// renameMedia is the job "media-names": one round over all posts with files for
// few. A round that began after it was asked for has done its work already.
func (s *Service) renameMedia(ctx context.Context, payload []byte) error {
	first, second, _ := strings.Cut(string(payload), " ")
	asked, err := payloadID([]byte(first))
	if err != nil {
		return err
	}
	blocked, err := payloadID([]byte(second))
	if err != nil {
		return err
	}
	var began int64
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		last, err := lastRenaming(tx)
		if began = tx.NewID(); blocked == 0 && last > asked {
			began = 0
		}
		return err
	})
	if err != nil || began == 0 {
		return err
	}
	for after := int64(0); ; {
		after, err = store.Put(ctx, s.store, func(tx *store.Tx) (int64, error) { return s.renameSlice(tx, blocked, after) })
		if err != nil {
			return fmt.Errorf("rename files: %w", err)
		}
		if after == 0 {
			break
		}
	}
	return s.store.Write(ctx, func(tx *store.Tx) error { return tx.SetSetting(namesKey, strconv.FormatInt(began, 10)) })
}

// renameSlice renames the files of the next posts; it returns the last of them, 0
// at the end.
func (s *Service) renameSlice(tx *store.Tx, blocked, after int64) (int64, error) {
	posts, err := tx.PostsWithPrivateMedia(blocked, after, nameSlice)
	if err != nil || len(posts) == 0 {
		return 0, err
	}
	for _, p := range posts {
		if err := s.renameMediaOf(tx, p); err != nil {
			return 0, err
		}
	}
	return posts[len(posts)-1].ID, nil
}

// renameMediaOf draws new names for the files of a post and tells those who have
// it and may read it. Mastodon takes new addresses only of a post that was edited
// since, so this counts as an edit, without an earlier version to show.
func (s *Service) renameMediaOf(tx *store.Tx, p store.Post) error {
	for i, a := range p.Extra.Attachments {
		if a.ID == 0 {
			continue
		}
		if err := tx.RenameMedia(a.ID); err != nil {
			return err
		}
		m, err := tx.Media(a.ID)
		if err != nil {
			return err
		}
		p.Extra.Attachments[i] = m.Attachment()
	}
	p.EditedAt = s.editTime(p)
	if err := tx.SetAttachments(&p); err != nil {
		return err
	}
	to, err := s.holding(tx, p)
	if err != nil {
		return err
	}
	s.emit(tx, EventEdit, p.ID)
	return s.sendPost(tx, "Update", p, to)
}
