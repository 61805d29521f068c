package federation

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"dassie/assets"
	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// A stranger who asks what is kept about a handle has proved nothing: anybody can type
// one. So nothing is said to the asker, not even whether the handle is known. The
// answer goes over ActivityPub, as a private mention of the handle: whoever can read
// it has the account, and no other proof is as good. What it holds is a link, since
// servers keep what they are sent: the copy itself is handed out once, to who presses
// the button there.

const (
	maxSubjectHandle = 320  // bytes
	maxSubjectWords  = 1000 // characters
	answerAgain      = time.Minute
)

// SubjectHandle brings a typed handle of somebody elsewhere into form: user@server, in
// small letters, without its first @.
func (s *Service) SubjectHandle(typed string) (string, error) {
	typed = strings.TrimPrefix(strings.TrimSpace(typed), "@")
	res, err := ap.ParseResource("acct:" + typed)
	if err != nil || len(typed) > maxSubjectHandle || res.User == "" || res.Host == "" || strings.ContainsAny(res.User, " <>\"'/@:") {
		return "", reply.Errorf(reply.Unprocessable, "A handle has two parts, like @you@your.server.")
	}
	if res.Host == s.origin.Host || res.Host == s.origin.Domain {
		return "", reply.Errorf(reply.Unprocessable, "That is a handle on this server. Give your own, which you log in with elsewhere.")
	}
	return strings.ToLower(res.User) + "@" + res.Host, nil
}

// AskSubject files a stranger's request: kind is store.SubjectCopy or SubjectErase. It
// asks no server and looks nobody up, so that its answer tells nothing.
func (s *Service) AskSubject(ctx context.Context, typed, kind, words string) error {
	handle, err := s.SubjectHandle(typed)
	if err != nil {
		return err
	}
	if kind != store.SubjectCopy && kind != store.SubjectErase {
		return reply.Errorf(reply.Unprocessable, "Choose what you ask for.")
	}
	words = strings.TrimSpace(newlines(strings.ToValidUTF8(words, "")))
	if utf8.RuneCountInString(words) > maxSubjectWords {
		return reply.Errorf(reply.Unprocessable, "Use at most 1,000 characters.")
	}
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		return tx.AskSubject(store.SubjectRequest{Handle: handle, Kind: kind, Words: words})
	})
	if errors.Is(err, store.ErrFull) {
		return reply.Errorf(reply.Unavailable, "Too many requests wait here already. Nothing was filed; ask again in some days, or write to the address on the privacy page.")
	}
	if err != nil {
		return fmt.Errorf("file a request for what is kept: %w", err)
	}
	return nil
}

// AnswerSubject sends the answer to a request: a private mention of the handle with a
// link, by which a copy can be fetched once, or an erasure confirmed. An earlier link
// is void from then on.
func (s *Service) AnswerSubject(ctx context.Context, id int64) error {
	select { // one at a time: another server is asked meanwhile
	case s.answering <- struct{}{}:
		defer func() { <-s.answering }()
	case <-ctx.Done():
		return ctx.Err()
	}
	q, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.SubjectRequest, error) { return tx.SubjectRequest(id) })
	if err != nil {
		return notHere(err, "This request is not here any more.")
	}
	switch {
	case q.State == store.SubjectAnswered && s.now().Sub(q.AnsweredAt) < answerAgain:
		return nil // pressed twice: a second link would make the first void
	case q.State == store.SubjectBeingDone || q.State == store.SubjectErased:
		return reply.Errorf(reply.Conflict, "What was kept is erased already, or is being erased.")
	}
	a, err := s.subjectOf(ctx, q)
	if err != nil {
		return err
	}
	secret := rand.Text()
	text := fmt.Sprintf("@%s You asked what %s keeps about you. Your copy can be fetched once, until %s: %s",
		a.Handle(), s.origin.Host, s.now().Add(store.SubjectLinkLasts).UTC().Format("2 January 2006"), s.SubjectLink(secret))
	if q.Kind == store.SubjectErase {
		text = fmt.Sprintf("@%s Somebody asked %s to erase what it keeps about you. If that was you, confirm it here, until %s: %s If not, do nothing.",
			a.Handle(), s.origin.Host, s.now().Add(store.SubjectLinkLasts).UTC().Format("2 January 2006"), s.SubjectLink(secret))
	}
	p, err := s.Publish(ctx, Draft{Text: text, Visibility: store.Direct, Language: "en"})
	if err != nil {
		return err
	}
	named := false
	for _, m := range p.Extra.Mentions {
		named = named || m.ActorID == a.ID
	}
	if !named {
		if _, err := s.Delete(ctx, p.ID); err != nil {
			return err
		}
		return reply.Errorf(reply.Unavailable, "@%s could not be named in a message. Try again later.", q.Handle)
	}
	if err := s.store.Write(ctx, func(tx *store.Tx) error { return tx.AnswerSubject(id, a.ID, secret) }); err != nil {
		return fmt.Errorf("answer a request for what is kept: %w", err)
	}
	return nil
}

// SubjectLink is where an answer with this secret leads.
func (s *Service) SubjectLink(secret string) string { return s.origin.URL("/privacy/ask/" + secret) }

// subjectOf finds whom an answer goes to, or says why none can be sent.
func (s *Service) subjectOf(ctx context.Context, q store.SubjectRequest) (store.Actor, error) {
	user, host, _ := strings.Cut(q.Handle, "@")
	blocked, err := store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) { return tx.HostBlocked(host) })
	if err != nil {
		return store.Actor{}, err
	}
	const otherwise = " Nothing can be sent to them; download the copy here and give it to them another way."
	if blocked {
		return store.Actor{}, reply.Errorf(reply.Unprocessable, "You blocked %s."+otherwise, host)
	}
	asked, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	a, err := within(asked, func() (store.Actor, error) { return s.fetchHandle(asked, user, host) })
	if ctx.Err() != nil {
		return a, ctx.Err()
	}
	if err != nil {
		return a, lookupError(host, err)
	}
	unreached, err := store.Get(ctx, s.store, func(tx *store.Tx) (map[int64]bool, error) { return tx.UnreachedAmong(a.ID) })
	if err == nil && (unreached[a.ID] || !a.GoneAt.IsZero()) {
		err = reply.Errorf(reply.Unprocessable, "@%s is blocked here, blocked you, or is deleted."+otherwise, q.Handle)
	}
	return a, err
}

// ConfirmSubject notes that who has the handle wants the erasure; the owner decides
// then. It says whether the link was good for that.
func (s *Service) ConfirmSubject(ctx context.Context, id int64) (bool, error) {
	return store.Put(ctx, s.store, func(tx *store.Tx) (bool, error) { return tx.UseSubjectLink(id) })
}

// PutSubjectAside files a request without an answer.
func (s *Service) PutSubjectAside(ctx context.Context, id int64) error {
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.SubjectRequest(id); err != nil {
			return err
		}
		return tx.SetSubjectState(id, store.SubjectPutAside)
	})
	return notHere(err, "This request is not here any more.")
}

func notHere(err error, words string) error {
	if errors.Is(err, store.ErrNotFound) {
		return reply.Errorf(reply.NotFound, "%s", words)
	}
	return err
}

// KeptCounts are the numbers of what is kept about somebody, for pages.
func KeptCounts(list []store.SubjectCount) []assets.KeptCount {
	out := make([]assets.KeptCount, len(list))
	for i, c := range list {
		out[i] = assets.KeptCount{Count: c.Count, Text: c.Words(), Why: c.Why}
	}
	return out
}

// KeptCountsToThem are the same in words for who they are about.
func KeptCountsToThem(list []store.SubjectCount) []assets.KeptCount {
	out := KeptCounts(list)
	for i, c := range list {
		out[i].Text = c.WordsToThem()
	}
	return out
}
