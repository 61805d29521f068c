package mastodon

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

const (
	filterKeys     = "id title context expires_at filter_action keywords statuses"
	filterInfoKeys = "id title context expires_at filter_action"
	v1FilterKeys   = "id phrase context whole_word expires_at irreversible"
)

func keywordsOf(filter object) (words []string) {
	for _, k := range filter["keywords"].([]any) {
		words = append(words, fmt.Sprint(k.(object)["keyword"], " ", k.(object)["whole_word"]))
	}
	return words
}

func TestFiltersOfTheClientAPI(t *testing.T) {
	h := newHouse(t)
	if list := read[[]object](h, "GET", "/api/v2/filters", ""); len(list) != 0 {
		t.Fatalf("from the start: %v", list)
	}
	// Mastodon's own example: a part that comes again begins the next keyword.
	f := read[object](h, "POST", "/api/v2/filters?title=test&context[]=public&context[]=home&keywords_attributes[][keyword]=foo&keywords_attributes[][whole_word]=false"+
		"&keywords_attributes[][keyword]=bar&keywords_attributes[][whole_word]=true", "")
	hasKeys(t, "Filter", f, filterKeys)
	if fmt.Sprint(keywordsOf(f)) != "[foo false bar true]" || fmt.Sprint(f["context"]) != "[home public]" || f["filter_action"] != "warn" || f["expires_at"] != nil {
		t.Errorf("made %v", f)
	}
	hasKeys(t, "FilterKeyword", f["keywords"].([]any)[0], "id keyword whole_word")
	at := "/api/v2/filters/" + f["id"].(string)
	foo, bar := f["keywords"].([]any)[0].(object)["id"].(string), f["keywords"].([]any)[1].(object)["id"].(string)
	edit := "keywords_attributes[][id]=" + foo + "&keywords_attributes[][_destroy]=true&keywords_attributes[][id]=" + bar + "&keywords_attributes[][keyword]=baz"
	for _, body := range []string{edit + "&filter_action=hide&expires_in=3600", `{"title":"Named"}`, `{"filter_action":"blur"}`, `{"keywords_attributes":[{"keyword":"one"},{"keyword":"two","whole_word":true}]}`} {
		kind := "application/x-www-form-urlencoded"
		if strings.HasPrefix(body, "{") {
			kind = "application/json"
		}
		f = read[object](h, "PUT", at, body, "Content-Type", kind)
	}
	if fmt.Sprint(keywordsOf(f)) != "[baz true one false two true]" || f["title"] != "Named" || f["filter_action"] != "blur" || f["expires_at"] != "2026-03-01T14:00:00.000Z" {
		t.Errorf("changed to %v", f)
	}
	if f = read[object](h, "PUT", at, "expires_in="); f["expires_at"] != nil {
		t.Errorf("an empty expires_in leaves %v", f["expires_at"])
	}
	if got := read[object](h, "GET", at, ""); fmt.Sprint(got) != fmt.Sprint(f) {
		t.Errorf("reads %v, was %v", got, f)
	}
	for body, status := range map[string]int{
		"title=x": 422, "context[]=home": 422, "title=x&context[]=nowhere": 422, "title=x&context[]=home&filter_action=burn": 422,
		"title=x&context[]=home&keywords_attributes[][keyword]=": 422, "title=x&context[]=home&expires_in=soon": 422, "title=x&context[]=home&keywords_attributes[][id]=4711": 404,
		"title=" + strings.Repeat("x", 101) + "&context[]=home": 422, "title=x&context[]=home&keywords_attributes[][keyword]=" + strings.Repeat("x", 201): 422,
	} {
		checkError(t, h.ask("POST", "/api/v2/filters", body), status, body)
	}
	if list := read[[]object](h, "GET", "/api/v2/filters", ""); len(list) != 1 {
		t.Errorf("what was refused left %v", list)
	}
	read[object](h, "DELETE", at, "")
	checkError(t, h.ask("GET", at, ""), 404, "a deleted filter")
	checkError(t, h.ask("GET", "/api/v2/filters/keywords/"+bar, ""), 404, "a word of a deleted filter")
}

func TestKeywordsAndStatusesOfAFilter(t *testing.T) {
	h := newHouse(t)
	f := read[object](h, "POST", "/api/v2/filters", "title=x&context[]=home")
	at := "/api/v2/filters/" + f["id"].(string)
	w := read[object](h, "POST", at+"/keywords", "keyword=moor&whole_word=true")
	hasKeys(t, "FilterKeyword", w, "id keyword whole_word")
	checkError(t, h.ask("POST", at+"/keywords", "keyword="), 422, "an empty keyword")
	one := "/api/v2/filters/keywords/" + w["id"].(string)
	if w = read[object](h, "PUT", one, "keyword=heath"); w["keyword"] != "heath" || w["whole_word"] != true || read[object](h, "GET", one, "")["keyword"] != "heath" {
		t.Errorf("keyword %v", w)
	}
	if list := read[[]object](h, "GET", at+"/keywords", ""); len(list) != 1 || list[0]["keyword"] != "heath" {
		t.Errorf("keywords %v", list)
	}
	read[object](h, "DELETE", one, "")
	checkError(t, h.ask("GET", one, ""), 404, "a deleted keyword")

	s := read[object](h, "POST", at+"/statuses", "status_id="+id(h.Walk.ID))
	hasKeys(t, "FilterStatus", s, "id status_id")
	if again := read[object](h, "POST", at+"/statuses", "status_id="+id(h.Walk.ID)); again["id"] != s["id"] {
		t.Errorf("the same post twice: %v, %v", s, again)
	}
	checkError(t, h.ask("POST", at+"/statuses", "status_id=4711"), 404, "an unknown post")
	walk := read[object](h, "GET", "/api/v1/statuses/"+id(h.Walk.ID), "")
	result := walk["filtered"].([]any)[0].(object)
	hasKeys(t, "FilterResult", result, "filter keyword_matches status_matches")
	hasKeys(t, "its filter", result["filter"], filterInfoKeys)
	if result["keyword_matches"] != nil || fmt.Sprint(result["status_matches"]) != "["+id(h.Walk.ID)+"]" {
		t.Errorf("found by %v", result)
	}
	read[object](h, "DELETE", "/api/v2/filters/statuses/"+s["id"].(string), "")
	if list := read[[]object](h, "GET", at+"/statuses", ""); len(list) != 0 {
		t.Errorf("taken out, it holds %v", list)
	}
	read[object](h, "POST", at+"/statuses", "status_id="+id(h.Walk.ID))
	h.write(func(tx *store.Tx) error { return tx.DeletePost(h.Walk) })
	if list := read[[]object](h, "GET", at+"/statuses", ""); len(list) != 0 {
		t.Errorf("it names a post that is gone: %v", list)
	}
}

// What a filter finds, and what it does not.
func TestWhatFiltersFind(t *testing.T) {
	h := newHouse(t)
	n := 0
	post := func(p store.Post) string {
		n++
		p.URI, p.PublishedAt = fmt.Sprint("https://bob.example/f/", n), storetest.Start.Add(time.Duration(n)*time.Minute)
		if p.ActorID == 0 {
			p.ActorID = h.Bob.ID
		}
		h.write(func(tx *store.Tx) error { return tx.InsertPost(&p) })
		return id(p.ID)
	}
	text := post(store.Post{Content: "<p>The Moor<br>is wide</p>"})
	inside := post(store.Post{Content: "<p>moored, unmoor</p>"})
	warning := post(store.Post{Summary: "MOOR", Content: "<p>x</p>"})
	poll := post(store.Post{Kind: store.KindQuestion, Content: "<p>x</p>", Extra: store.PostExtra{Poll: &store.Poll{Options: []store.PollOption{{Name: "the moor"}, {Name: "b"}}}}})
	alt := post(store.Post{Content: "<p>x</p>", Extra: store.PostExtra{Attachments: []store.Attachment{{MediaType: "image/png", URL: "https://bob.example/1.png", Alt: "A moor."}}}})
	link := post(store.Post{Content: `<p><a href="https://moor.example/">here</a></p>`})
	own := post(store.Post{ActorID: store.OwnerID, Content: "<p>moor</p>"})
	umlaut := post(store.Post{Content: "<p>ÜBERMUT tut gut</p>"})
	for _, c := range []struct {
		word  string
		whole bool
		found []string
	}{
		{"moor", true, []string{text, warning, poll, alt}}, {"moor", false, []string{text, inside, warning, poll, alt}},
		{"moor is", true, []string{text}}, {"übermut", true, []string{umlaut}}, {"moor.", true, []string{alt}}, {"mut", true, nil},
	} {
		f := read[object](h, "POST", "/api/v2/filters", "title=t&context[]=home&keywords_attributes[][keyword]="+url.QueryEscape(c.word)+"&keywords_attributes[][whole_word]="+fmt.Sprint(c.whole))
		var found []string
		for _, one := range []string{text, inside, warning, poll, alt, link, own, umlaut} {
			if list := read[object](h, "GET", "/api/v1/statuses/"+one, "")["filtered"].([]any); len(list) > 0 {
				found = append(found, one)
				if words := fmt.Sprint(list[0].(object)["keyword_matches"]); words != "["+c.word+"]" {
					t.Errorf("found by %s, want %s", words, c.word)
				}
			}
		}
		if !slices.Equal(found, c.found) {
			t.Errorf("%q (whole: %v) finds %v, want %v", c.word, c.whole, found, c.found)
		}
		read[object](h, "DELETE", "/api/v2/filters/"+f["id"].(string), "")
	}
	// A boost bears what its original bears; a filter that is over finds nothing.
	h.write(func(tx *store.Tx) error {
		f := store.Filter{Title: "t", Context: store.FilterHome, ExpiresAt: storetest.Start.Add(59 * time.Minute)}
		if err := tx.SaveFilter(&f); err != nil {
			return err
		}
		return tx.SaveFilterWord(&store.FilterWord{FilterID: f.ID, Word: "moor"})
	})
	if err := h.svc.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list := read[object](h, "GET", "/api/v1/statuses/"+text, "")["filtered"].([]any); len(list) != 0 {
		t.Errorf("a filter that is over found it: %v", list)
	}
}

func TestFiltersOfTheFirstVersion(t *testing.T) {
	h := newHouse(t)
	one := read[object](h, "POST", "/api/v1/filters", "phrase=rye&context[]=home&irreversible=true&expires_in=3600")
	hasKeys(t, "V1::Filter", one, v1FilterKeys)
	if one["whole_word"] != true || one["irreversible"] != true || one["expires_at"] == nil {
		t.Errorf("made %v", one)
	}
	two := read[[]object](h, "GET", "/api/v2/filters", "")
	if len(two) != 1 || two[0]["title"] != "rye" || two[0]["filter_action"] != "hide" || two[0]["keywords"].([]any)[0].(object)["id"] != one["id"] {
		t.Errorf("in the second version: %v", two)
	}
	at := "/api/v1/filters/" + one["id"].(string)
	if one = read[object](h, "PUT", at, "phrase=bread&context[]=thread&whole_word=false"); one["phrase"] != "bread" || fmt.Sprint(one["context"]) != "[thread]" || one["whole_word"] != false || one["irreversible"] != true {
		t.Errorf("changed to %v", one)
	}
	if got := read[object](h, "GET", at, ""); fmt.Sprint(got) != fmt.Sprint(one) {
		t.Errorf("reads %v", got)
	}
	read[object](h, "POST", "/api/v2/filters/"+two[0]["id"].(string)+"/keywords", "keyword=wheat")
	if list := read[[]object](h, "GET", "/api/v1/filters", ""); len(list) != 2 {
		t.Errorf("two words are %v", list)
	}
	checkError(t, h.ask("PUT", at, "phrase=bread&context[]=public"), 422, "another place for one of two words")
	read[object](h, "DELETE", at, "")
	checkError(t, h.ask("GET", at, ""), 404, "a deleted word")
	last := read[[]object](h, "GET", "/api/v1/filters", "")
	read[object](h, "DELETE", "/api/v1/filters/"+last[0]["id"].(string), "")
	if left := read[[]object](h, "GET", "/api/v2/filters", ""); len(left) != 0 {
		t.Errorf("without words it stays: %v", left)
	}
	checkError(t, h.ask("POST", "/api/v1/filters", "context[]=home"), 422, "no phrase")
}

// What filters cost a page of 20, with 100 filters of 10 words each.
func BenchmarkHomeWithFilters(b *testing.B) {
	for _, n := range []int{0, 1, 100} {
		b.Run(fmt.Sprint(n, " filters"), func(b *testing.B) {
			h := newHouse(b)
			h.fill(40)
			h.write(func(tx *store.Tx) error {
				for i := range n {
					f := store.Filter{Title: "t", Context: store.FilterEverywhere}
					if err := tx.SaveFilter(&f); err != nil {
						return err
					}
					for j := range 10 {
						if err := tx.SaveFilterWord(&store.FilterWord{FilterID: f.ID, Word: fmt.Sprint("word ", i, " ", j), Whole: j%2 == 0}); err != nil {
							return err
						}
					}
				}
				return nil
			})
			if err := h.svc.Reload(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			for b.Loop() {
				if w := h.ask("GET", "/api/v1/timelines/home", ""); w.Code != 200 {
					b.Fatal(w.Body)
				}
			}
		})
	}
}
