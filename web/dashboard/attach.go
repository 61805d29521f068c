package dashboard

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
)

// attachedMost is how many files a post may have; federation refuses more.
const attachedMost = 4

// intake is what came of the files of one form.
type intake struct {
	added    []store.Media
	problems []string
	first    error // the first of them
}

type intakeKey struct{}

func withIntake(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), intakeKey{}, &intake{}))
}

func intakeOf(r *http.Request) *intake {
	in, _ := r.Context().Value(intakeKey{}).(*intake)
	if in == nil {
		in = &intake{}
	}
	return in
}

func (in *intake) refuse(err error) {
	if in.first == nil {
		in.first = err
	}
	in.problems = append(in.problems, reply.Message(err))
}

// any says whether the form brought files, taken or refused.
func (in *intake) any() bool { return len(in.added)+len(in.problems) > 0 }

// problem is nil if all files were taken.
func (in *intake) problem() error {
	if in.first == nil {
		return nil
	}
	return &reply.Error{Code: reply.CodeOf(in.first), Message: strings.Join(in.problems, " "), Err: in.first}
}

// takeFile stores one file of the form of a post while it arrives.
func (d *Dashboard) takeFile(r *http.Request, field, filename string, body io.Reader) {
	if field != "files" {
		return
	}
	in := intakeOf(r)
	if len(r.PostForm["media"])+len(in.added) >= attachedMost {
		in.refuse(reply.Errorf(reply.Unprocessable, "A post can have %d files, so “%s” was left out.", attachedMost, filename))
		return
	}
	m, err := d.service.Upload(r.Context(), body, filename)
	if err != nil {
		if reply.CodeOf(err) == reply.Internal && r.Context().Err() == nil {
			d.log.Error("store an upload", "err", err)
		}
		in.refuse(err)
		return
	}
	in.added = append(in.added, m)
}

// attachedFile is one file of the form: an upload and what is said of it.
type attachedFile struct {
	id   int64
	alt  string
	x, y float64
}

// readAttached reads the files of a form and what was typed beside each.
func readAttached(form url.Values) (list []attachedFile) {
	ids := form["media"]
	for _, text := range ids[:min(len(ids), attachedMost)] {
		id := number(text)
		if id == 0 {
			continue
		}
		f := attachedFile{id: id, alt: lines(form.Get("alt-" + text))}
		f.x, f.y = readFocus(form.Get("focus-" + text))
		list = append(list, f)
	}
	return list
}

func attachedOf(list []store.Attachment) (out []attachedFile) {
	for _, a := range list {
		out = append(out, attachedFile{a.ID, a.Alt, a.FocalX, a.FocalY})
	}
	return out
}

// takeIntake adds the files that came with a form, and says what is wrong with
// those that were not taken, or with the form itself.
func (f *writeForm) takeIntake(r *http.Request) error {
	in := intakeOf(r)
	for _, m := range in.added {
		f.files = append(f.files, attachedFile{id: m.ID})
	}
	f.added = len(in.added)
	return errors.Join(auth.Broken(r), in.problem())
}

// without drops one file from the form. An upload that no draft names goes after a
// day; until then the back button has it.
func (f *writeForm) without(id int64) {
	kept := f.files[:0]
	for _, file := range f.files {
		if file.id != id {
			kept = append(kept, file)
		}
	}
	f.files = kept
}

// attached is what federation is given.
func (f *writeForm) attached() (list []federation.Attached) {
	for _, file := range f.files {
		list = append(list, federation.Attached{ID: file.id, Alt: &file.alt, Focal: &[2]float64{file.x, file.y}})
	}
	return list
}

// describe keeps what is said of uploads, for a draft. Those that are gone, or part
// of a post by now, are passed over: the draft is worth keeping without them.
func (d *Dashboard) describe(r *http.Request, f writeForm) error {
	for _, a := range f.attached() {
		_, err := d.service.Describe(r.Context(), a)
		if err != nil && reply.CodeOf(err) != reply.NotFound && !strings.Contains(reply.Message(err), "part of a post") {
			return err
		}
	}
	return nil
}

// focusPoints are the places that a form offers, in Mastodon's measure: 1 is right
// and top.
var focusPoints = []struct {
	words string
	x, y  float64
}{
	{"Centre", 0, 0}, {"Top", 0, 1}, {"Bottom", 0, -1}, {"Left", -1, 0}, {"Right", 1, 0},
	{"Top left", -1, 1}, {"Top right", 1, 1}, {"Bottom left", -1, -1}, {"Bottom right", 1, -1},
}

func focusValue(x, y float64) string {
	return strconv.FormatFloat(x, 'g', 6, 64) + "," + strconv.FormatFloat(y, 'g', 6, 64)
}

// readFocus reads such a value; anything else is the centre.
func readFocus(text string) (x, y float64) {
	across, up, _ := strings.Cut(text, ",")
	x, errX := strconv.ParseFloat(across, 64)
	y, errY := strconv.ParseFloat(up, 64)
	if errX != nil || errY != nil || !(x >= -1 && x <= 1 && y >= -1 && y <= 1) {
		return 0, 0
	}
	return x, y
}

// focusOptions offers the named places, and one more if an app chose it.
func focusOptions(x, y float64) (list []assets.Option) {
	chosen, found := focusValue(x, y), false
	for _, p := range focusPoints {
		o := assets.Option{Value: focusValue(p.x, p.y), Label: p.words}
		o.Selected = o.Value == chosen
		found = found || o.Selected
		list = append(list, o)
	}
	if !found {
		list = append(list, assets.Option{Value: chosen, Label: "As it is", Selected: true})
	}
	return list
}

// writeFiles draws the files of the form. What is gone meanwhile is left out, and
// said.
func (v *view) writeFiles(page *writePage, f *writeForm) error {
	ids := make([]int64, len(f.files))
	for i, file := range f.files {
		ids[i] = file.id
	}
	known, err := v.tx.MediaList(ids)
	if err != nil {
		return err
	}
	byID := map[int64]store.Media{}
	for _, m := range known {
		byID[m.ID] = m
	}
	kept := f.files[:0]
	for _, file := range f.files {
		m, ok := byID[file.id]
		if !ok {
			page.Error = strings.TrimSpace(page.Error + " A file is not here any more: what is not posted is kept for a day. Add it again.")
			continue
		}
		kept = append(kept, file)
		page.Uploads = append(page.Uploads, uploadForm(m, file))
	}
	f.files = kept
	for i := range page.Uploads {
		page.Uploads[i].Place, page.Uploads[i].Of = i+1, len(page.Uploads)
		page.Uploads[i].Asked = f.stopped && page.Uploads[i].Alt == ""
	}
	page.Added, page.Sensitive, page.Room = f.added, f.sensitive, attachedMost-len(kept)
	return nil
}

func uploadForm(m store.Media, file attachedFile) assets.Upload {
	u := assets.Upload{
		ID: decimal(m.ID), Kind: mediaKind(m.MIME), Title: m.Title, Size: megabytes(m.Size), Alt: file.alt, Letters: len([]rune(file.alt)),
		Length: duration(m.Seconds), URL: m.Attachment().URL,
	}
	if m.Preview != "" {
		u.Preview, u.Focus = m.Attachment().Preview, focusOptions(file.x, file.y)
	}
	switch {
	case m.Note == store.MediaFirstFrame:
		u.Note = "It is an animation: its first picture is kept."
	case m.Note == store.MediaAsSent && m.Kind == store.MediaVideo:
		u.Note = "It is stored as it came. What the camera wrote into it, such as the place, is in it."
	case m.Note == store.MediaAsSent:
		u.Note = "It is stored as it came, with whatever the program that made it wrote into it."
	}
	return u
}

// megabytes is a size in words.
func megabytes(n int64) string {
	switch {
	case n <= 0:
		return ""
	case n < 1<<20:
		return strconv.FormatInt((n+1023)>>10, 10) + " KB"
	}
	return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MB"
}

// duration is a length as "1:05"; "" if it is unknown.
func duration(seconds float64) string {
	if seconds <= 0 {
		return ""
	}
	s := int(seconds + 0.5)
	text := strconv.Itoa(s/60%60) + ":" + twoDigits(s%60)
	if s >= 3600 {
		text = strconv.Itoa(s/3600) + ":" + twoDigits(s/60%60) + ":" + twoDigits(s%60)
	}
	return text
}

func twoDigits(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}
