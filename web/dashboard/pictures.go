package dashboard

import (
	"html/template"
	"strings"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/markup"
	"dassie/store"
)

// readEmojis makes sure that the emojis in people's names and profiles are at hand.
func (v *view) readEmojis(people ...store.Actor) error {
	var words []federation.EmojiWords
	for _, a := range people {
		if len(a.Extra.Emojis) > 0 {
			words = append(words, federation.EmojiWords{HostID: a.HostID, List: a.Extra.Emojis})
		}
	}
	return v.addEmojis(words...)
}

func (v *view) addEmojis(words ...federation.EmojiWords) error {
	if len(words) == 0 {
		return nil
	}
	return v.d.service.ReadEmojis(v.tx, federation.ForOwner, v.emojis, words...)
}

// profileEmojis are those in somebody's name, bio and lines.
func (v *view) profileEmojis(a store.Actor) []assets.Emoji {
	return v.emojis.Of(a.HostID, a.Extra.Emojis)
}

// postEmojis are those of a post whose author was read.
func (v *view) postEmojis(p store.Post) []assets.Emoji {
	return v.emojis.Of(v.seen[p.ActorID].HostID, p.Extra.Emojis)
}

// reactionImage is the path of a reaction's picture, "" for a character, and for
// a word whose picture is not known. Who used it was read, and the word was added.
func (v *view) reactionImage(emoji string, actorID int64) string {
	return v.emojis[store.EmojiName{HostID: v.seen[actorID].HostID, Shortcode: strings.Trim(emoji, ":")}]
}

// readReactions makes sure that the pictures of reactions to posts are at hand.
func (v *view) readReactions(to map[int64][]store.Reacted) error {
	var used []store.Reaction
	var by []int64
	for _, list := range to {
		for _, r := range list {
			if r.Icon != "" {
				used, by = append(used, store.Reaction{ActorID: r.By, Emoji: r.Emoji, Icon: r.Icon}), append(by, r.By)
			}
		}
	}
	if err := v.read(by...); err != nil {
		return err
	}
	return v.addReactionWords(used)
}

// addReactionWords does so for single reactions of people who were read.
func (v *view) addReactionWords(list []store.Reaction) error {
	var words []federation.EmojiWords
	for _, r := range list {
		if r.Icon != "" {
			words = append(words, federation.EmojiWords{HostID: v.seen[r.ActorID].HostID, List: []store.Emoji{{Shortcode: r.Emoji}}})
		}
	}
	return v.addEmojis(words...)
}

// pictured is clean HTML with pictures for its words between colons.
func pictured(clean string, emojis []assets.Emoji) template.HTML {
	if len(emojis) == 0 {
		return template.HTML(clean)
	}
	return template.HTML(markup.InText(clean, assets.PictureWords(emojis)))
}

// addPictures puts what posts and the posts they quote show beside their text onto
// the cards: files, and emojis in texts, warnings and answers of polls.
func (v *view) addPictures(posts []store.Post, cards []assets.Card, quoted map[int64]federation.QuoteView) error {
	all := append([]store.Post(nil), posts...)
	for _, q := range quoted {
		if q.Post.ID != 0 {
			all = append(all, q.Post)
		}
	}
	var words []federation.EmojiWords
	for _, p := range all {
		if len(p.Extra.Emojis) > 0 {
			words = append(words, federation.EmojiWords{HostID: v.seen[p.ActorID].HostID, List: p.Extra.Emojis})
		}
	}
	if err := v.addEmojis(words...); err != nil {
		return err
	}
	files, err := v.d.service.Files(v.tx, federation.ForOwner, all...)
	if err != nil {
		return err
	}
	for i, p := range posts {
		c := &cards[i]
		c.Emojis = v.postEmojis(p)
		c.Content = pictured(string(c.Content), c.Emojis)
		c.Media, c.Hide = files[p.ID], hides(p)
		if c.Poll != nil {
			c.Poll.Emojis = c.Emojis
		}
		if q := quoted[p.ID].Post; c.Quote != nil && q.ID != 0 && c.Quote.Content != "" {
			c.Quote.Emojis = v.postEmojis(q)
			c.Quote.Content = pictured(string(c.Quote.Content), c.Quote.Emojis)
			c.Quote.Media, c.Quote.Hide = files[q.ID], hides(q)
		}
	}
	return nil
}

// hides says whether the files of a post are shown on demand only: behind a
// warning they need no second one.
func hides(p store.Post) bool { return p.Sensitive && p.Summary == "" }
