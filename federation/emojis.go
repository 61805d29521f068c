package federation

import (
	"regexp"
	"strings"

	"dassie/assets"
	"dassie/store"
)

// shortcode is how the words are that may stand for pictures. Others stay words.
var shortcode = regexp.MustCompile(`^[A-Za-z0-9_]{1,64}$`)

// noteEmojis remembers where an author's server has the pictures that a post, a
// name or a reaction uses.
func noteEmojis(tx *store.Tx, hostID int64, list []store.Emoji) error {
	var good []store.Emoji
	for _, e := range list {
		if shortcode.MatchString(e.Shortcode) && e.URL != "" {
			good = append(good, e)
		}
	}
	if hostID == 0 || len(good) == 0 {
		return nil
	}
	return tx.SaveEmojis(hostID, good)
}

// notePostEmojis does so for a post whose author is stored.
func notePostEmojis(tx *store.Tx, p *store.Post) error {
	if len(p.Extra.Emojis) == 0 {
		return nil
	}
	author, err := tx.Actor(p.ActorID)
	if err != nil {
		return err
	}
	return noteEmojis(tx, author.HostID, p.Extra.Emojis)
}

// EmojiWords are words between colons that somebody of a server used.
type EmojiWords struct {
	HostID int64
	List   []store.Emoji
}

// EmojiPaths are the paths of emojis' pictures.
type EmojiPaths map[store.EmojiName]string

// ReadEmojis adds the paths for more words, in one query. Words whose picture is
// not known stay words.
func (s *Service) ReadEmojis(tx *store.Tx, scope Scope, paths EmojiPaths, words ...EmojiWords) error {
	var names []store.EmojiName
	var own []string // words that do not say where their pictures are: they may be the owner's
	asked := map[store.EmojiName]bool{}
	for _, w := range words {
		for _, e := range w.List {
			name := store.EmojiName{HostID: w.HostID, Shortcode: strings.Trim(e.Shortcode, ":")}
			if _, known := paths[name]; known || asked[name] || !shortcode.MatchString(name.Shortcode) {
				continue
			}
			if _, _, mine := emojiParts(e.URL); mine || w.HostID == 0 {
				continue
			}
			asked[name] = true
			names = append(names, name)
			if e.URL == "" {
				own = append(own, name.Shortcode)
			}
		}
	}
	found, err := tx.Emojis(names)
	for _, e := range found {
		paths[e.EmojiName] = s.emojiAddress(e, scope)
	}
	if err != nil || len(own) == 0 {
		return err
	}
	me, err := tx.Actor(store.OwnerID)
	if err != nil {
		return err
	}
	mine, err := tx.OwnEmojisCalled(own)
	for _, e := range mine {
		name := store.EmojiName{HostID: me.HostID, Shortcode: e.Shortcode}
		if asked[name] {
			paths[name] = stillOf(e.Address())
		}
	}
	return err
}

// Of lists the pictures that there are for a text's words.
func (m EmojiPaths) Of(hostID int64, list []store.Emoji) []assets.Emoji {
	var out []assets.Emoji
	for _, e := range list {
		code := strings.Trim(e.Shortcode, ":")
		if _, _, own := emojiParts(e.URL); own { // as it was when the text was written
			out = append(out, assets.Emoji{Shortcode: code, URL: stillOf(e.URL)})
			continue
		}
		if path := m[store.EmojiName{HostID: hostID, Shortcode: code}]; path != "" {
			out = append(out, assets.Emoji{Shortcode: code, URL: path})
		}
	}
	return out
}
