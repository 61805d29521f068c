package dashboard

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"dassie/store"
)

func TestHashtagsAreFollowedAndRead(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	bob, carol := h.other("bob"), h.other("carol")
	h.Follows(t, bob)
	carol.Find(t, h.Server) // and is not followed
	h.open("/me/tags").says(t, "You follow no hashtags")
	empty := h.open("/me/tags/rye")
	empty.says(t, "No post with #rye has reached this server yet", "This server knows only posts that reached it", "<bdi>#rye</bdi>")
	bad := h.submit("/me/tags", "tag", "two words", "do", "follow")
	if bad.status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong hashtag answers %d", bad.status)
	}
	bad.says(t, "at least one letter, and no spaces", `value="two words"`)
	followed := h.sent("/me/tags", "tag", "#ＲＹＥ", "do", "follow")
	if followed.location != "/me/tags/rye" {
		t.Errorf("it leads to %s", followed.location)
	}
	followed.says(t, "You follow this hashtag", "Unfollow")
	h.open("/me/tags").says(t, "#rye", `href="/me/tags/rye"`)

	bob.Post(t, store.Public, "Bob bakes #rye")
	carol.Post(t, store.Public, "Carol bakes #Rye too, @"+h.Handle())
	h.Post(t, store.Followers, "I bake #RYE")
	tag := h.open("/me/tags/RYE")
	tag.says(t, "Bob bakes", "Carol bakes", "I bake", `<a href="/me/tags/rye" class="mention hashtag" rel="tag">`)
	home := h.open("/me")
	home.says(t, "Carol bakes")
	if n := strings.Count(home.body, "which you follow"); n != 1 {
		t.Errorf("%d posts are said to be in Home by their hashtag, want Carol's alone", n)
	}
	home.says(t, `<bdi>#Rye</bdi></a>, which you follow`)
	tag.hides(t, "which you follow")
	gone := h.sent("/me/tags", "tag", "rye", "do", "unfollow", "back", "/me/tags")
	gone.says(t, "You follow no hashtags")
	h.open("/me").hides(t, "which you follow")

	seed := url.PathEscape("بذور")
	h.sent("/me/tags", "tag", "بذور", "do", "follow").says(t, "#بذور")
	h.open("/me/tags/"+seed).says(t, "You follow this hashtag")
	for _, path := range []string{"/me/tags/2026", "/me/tags/a%20b", "/me/tags/%3Cb%3E", "/me/tags/a%2Fb", "/me/tags/" + strings.Repeat("x", 200)} {
		if p := h.do("GET", path, nil); p.status != http.StatusNotFound {
			t.Errorf("%s answers %d", path, p.status)
		}
	}
}

func TestHashtagsOnTheProfile(t *testing.T) {
	h := newHouse(t)
	h.Post(t, store.Public, "Baking #rye")
	h.open("/me/tags").says(t, "On your profile", "Up to ten hashtags")
	shown := h.sent("/me/tags", "tag", "#Rye", "do", "feature")
	if shown.location != "/me/tags#featured" {
		t.Errorf("it leads to %s", shown.location)
	}
	h.open("/me/tags").says(t, "1 post of yours", "Take off", "You follow no hashtags")
	h.sent("/me/tags", "tag", "rye", "do", "unfeature")
	h.open("/me/tags").says(t, "Up to ten hashtags")
	if p := h.submit("/me/tags", "tag", "two words", "do", "feature"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong hashtag answers %d", p.status)
	}
}
