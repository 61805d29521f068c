package public

import (
	"fmt"
	"html/template"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/markup"
	"dassie/store"
)

// readEmojis makes sure that the emojis in people's names are at hand.
func (v *view) readEmojis(people map[int64]store.Actor) error {
	var words []federation.EmojiWords
	for _, a := range people {
		if len(a.Extra.Emojis) > 0 {
			words = append(words, federation.EmojiWords{HostID: a.HostID, List: a.Extra.Emojis})
		}
	}
	return v.addEmojis(words)
}

func (v *view) addEmojis(words []federation.EmojiWords) error {
	if len(words) == 0 {
		return nil
	}
	if err := v.site.svc.ReadEmojis(v.tx, federation.ForVisitors, v.emojis, words...); err != nil {
		return fmt.Errorf("read emojis: %w", err)
	}
	return nil
}

// filesOf are the files of posts whose authors were read, with the emojis of their
// texts put at hand.
func (v *view) filesOf(posts []store.Post) (map[int64][]assets.Media, error) {
	var words []federation.EmojiWords
	for _, p := range posts {
		if len(p.Extra.Emojis) > 0 {
			words = append(words, federation.EmojiWords{HostID: v.author(p.ActorID).host, List: p.Extra.Emojis})
		}
	}
	if err := v.addEmojis(words); err != nil {
		return nil, err
	}
	files, err := v.site.svc.Files(v.tx, federation.ForVisitors, posts...)
	if err != nil {
		return nil, fmt.Errorf("read files of posts: %w", err)
	}
	return files, nil
}

// addPictures puts what posts show beside their text into their entries: files, and
// emojis. All of them come from this server.
func (v *view) addPictures(posts []store.Post, list []assets.Entry) error {
	files, err := v.filesOf(posts)
	for i, p := range posts {
		e := &list[i]
		e.Media, e.Hide, e.Emojis = files[p.ID], hides(p), v.emojisOf(p)
		e.Content = pictured(e.Content, e.Emojis)
		if e.Poll != nil {
			e.Poll.Emojis = e.Emojis
		}
	}
	return err
}

// addQuotedPictures does so for the posts that entries quote, by the entry's place.
func (v *view) addQuotedPictures(quoted map[int]store.Post, list []assets.Entry) error {
	var posts []store.Post
	for _, p := range quoted {
		posts = append(posts, p)
	}
	files, err := v.filesOf(posts)
	for i, p := range quoted {
		q := list[i].Quote
		q.Media, q.Hide, q.Emojis = files[p.ID], hides(p), v.emojisOf(p)
		q.Content = pictured(q.Content, q.Emojis)
	}
	return err
}

func (v *view) emojisOf(p store.Post) []assets.Emoji {
	return v.emojis.Of(v.author(p.ActorID).host, p.Extra.Emojis)
}

// hides says whether the files of a post are shown on demand only: behind a
// warning they need no second one.
func hides(p store.Post) bool { return p.Sensitive && p.Summary == "" }

func pictured(clean template.HTML, emojis []assets.Emoji) template.HTML {
	if len(emojis) == 0 {
		return clean
	}
	return template.HTML(markup.InText(string(clean), assets.PictureWords(emojis)))
}
