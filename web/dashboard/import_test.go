package dashboard

import (
	"archive/zip"
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"dassie/store"
)

// brought uploads a file by the form of imports.
func (h *house) brought(name string, file []byte) page {
	h.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("csrf", h.token())
	w, err := form.CreateFormFile("file", name)
	if err != nil {
		h.t.Fatal(err)
	}
	w.Write(file)
	form.Close()
	r, err := http.NewRequest("POST", h.web.URL+"/me/data/import", &body)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	return h.send(r)
}

// imported works on imports until there is none.
func (h *house) imported() {
	h.t.Helper()
	for {
		busy, err := h.incoming.RunDue(ctx)
		if err != nil {
			h.t.Fatal(err)
		}
		if !busy {
			return
		}
	}
}

func oldArchive(t *testing.T, posts int) []byte {
	t.Helper()
	const actor = "https://old.example/users/alice"
	var items []string
	for n := range posts {
		items = append(items, fmt.Sprintf(`{"type":"Create","actor":%q,"object":{"id":"%s/statuses/%d","type":"Note","attributedTo":%q,"published":"2019-03-01T12:00:00Z","to":["https://www.w3.org/ns/activitystreams#Public"],"content":"<p>Tulips %d</p>"}}`, actor, actor, n, actor, n))
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, body := range map[string]string{
		"actor.json":  `{"@context":"https://www.w3.org/ns/activitystreams","id":"` + actor + `","type":"Person","preferredUsername":"alice","inbox":"` + actor + `/inbox"}`,
		"outbox.json": `{"orderedItems":[` + strings.Join(items, ",") + `,{"type":"Announce","object":"https://old.example/1"}]}`,
		"likes.json":  `{"orderedItems":["https://old.example/2"]}`,
	} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(body))
	}
	z.Close()
	return b.Bytes()
}

func TestAnArchiveIsUploadedShownAndImported(t *testing.T) {
	h := newHouse(t)
	h.open("/me/data").says(t, `href="/me/data/import"`)
	p := h.brought("old.zip", oldArchive(t, 3))
	if p.status != http.StatusSeeOther || !strings.HasPrefix(p.location, "/me/data/import/") {
		t.Fatalf("%d %s: %s", p.status, p.location, p.main())
	}
	at := p.location
	h.open(at).says(t, "Reading", "Nothing changes yet")
	h.imported()
	h.open(at).says(t, "Import this?", "@alice@old.example", "Posts <b>3</b>", "Likes <b>1</b>", "Boosts: they are posts of others, and would be sent anew. <b>1</b>", "<p>Followers: they follow the old account", "<p>The profile with its pictures", "without a word to anybody")
	if n := len(h.own()); n != 0 {
		t.Fatalf("%d posts came by the preview", n)
	}
	if shown := h.sent(at, "part-posts", "yes"); !strings.Contains(shown.body, "Importing") {
		t.Errorf("%s", shown.main())
	}
	h.imported()
	h.open(at).says(t, "Imported", "Posts <b>3</b>", "Likes <b>0</b>")
	h.open("/me/data/import").says(t, "old.zip", "Imported")
	own := h.own()
	if len(own) != 3 || own[0].PublishedAt.Year() != 2019 {
		t.Fatalf("%+v came", own)
	}
	found := h.do("GET", "/me/search?q=https%3A%2F%2Fold.example%2Fusers%2Falice%2Fstatuses%2F1", nil)
	if !slices.ContainsFunc(own, func(p store.Post) bool {
		return strings.Contains(p.Content, "Tulips 1<") && found.location == "/me/post/"+decimal(p.ID)
	}) {
		t.Errorf("its old address leads to %q", found.location)
	}
	h.open(found.location).says(t, "Imported from", `href="https://old.example/users/alice/statuses/1"`)
	h.open(at).says(t, "<p>Followers: they follow the old account")
	if p := h.submit(at); p.status != http.StatusConflict {
		t.Errorf("a second click answers %d", p.status)
	}
	if p := h.sent(at + "/stop"); strings.Contains(p.body, "old.zip") {
		t.Errorf("it was not removed: %s", p.main())
	}
}

func TestAPreviewIsForgottenWithItsFile(t *testing.T) {
	h := newHouse(t)
	at := h.brought("old.zip", oldArchive(t, 1)).location
	h.imported()
	h.sent(at + "/stop")
	if p := h.do("GET", at, nil); p.status != http.StatusNotFound {
		t.Errorf("the preview answers %d", p.status)
	}
	rows, err := store.Get(ctx, h.Store(), func(tx *store.Tx) ([]store.Import, error) { return tx.Imports() })
	if err != nil || len(rows) != 0 {
		t.Errorf("%v, %v", rows, err)
	}
	if left, _ := os.ReadDir(h.importsDir); len(left) != 0 {
		t.Errorf("%d files stay", len(left))
	}
}

func TestWhatIsNoArchiveIsRefusedInWords(t *testing.T) {
	h := newHouse(t)
	if p := h.brought("photo.jpg", []byte("\xff\xd8\xff\x00")); p.status/100 != 4 || !strings.Contains(p.body, "photo.jpg") {
		t.Errorf("%d: %s", p.status, p.main())
	}
	if p := h.brought("cut.zip", oldArchive(t, 1)[:200]); p.status == http.StatusSeeOther {
		h.imported()
		h.open(p.location).says(t, "damaged or not whole")
	} else {
		t.Errorf("%d: %s", p.status, p.main())
	}
	if p := h.submit("/me/data/import"); p.status/100 != 4 || !strings.Contains(p.body, "Choose a file first") {
		t.Errorf("%d: %s", p.status, p.main())
	}
}
