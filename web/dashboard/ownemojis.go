package dashboard

import (
	"errors"
	"net/http"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// emojiBytes is of the form of an emoji: what is too large is read to its end, so
// that its size can be told.
const emojiBytes = 4 << 20

type emojiRow struct {
	ID, Code, Still, Size string
	Error                 string // of its new name
	Typed                 string
}

type emojisPage struct {
	assets.Owner
	Emojis           []emojiRow
	Code             string // of the form for a new one
	CodeError, Error string // what is wrong with the word, and with the file
}

const emojisPath = "/me/emojis"

// ownEmojis handles GET /me/emojis.
func (d *Dashboard) ownEmojis(w http.ResponseWriter, r *http.Request) {
	d.showEmojis(w, r, answer{}, emojisPage{}, emojiRow{})
}

// showEmojis draws the page with what was typed; changed is the row that was refused.
func (d *Dashboard) showEmojis(w http.ResponseWriter, r *http.Request, a answer, page emojisPage, changed emojiRow) {
	d.show(w, r, "emojis", a, func(v *view) (any, error) {
		list, err := v.tx.OwnEmojis()
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			_, still, _ := federation.OwnEmojiPaths(e.Emoji())
			row := emojiRow{ID: decimal(e.ID), Code: e.Shortcode, Typed: e.Shortcode, Still: still, Size: megabytes(e.Size)}
			if row.ID == changed.ID {
				row.Error, row.Typed = changed.Error, changed.Typed
			}
			page.Emojis = append(page.Emojis, row)
		}
		page.Owner, err = v.frame("Emojis", "emojis")
		return page, err
	})
}

// emojiAdd handles POST /me/emojis: a picture and its word.
func (d *Dashboard) emojiAdd(w http.ResponseWriter, r *http.Request) {
	page := emojisPage{Code: r.PostForm.Get("code")}
	file, _, err := r.FormFile("picture")
	switch {
	case errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart):
		page.Error = "Choose a picture."
		err = nil
	case err != nil:
		page.Error = "The file could not be read. Choose it again."
		err = nil
	default:
		defer file.Close()
		_, err = d.service.AddEmoji(r.Context(), page.Code, file)
	}
	switch text, ok := refused(err); {
	case err == nil && page.Error == "":
		reply.Redirect(w, r, emojisPath+"?done=emoji")
		return
	case ok && (reply.CodeOf(err) == reply.Unsupported || reply.CodeOf(err) == reply.TooLarge || reply.CodeOf(err) == reply.Unavailable):
		page.Error = text + " Choose another file."
	case ok:
		page.CodeError = text
	case err != nil:
		d.fail(w, r, err)
		return
	}
	d.showEmojis(w, r, answer{status: http.StatusUnprocessableEntity}, page, emojiRow{})
}

// emojiRename handles POST /me/emojis/ID/rename.
func (d *Dashboard) emojiRename(w http.ResponseWriter, r *http.Request) {
	row := emojiRow{ID: decimal(idOf(r)), Typed: r.PostForm.Get("code")}
	_, err := d.service.RenameEmoji(r.Context(), idOf(r), row.Typed)
	if text, ok := refused(err); ok && reply.CodeOf(err) != reply.NotFound {
		row.Error = text
		d.showEmojis(w, r, answer{status: http.StatusUnprocessableEntity}, emojisPage{}, row)
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, emojisPath+"?done=saved")
}

// emojiAsk handles GET /me/emojis/ID/remove.
func (d *Dashboard) emojiAsk(w http.ResponseWriter, r *http.Request) {
	d.confirm(w, r, "Remove emoji", "emojis", func(v *view, page *confirmPage) error {
		e, err := v.tx.OwnEmoji(idOf(r))
		if err == nil && !e.RemovedAt.IsZero() {
			err = store.ErrNotFound
		}
		if err != nil {
			return err
		}
		page.Heading, page.Button, page.BackURL = "Remove :"+e.Shortcode+":?", "Remove", emojisPath
		page.Lines = []string{"What you write from now on shows the word. Posts that have the picture keep it, here and on other servers."}
		return nil
	})
}

// emojiRemove handles POST /me/emojis/ID/remove.
func (d *Dashboard) emojiRemove(w http.ResponseWriter, r *http.Request) {
	if err := d.service.RemoveEmoji(r.Context(), idOf(r)); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, emojisPath+"?done=removed-emoji")
}
