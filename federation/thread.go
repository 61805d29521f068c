package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"dassie/store"
)

const (
	threadRequests = 380              // made for one conversation; with the faces at most 400 (DECISIONS 38)
	threadFaces    = 20               // people whose pictures are fetched afterwards
	threadObjects  = 1000             // posts of one conversation that are looked at
	threadUp       = 100              // of them on the way up to its first post
	threadTime     = 60 * time.Second // for one search
	threadPause    = time.Minute      // between two searches of one conversation
)

// ThreadReport is what is known of a conversation, and what is missing and why.
type ThreadReport struct {
	Known    int           `json:"known"` // replies that are stored here, whatever they answer
	About    int           `json:"about"` // replies that there are, as far as servers say
	Found    int           `json:"found"` // of those known, new by the last search
	Missing  []MissingPart `json:"missing,omitempty"`
	Requests int           `json:"requests"`
	Done     bool          `json:"done"` // nothing was left to ask when the last search ended
	At       time.Time     `json:"-"`    // when it ended; zero if there was none
	Running  bool          `json:"-"`    // a search waits or runs
	RootID   int64         `json:"-"`    // the topmost known post
}

// MissingPart is what one server did not give, and why.
type MissingPart struct {
	Host   string `json:"host"`
	Why    string `json:"why"`    // after the server's name: "did not answer."
	Count  int    `json:"count"`  // posts; 0 if it is not known how many
	Silent bool   `json:"silent"` // it did not answer or answered with an error: worth another try
}

// LookForMore queues a search for the rest of a conversation that the owner has
// opened, unless one waits, or ended within the last minute; it says whether one
// waits or runs now.
func (s *Service) LookForMore(ctx context.Context, postID int64) (bool, error) {
	state, worth, err := s.threadState(ctx, postID)
	if err != nil || state.Running || !worth || s.now().Sub(state.At) < threadPause {
		return state.Running, err
	}
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		tx.After(s.work.pokeJobs)
		return tx.AddJobOnce("thread", threadKey(state.RootID), idPayload(state.RootID), time.Time{})
	})
	if err != nil {
		return false, fmt.Errorf("queue the search for the conversation of post %d: %w", postID, err)
	}
	return true, nil
}

func threadKey(rootID int64) string { return idKey("thread", rootID) }

// ThreadState is what is known and missing of the conversation around a post,
// without asking anybody.
func (s *Service) ThreadState(ctx context.Context, postID int64) (ThreadReport, error) {
	r, _, err := s.threadState(ctx, postID)
	return r, err
}

// threadState also says whether there is anybody to ask.
func (s *Service) threadState(ctx context.Context, postID int64) (r ThreadReport, worth bool, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		p, err := tx.Post(postID)
		if err != nil {
			return err
		}
		top, err := topIn(tx, p)
		if err != nil {
			return err
		}
		if r, err = readThread(tx, top.ID); err != nil {
			return err
		}
		r.Running, err = tx.JobWaiting(threadKey(top.ID))
		worth = !top.Own() || r.Known > 0
		return err
	})
	return r, worth, err
}

// readThread brings the last report of a conversation up to what is stored now.
func readThread(tx *store.Tx, rootID int64) (ThreadReport, error) {
	r := ThreadReport{RootID: rootID}
	known, about, err := tx.ThreadCounts(rootID, threadObjects)
	if err != nil {
		return r, fmt.Errorf("count thread of post %d: %w", rootID, err)
	}
	f, err := tx.ThreadFetch(rootID)
	if errors.Is(err, store.ErrNotFound) {
		r.Known, r.About = known, about
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("read the last search of thread %d: %w", rootID, err)
	}
	if err := json.Unmarshal([]byte(f.Result), &r); err != nil {
		return r, fmt.Errorf("read the last search of thread %d: %w", rootID, err)
	}
	r.At = f.At
	// What arrived since was new to the report as well.
	r.Known, r.About = known, max(r.About+max(known-r.Known, 0), known)
	return r, nil
}

// fetchThreadJob is the job "thread". What could not be had stands in the report
// and is no failure of the job.
func (s *Service) fetchThreadJob(ctx context.Context, payload []byte) error {
	id, err := payloadID(payload)
	if err != nil {
		return err
	}
	_, err = s.FetchThread(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil // deleted meanwhile
	}
	return err
}

// FetchThread collects the conversation around a post from the servers that take
// part in it, within a minute and 400 requests (DECISIONS 38): the posts above it,
// then its collection (FEP-7888, FEP-f228) or the replies of each post, every
// object from its own origin. A second search within a minute is answered with
// the report of the first, and searches of one conversation are joined.
func (s *Service) FetchThread(ctx context.Context, postID int64) (ThreadReport, error) {
	return s.searchThread(ctx, postID, nil)
}

// searchThread is FetchThread with what is done to each post that is new.
func (s *Service) searchThread(ctx context.Context, postID int64, found func(*store.Tx, store.Post) error) (ThreadReport, error) {
	state, err := s.ThreadState(ctx, postID)
	if err != nil || !state.At.IsZero() && s.now().Sub(state.At) < threadPause {
		return state, err
	}
	v, err, _ := s.flights.threads.Do(strconv.FormatInt(state.RootID, 10), func() (any, error) {
		ctx, cancel := context.WithTimeout(ctx, threadTime)
		defer cancel()
		ctx, m := metered(ctx, threadRequests)
		run := newThreadRun(s, ctx, m, found)
		if err := run.search(postID); err != nil {
			return ThreadReport{}, fmt.Errorf("search the conversation of post %d: %w", postID, err)
		}
		return run.finish()
	})
	if err != nil {
		return ThreadReport{}, err
	}
	return v.(ThreadReport), nil
}
