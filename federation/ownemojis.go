package federation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"

	"dassie/federation/ap"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

const (
	maxOwnEmojis  = 500 // on offer at a time
	shortestEmoji = 2   // characters, as Mastodon has it: it takes no shorter words from others
)

// OwnEmojis lists the owner's custom emojis on offer, by their names.
func (s *Service) OwnEmojis(ctx context.Context) ([]store.OwnEmoji, error) {
	return store.Get(ctx, s.store, func(tx *store.Tx) ([]store.OwnEmoji, error) { return tx.OwnEmojis() })
}

// checkShortcode brings the name of an emoji into form; colons around it are none of it.
func checkShortcode(text string) (string, error) {
	code := strings.Trim(strings.TrimSpace(text), ":")
	if !shortcode.MatchString(code) || len(code) < shortestEmoji {
		return "", reply.Errorf(reply.Unprocessable, "The word of an emoji has 2 to 64 letters from a to z, digits and _, and no spaces.")
	}
	return code, nil
}

// freeShortcode refuses a word that another emoji has.
func freeShortcode(tx *store.Tx, code string) error {
	known, err := tx.OwnEmojisCalled([]string{code})
	if err == nil && len(known) > 0 {
		err = reply.Errorf(reply.Conflict, "There is an emoji called :%s: already. Choose another word, or remove that one first.", code)
	}
	return err
}

// AddEmoji stores a picture for a word between colons. What is wrong with either is
// said in plain words; for that, data is read to its end.
func (s *Service) AddEmoji(ctx context.Context, code string, data io.Reader) (store.OwnEmoji, error) {
	e := store.OwnEmoji{}
	var err error
	if e.Shortcode, err = checkShortcode(code); err != nil {
		return e, err
	}
	if err := s.store.Read(ctx, func(tx *store.Tx) error { return freeShortcode(tx, e.Shortcode) }); err != nil {
		return e, err
	}
	if err := s.EmojiPicture(ctx, &e, data); err != nil {
		return e, err
	}
	return e, s.offerEmoji(ctx, &e, 0)
}

// RenameEmoji gives an emoji another word. Posts that used the old one keep it.
func (s *Service) RenameEmoji(ctx context.Context, id int64, code string) (store.OwnEmoji, error) {
	code, err := checkShortcode(code)
	if err != nil {
		return store.OwnEmoji{}, err
	}
	e, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.OwnEmoji, error) { return emojiOnOffer(tx, id) })
	if err != nil || e.Shortcode == code {
		return e, err
	}
	e.Shortcode = code
	return e, s.offerEmoji(ctx, &e, id)
}

// offerEmoji stores a new row, in the place of an old one if that is not 0. Its
// files may just be leaving another.
func (s *Service) offerEmoji(ctx context.Context, e *store.OwnEmoji, old int64) error {
	s.filesLock.Lock()
	defer s.filesLock.Unlock()
	for _, name := range []string{e.File, e.Still} {
		f, _, err := s.media.Open(name)
		if err != nil {
			return &reply.Error{Code: reply.Unavailable, Message: "The picture could not be kept. Choose it again.", Err: err}
		}
		f.Close()
	}
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		if old != 0 {
			if err := tx.RemoveOwnEmoji(old); err != nil {
				return err
			}
		}
		if err := freeShortcode(tx, e.Shortcode); err != nil {
			return err
		}
		n, err := tx.CountOwnEmojis()
		if err != nil {
			return err
		}
		if n >= maxOwnEmojis {
			return reply.Errorf(reply.Conflict, "You have %d emojis, the most there can be. Remove one first.", maxOwnEmojis)
		}
		if err := tx.AddOwnEmoji(e); err != nil {
			return err
		}
		return s.showEmojis(tx)
	})
	if err != nil && reply.CodeOf(err) == reply.Internal {
		err = fmt.Errorf("add emoji: %w", err)
	}
	return err
}

// showEmojis makes a profile show the pictures that there are by now for its words.
func (s *Service) showEmojis(tx *store.Tx) error {
	me, err := tx.Actor(store.OwnerID)
	if err != nil {
		return err
	}
	list, err := profileEmojis(tx, me)
	if err != nil || len(list) <= len(me.Extra.Emojis) {
		return err
	}
	return s.applyProfile(tx, func(_ *store.Tx, me *store.Actor) error {
		me.Extra.Emojis = list
		return nil
	})
}

// emojiOnOffer reads an emoji that was not removed.
func emojiOnOffer(tx *store.Tx, id int64) (store.OwnEmoji, error) {
	e, err := tx.OwnEmoji(id)
	if errors.Is(err, store.ErrNotFound) || err == nil && !e.RemovedAt.IsZero() {
		return e, reply.Errorf(reply.NotFound, "There is no such emoji of yours.")
	}
	return e, err
}

// RemoveEmoji takes an emoji off the offer. What shows it goes on doing so.
func (s *Service) RemoveEmoji(ctx context.Context, id int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := emojiOnOffer(tx, id); err != nil {
			return err
		}
		return tx.RemoveOwnEmoji(id)
	})
}

// emojiWord finds words between colons. A colon within a word, as in 12:30:15, is
// none of theirs; assets.PictureWords has the same rule.
var emojiWord = regexp.MustCompile(`:([A-Za-z0-9_]{2,64}):`)

// emojisIn lists the owner's emojis whose words stand in texts, html being one of
// them in which code is left alone. What an earlier version of the same thing used
// and nothing else is called by now stays what it was.
func emojisIn(tx *store.Tx, before []store.Emoji, html string, plain ...string) ([]store.Emoji, error) {
	var codes []string
	seen := map[string]bool{}
	find := func(piece string) string {
		for at := 0; len(codes) < ap.MaxEmojis; {
			m := emojiWord.FindStringSubmatchIndex(piece[at:])
			if m == nil {
				break
			}
			from, end := at+m[0], at+m[1]
			at = end - 1 // this colon may begin a word
			if from > 0 && wordByte(piece[from-1]) || end < len(piece) && wordByte(piece[end]) {
				continue
			}
			at = end
			if code := piece[from+1 : end-1]; !seen[code] {
				seen[code] = true
				codes = append(codes, code)
			}
		}
		return piece
	}
	markup.InText(html, find)
	for _, text := range plain {
		find(text)
	}
	known, err := tx.OwnEmojisCalled(codes)
	if err != nil {
		return nil, err
	}
	var list []store.Emoji
	for _, e := range known {
		list = append(list, e.Emoji())
		delete(seen, e.Shortcode)
	}
	for _, e := range before {
		if seen[e.Shortcode] {
			list = append(list, e)
		}
	}
	return list, nil
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// postEmojis are the owner's emojis in a post of theirs.
func postEmojis(tx *store.Tx, p store.Post) ([]store.Emoji, error) {
	plain := []string{p.Summary}
	if p.Extra.Poll != nil {
		for _, o := range p.Extra.Poll.Options {
			plain = append(plain, o.Name)
		}
	}
	return emojisIn(tx, p.Extra.Emojis, p.Content, plain...)
}

// profileEmojis are those in the owner's profile.
func profileEmojis(tx *store.Tx, me store.Actor) ([]store.Emoji, error) {
	plain := []string{me.Name}
	for _, f := range me.Extra.Fields {
		plain = append(plain, f.Name, f.Source)
	}
	return emojisIn(tx, nil, me.Summary, plain...)
}

// emojiParts reads the address that a text keeps of an own emoji.
func emojiParts(address string) (id int64, file string, ok bool) {
	rest, own := strings.CutPrefix(address, store.EmojiFolder)
	number, file, _ := strings.Cut(rest, "/")
	id, err := strconv.ParseInt(number, 10, 64)
	return id, file, own && err == nil && id > 0
}

// stillOf is the address of the first picture of an own emoji.
func stillOf(address string) string { return path.Dir(address) + "/still.png" }

// OwnEmojiPaths are the paths of an emoji of an own text: as it is, and its first
// picture.
func OwnEmojiPaths(e store.Emoji) (moving, still string, ok bool) {
	_, _, ok = emojiParts(e.URL)
	return e.URL, stillOf(e.URL), ok
}

// EmojiStill is where the first picture of an own emoji is.
func EmojiStill(id int64) string {
	return store.EmojiFolder + strconv.FormatInt(id, 10) + "/still.png"
}

// wireEmojis are the owner's emojis of a text as others get them.
func (s *Service) wireEmojis(list []store.Emoji) (out []ap.Emoji) {
	for _, e := range list {
		id, file, ok := emojiParts(e.URL)
		if !ok {
			continue
		}
		out = append(out, ap.Emoji{
			ID: s.emojiURI(id), Shortcode: e.Shortcode, IconURL: s.origin.URL(e.URL),
			MediaType: "image/" + strings.TrimPrefix(path.Ext(file), "."), Updated: store.TimeOf(id),
		})
	}
	return out
}

func (s *Service) emojiURI(id int64) string {
	return s.origin.URL(store.EmojiFolder + strconv.FormatInt(id, 10))
}

// ServeEmoji answers GET of an own emoji as an object; everybody may know it.
func (s *Service) ServeEmoji(w http.ResponseWriter, r *http.Request, id int64) {
	e, err := store.Get(r.Context(), s.store, func(tx *store.Tx) (store.OwnEmoji, error) { return tx.OwnEmoji(id) })
	if errors.Is(err, store.ErrNotFound) {
		s.nothingHere(w, r)
		return
	}
	if err != nil {
		reply.FailText(w, r, err, s.log)
		return
	}
	d, err := activityDocument(ap.Object{
		"id": s.emojiURI(id), "type": "Emoji", "name": ":" + e.Shortcode + ":", "updated": store.TimeOf(id).Format("2006-01-02T15:04:05Z"),
		"icon": ap.Object{"type": "Image", "mediaType": e.MIME, "url": s.origin.URL(e.Address())},
	})
	if err != nil {
		reply.FailText(w, r, err, s.log)
		return
	}
	d.etag = reply.ETag(d.body)
	d.send(w, r)
}

// ServeEmojiPicture answers for the picture of an own emoji, or for its first one.
func (s *Service) ServeEmojiPicture(w http.ResponseWriter, r *http.Request, id int64, file string) {
	e, err := store.Get(r.Context(), s.store, func(tx *store.Tx) (store.OwnEmoji, error) { return tx.OwnEmoji(id) })
	name, mime := "", ""
	if err == nil {
		switch file {
		case path.Base(e.Address()):
			name, mime = e.File, e.MIME
		case "still.png":
			name, mime = e.Still, "image/png"
		}
	}
	f, info, openErr := s.media.Open(name)
	if err != nil || name == "" || openErr != nil {
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			reply.FailText(w, r, err, s.log)
			return
		}
		reply.Text(w, r, http.StatusNotFound, "There is nothing at this address.")
		return
	}
	defer f.Close()
	h := w.Header()
	reply.SecurityHeaders(h, false)
	reply.AnyOrigin(h)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // other servers' pages show it
	h.Set("Cache-Control", reply.Immutable)
	h.Set("ETag", `"`+name[:32]+`"`)
	h.Set("Content-Type", mime)
	http.ServeContent(w, r, "", info.ModTime(), f)
}
