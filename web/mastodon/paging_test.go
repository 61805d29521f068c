package mastodon

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// fill puts n posts by Bob into the home timeline, some with a picture, some with a
// mention and a hashtag, and returns their ids, newest first.
func (h *house) fill(n int) []string {
	h.t.Helper()
	var ids []string
	for from := 0; from < n; from += 500 {
		h.write(func(tx *store.Tx) error {
			ids = ids[:from]
			for i := from; i < min(n, from+500); i++ {
				p := store.Post{
					URI: fmt.Sprintf("https://bob.example/posts/%d", i), ActorID: h.Bob.ID, Language: "en",
					Content:     "<p>" + strings.Repeat("Dassies sit on warm rocks in the morning. ", 6) + "</p>",
					PublishedAt: storetest.Start.Add(10*time.Minute + time.Duration(i)*100*time.Millisecond),
				}
				if i%3 == 0 {
					p.Extra.Attachments = []store.Attachment{{MediaType: "image/jpeg", URL: "https://bob.example/media/1.jpg", Alt: "A rock", Width: 1200, Height: 800}}
				}
				if i%2 == 0 {
					p.Extra.Mentions = []store.Mention{{ActorID: h.Carol.ID, URI: h.Carol.URI, Handle: "carol@carol.example", URL: h.Carol.URL}}
					p.Extra.Tags = []string{"dassies"}
				}
				if err := tx.InsertPost(&p); err != nil {
					return err
				}
				if err := tx.AddHome(p.ID, false); err != nil {
					return err
				}
				ids = append(ids, id(p.ID))
			}
			return nil
		})
	}
	slices.Reverse(ids)
	return ids
}

func idsOf(list []object) []string {
	var ids []string
	for _, o := range list {
		ids = append(ids, o["id"].(string))
	}
	return ids
}

// linkTo is the address of a rel in the Link header, without our origin.
func linkTo(t *testing.T, header http.Header, rel string) string {
	t.Helper()
	for part := range strings.SplitSeq(header.Get("Link"), ", ") {
		if address, ok := strings.CutSuffix(part, `>; rel="`+rel+`"`); ok {
			path, ours := strings.CutPrefix(address, "<https://alice.example/")
			if !ours {
				t.Fatalf("Link %s", part)
			}
			return "/" + path
		}
	}
	return ""
}

func TestHomePagesBothWays(t *testing.T) {
	h := newHouse(t)
	all := append(h.fill(50), id(h.Boost.ID), id(h.Walk.ID), id(h.Answer.ID))
	var down []string
	path, last := "/api/v1/timelines/home?limit=7&local=a%26b", ""
	for path != "" {
		w := h.ask("GET", path, "")
		down = append(down, idsOf(read[[]object](h, "GET", path, ""))...)
		last, path = path, linkTo(t, w.Header(), "next")
		if path != "" {
			u, _ := url.Parse(path)
			if u.Query().Get("local") != "a&b" || u.Query().Get("limit") != "7" || u.Query().Has("min_id") {
				t.Fatalf("next %s", path)
			}
		}
	}
	if !slices.Equal(down, all) {
		t.Errorf("down: %d of %d: %v", len(down), len(all), down)
	}
	var up []string
	path = linkTo(t, h.ask("GET", last, "").Header(), "prev")
	for range 20 {
		page := idsOf(read[[]object](h, "GET", path, ""))
		if len(page) == 0 {
			break
		}
		up = append(page, up...)
		path = linkTo(t, h.ask("GET", path, "").Header(), "prev")
	}
	if rest := len(all) - len(up); rest < 1 || rest > 7 || !slices.Equal(up, all[:len(up)]) {
		t.Errorf("up: %d of %d", len(up), len(all))
	}
	for query, want := range map[string][]string{
		"":                                    all[:20],
		"limit=1000":                          all[:40],
		"limit=0":                             all[:20],
		"limit=3&since_id=" + all[10]:         all[:3],
		"limit=3&min_id=" + all[10]:           all[7:10],
		"limit=3&min_id=0":                    all[50:],
		"limit=3&max_id=" + all[10]:           all[11:14],
		"max_id=" + all[3] + "&since_id=":     all[4:24],
		"max_id=" + all[1] + "&limit=nothing": all[2:22],
	} {
		if got := idsOf(read[[]object](h, "GET", "/api/v1/timelines/home?"+query, "")); !slices.Equal(got, want) {
			t.Errorf("%s: %v", query, got)
		}
	}
	if w := h.ask("GET", "/api/v1/timelines/home?max_id=1", ""); w.Body.String() != "[]\n" || w.Header().Get("Link") != "" {
		t.Errorf("beyond the end: %s %v", w.Body, w.Header())
	}
}

func TestNotificationPages(t *testing.T) {
	h := newHouse(t)
	h.write(func(tx *store.Tx) error {
		return tx.Notify(&store.Notification{Kind: "follow", ActorID: h.Carol.ID})
	})
	w := h.ask("GET", "/api/v1/notifications?limit=1&exclude_types[]=poll", "")
	next := linkTo(t, w.Header(), "next")
	if got := read[[]object](h, "GET", next, ""); len(got) != 1 || got[0]["type"] != "mention" || !strings.Contains(next, "exclude_types%5B%5D=poll") {
		t.Errorf("%s: %v", next, got)
	}
	end := linkTo(t, h.ask("GET", next, "").Header(), "next")
	if got := read[[]object](h, "GET", end, ""); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
