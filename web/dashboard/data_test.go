package dashboard

import (
	"archive/zip"
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"dassie/federation/archive"
	"dassie/store"
)

var archiveShown = regexp.MustCompile(`href="(/me/data/archive/\d+)"`)

func TestAnArchiveIsAskedForWithThePasswordAndDownloadedInParts(t *testing.T) {
	h := newHouse(t)
	h.Post(t, store.Public, "Tulips")
	if p := h.do("GET", "/me/data/archive", nil); p.status != http.StatusSeeOther || !strings.HasPrefix(p.location, "/me/security/check?") {
		t.Fatalf("%d %s: nobody asked for the password", p.status, p.location)
	}
	h.open("/me/security/check?next=/me/data/archive").says(t, "Is it you?") // though the log-in was just now
	if p := h.submit("/me/data/archive"); !strings.HasPrefix(p.location, "/me/security/check?") {
		t.Fatalf("%d %s: it was packed without the password", p.status, p.location)
	}
	h.submit("/me/security/check", "password", password, "next", "/me/data/archive")
	if p := h.do("GET", "/me/data/archive", nil); p.status != 200 || !strings.Contains(p.body, "1 post or boost of every audience") {
		t.Fatalf("%d: %s", p.status, p.main())
	}
	if p := h.submit("/me/data/archive"); p.location != "/me/data" {
		t.Fatalf("%d %s", p.status, p.location)
	}
	h.submit("/me/data/archive") // twice is once
	if p := h.do("GET", "/me/data", nil); !strings.Contains(p.body, "Packing") || strings.Contains(p.body, "Pack an archive…") {
		t.Errorf("the page does not say that it is being packed: %s", p.main())
	}
	h.archive()
	p := h.do("GET", "/me/data", nil)
	m := archiveShown.FindStringSubmatch(p.body)
	if m == nil || !strings.Contains(p.body, "1 post") {
		t.Fatalf("no archive to download: %s", p.main())
	}
	whole := h.do("GET", m[1], nil)
	if whole.header.Get("Content-Type") != "application/zip" || !strings.Contains(whole.header.Get("Content-Disposition"), "attachment") || !strings.Contains(whole.header.Get("Cache-Control"), "no-store") {
		t.Errorf("headers %v", whole.header)
	}
	if _, err := zip.NewReader(strings.NewReader(whole.body), int64(len(whole.body))); err != nil {
		t.Error(err)
	}
	rest := h.part(m[1], "bytes=10-")
	if rest.status != http.StatusPartialContent || rest.body != whole.body[10:] {
		t.Errorf("%d, %d bytes of the rest", rest.status, len(rest.body))
	}
	downloads := func(want int) {
		t.Helper()
		if p := h.do("GET", "/me/security/log", nil); strings.Count(p.main(), "ownloaded") != want {
			t.Errorf("the security log does not say that it was downloaded %d times: %s", want, p.main())
		}
	}
	downloads(1)
	h.cluster.Advance(2 * time.Hour) // on a slow line
	if rest := h.part(m[1], "bytes=20-"); rest.status != http.StatusPartialContent || rest.body != whole.body[20:] {
		t.Errorf("%d, %d bytes: the rest does not come any more", rest.status, len(rest.body))
	}
	if rest := h.part(m[1], "bytes=20-", "If-Range", whole.header.Get("Last-Modified")); rest.status != http.StatusPartialContent || rest.body != whole.body[20:] {
		t.Errorf("%d, %d bytes: the rest of the same file does not come", rest.status, len(rest.body))
	}
	if p := h.do("GET", m[1], nil); p.status != http.StatusSeeOther {
		t.Errorf("%d: the whole of it comes again without the password", p.status)
	}
	for _, which := range []string{"bytes=0-", "bytes=-20", "bytes=00-", "bytes=5-9,0-", "bytes=", "items=5-"} {
		if p := h.part(m[1], which); p.status != http.StatusSeeOther {
			t.Errorf("%s: %d, %d bytes without the password", which, p.status, len(p.body))
		}
	}
	for _, other := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", `"tag"`, "x"} { // each makes the answer the whole file
		if p := h.part(m[1], "bytes=20-", "If-Range", other); p.status != http.StatusSeeOther {
			t.Errorf("If-Range: %s: %d, %d bytes without the password", other, p.status, len(p.body))
		}
	}
	downloads(1)
	h.submit("/me/security/check", "password", password, "next", m[1])
	h.do("GET", m[1], nil)
	downloads(2)
	h.open("/me/data/promise").says(t, "1 archive is here to download.")
	h.cluster.Advance(slowLine)
	h.cluster.Advance(time.Second)
	if p := h.part(m[1], "bytes=20-"); p.status != http.StatusSeeOther {
		t.Errorf("%d: the rest comes for ever", p.status)
	}
	h.cluster.Advance(archive.Lasts - 2*time.Hour - slowLine + time.Second)
	h.submit("/me/security/check", "password", password, "next", m[1])
	if p := h.do("GET", m[1], nil); p.status != http.StatusNotFound {
		t.Errorf("after 7 days, before it is removed: %d", p.status)
	}
	if p := h.do("GET", "/me/data", nil); archiveShown.MatchString(p.body) {
		t.Errorf("the page offers what is not handed out: %s", p.main())
	}
	h.open("/me/data/promise").says(t, "None is packed at the moment")
	h.archive()
	h.submit("/me/security/check", "password", password, "next", m[1])
	if p := h.do("GET", m[1], nil); p.status != http.StatusNotFound {
		t.Errorf("after 7 days: %d", p.status)
	}
	if p := h.do("GET", "/me/data", nil); archiveShown.MatchString(p.body) {
		t.Error("the page offers what is gone")
	}
}

// part asks for a part of a file; header are names and values of further fields.
func (h *house) part(path, which string, header ...string) page {
	h.t.Helper()
	r, err := http.NewRequest("GET", h.web.URL+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Range", which)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return h.send(r)
}

// archive packs what was asked for.
func (h *house) archive() {
	h.t.Helper()
	for {
		if busy, err := h.board.archives.RunDue(ctx); err != nil {
			h.t.Fatal(err)
		} else if !busy {
			return
		}
	}
}

func TestArchivesAreStoppedAndRemoved(t *testing.T) {
	h := newHouse(t)
	h.submit("/me/security/check", "password", password, "next", "/me/data/archive")
	h.submit("/me/data/archive")
	stop := regexp.MustCompile(`action="(/me/data/archive/\d+/delete)"`)
	m := stop.FindStringSubmatch(h.do("GET", "/me/data", nil).body)
	if m == nil {
		t.Fatal("nothing to stop")
	}
	h.submit(m[1])
	h.archive()
	if p := h.do("GET", "/me/data", nil); stop.MatchString(p.body) || !strings.Contains(p.body, "Pack an archive…") {
		t.Errorf("it was packed all the same: %s", p.main())
	}
	h.submit("/me/data/archive")
	h.archive()
	h.submit("/me/data/archive")
	if p := h.do("GET", "/me/data", nil); !strings.Contains(p.body, "Packing") || strings.Contains(p.body, "so far") {
		t.Errorf("before it begins it is as far as the one before: %s", p.main())
	}
	h.archive()
	m = stop.FindStringSubmatch(h.do("GET", "/me/data", nil).body)
	h.submit(m[1])
	if p := h.do("GET", strings.TrimSuffix(m[1], "/delete"), nil); p.status != http.StatusNotFound {
		t.Errorf("removed: %d", p.status)
	}
}

func TestListsComeAsTables(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.cluster.Servers[1]
	h.Follows(t, bob)
	p := h.do("GET", "/me/data/lists/following_accounts.csv", nil)
	if want := "Account address,Show boosts,Notify on new posts,Languages\n" + bob.Handle() + ",true,false,\n"; p.body != want || !strings.HasPrefix(p.header.Get("Content-Type"), "text/csv") {
		t.Errorf("%q", p.body)
	}
	for _, name := range []string{"nothing.csv", "..%2fdassie.db", "actor.json"} {
		if p := h.do("GET", "/me/data/lists/"+name, nil); p.status != http.StatusNotFound {
			t.Errorf("%s: %d", name, p.status)
		}
	}
	if !bytes.Contains([]byte(h.do("GET", "/me/data", nil).body), []byte(`href="/me/data/lists/blocked_domains.csv"`)) {
		t.Error("the page does not offer the lists")
	}
}
