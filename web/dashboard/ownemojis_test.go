package dashboard

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// addsEmoji sends the form of a new emoji.
func (h *house) addsEmoji(code string, picture []byte) page {
	h.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	m.WriteField("csrf", h.token())
	m.WriteField("code", code)
	if picture != nil {
		f, _ := m.CreateFormFile("picture", "leek.png")
		f.Write(picture)
	}
	m.Close()
	r, err := http.NewRequest("POST", h.web.URL+"/me/emojis", &b)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", m.FormDataContentType())
	return h.send(r)
}

func TestEmojisAreAddedRenamedAndRemoved(t *testing.T) {
	h := newHouse(t)
	h.open("/me/emojis").says(t, "You have no emojis of your own", "Emojis")
	if p := h.addsEmoji("leek", photo(t, 1)); p.location != "/me/emojis?done=emoji" {
		t.Fatalf("%d: %s", p.status, p.main())
	}
	list := h.open("/me/emojis?done=emoji")
	list.says(t, ":leek:", "Added.", "/still.png")
	id := regexp.MustCompile(`/me/emojis/(\d+)/remove`).FindStringSubmatch(list.body)[1]

	// What is wrong stands beside its field, with what was typed.
	h.addsEmoji("leek", photo(t, 2)).says(t, "There is an emoji called :leek: already", `value="leek"`)
	h.addsEmoji("two words", photo(t, 2)).says(t, "2 to 64 letters", `value="two words"`)
	h.addsEmoji("kale", nil).says(t, "Choose a picture.", `value="kale"`)
	h.addsEmoji("kale", []byte("plain text")).says(t, "not a picture", "Choose another file.", `value="kale"`)
	h.submit("/me/emojis/"+id+"/rename", "code", "no-dash").says(t, "2 to 64 letters", `value="no-dash"`, "disclose\" open")

	// It is seen in posts, warnings, polls, and the preview, and not in code.
	fields := []string{"text", "A :leek: and `:leek:`", "warning", "About :leek:", "audience", "everyone", "option", ":leek:", "option", "none", "lasts", "3600"}
	img := `<img class="emoji" src="/emojis/` + id + `/still.png"`
	for _, p := range []page{h.submit("/me/write", append(fields, "do", "preview")...), h.sent("/me/write", append(fields, "do", "post")...)} {
		if n := strings.Count(p.main(), img); n != 3 {
			t.Errorf("%d pictures: %s", n, p.main())
		}
	}
	h.sent("/me/emojis/"+id+"/rename", "code", "kale").says(t, ":kale:", "Saved.")
	id2 := regexp.MustCompile(`/me/emojis/(\d+)/remove`).FindStringSubmatch(h.open("/me/emojis").body)[1]
	h.open("/me/emojis/"+id2+"/remove").says(t, "Remove :kale:?", "keep it")
	h.sent("/me/emojis/"+id2+"/remove").says(t, "Removed.", "You have no emojis")
	h.open("/me").says(t, img)
	for _, path := range []string{"/me/emojis/" + id2 + "/remove", "/me/emojis/12/remove"} {
		if p := h.do("GET", path, nil); p.status != http.StatusNotFound {
			t.Errorf("%s answers %d", path, p.status)
		}
	}
}
