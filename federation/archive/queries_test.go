package archive_test

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/archive"
	"dassie/store"
	"dassie/store/media"
	"dassie/store/storetest"
)

// What hangs on posts is read for ten of them at once, in nine queries, for the members
// and for the page; each may ask the store once, for the replies that stand in its activity.
func TestAnArchiveAsksOnceForSeveralPosts(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	st := storetest.OpenAlice(t, storetest.Trace(func(query string) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, query)
	}))
	id, err := store.Get(ctx(), st, func(tx *store.Tx) (store.Identity, error) { return tx.Identity() })
	if err != nil {
		t.Fatal(err)
	}
	svc, err := federation.New(ctx(), federation.Config{Store: st, Identity: id, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	files, err := media.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	count := func(posts int) int {
		t.Helper()
		err := st.Write(ctx(), func(tx *store.Tx) error {
			for range posts {
				p := store.Post{ID: tx.NewID(), ActorID: store.OwnerID, Content: "<p>Tulips</p>", PublishedAt: tx.Now()}
				p.URI = fmt.Sprintf("https://alice.example/posts/%d", p.ID)
				p.Extra.Attachments = []store.Attachment{{ID: p.ID, MediaType: "image/jpeg"}}
				if err := tx.InsertPost(&p); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		asked = nil
		mu.Unlock()
		src := archive.Source{Service: svc, Store: st, Media: files, Now: time.Now, Program: "test"}
		if sum, err := src.Write(ctx(), io.Discard, nil); err != nil || sum.Posts < posts {
			t.Fatalf("%+v, %v", sum, err)
		}
		mu.Lock()
		defer mu.Unlock()
		return len(asked)
	}
	count(1)
	few, many := count(9), count(80)
	if many-few > 80+8*9*2 {
		t.Errorf("%d queries for 10 posts, %d for 90:\n%s", few, many, strings.Join(asked, "\n"))
	}
}
