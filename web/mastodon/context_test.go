package mastodon

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// Mastodon's order: each reply is followed by what answers it, siblings by id.
func TestContextIsOrderedByBranch(t *testing.T) {
	h := newHouse(t)
	posts := map[string]store.Post{}
	say := func(name, parent string, second int) {
		p := store.Post{URI: "https://bob.example/t/" + name, ActorID: h.Bob.ID, PublishedAt: storetest.Start.Add(time.Duration(second) * time.Second)}
		if parent != "" {
			p.ParentURI = posts[parent].URI
		}
		h.write(func(tx *store.Tx) error { return tx.InsertPost(&p) })
		posts[name] = p
	}
	for i, x := range []struct{ name, parent string }{
		{"top", ""}, {"focus", "top"}, {"a", "focus"}, {"b", "focus"}, {"a1", "a"}, {"b1", "b"}, {"a2", "a"}, {"a1x", "a1"}, {"beside", "top"},
	} {
		say(x.name, x.parent, i+1)
	}
	names := func(list any) (out []string) {
		for _, s := range list.([]any) {
			uri := s.(object)["uri"].(string)
			out = append(out, uri[strings.LastIndex(uri, "/")+1:])
			sound(t, uri, s.(object))
		}
		return out
	}
	path := "/api/v1/statuses/" + id(posts["focus"].ID) + "/context"
	got := read[object](h, "GET", path, "")
	hasKeys(t, "context", got, "ancestors descendants")
	if up := names(got["ancestors"]); !slices.Equal(up, []string{"top"}) {
		t.Errorf("above: %v", up)
	}
	if down := names(got["descendants"]); !slices.Equal(down, []string{"a", "a1", "a1x", "a2", "b", "b1"}) {
		t.Errorf("below: %v", down)
	}
	alone := read[object](h, "GET", "/api/v1/statuses/"+id(posts["a1x"].ID)+"/context", "")
	if down, ok := alone["descendants"].([]any); !ok || len(down) != 0 {
		t.Errorf("a post without replies: %v", alone)
	}
}

// The rest is looked for in the background, and an app can ask how that stands.
func TestContextLooksForMore(t *testing.T) {
	h := newHouse(t)
	path := "/api/v1/statuses/" + id(h.Walk.ID) + "/context"
	w := h.ask("GET", path, "")
	if got, want := w.Header().Get("Mastodon-Async-Refresh"), fmt.Sprintf(`id="%d", retry=3`, h.Walk.ID); got != want {
		t.Errorf("the header says %q, want %q", got, want)
	}
	if !strings.Contains(w.Header().Get("Access-Control-Expose-Headers"), "Mastodon-Async-Refresh") {
		t.Error("scripts cannot read the header")
	}
	refresh := "/api/v1_alpha/async_refreshes/" + id(h.Walk.ID)
	state := func() object { return read[object](h, "GET", refresh, "")["async_refresh"].(object) }
	if s := state(); s["status"] != "running" || s["id"] != id(h.Walk.ID) {
		t.Errorf("meanwhile: %v", s)
	}
	if _, err := h.svc.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := state(); s["status"] != "finished" || s["result_count"] != 0.0 {
		t.Errorf("afterwards: %v", s)
	}
	if got := h.ask("GET", path, "").Header().Get("Mastodon-Async-Refresh"); got != "" {
		t.Errorf("asked again at once: %q", got)
	}
}
