package dashboard

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

// maxCharacters is the length of a post; federation refuses what is longer.
const maxCharacters = 5000

type writePage struct {
	assets.Owner
	Mode, Key, Text, Warning, TextLang, Draft, Edit, Error string
	Languages                                              []assets.Option
	Audiences                                              assets.Audiences
	Fixed                                                  bool
	Parent                                                 *assets.Card
	Left                                                   int
	Poll                                                   *assets.PollForm
	Asked                                                  *assets.Poll
	Preview                                                []assets.Card
	Parts                                                  []writePart
	MoreParts                                              bool
	Reach                                                  *reachList
	Help                                                   writeHelp
	Undescribed                                            []string
	Stopped                                                bool
	Verb                                                   string
	SavedAt                                                time.Time
	Quoting                                                *assets.Card
	Quotable                                               []assets.Option
	Uploads                                                []assets.Upload
	FilesError                                             string
	Added, Room                                            int
	Sensitive                                              bool
	Plain                                                  bool
	When                                                   assets.When
	Undo                                                   int // seconds
	Unfinished, Scheduled                                  []unfinished
}

// write handles GET /me/write, with reply=ID, edit=ID, draft=ID or quote=ID.
func (d *Dashboard) write(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	d.showWrite(w, r, answer{}, writeForm{
		key: store.Random(16), reply: number(query.Get("reply")), edit: number(query.Get("edit")), draft: number(query.Get("draft")),
		quote: number(query.Get("quote")),
	}, (*view).startForm, nil)
}

// writeSend handles POST /me/write. Whatever goes wrong, the text comes back.
func (d *Dashboard) writeSend(w http.ResponseWriter, r *http.Request) {
	f, err := readWriteForm(r.PostForm)
	if problem := f.takeIntake(r); err == nil {
		err = problem
	}
	if f.do == "autosave" {
		d.autosave(w, r, f, err)
		return
	}
	var preview *previewed
	target := ""
	switch {
	case err != nil:
	case f.do == "options", f.do == "more", f.do == "add", f.do == "part", f.do == "find":
	case f.do == "post" && f.undescribed():
		f.stopped = true // once; then it is as the owner wishes
	case f.do != "preview" && intakeOf(r).any():
		// Whoever chose files is asked first what can be seen on them.
	case f.do == "preview", f.do == "reach":
		preview, err = d.previewOf(r, f)
	case f.do == "draft":
		target, err = d.saveDraft(r, f)
	case f.edit != 0:
		target, err = d.changePost(r, f)
	default:
		target, err = d.publish(r, f)
	}
	if err == nil && target != "" {
		reply.Redirect(w, r, target)
		return
	}
	a := answer{}
	if f.stopped {
		a.status = http.StatusUnprocessableEntity
	}
	if err != nil {
		a.status = refusedStatus(err)
		f.problem = reply.Message(err)
		if errors.Is(err, federation.ErrPoll) {
			f.poll.problem, f.problem = f.problem, ""
		}
		if errors.Is(err, federation.ErrNobodyNamed) {
			f.nobody = f.problem
		}
		if reply.CodeOf(err) == reply.Internal {
			d.log.Error("write a post", "err", err)
			f.problem += " Your text is still here."
		}
		if f.do == "add" { // that button leads to the files, below what stands on top
			f.problem, f.fileProblem = "", f.problem
		}
	}
	d.showWrite(w, r, a, f, nil, preview)
}

// showWrite renders the long page. start fills a form that was not sent yet.
func (d *Dashboard) showWrite(w http.ResponseWriter, r *http.Request, a answer, f writeForm, start func(*view, *writeForm) error, preview *previewed) {
	a.cache = reply.Private
	d.show(w, r, "write", a, func(v *view) (any, error) {
		if start != nil {
			if err := start(v, &f); err != nil {
				return nil, err
			}
		}
		return v.writePage(f, preview)
	})
}

// writePage draws a form with all it says.
func (v *view) writePage(f writeForm, preview *previewed) (writePage, error) {
	page := writePage{
		Mode: "new", Key: f.key, Text: f.text, Warning: f.warning, TextLang: f.lang, Error: f.problem, FilesError: f.fileProblem, SavedAt: v.local(f.savedAt),
		Languages: assets.Languages(f.lang), Left: maxCharacters - markup.CountCharacters(f.text) - markup.CountCharacters(f.warning),
	}
	title, widest, err := v.writeAbout(&page, &f)
	if err != nil {
		return page, err
	}
	if err := v.writeQuote(&page, &f); err != nil {
		return page, err
	}
	if err := v.writeFiles(&page, &f); err != nil {
		return page, err
	}
	if f.draft != 0 {
		page.Draft = decimal(f.draft)
	}
	page.Plain = f.plain
	if f.edit == 0 {
		page.Poll, page.When = f.poll.form(), v.whenField(f)
		page.Parts, page.MoreParts = f.writeParts(), len(f.parts) < partsMost
	}
	page.Undo = int(v.d.service.UndoWindow(false).Seconds())
	if page.Unfinished, page.Scheduled, err = v.otherTexts(f.draft); err != nil {
		return page, err
	}
	page.Undescribed, page.Stopped = f.asked, f.stopped
	page.Verb = map[string]string{"new": "Post", "reply": "Reply", "edit": "Save changes"}[page.Mode]
	if page.Help, err = v.writeHelp(f); err != nil {
		return page, err
	}
	if page.Audiences, err = v.audiences(f.audience, widest, strings.Join(append([]string{f.text}, f.parts...), "\n\n")); err != nil {
		return page, err
	}
	page.Audiences.Error = f.nobody
	if preview != nil {
		page.Audiences.Named = nil
		for _, a := range preview.of.Reach.Named {
			page.Audiences.Named = append(page.Audiences.Named, "@"+a.Handle())
		}
		if f.do == "reach" {
			page.Reach, err = v.reachList(preview.of)
		} else {
			page.Preview, err = v.previewCards(preview.of)
		}
		if err != nil {
			return page, err
		}
	}
	page.Owner, err = v.frame(title, "write")
	return page, err
}

// otherTexts are a few drafts and scheduled posts beside the one that is written.
func (v *view) otherTexts(but int64) (drafts, scheduled []unfinished, err error) {
	rows, err := v.notSent()
	for _, row := range rows {
		t := unfinished{"/me/write?draft=" + row.ID, row.Excerpt, row.Time}
		switch {
		case row.Kind == "draft" && row.ID != decimal(but) && len(drafts) < unfinishedShown:
			drafts = append(drafts, t)
		case row.Kind == "scheduled" && len(scheduled) < unfinishedShown:
			t.URL = "/me/drafts"
			scheduled = append(scheduled, t)
		}
	}
	return drafts, scheduled, err
}

// writeAbout says what the form is about: a new post, an answer or a change. A
// post that is deleted meanwhile must not take the text down with it.
func (v *view) writeAbout(page *writePage, f *writeForm) (title, widest string, err error) {
	switch {
	case f.edit != 0:
		page.Mode, page.Edit, page.Fixed = "edit", decimal(f.edit), true
		known, err := v.tx.Posts([]int64{f.edit})
		if len(known) > 0 {
			f.audience = audienceOf(known[0].Visibility)
			page.Asked = v.poll(known[0], nil)
			if page.Asked != nil {
				page.Asked.Emojis = v.emojis.Of(0, known[0].Extra.Emojis)
			}
		}
		return "Edit post", "", err
	case f.reply != 0:
		known, err := v.tx.Posts([]int64{f.reply})
		if err != nil || len(known) == 0 {
			return "Write", "", err
		}
		cards, err := v.plainCards(known)
		if err != nil {
			return "", "", err
		}
		page.Mode, page.Parent = "reply", &cards[0]
		return "Reply", widestReply(known[0]), nil
	}
	return "Write", "", nil
}

// audiences are the choices for a text, with how many they reach.
func (v *view) audiences(chosen, widest, text string) (assets.Audiences, error) {
	a := assets.Audiences{Chosen: chosen, Widest: widest}
	var err error
	if a.Followers, err = v.tx.CountFollowers(store.FollowAccepted); err != nil {
		return a, err
	}
	if a.Servers, err = v.tx.CountFollowerHosts(); err != nil {
		return a, err
	}
	for _, h := range markup.FindMentions(text, true) {
		a.Named = append(a.Named, "@"+h.User+"@"+h.Host)
	}
	return a, nil
}

// widestReply is the widest audience that an answer to a post may have
// (DECISIONS 23).
func widestReply(parent store.Post) string { return audienceOf(federation.WidestReply(parent)) }

// usualReply is whom an answer is for unless the owner chooses: never for more than
// new posts are.
func (v *view) usualReply(parent store.Post) string {
	return audienceOf(max(federation.WidestReply(parent), v.set.PostVisibility))
}

// compose is the short box, for a new post or for an answer.
func (v *view) compose(parent *store.Post) (assets.Compose, error) {
	c := assets.Compose{Key: store.Random(16), Lang: v.set.Language}
	widest, chosen := "", audienceOf(v.set.PostVisibility)
	if parent != nil {
		c.Reply, widest, chosen = decimal(parent.ID), widestReply(*parent), v.usualReply(*parent)
		handles, err := v.replyHandles(*parent)
		if err != nil {
			return c, err
		}
		c.Text = opening(handles)
	}
	var err error
	c.Audiences, err = v.audiences(chosen, widest, c.Text)
	return c, err
}

// replyHandles are the people an answer names: the author and whom they named.
func (v *view) replyHandles(parent store.Post) ([]string, error) {
	me, err := v.actor(store.OwnerID)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{"@" + me.Handle(): true, "@": true}
	var list []string
	add := func(handle string) {
		if handle = "@" + strings.TrimPrefix(handle, "@"); !seen[handle] {
			seen[handle] = true
			list = append(list, handle)
		}
	}
	author, err := v.actor(parent.ActorID)
	if err != nil {
		return nil, err
	}
	add(author.Handle())
	for _, m := range parent.Extra.Mentions {
		add(m.Handle)
	}
	return list, nil
}

// opening is how the text of an answer begins.
func opening(handles []string) string {
	if len(handles) == 0 {
		return ""
	}
	return strings.Join(handles, " ") + " "
}
