package dashboard

import (
	"net/http"
	"net/url"
	"strings"

	"dassie/store"
	"dassie/web/reply"
)

// share handles GET /me/share: a text, title and address as a new post that is not
// sent yet. Devices and bookmarks lead here.
func (d *Dashboard) share(w http.ResponseWriter, r *http.Request) {
	d.showShared(w, r, r.URL.Query(), writeForm{})
}

// shared handles POST /me/share: the same with files, from the device (Web Share
// Target). The files wait for a day, as those of every form that was not sent.
func (d *Dashboard) shared(w http.ResponseWriter, r *http.Request) {
	var f writeForm
	if err := f.takeIntake(r); err != nil {
		f.fileProblem = reply.Message(err)
	}
	d.showShared(w, r, r.PostForm, f)
}

func (d *Dashboard) showShared(w http.ResponseWriter, r *http.Request, form url.Values, f writeForm) {
	f.key = store.Random(16)
	d.showWrite(w, r, answer{}, f, func(v *view, f *writeForm) error {
		err := v.startForm(f)
		f.text = sharedText(form)
		return err
	}, nil)
}

// sharedText puts what is shared into one text. Some devices give the address as the
// text, and the title as its first line; nothing is said twice.
func sharedText(form url.Values) string {
	var parts []string
	for _, name := range []string{"title", "text", "url"} {
		part := strings.TrimSpace(lines(form.Get(name)))
		if part == "" || strings.Contains(strings.Join(parts, "\n"), part) {
			continue
		}
		if len(parts) > 0 && strings.HasPrefix(part, parts[len(parts)-1]) {
			parts = parts[:len(parts)-1]
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "\n\n")
}
