package federation

import (
	"errors"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// searchDay is how a day is written in a search.
const searchDay = "2006-01-02"

// ReadSearch reads a search for posts: words, "phrases", -words that must not be
// there, and what narrows it. Its errors are for the owner to read.
//
//	from:@name@server  from:me  from:following
//	has:media  has:poll  is:reply
//	language:en
//	after:2026-03-12 (from that day on)  before:2026-03-12 (up to the day before)
//
// What looks like one of these and is none is a word.
func (s *Service) ReadSearch(tx *store.Tx, text string) (store.PostQuery, error) {
	var q store.PostQuery
	var words []string
	for i, part := range strings.Split(text, `"`) {
		if i%2 == 1 {
			words = append(words, `"`+part+`"`)
			continue
		}
		for w := range strings.FieldsSeq(part) {
			known, err := s.narrow(tx, &q, w)
			if err != nil {
				return q, err
			}
			if !known {
				words = append(words, w)
			}
		}
	}
	q.Words = strings.Join(words, " ")
	return q, nil
}

// narrow takes one word of a search, if it is one that narrows it.
func (s *Service) narrow(tx *store.Tx, q *store.PostQuery, word string) (bool, error) {
	name, value, ok := strings.Cut(word, ":")
	if !ok || value == "" {
		return false, nil
	}
	switch strings.ToLower(name + ":" + value) {
	case "from:me":
		q.From = store.OwnerID
		return true, nil
	case "from:following":
		q.Followed = true
		return true, nil
	case "has:media":
		q.Media = true
		return true, nil
	case "has:poll":
		q.Poll = true
		return true, nil
	case "is:reply":
		q.Reply = true
		return true, nil
	}
	var err error
	switch strings.ToLower(name) {
	case "from":
		q.From, err = s.searchedAuthor(tx, value)
	case "language":
		if strings.Trim(strings.ToLower(value), "abcdefghijklmnopqrstuvwxyz-") != "" {
			return false, nil
		}
		q.Language = value
	case "after":
		q.After, err = s.searchedDay(name, value)
	case "before":
		q.Before, err = s.searchedDay(name, value)
	default:
		return false, nil
	}
	return true, err
}

func (s *Service) searchedAuthor(tx *store.Tx, handle string) (int64, error) {
	if !strings.Contains(strings.TrimPrefix(handle, "@"), "@") {
		handle += "@" + s.origin.Domain
	}
	user, host, err := ap.ParseHandle(handle)
	if err != nil {
		return 0, reply.Errorf(reply.Unprocessable, "“from:” wants a whole handle, such as from:@name@server.example.")
	}
	if s.isOwner(user, host) {
		return store.OwnerID, nil
	}
	a, err := tx.ActorByHandle(user, host)
	if errors.Is(err, store.ErrNotFound) {
		return 0, reply.Errorf(reply.Unprocessable, "Nobody called @%s@%s is known here. Search for the handle alone first.", user, host)
	}
	return a.ID, err
}

// searchedDay is the beginning of a day in the owner's zone.
func (s *Service) searchedDay(name, day string) (time.Time, error) {
	zone, err := time.LoadLocation(s.Settings().Timezone)
	if err != nil {
		zone = time.UTC
	}
	at, err := time.ParseInLocation(searchDay, day, zone)
	if err != nil {
		return at, reply.Errorf(reply.Unprocessable, "“%s:” wants a day, such as %s:2026-03-12.", name, name)
	}
	return at, nil
}
