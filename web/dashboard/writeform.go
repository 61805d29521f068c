package dashboard

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

// writeForm is what the short box and the long page send.
type writeForm struct {
	key, text, warning, lang, audience string
	reply, edit, draft, quote          int64 // ids, 0 for none
	quotable                           store.QuotePolicy
	poll                               pollForm
	files                              []attachedFile
	added                              int // of them with this form
	sensitive                          bool
	do                                 string
	parts                              []string  // of posts that follow
	asked                              []string  // ids of files whose missing description was asked for
	stopped                            bool      // it is asked for now
	find                               string    // who or what is looked for, to be put into the text
	nobody                             string    // that the post names nobody
	problem                            string    // what is to be said beside it
	fileProblem                        string    // the same, of its files
	savedAt                            time.Time // of the draft
	when                               string    // to go out then, in the owner's zone; "" for at once
	plain                              bool      // it is not Markdown: an app wrote it first
}

// once is the key that lets a form be sent twice and post once. A form that the back
// button brought back with another text in it is another post.
func (f *writeForm) once() string {
	h := sha256.New()
	for _, part := range append([]string{f.text, f.warning, f.lang, f.audience, f.when, decimal(f.reply), decimal(f.quote)}, f.poll.given()...) {
		fmt.Fprintf(h, "%d %s", len(part), part)
	}
	for _, file := range f.files {
		fmt.Fprintf(h, "%d", file.id)
	}
	return f.key + " " + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// readWriteForm reads a sent form. Even with an error the text is in it.
func readWriteForm(form url.Values) (writeForm, error) {
	f := writeForm{
		key: form.Get("key"), text: lines(form.Get("text")), warning: strings.TrimSpace(lines(form.Get("warning"))),
		lang: form.Get("lang"), audience: form.Get("audience"), do: form.Get("do"),
		reply: number(form.Get("reply")), edit: number(form.Get("edit")), draft: number(form.Get("draft")),
		quote: number(form.Get("quote")), quotable: store.QuotePolicy(form.Get("quotable")),
		poll: readPollForm(form), files: readAttached(form), sensitive: form.Get("sensitive") != "",
		when: form.Get("when"), plain: form.Get("plain") != "",
		parts: readParts(form["part"]), asked: form["noalt"], find: cut(form.Get("find"), findLength),
	}
	if f.key == "" || len(f.key) > 64 {
		f.key = store.Random(16)
	}
	for _, name := range []string{"reply", "edit", "draft", "quote"} {
		if sent := form.Get(name); sent != "" && number(sent) == 0 {
			return f, reply.Errorf(reply.Unprocessable, "This form is not whole, so nothing was sent. Your text is still here.")
		}
	}
	if f.press() {
		return f, nil
	}
	switch f.do {
	case "post", "preview", "reach", "draft", "autosave", "options", "add", "find":
		return f, nil
	case "part":
		if len(f.parts) < partsMost {
			f.parts = append(f.parts, "")
		}
		return f, nil
	case "more":
		f.poll.more = true
		return f, nil
	case "": // Enter in a one-line field
		f.do = "preview"
		return f, nil
	}
	return f, reply.Errorf(reply.Unprocessable, "This form is not whole, so nothing was sent. Your text is still here.")
}

// lines makes the line ends of a form, which are CR LF, those of everything
// else, so that an unchanged text is not an edit.
func lines(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
}

// startForm fills a form that is opened: with a draft, a post that is to be
// changed, or the names of those who are answered.
func (v *view) startForm(f *writeForm) error {
	f.lang, f.audience, f.quotable = v.set.Language, audienceOf(v.set.PostVisibility), v.set.QuotePolicy
	switch {
	case f.draft != 0:
		return v.startDraft(f)
	case f.edit != 0:
		return v.startEdit(f)
	case f.reply != 0:
		return v.startReply(f)
	case f.quote != 0:
		return v.startQuote(f)
	}
	return nil
}

func (v *view) startDraft(f *writeForm) error {
	u, err := v.tx.Unsent(f.draft)
	if err == nil && u.Kind != store.UnsentDraft {
		err = store.ErrNotFound // what is scheduled is made a draft first
	}
	if err != nil {
		return err
	}
	f.text, f.warning, f.audience, f.savedAt = u.Draft.Text, u.Draft.Summary, audienceOf(u.Draft.Visibility), u.EditedAt
	f.reply, f.edit, f.quote, f.poll, f.sensitive, f.plain = 0, 0, u.Draft.QuoteID, savedPoll(u.Draft.Poll), u.Draft.Sensitive, u.Draft.Plain
	if at, err := strconv.ParseInt(v.r.URL.Query().Get("at"), 10, 64); err == nil { // it was scheduled until now
		f.when = time.UnixMilli(at).In(v.now.Location()).Format(whenForm)
	}
	if u.Draft.EditID != 0 {
		_, err := v.ownPost(u.Draft.EditID)
		if err == nil {
			f.edit = u.Draft.EditID
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	f.parts = u.Draft.Thread
	files, err := v.tx.MediaList(u.Draft.Media)
	if err != nil {
		return err
	}
	for _, m := range files {
		f.files = append(f.files, attachedFile{m.ID, m.Alt, m.FocalX, m.FocalY})
	}
	if u.Draft.QuotePolicy.Valid() {
		f.quotable = u.Draft.QuotePolicy
	}
	if u.Draft.Language != "" {
		f.lang = u.Draft.Language
	}
	if u.Draft.ParentID == 0 {
		return nil
	}
	// What it answers may be deleted by now; the text is worth more than that.
	known, err := v.tx.Posts([]int64{u.Draft.ParentID})
	if len(known) > 0 {
		f.reply = u.Draft.ParentID
	}
	return err
}

func (v *view) startEdit(f *writeForm) error {
	p, err := v.tx.Post(f.edit)
	if err != nil {
		return err
	}
	if !p.Own() || p.BoostOf != 0 {
		return store.ErrNotFound
	}
	f.text, f.warning, f.audience, f.reply, f.quote = p.Source, p.Summary, audienceOf(p.Visibility), 0, 0
	f.files, f.sensitive = attachedOf(p.Extra.Attachments), p.Sensitive && p.Summary == ""
	if f.text == "" {
		f.text = markup.Text(p.Content)
	}
	if p.Language != "" {
		f.lang = p.Language
	}
	return nil
}

func (v *view) startReply(f *writeForm) error {
	parent, err := v.tx.Post(f.reply)
	if err == nil && parent.BoostOf != 0 {
		parent, err = v.tx.Post(parent.BoostOf)
	}
	if err != nil {
		return err
	}
	handles, err := v.replyHandles(parent)
	f.reply, f.text, f.audience, f.warning = parent.ID, opening(handles), v.usualReply(parent), parent.Summary
	return err
}
