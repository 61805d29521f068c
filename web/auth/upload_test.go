package auth

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"dassie/web/reply"
)

// uploading is a route that takes files, and what arrived there.
type uploading struct {
	files  []string // "field filename bytes", as they came
	values url.Values
	broken error
}

func (h *house) uploading(text int64) (*uploading, http.Handler) {
	u := &uploading{}
	take := func(r *http.Request, field, filename string, body io.Reader) {
		b, _ := io.ReadAll(io.LimitReader(body, 10)) // what is left is skipped
		u.files = append(u.files, field+" "+filename+" "+string(b)+" after "+r.PostForm.Get("text"))
	}
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.values, u.broken = r.PostForm, Broken(r)
		reply.Text(w, r, 200, "arrived")
	})
	return u, h.guard.Owner(h.guard.ProtectUpload(1<<20, text, take, next))
}

// form writes a multipart form of name, value; a name that ends in "@" is a file's.
func form(pairs ...string) (kind string, body *bytes.Buffer) {
	body = &bytes.Buffer{}
	m := multipart.NewWriter(body)
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := strings.CutSuffix(pairs[i], "@"); ok {
			f, _ := m.CreateFormFile(name, "../"+name+".png")
			f.Write([]byte(pairs[i+1]))
		} else {
			m.WriteField(pairs[i], pairs[i+1])
		}
	}
	m.Close()
	return m.FormDataContentType(), body
}

// T52: no byte of a file is taken from a form that was not ours.
func TestT52_FilesOfForgedFormsAreNotTaken(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	b.logIn("alice", ownerPassword)
	token, cookie := b.get("/me").body, "dassie_8080="+b.cookie("dassie_8080")
	for name, c := range map[string]struct {
		pairs  []string
		cookie string
		origin string
		status int
	}{
		"no token":               {[]string{"text", "a", "files@", "x"}, cookie, "", 403},
		"wrong token":            {[]string{"csrf", "no", "files@", "x"}, cookie, "", 403},
		"token behind the files": {[]string{"files@", "x", "csrf", token}, cookie, "", 403},
		"nothing":                {nil, cookie, "", 403},
		"foreign origin":         {[]string{"csrf", token, "files@", "x"}, cookie, "https://evil.example", 403},
		"not logged in":          {[]string{"csrf", token, "files@", "x"}, "", "", 401},
		"token twice, one wrong": {[]string{"csrf", "no", "csrf", token, "files@", "x"}, cookie, "", 403},
	} {
		u, handler := h.uploading(1000)
		kind, body := form(c.pairs...)
		r := request("127.0.0.1", "Content-Type", kind, "Cookie", c.cookie, "Origin", c.origin)
		if c.origin == "" {
			r.Header.Del("Origin")
		}
		r.Method, r.Body, r.ContentLength = "POST", io.NopCloser(body), int64(body.Len())
		w := recorder()
		handler.ServeHTTP(w, r)
		if w.Code != c.status || len(u.files) > 0 || u.values != nil {
			t.Errorf("%s: %d, took %v and %v", name, w.Code, u.files, u.values)
		}
	}
}

func TestFilesArriveOneAfterTheOther(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	b.logIn("alice", ownerPassword)
	token, cookie := b.get("/me").body, "dassie_8080="+b.cookie("dassie_8080")
	send := func(kind string, body []byte, text int64) (*uploading, int) {
		u, handler := h.uploading(text)
		r := request("127.0.0.1", "Content-Type", kind, "Cookie", cookie)
		r.Method, r.Body, r.ContentLength = "POST", io.NopCloser(bytes.NewReader(body)), int64(len(body))
		w := recorder()
		handler.ServeHTTP(w, r)
		return u, w.Code
	}
	kind, body := form("csrf", token, "text", "leeks", "files@", "0123456789abc", "files@", "second", "do", "post")
	u, status := send(kind, body.Bytes(), 1000)
	if status != 200 || len(u.files) != 2 || u.files[0] != "files files.png 0123456789 after leeks" || u.files[1] != "files files.png second after leeks" ||
		u.values.Get("do") != "post" || u.broken != nil {
		t.Errorf("%d: %v, %v, %v", status, u.files, u.values, u.broken)
	}
	// What breaks off, or is too large, still brings what came before.
	for name, c := range map[string]struct {
		body []byte
		text int64
	}{
		"torn": {body.Bytes()[:body.Len()-120], 1000},
		"a file of 2 MB": {func() []byte {
			_, b := form("csrf", token, "text", "leeks", "files@", strings.Repeat("x", 2<<20), "do", "post")
			return b.Bytes()
		}(), 1000},
		"a long field": {func() []byte {
			_, b := form("csrf", token, "text", "leeks", "more", strings.Repeat("x", 2000))
			return b.Bytes()
		}(), 1000},
	} {
		boundary, _, _ := strings.Cut(strings.TrimPrefix(string(c.body), "--"), "\r\n")
		u, status := send("multipart/form-data; boundary="+boundary, c.body, c.text)
		if status != 200 || u.broken == nil || u.values.Get("text") != "leeks" {
			t.Errorf("%s: %d, %v, %v", name, status, u.values, u.broken)
		}
	}
	if u, status := send("application/x-www-form-urlencoded", []byte("csrf="+url.QueryEscape(token)+"&text=plain"), 1000); status != 200 || u.values.Get("text") != "plain" {
		t.Errorf("a form without files: %d %v", status, u.values)
	}
}
