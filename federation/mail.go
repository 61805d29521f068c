package federation

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"dassie/assets"
	"dassie/federation/ap"
	"dassie/store"
)

const (
	mailAge   = 48 * time.Hour   // how long a letter is tried
	lately    = 5 * time.Minute  // whoever was seen so lately is there
	firstTry  = 30 * time.Second // until the second …
	slowTry   = 4 * time.Hour    // … and the longest from one to the next
	mailPages = "/me/mail"

	noServerTry = 15 * time.Minute // until it is looked whether there is a mail server again
)

var errNoServer = errors.New("dassie was started without a mail server")

// letterJob is the payload of the job "mail".
type letterJob struct {
	To     string // an address that is not the owner's any more; "" for the one that is
	Code   bool   // it goes to the address that waits for its code
	At     time.Time
	Letter assets.Letter
}

// queueLetter queues a letter to the owner, which goes out when the mail server takes
// it. Where no address is confirmed, the job ends without a word.
func (s *Service) queueLetter(tx *store.Tx, j letterJob) error {
	j.At = tx.Now()
	b := make([]byte, 6)
	rand.Read(b)
	l := &j.Letter
	l.ID, l.Date, l.Host = strconv.FormatInt(tx.NewID(), 10)+"-"+hex.EncodeToString(b), j.At.In(s.zone()), s.origin.Host
	ending, err := tx.Ending() // then no page is left to set anything on
	if err != nil {
		return err
	}
	if l.Manage == "" && j.To == "" && !ending {
		l.Manage = s.origin.URL(mailPages)
	}
	payload, err := json.Marshal(j)
	if err != nil {
		return err
	}
	tx.After(s.work.pokeJobs)
	return tx.AddJob("mail", "", payload, time.Time{})
}

// zone is the owner's.
func (s *Service) zone() *time.Location {
	loc, err := time.LoadLocation(s.Settings().Timezone)
	if err != nil { // one that this machine does not know
		return time.UTC
	}
	return loc
}

// sendLetter is the job "mail". A letter keeps its Message-ID from try to try, so that a
// mail server which took it and could not say so is not heard twice.
func (s *Service) sendLetter(ctx context.Context, payload []byte) error {
	var j letterJob
	if err := json.Unmarshal(payload, &j); err != nil {
		return fmt.Errorf("%w: %w", ap.ErrSyntax, err)
	}
	age := s.now().Sub(j.At)
	if s.mail == nil { // as when dassie is started without its usual flags for once
		if age > mailAge {
			return nil
		}
		return &tryLater{errNoServer, noServerTry}
	}
	to, err := s.addressee(ctx, j)
	if err != nil || to == "" {
		return err
	}
	if err = s.mail(ctx, to, j.Letter); err == nil {
		return nil
	}
	var final interface{ Refused() bool }
	if errors.As(err, &final) || age > mailAge {
		return &setAside{err}
	}
	return &tryLater{err, min(max(age/2, firstTry), slowTry, mailAge-age+time.Minute)} // the last when the time is over
}

// addressee is where a letter goes now; "" for nowhere.
func (s *Service) addressee(ctx context.Context, j letterJob) (string, error) {
	if j.To != "" {
		return j.To, nil
	}
	return store.Get(ctx, s.store, func(tx *store.Tx) (string, error) {
		m, err := tx.Mail()
		switch {
		case err != nil:
			return "", err
		case j.Code && !bytes.Equal(hashCode(j.Letter.Code), m.CodeHash):
			return "", nil // another code was sent since
		case j.Code:
			return m.Pending, nil
		case !m.Confirmed():
			return "", nil // nobody has proven that the address is theirs
		}
		id, err := tx.Identity()
		return id.Email, err
	})
}

// lettersWait says whether a letter is still to be tried for the first time.
func (s *Service) lettersWait(ctx context.Context) (bool, error) {
	if s.mail == nil {
		return false, nil
	}
	return store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) {
		list, err := tx.JobsOf("mail", 20)
		for _, j := range list {
			if j.DeadAt.IsZero() && j.Tries == 0 {
				return true, err
			}
		}
		return false, err
	})
}

// planMail queues a job of mail for a time, unless one is planned already. One that
// runs does not count: it may have looked before what this one is for was there.
func (s *Service) planMail(tx *store.Tx, kind string, at time.Time) error {
	planned, err := tx.JobPlanned(kind, s.now())
	if err != nil || planned {
		return err
	}
	tx.After(s.work.pokeJobs)
	return tx.AddJob(kind, kind, nil, at)
}

// presence is whether the owner is there.
type presence struct {
	seen     atomic.Int64 // when they last asked for something, in milliseconds
	watching atomic.Int64 // streams that are open
}

// Seen notes that the owner asked for something, in a browser or by an app.
func (s *Service) Seen() { s.presence.seen.Store(s.now().UnixMilli()) }

// Watching notes that the owner watches what happens, until the function it returns is
// called.
func (s *Service) Watching() (leave func()) {
	s.Seen()
	s.presence.watching.Add(1)
	return func() {
		s.presence.watching.Add(-1)
		s.Seen()
	}
}

// away says whether the owner is not there, so that they are told by mail.
func (s *Service) away() bool {
	return s.presence.watching.Load() == 0 && s.now().Sub(time.UnixMilli(s.presence.seen.Load())) >= lately
}
