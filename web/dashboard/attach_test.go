package dashboard

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"dassie/federation"
	"dassie/store"
)

// photo is a PNG that is called shade.
func photo(t *testing.T, shade uint8) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 40, 30))
	m.SetGray(3, 3, color.Gray{shade})
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// submitFiles sends a form as a browser does that has files in it: pairs of name
// and value, then the files by their names.
func (h *house) submitFiles(path string, pairs []string, files map[string][]byte) page {
	h.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	m.WriteField("csrf", h.token())
	for i := 0; i+1 < len(pairs); i += 2 {
		m.WriteField(pairs[i], pairs[i+1])
	}
	if len(files) == 0 {
		m.CreateFormFile("files", "") // a field in which nothing was chosen
	}
	for name, body := range files {
		f, _ := m.CreateFormFile("files", name)
		f.Write(body)
	}
	m.Close()
	r, err := http.NewRequest("POST", h.web.URL+path, &b)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", m.FormDataContentType())
	return h.send(r)
}

var mediaField = regexp.MustCompile(`name="media" value="(\d+)"`)

// uploads are the ids of the files on a page, in order.
func (p page) uploads() (ids []string) {
	for _, m := range mediaField.FindAllStringSubmatch(p.body, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

// Whoever presses Post with files in the form is asked first what is on them.
func TestAddedPicturesAreDescribedAndPosted(t *testing.T) {
	h := newHouse(t, "bob")
	h.other("bob").Follows(t, h.Server)
	for _, do := range []string{"add", "post", "draft", "options", "more"} {
		p := h.submitFiles("/me/write", []string{"do", do, "key", "k", "text", "From the shed", "audience", "quiet"}, map[string][]byte{"sill.png": photo(t, 1)})
		p.says(t, ">From the shed", `value="quiet" checked`, "Added.", "What can be seen?", "No description", "sill.png", "1 of 4", `name="key" value="k"`)
		if len(p.uploads()) != 1 || len(h.own()) != 0 {
			t.Fatalf("%s: %v on the page, %d posts", do, p.uploads(), len(h.own()))
		}
	}
	p := h.submitFiles("/me/write", []string{"do", "add", "text", "Two", "audience", "everyone"}, map[string][]byte{"a.png": photo(t, 2), "b.png": photo(t, 3)})
	ids := p.uploads()
	fields := []string{"text", "Two", "audience", "everyone", "media", ids[1], "alt-" + ids[1], "The second\r\nof two.", "focus-" + ids[1], "-1,1", "media", ids[0], "focus-" + ids[0], "9,9", "sensitive", "yes", "noalt", ids[0]}
	seen := h.submitFiles("/me/write", append(fields, "do", "preview"), nil)
	seen.says(t, `id="preview"`, "The second", `value="-1,1" selected`, `name="sensitive" value="yes" checked`, "18 letters")
	posted := h.submitFiles("/me/write", append(fields, "do", "post"), nil)
	if posted.status != http.StatusSeeOther {
		t.Fatalf("posting answers %d: %s", posted.status, posted.main())
	}
	h.cluster.Settle()
	post := h.own()[0]
	list := post.Extra.Attachments
	if len(list) != 2 || list[0].Alt != "The second\nof two." || list[0].FocalX != -1 || list[0].FocalY != 1 || list[1].Alt != "" || list[1].FocalX != 0 || !post.Sensitive {
		t.Errorf("posted %+v", post.Extra.Attachments)
	}
	if got, ok := h.other("bob").Has(t, post.URI); !ok || len(got.Extra.Attachments) != 2 {
		t.Errorf("bob has %v, %v", got.Extra.Attachments, ok)
	}
	h.open("/me").says(t, list[0].URL, "The second")
}

// A picture alone is a post; so is one that was chosen in the short box.
func TestAPictureAloneIsPosted(t *testing.T) {
	h := newHouse(t)
	p := h.submitFiles("/me/write", []string{"do", "post", "text", "", "audience", "everyone"}, map[string][]byte{"a.png": photo(t, 2)})
	stopped := h.submit("/me/write", "do", "post", "text", "", "audience", "everyone", "media", p.uploads()[0])
	stopped.says(t, "A file has no description.", "press Post once more", `name="noalt" value="`+p.uploads()[0]+`"`)
	if stopped.status != http.StatusUnprocessableEntity || len(h.own()) != 0 {
		t.Errorf("a picture without a description: %d, %d posts", stopped.status, len(h.own()))
	}
	if again := h.submit("/me/write", "do", "post", "text", "", "audience", "everyone", "media", p.uploads()[0], "noalt", p.uploads()[0]); again.status != http.StatusSeeOther {
		t.Fatalf("%d: %s", again.status, again.main())
	}
	// Used twice it is refused, and the text comes back.
	again := h.submit("/me/write", "do", "post", "text", "once more", "audience", "everyone", "media", p.uploads()[0], "alt-"+p.uploads()[0], "A shade")
	again.says(t, "A file can be in one post", ">once more")
	if again.status != http.StatusUnprocessableEntity || len(h.own()) != 1 {
		t.Errorf("%d, %d posts", again.status, len(h.own()))
	}
}

// What cannot be taken is said with its name and size; everything else stays.
func TestRefusedFilesCostNothingElse(t *testing.T) {
	h := newHouse(t)
	good := h.submitFiles("/me/write", []string{"do", "add", "text", "Kept"}, map[string][]byte{"good.png": photo(t, 1)}).uploads()[0]
	for name, c := range map[string]struct {
		files  map[string][]byte
		status int
		says   []string
	}{
		"HEIC":           {map[string][]byte{"IMG_1.heic": []byte("\x00\x00\x00\x18ftypheic" + strings.Repeat("x", 5000))}, 415, []string{"“IMG_1.heic” (5 KB) was not added.", "HEIC pictures cannot be read here"}},
		"a page":         {map[string][]byte{"picture.png": []byte("<!doctype html><script>alert(1)</script>")}, 415, []string{"“picture.png” (40 bytes)", "a web page"}},
		"hostile name":   {map[string][]byte{`"><img src=x onerror=alert(1)>.png`: []byte("x")}, 415, []string{"&lt;img src=x", "was not added"}},
		"over 16 MB":     {map[string][]byte{"huge.jpg": append([]byte("\xff\xd8\xff"), make([]byte, 17<<20)...)}, 413, []string{"“huge.jpg” (17.0 MB) was not added.", "over 16 MB"}},
		"three too many": {map[string][]byte{"1.png": photo(t, 1), "2.png": photo(t, 2), "3.png": photo(t, 3), "4.png": photo(t, 4)}, 422, []string{"A post can have 4 files, so “"}},
	} {
		p := h.submitFiles("/me/write", []string{"do", "post", "text", "Kept text", "warning", "Kept warning", "audience", "followers", "media", good, "alt-" + good, "Kept words"}, c.files)
		p.says(t, append(c.says, ">Kept text", "Kept warning", ">Kept words", `value="followers" checked`, `value="`+good+`"`, `role="alert"`)...)
		p.hides(t, "<script>alert", "<img src=x")
		if p.status != c.status {
			t.Errorf("%s: %d, want %d", name, p.status, c.status)
		}
		if want := map[bool]int{true: 4, false: 1}[name == "three too many"]; len(p.uploads()) != want {
			t.Errorf("%s: %d files on the page", name, len(p.uploads()))
		}
	}
	if n := len(h.own()); n != 0 {
		t.Errorf("%d posts were made", n)
	}
}

func TestAnimationsAndFilmsSayWhatBecomesOfThem(t *testing.T) {
	h := newHouse(t)
	frame := image.NewPaletted(image.Rect(0, 0, 9, 9), color.Palette{color.White, color.Black})
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{5, 5}}); err != nil {
		t.Fatal(err)
	}
	h.submitFiles("/me/write", []string{"do", "add"}, map[string][]byte{"cat.gif": b.Bytes()}).says(t, "its first picture is kept")
	h.submitFiles("/me/write", []string{"do", "add"}, map[string][]byte{"frogs.ogg": []byte("OggS\x00\x02 OpusHead and so on")}).says(t,
		"What can be heard?", "frogs.ogg", "1 KB", "It is stored as it came")
}

func TestDraftsKeepTheirFiles(t *testing.T) {
	h := newHouse(t)
	id := h.submitFiles("/me/write", []string{"do", "add"}, map[string][]byte{"a.png": photo(t, 1)}).uploads()[0]
	draft := h.submit("/me/write", "do", "draft", "text", "", "audience", "everyone", "media", id, "alt-"+id, "Pots on a sill", "focus-"+id, "1,0", "sensitive", "yes").location
	p := h.open(draft)
	p.says(t, "Pots on a sill", `value="1,0" selected`, `value="`+id+`"`, `name="sensitive" value="yes" checked`)
	h.open("/me/drafts").says(t, "1 file without text")
	h.cluster.Advance(72 * 3600e9)
	if _, err := h.Store().Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if again := h.open(draft); len(again.uploads()) != 1 {
		t.Error("the draft's file was swept")
	}
	name := draft[strings.LastIndex(draft, "=")+1:]
	h.sent("/me/drafts/"+name+"/delete", "x", "y")
	err := h.Store().Read(ctx, func(tx *store.Tx) error { _, err := tx.Media(number(id)); return err })
	if err == nil {
		t.Error("the upload outlives its draft")
	}
	// A form that still names it says so, and keeps the text.
	late := h.submit("/me/write", "do", "post", "text", "late", "audience", "everyone", "media", id)
	late.says(t, ">late", "not here any more")
	if late.status != http.StatusUnprocessableEntity || len(late.uploads()) != 0 {
		t.Errorf("%d with %v", late.status, late.uploads())
	}
}

func TestAnEditKeepsAddsAndRemovesFiles(t *testing.T) {
	h := newHouse(t)
	var list []federation.Attached
	for i := range 2 {
		m, err := h.Upload(ctx, bytes.NewReader(photo(t, uint8(i))), "")
		if err != nil {
			t.Fatal(err)
		}
		alt := "First words"
		list = append(list, federation.Attached{ID: m.ID, Alt: &alt, Focal: &[2]float64{0.25, -0.5}})
	}
	post, err := h.Publish(ctx, federation.Draft{Text: "Look", Markdown: true, Media: list, Sensitive: true})
	if err != nil {
		t.Fatal(err)
	}
	edit := "/me/write?edit=" + decimal(post.ID)
	p := h.open(edit)
	p.says(t, "First words", `value="0.25,-0.5" selected>As it is`, `name="sensitive" value="yes" checked`, "2 of 4")
	ids := p.uploads()
	fields := []string{"edit", decimal(post.ID), "text", "Look", "lang", "en", "sensitive", "yes", "media", ids[0], "alt-" + ids[0], "First words", "focus-" + ids[0], "0.25,-0.5"}
	// Saving without a change is none.
	both := append(fields, "media", ids[1], "alt-"+ids[1], "First words", "focus-"+ids[1], "0.25,-0.5")
	h.sent("/me/write", append(both, "do", "post")...)
	if got := h.own()[0]; !got.EditedAt.IsZero() {
		t.Error("nothing changed, and yet it counts as edited")
	}
	removed := h.submitFiles("/me/write", append(both, "do", "remove-"+ids[1]), nil)
	if got := removed.uploads(); len(got) != 1 || got[0] != ids[0] || len(h.own()[0].Extra.Attachments) != 2 {
		t.Errorf("after Remove the form has %v", got)
	}
	more := h.submitFiles("/me/write", append(fields, "do", "add"), map[string][]byte{"c.png": photo(t, 9)}).uploads()
	h.cluster.Advance(60e9)
	h.sent("/me/write", append(fields, "media", more[1], "alt-"+more[1], "New", "do", "post")...)
	got := h.own()[0]
	if a := got.Extra.Attachments; len(a) != 2 || decimal(a[1].ID) != more[1] || a[1].Alt != "New" || a[0].FocalX != 0.25 || got.EditedAt.IsZero() || !got.Sensitive {
		t.Errorf("edited: %+v", got.Extra.Attachments)
	}
}

// The short boxes of Home and of a thread take files as well.
func TestEveryComposeBoxTakesFiles(t *testing.T) {
	h := newHouse(t)
	post := h.Post(t, store.Public, "To be answered")
	for _, path := range []string{"/me", "/me/post/" + decimal(post.ID), "/me/write", "/me/write?edit=" + decimal(post.ID), "/me/write?reply=" + decimal(post.ID)} {
		p := h.open(path)
		p.says(t, `enctype="multipart/form-data"`, `type="file"`, `name="files" multiple`)
		_, form, _ := strings.Cut(p.main(), `action="/me/write" enctype`)
		if strings.Index(form, `name="csrf"`) > strings.Index(form, `name="files"`) || strings.Index(form, `name="text"`) > strings.Index(form, `name="files"`) {
			t.Errorf("%s: token and text must stand before the files", path)
		}
	}
}
