package federation

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

const (
	longestTag = 100 // characters
	// tagAge is how old a post with a followed hashtag may be to enter home on its
	// arrival: what comes along with an old conversation is no news.
	tagAge = 3 * 24 * time.Hour
)

// TagName reads a hashtag that a person or an app named, with or without #, in
// the form in which it is kept; false for what can be none.
func TagName(text string) (string, bool) {
	name := store.TagName(strings.TrimPrefix(strings.TrimSpace(text), "#"))
	bad := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) && r != '_'
	}
	onlyDigits := !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsNumber(r) && r != '_' })
	ok := name != "" && utf8.RuneCountInString(name) <= longestTag && !strings.ContainsFunc(name, bad) && !onlyDigits
	return name, ok
}

var errNoTag = reply.Errorf(reply.Unprocessable, "A hashtag has letters, digits and _, at least one letter, and no spaces.")

// FollowTag makes public posts with a hashtag enter home, of those that reach this
// server. It returns the name as it is kept.
func (s *Service) FollowTag(ctx context.Context, text string) (string, error) {
	name, ok := TagName(text)
	if !ok {
		return "", errNoTag
	}
	return name, s.store.Write(ctx, func(tx *store.Tx) error { return tx.FollowTag(name) })
}

// UnfollowTag ends that. What is in home stays there.
func (s *Service) UnfollowTag(ctx context.Context, text string) (string, error) {
	name, ok := TagName(text)
	if !ok {
		return "", errNoTag
	}
	return name, s.store.Write(ctx, func(tx *store.Tx) error { return tx.UnfollowTag(name) })
}

// FollowedTags lists, in the order of the post, those of its hashtags that the
// owner follows, as they are written there.
func FollowedTags(tx *store.Tx, p store.Post) ([]string, error) {
	if len(p.Extra.Tags) == 0 || p.Visibility != store.Public || p.Own() {
		return nil, nil
	}
	followed, err := tx.FollowedAmong(store.TagNames(p.Extra.Tags))
	if err != nil || len(followed) == 0 {
		return nil, err
	}
	var list []string
	for _, tag := range p.Extra.Tags {
		if followed[store.TagName(tag)] {
			list = append(list, tag)
		}
	}
	return list, nil
}

// enterByTag puts a newly stored post into home if everybody may read it and it
// bears a followed hashtag, by whatever way it came (DECISIONS 14). Whoever is in
// a list that keeps them out of home stays out.
func (s *Service) enterByTag(tx *store.Tx, p store.Post) error {
	if s.now().Sub(p.PublishedAt) > tagAge {
		return nil
	}
	tags, err := FollowedTags(tx, p)
	if err != nil || len(tags) == 0 {
		return err
	}
	return s.enterHome(tx, p)
}

// bearsFollowed says of a post that nobody here asked for whether it is for
// everybody, new, and bears a followed hashtag. What it says of itself is a claim:
// what is stored is judged again.
func (s *Service) bearsFollowed(tx *store.Tx, act *ap.Activity) (bool, error) {
	obj := act.Object
	to := slices.Concat(obj.IDs("to"), act.To)
	if ap.VisibilityOf(to, nil, "") != ap.VisPublic {
		return false, nil
	}
	if at := obj.Time("published"); !at.IsZero() && s.now().Sub(at) > tagAge {
		return false, nil
	}
	var names []string
	for _, tag := range obj.Objs("tag") {
		if tag.Type() == "Hashtag" && len(names) < ap.MaxHashtags {
			names = append(names, store.TagName(strings.TrimPrefix(tag.Str("name"), "#")))
		}
	}
	if len(names) == 0 {
		return false, nil
	}
	followed, err := tx.FollowedAmong(names)
	return len(followed) > 0, err
}
