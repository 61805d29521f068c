package mastodon

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"dassie/store"
)

// photo is a PNG that is called shade.
func photo(t *testing.T, shade uint8) string {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 1200, 600))
	m.SetGray(3, 3, color.Gray{shade})
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// multi is a multipart body of name, value; a name that ends in "@" is a file's.
func multi(pairs ...string) (kind, body string) {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := strings.CutSuffix(pairs[i], "@"); ok {
			f, _ := m.CreateFormFile(name, name+".png")
			f.Write([]byte(pairs[i+1]))
		} else {
			m.WriteField(pairs[i], pairs[i+1])
		}
	}
	m.Close()
	return m.FormDataContentType(), b.String()
}

func TestAPostWithMediaFromAnApp(t *testing.T) {
	h := newHouse(t)
	kind, body := multi("file@", photo(t, 9), "thumbnail@", "not even a picture", "description", "A grey day.", "focus", "-0.5, 0.25")
	up := read[object](h, "POST", "/api/v2/media", body, "Content-Type", kind)
	hasKeys(t, "media", up, "id type url preview_url remote_url meta description blurhash")
	hasKeys(t, "meta", up["meta"], "original small focus")
	small := up["meta"].(object)["small"].(object)
	if up["type"] != "image" || up["description"] != "A grey day." || up["remote_url"] != nil || !strings.Contains(up["url"].(string), "/media/") ||
		up["preview_url"] != up["url"].(string)+"-small" || small["width"] != 800.0 || small["height"] != 400.0 || up["meta"].(object)["focus"].(object)["x"] != -0.5 {
		t.Errorf("uploaded: %v", up)
	}
	at := "/api/v1/media/" + up["id"].(string)
	if got := read[object](h, "GET", at, ""); got["url"] != up["url"] {
		t.Errorf("read back: %v", got)
	}
	got := read[object](h, "PUT", at, `{"description":"A grey day in November."}`, "Content-Type", "application/json")
	if got["description"] != "A grey day in November." || got["meta"].(object)["focus"].(object)["y"] != 0.25 {
		t.Errorf("described: %v", got)
	}
	kind, body = multi("file@", photo(t, 8))
	old := read[object](h, "POST", "/api/v1/media", body, "Content-Type", kind)
	form := url.Values{"media_ids[]": {up["id"].(string), old["id"].(string)}, "sensitive": {"true"}}
	s := read[object](h, "POST", "/api/v1/statuses", form.Encode())
	list := s["media_attachments"].([]any)
	if len(list) != 2 || s["sensitive"] != true || list[0].(object)["id"] != up["id"] || list[0].(object)["url"] != up["url"] || list[1].(object)["description"] != nil {
		t.Errorf("posted: %v", s)
	}
	// In a post it is changed by editing the post only.
	for _, w := range []int{h.ask("PUT", at, "description=x").Code, h.ask("DELETE", at, "").Code} {
		if w != http.StatusUnprocessableEntity {
			t.Errorf("the file of a post was changed by itself: %d", w)
		}
	}
	third := read[object](h, "POST", "/api/v1/media", body, "Content-Type", kind)
	if w := h.ask("DELETE", "/api/v1/media/"+third["id"].(string), ""); w.Code != 200 {
		t.Errorf("delete: %d %s", w.Code, w.Body)
	}
	checkError(t, h.ask("GET", "/api/v1/media/"+third["id"].(string), ""), 404, "a deleted upload")
}

// T39: what an app names must be free.
func TestT39_MediaIDsOfPostsAreRefused(t *testing.T) {
	h := newHouse(t)
	kind, body := multi("file@", photo(t, 9))
	up := read[object](h, "POST", "/api/v2/media", body, "Content-Type", kind)
	id := up["id"].(string)
	read[object](h, "POST", "/api/v1/statuses", "status=one&media_ids[]="+id)
	kind, body = multi("file@", photo(t, 11))
	free := read[object](h, "POST", "/api/v2/media", body, "Content-Type", kind)["id"].(string)
	posts := h.ownPosts()
	for _, ids := range [][]string{{id}, {free, free}, {free, id}, {"4711"}, {"x"}, {"-1"}, {"1", "2", "3", "4", "5"}} {
		form := url.Values{"status": {"two"}, "media_ids[]": ids}
		checkError(t, h.ask("POST", "/api/v1/statuses", form.Encode()), 422, strings.Join(ids, " "))
	}
	if now := h.ownPosts(); now != posts {
		t.Errorf("%d posts were made", now-posts)
	}
}

func (h *house) ownPosts() int {
	h.t.Helper()
	n, err := store.Get(context.Background(), h.st, func(tx *store.Tx) (int, error) { return tx.CountOwnPosts() })
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestUploadsFromAppsThatAreWrong(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		pairs  []string
		status int
		says   string
	}{
		"no file":         {[]string{"description", "x"}, 422, "File can't be blank"},
		"no picture":      {[]string{"file@", "<svg/>"}, 415, "“file.png” (6 bytes) was not added. SVG"},
		"torn":            {[]string{"file@", photo(t, 9)[:200]}, 422, "damaged or incomplete"},
		"focus":           {[]string{"file@", photo(t, 9), "focus", "left"}, 422, "focus is two numbers"},
		"long words":      {[]string{"file@", photo(t, 9), "description", strings.Repeat("x", 1501)}, 422, "1500"},
		"too long fields": {[]string{"status", strings.Repeat("x", 2<<20), "file@", photo(t, 9)}, 413, "too large"},
	} {
		kind, body := multi(c.pairs...)
		w := h.ask("POST", "/api/v2/media", body, "Content-Type", kind)
		checkError(t, w, c.status, name)
		if !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
	kind, body := multi("file@", photo(t, 9))
	for name, w := range map[string]int{
		"cut off":    h.ask("POST", "/api/v2/media", body[:len(body)-200], "Content-Type", kind).Code,
		"form":       h.ask("POST", "/api/v2/media", "file=x").Code,
		"no scope":   h.ask("POST", "/api/v2/media", body, "Content-Type", kind, "Authorization", "Bearer "+h.newToken("read write:statuses")).Code,
		"other path": h.ask("POST", "/api/v1/statuses", body, "Content-Type", kind).Code,
	} {
		if want := map[string]int{"cut off": 400, "form": 422, "no scope": 403, "other path": 422}[name]; w != want {
			t.Errorf("%s: %d, want %d", name, w, want)
		}
	}
}
