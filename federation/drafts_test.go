package federation_test

import (
	"strings"
	"testing"

	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

func TestDraftsAreKeptChangedAndDropped(t *testing.T) {
	alice := fedtest.New(t, "alice").Servers[0]
	long := store.UnsentText{Text: strings.Repeat("a", 6000), Visibility: store.Direct}
	u, err := alice.SaveDraft(ctx(), 0, long)
	if err != nil || u.ID == 0 {
		t.Fatalf("a text that is too long to publish is lost: %v", err)
	}
	again, err := alice.SaveDraft(ctx(), u.ID, store.UnsentText{Text: "shorter"})
	if err != nil || again.ID != u.ID {
		t.Errorf("changed under id %d: %v", again.ID, err)
	}
	list, err := alice.Drafts(ctx())
	if err != nil || len(list) != 1 || list[0].Draft.Text != "shorter" {
		t.Errorf("drafts %+v, %v", list, err)
	}
	if err := alice.DropDraft(ctx(), u.ID); err != nil {
		t.Fatal(err)
	}
	if again, err = alice.SaveDraft(ctx(), u.ID, long); err != nil || again.ID == u.ID {
		t.Errorf("saving a draft that is gone: id %d, %v", again.ID, err)
	}
	if _, err := alice.SaveDraft(ctx(), 0, store.UnsentText{Text: strings.Repeat("a", 70<<10)}); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("70 KB: %v", err)
	}
	for i := range 199 {
		if _, err := alice.SaveDraft(ctx(), 0, store.UnsentText{Text: strings.Repeat("x", i+1)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := alice.SaveDraft(ctx(), 0, store.UnsentText{Text: "one more"}); reply.CodeOf(err) != reply.Conflict {
		t.Errorf("the 201st: %v", err)
	}
	if same, err := alice.SaveDraft(ctx(), 0, store.UnsentText{Text: "xx"}); err != nil || same.Draft.Text != "xx" {
		t.Errorf("one that is there, saved again: %+v, %v", same, err)
	}
	if _, err := alice.SaveDraft(ctx(), again.ID, store.UnsentText{Text: "still possible"}); err != nil {
		t.Errorf("changing one of 200: %v", err)
	}
}
