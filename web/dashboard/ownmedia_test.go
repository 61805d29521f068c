package dashboard

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestDescriptionsAreReplacedLater(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	bob.Follows(t, h.Server)
	h.open("/me/media").says(t, "You uploaded nothing yet", "0 uploads")
	ids := h.submitFiles("/me/write", []string{"do", "add"}, map[string][]byte{"a.png": photo(t, 1), "b.png": photo(t, 2)}).uploads()
	h.sent("/me/write", "do", "post", "text", "Two **pots**", "warning", "Pots", "audience", "followers", "lang", "nl", "media", ids[0], "alt-"+ids[0], "The first", "media", ids[1], "noalt", ids[1])
	loose := h.submitFiles("/me/write", []string{"do", "add"}, map[string][]byte{"c.png": photo(t, 3)}).uploads()[0]
	h.cluster.Settle()
	h.cluster.Advance(time.Hour)
	post := h.own()[0]
	h.open("/me/media").says(t, "3 uploads", "The first", "No description", `Without description <span class="n">2</span>`, postPath(post.ID), "Not posted")
	bare := h.open("/me/media?k=bare")
	bare.says(t, "alt-"+ids[1], "alt-"+loose)
	bare.hides(t, "alt-"+ids[0])

	h.sent("/me/media/"+ids[1], "alt", "The second\r\npot", "back", "/me/media?k=bare").says(t, "Saved.", `Without description <span class="n">1</span>`)
	h.sent("/me/media/"+loose, "alt", "A spare one").says(t, "A spare one")
	h.open("/me/media?k=bare").says(t, "Every upload has a description.")
	h.cluster.Settle()
	got, _ := bob.Has(t, post.URI)
	if len(got.Extra.Attachments) != 2 || got.Extra.Attachments[1].Alt != "The second pot" || got.Extra.Attachments[0].Alt != "The first" || got.Summary != "Pots" || got.EditedAt.IsZero() {
		t.Errorf("bob has %+v", got)
	}
	now := h.own()[0]
	if now.Content != post.Content || now.Language != "nl" || now.Visibility != post.Visibility {
		t.Errorf("the post became %+v", now)
	}

	long := h.submit("/me/media/"+ids[0], "alt", strings.Repeat("x", 1501))
	long.says(t, "1500 is the most", strings.Repeat("x", 1501))
	if long.status != http.StatusUnprocessableEntity {
		t.Errorf("too long answers %d", long.status)
	}
	if p := h.submit("/me/media/12", "alt", "none"); p.status != http.StatusNotFound {
		t.Errorf("no such upload answers %d", p.status)
	}
}
