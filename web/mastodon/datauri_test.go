package mastodon

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/png"
	"net/url"
	"strings"
	"testing"
)

// Libraries for bots write the picture of a profile out in a form or in JSON.
func TestPicturesOfAProfileWrittenOut(t *testing.T) {
	h := newHouse(t)
	var raw bytes.Buffer
	if err := png.Encode(&raw, image.NewRGBA(image.Rect(0, 0, 60, 60))); err != nil {
		t.Fatal(err)
	}
	data := base64.StdEncoding.EncodeToString(raw.Bytes())
	written := "data:image/png;base64," + data
	inJSON, err := json.Marshal(map[string]string{"avatar": written, "header": written})
	if err != nil {
		t.Fatal(err)
	}
	multi, kind := form(t, "avatar", written, "header", written)
	for what, body := range map[string][2]string{
		"form":      {"avatar=" + url.QueryEscape(written) + "&header=" + url.QueryEscape(written), "application/x-www-form-urlencoded"},
		"unescaped": {"avatar=" + strings.ReplaceAll(url.QueryEscape(written), "%2B", "+") + "&header=" + url.QueryEscape("DATA:;Base64,"+strings.TrimRight(data, "=")), "application/x-www-form-urlencoded"},
		"JSON":      {string(inJSON), "application/json"},
		"multipart": {multi, kind},
	} {
		h.ask("DELETE", "/api/v1/profile/avatar", "")
		h.ask("DELETE", "/api/v1/profile/header", "")
		me := read[object](h, "PATCH", profilePath, body[0], "Content-Type", body[1])
		for _, key := range []string{"avatar", "header"} {
			if !strings.HasPrefix(me[key].(string), "https://alice.example/media/") {
				t.Errorf("%s: the %s is %s", what, key, me[key])
			}
		}
	}
	me := read[object](h, "PATCH", profilePath, "avatar="+url.QueryEscape("https://alice.example/media/mine.png")+"&header=undefined")
	if !strings.HasPrefix(me["avatar"].(string), "https://alice.example/media/") {
		t.Errorf("an address that an app sent back took the picture away: %s", me["avatar"])
	}
	for text, status := range map[string]int{"data:image/png;base64,*": 422, "data:,no%20picture": 415, "data:image/png;base64," + data[:40]: 422} {
		if w := h.ask("PATCH", profilePath, "display_name=New&avatar="+url.QueryEscape(text)); w.Code != status {
			t.Errorf("%s: %d %s", text, w.Code, w.Body)
		}
	}
	checkError(t, h.ask("PATCH", profilePath, "avatar=data:;base64,"+strings.Repeat("A", maxWritten)), 413, "too much")
	if me = read[object](h, "GET", "/api/v1/accounts/verify_credentials", ""); me["display_name"] == "New" {
		t.Error("a refused picture left the rest")
	}
}
