package web

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

// asks sends the form for what is kept, from an address of its own.
func (h *house) asks(address string, pairs ...string) *httptest.ResponseRecorder {
	fields := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		fields.Set(pairs[i], pairs[i+1])
	}
	return h.ask("POST", "/privacy/ask", browser, encrypted, form(fields.Encode()), from(address))
}

func (h *house) filed() []store.SubjectRequest {
	h.t.Helper()
	list, err := store.Get(bg, h.svc.Store(), func(tx *store.Tx) ([]store.SubjectRequest, error) { return tx.SubjectRequests(500) })
	must(h.t, err)
	return list
}

// Whoever asks learns nothing from the answer: not whether the handle is known, not
// whether somebody asked before.
func TestAskingWhatIsKeptTellsNothing(t *testing.T) {
	h := newHouse(t)
	h.person("ann", "there.example")
	known := h.asks("198.51.100.1", "handle", "@ann@there.example", "kind", "copy", "words", "Please.\r\nThanks")
	again := h.asks("198.51.100.2", "handle", "ANN@there.example", "kind", "copy")
	unknown := h.asks("198.51.100.3", "handle", "@nobody@nowhere.example", "kind", "copy")
	for what, w := range map[string]*httptest.ResponseRecorder{"known": known, "known, again": again, "unknown": unknown} {
		if w.Code != 303 || w.Header().Get("Location") != "/privacy/ask?sent=yes" || w.Body.String() != unknown.Body.String() || len(w.Header()) != len(unknown.Header()) || len(w.Result().Cookies()) > 0 {
			t.Errorf("%s: %d %v %s", what, w.Code, w.Header(), w.Body)
		}
	}
	says(t, h.page("/privacy/ask?sent=yes"), "Filed.", "30 days")
	list := h.filed()
	if len(list) != 2 || list[1].Handle != "ann@there.example" || list[1].Words != "Please.\nThanks" {
		t.Errorf("filed: %+v", list)
	}
}

// Hostile forms file nothing, and say why in words.
func TestAskingWhatIsKeptRefusesWhatItCannotRead(t *testing.T) {
	h := newHouse(t)
	for i, handle := range []string{
		"", "ann", "@ann", "ann@", "@@there.example", "ann@there.example@evil.example", "nora@" + testHost, "ann@there example", "<b>@there.example",
		"ann@" + strings.Repeat("a", 400) + ".example", "ann@[::1]", "ann@there.example/path", "ann\r\nBcc: x@there.example", "a\x00b@there.example", "https://there.example/users/ann",
	} {
		w := h.asks(strings.Join([]string{"198.51.100", formatID(int64(i + 1))}, "."), "handle", handle, "kind", "copy")
		if w.Code != http.StatusUnprocessableEntity && w.Code != 303 || w.Code == 303 && handle != "ann@[::1]" {
			t.Errorf("%q: %d", handle, w.Code)
		}
		if strings.Contains(w.Body.String(), "<b>@") {
			t.Errorf("%q is HTML on the page", handle)
		}
	}
	if w := h.asks("198.51.100.90", "handle", "ann@there.example", "kind", "everything"); w.Code != 422 {
		t.Errorf("another kind: %d", w.Code)
	}
	if w := h.asks("198.51.100.91", "handle", "ann@there.example", "kind", "copy", "words", strings.Repeat("x", 1001)); w.Code != 422 || !strings.Contains(w.Body.String(), "1,000 characters") {
		t.Errorf("long words: %d", w.Code)
	}
	if w := h.asks("198.51.100.92", "handle", "ann@there.example", "kind", "copy", "words", strings.Repeat("x", 1<<20)); w.Code != 413 {
		t.Errorf("a megabyte: %d", w.Code)
	}
	if w := h.ask("POST", "/privacy/ask", browser, encrypted, form("handle=ann@there.example&kind=copy"), func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }); w.Code != 403 {
		t.Errorf("from another site: %d", w.Code)
	}
	if list := h.filed(); len(list) > 0 {
		t.Errorf("filed all the same: %+v", list)
	}
}

// T59: one address is slowed down, and so are all together; the list has an end.
func TestT59_RequestsForDataAreFew(t *testing.T) {
	h := newHouse(t)
	codes := map[int]int{}
	for i := range 10 {
		codes[h.asks("198.51.100.1", "handle", "a"+formatID(int64(i))+"@there.example", "kind", "copy").Code]++
	}
	if codes[303] != 3 || codes[429] != 7 {
		t.Errorf("one address: %v", codes)
	}
	h.now = h.now.Add(time.Hour)
	codes = map[int]int{}
	for i := range 100 {
		codes[h.asks("198.51."+formatID(int64(i+1))+".1", "handle", "b"+formatID(int64(i))+"@there.example", "kind", "copy").Code]++
	}
	if codes[303] != 30 || codes[429] != 70 {
		t.Errorf("all together: %v", codes)
	}
	if n := len(h.filed()); n != 33 {
		t.Errorf("%d filed", n)
	}
}

// keptLink is the link of an answer to somebody.
func (h *house) keptLink(kind string, a store.Actor, secret string) string {
	h.write(func(tx *store.Tx) error { return tx.AskSubject(store.SubjectRequest{Handle: a.Handle(), Kind: kind}) })
	id := h.filed()[0].ID
	h.write(func(tx *store.Tx) error { return tx.AnswerSubject(id, a.ID, secret) })
	return "/privacy/ask/" + secret
}

// Opening the link does nothing, since servers and apps open links by themselves; the
// button hands out the copy once.
func TestACopyIsHandedOutOnce(t *testing.T) {
	h := newHouse(t)
	ann, _ := h.person("ann", "there.example")
	h.answer(ann, store.Direct, store.Post{}, "ANN-WROTE-THIS")
	bob, _ := h.person("bob", "else.example")
	h.answer(bob, store.Direct, store.Post{}, "BOB-WROTE-THIS")
	link := h.keptLink(store.SubjectCopy, ann, "K7QAVZ3MTB4XNRD2WPLE6CHUSY")
	for range 3 {
		says(t, h.page(link), "Download the copy", "1</b> post or boost", "until")
	}
	w := h.ask("POST", link, browser, encrypted, form(""), func(r *http.Request) { r.Header.Set("Range", "bytes=0-10") })
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/zip" || w.Header().Get("Cache-Control") != "private, no-store" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	z, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	must(t, err)
	all := ""
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		b, err := io.ReadAll(r)
		must(t, err)
		all += f.Name + "\n" + string(b)
	}
	says(t, all, "README.txt", "posts.json", "ANN-WROTE-THIS", "ann@there.example", "keys.json")
	hides(t, all, "BOB-WROTE-THIS", "K7QAVZ3MTB4XNRD2WPLE6CHUSY")
	if w := h.ask("POST", link, browser, encrypted, form("")); w.Code != 303 {
		t.Errorf("the second time: %d", w.Code)
	}
	says(t, h.page(link), "The copy was fetched on", "good for once")
}

// Whose profile went meanwhile gets what is filed under the handle alone.
func TestACopyOfWhoIsNotKnownAnyMore(t *testing.T) {
	h := newHouse(t)
	ann, _ := h.person("ann", "there.example")
	link := h.keptLink(store.SubjectCopy, ann, "K7QAVZ3MTB4XNRD2WPLE6CHUSY")
	in := store.CSVImport{State: store.CSVDone, Kind: store.CSVBlocks, File: "blocks.csv"}
	h.write(func(tx *store.Tx) error {
		if err := tx.SaveCSVImport(&in); err != nil {
			return err
		}
		if err := tx.AddCSVRows([]store.CSVRow{{ImportID: in.ID, Line: 2, Key: ann.Handle(), Host: "there.example"}}); err != nil {
			return err
		}
		_, err := tx.EraseActor(ann.ID)
		return err
	})
	page := h.page(link)
	says(t, page, "1</b> line of a list that the owner brought in")
	hides(t, page, "Nothing is kept")
	w := h.ask("POST", link, browser, encrypted, form(""))
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/zip" {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	z, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	must(t, err)
	if _, err := z.Open("imported_lists.json"); err != nil {
		t.Error(err)
	}
}

// What was broken off can be fetched again.
func TestACopyThatWasBrokenOffIsNotUsedUp(t *testing.T) {
	h := newHouse(t)
	ann, _ := h.person("ann", "there.example")
	link := h.keptLink(store.SubjectCopy, ann, "K7QAVZ3MTB4XNRD2WPLE6CHUSY")
	r := httptest.NewRequest("POST", "https://"+testHost+link, strings.NewReader(""))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	h.web.ServeHTTP(brokenOff{httptest.NewRecorder()}, r)
	says(t, h.page(link), "Download the copy")
	if w := h.ask("POST", link, browser, encrypted, form("")); w.Code != 200 {
		t.Errorf("again: %d", w.Code)
	}
}

type brokenOff struct{ http.ResponseWriter }

func (brokenOff) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// T42: an answer is for who has its link: what was never given out, what is over and
// what is void are the same.
func TestT42_AnAnswerIsForWhoHasItsLink(t *testing.T) {
	h := newHouse(t)
	ann, _ := h.person("ann", "there.example")
	link := h.keptLink(store.SubjectCopy, ann, "K7QAVZ3MTB4XNRD2WPLE6CHUSY")
	never := func() *httptest.ResponseRecorder {
		return h.ask("GET", "/privacy/ask/AAAAAAAAAAAAAAAAAAAAAAAAAA", browser)
	}
	if w := never(); w.Code != 404 || strings.Contains(w.Body.String(), "ann") {
		t.Errorf("never given out: %d", w.Code)
	}
	id := h.filed()[0].ID
	h.write(func(tx *store.Tx) error { return tx.AnswerSubject(id, ann.ID, "BBBBBBBBBBBBBBBBBBBBBBBBBB") })
	compareAnswers(t, "a void link", "77777777777", h.ask("GET", link, browser), never())
	h.now = h.now.Add(store.SubjectLinkLasts + time.Second)
	compareAnswers(t, "an old link", "77777777777", h.ask("GET", "/privacy/ask/BBBBBBBBBBBBBBBBBBBBBBBBBB", browser), never())
	for _, method := range []string{"GET", "POST"} {
		if w := h.ask(method, "/privacy/ask/BBBBBBBBBBBBBBBBBBBBBBBBBB", browser, encrypted, form("")); w.Code != 404 {
			t.Errorf("%s of an old link: %d", method, w.Code)
		}
	}
}

// The numbers on the page of a link are counted once in a while, however often it is
// opened.
func TestTheNumbersOfALinkStandForAWhile(t *testing.T) {
	h := newHouse(t)
	ann, _ := h.person("ann", "there.example")
	h.answer(ann, store.Direct, store.Post{}, "One")
	link := h.keptLink(store.SubjectCopy, ann, "K7QAVZ3MTB4XNRD2WPLE6CHUSY")
	says(t, h.page(link), "1</b> post or boost")
	h.answer(ann, store.Direct, store.Post{}, "Two")
	says(t, h.page(link), "1</b> post or boost")
	h.wait(11 * time.Minute)
	says(t, h.page(link), "2</b> posts and boosts")
}

// Who confirmed an erasure that the owner then put aside is not told that it is done.
func TestALinkSaysThatItsRequestWasPutAside(t *testing.T) {
	h := newHouse(t)
	ann, _ := h.person("ann", "there.example")
	link := h.keptLink(store.SubjectErase, ann, "K7QAVZ3MTB4XNRD2WPLE6CHUSY")
	if w := h.ask("POST", link, browser, encrypted, form("")); w.Code != 303 {
		t.Fatal(w.Code)
	}
	must(t, h.svc.PutSubjectAside(bg, h.filed()[0].ID))
	page := h.page(link)
	says(t, page, "This request is closed.", "nothing was erased by it")
	hides(t, page, "Confirmed", "<form method=\"post\"")
	if w := h.ask("POST", link, browser, encrypted, form("")); w.Code != 303 || h.filed()[0].State != store.SubjectPutAside {
		t.Errorf("pressed again: %d, %+v", w.Code, h.filed()[0])
	}
}

// An erasure is confirmed by the link, and done by the owner.
func TestAnErasureIsConfirmedByItsLink(t *testing.T) {
	h := newHouse(t)
	ann, _ := h.person("ann", "there.example")
	link := h.keptLink(store.SubjectErase, ann, "K7QAVZ3MTB4XNRD2WPLE6CHUSY")
	says(t, h.page(link), "Yes, erase it", "Follows end both ways")
	for range 2 {
		if w := h.ask("POST", link, browser, encrypted, form("")); w.Code != 303 || w.Header().Get("Location") != link {
			t.Fatalf("%d %s", w.Code, w.Header())
		}
	}
	says(t, h.page(link), "Confirmed.")
	if q := h.filed()[0]; !q.Open() || q.State != store.SubjectUsed {
		t.Errorf("the owner is not asked: %+v", q)
	}
	must(t, h.svc.EraseSubject(bg, ann.ID))
	says(t, h.page(link), "Confirmed.")
	h.write(func(tx *store.Tx) error { return tx.SetSubjectState(h.filed()[0].ID, store.SubjectErased) })
	says(t, h.page(link), "Erased.")
}
