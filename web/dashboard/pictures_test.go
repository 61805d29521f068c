package dashboard

import (
	"strings"
	"testing"

	"dassie/store"
)

// What people reacted with is shown as they see it: below the post, in the inbox,
// and among what can be chosen.
func TestReactionsOfOtherServersArePictures(t *testing.T) {
	h := newHouse(t, "bob")
	h.Follows(t, h.other("bob"))
	bob := h.known(h.other("bob"))
	mine := h.Post(t, store.Public, "A party.")
	err := h.Store().Write(ctx, func(tx *store.Tx) error {
		const icon = "https://bob.example/party.png"
		r := store.Reaction{PostID: mine.ID, ActorID: bob.ID, Emoji: ":blobparty:", Icon: icon, URI: bob.URI + "/r/1"}
		if _, err := tx.React(&r); err != nil {
			return err
		}
		if err := tx.Notify(&store.Notification{Kind: "favourite", ActorID: bob.ID, PostID: mine.ID}); err != nil {
			return err
		}
		return tx.SaveEmojis(bob.HostID, []store.Emoji{{Shortcode: "blobparty", URL: icon}})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{postPath(mine.ID), "/me/inbox", postPath(mine.ID) + "/react"} {
		body := h.do("GET", path, nil).body
		if !strings.Contains(body, `<img class="emoji" src="/media/emoji-`) || strings.Contains(body, "bob.example/party.png") {
			t.Errorf("%s: the reaction is no picture of ours", path)
		}
	}
}
