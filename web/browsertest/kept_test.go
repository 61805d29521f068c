package browsertest

import (
	"strings"
	"testing"
)

// TestKept is what Alice keeps for herself, with scripts switched off: a post is
// saved, a list is made of two people and read, a hashtag is followed.
func TestKept(t *testing.T) {
	long(t)
	t.Parallel()
	for _, l := range widths(desktop, phone) {
		t.Run(l.name, func(t *testing.T) {
			newTab(t, "about:blank", l) // skips before the demo is started
			j := &journey{TB: t, houses: demo(t)}
			j.alice, j.carol = j.arrive("alice", l), j.arrive("carol", l)
			j.save()
			j.followTag()
			j.makeList()
		})
	}
}

const rye = "Rye today"

func (j *journey) save() {
	a := j.alice
	a.open("/me/saved")
	a.sees("Nothing saved yet")
	a.open("/me")
	a.pressNear("Save", rye)
	if at := a.address(); !strings.Contains(at, "/me#p-") {
		j.Errorf("saving leads to %s", at)
	}
	a.open("/me/saved")
	a.sees(rye, "Bob Okafor")
	a.press("Liked")
	a.sees("You like nothing yet")
	a.press("Pinned")
	a.sees("Nothing is pinned")
	a.pressNear("Saved", "#main")
	a.pressNear("Saved", rye) // and takes it off again
	a.misses(rye)
	a.sees("Nothing saved yet")
}

// followTag: a hashtag in a post leads to the owner's page of it. Once it is
// followed, what a stranger writes with it stands in Home, and says why.
func (j *journey) followTag() {
	a := j.alice
	a.open("/me")
	a.press("#bread")
	a.sees("#bread", "This server knows only posts that reached it", "Follow")
	a.pressNear("Follow", "#main")
	a.sees("You follow this hashtag")
	a.open("/me/tags")
	a.sees("#bread", "Unfollow")

	const words = "Sourdough counts as a pet"
	j.carol.open("/me/write")
	j.carol.fill("text", words+", "+j.houses["alice"].handle()+" #Bread")
	j.carol.press("Post")
	a.awaitsText("/me", words)
	a.sees("#Bread, which you follow")
	a.open("/me/tags/bread")
	a.sees(words)
}

func (j *journey) makeList() {
	a := j.alice
	a.open("/me/search")
	a.fill("q", j.houses["carol"].handle())
	a.pressNear("Search", "dassie asks that server")
	a.pressNear("Follow", "Carol Lindqvist")
	a.open("/me/lists")
	a.sees("No lists yet")
	a.fill("title", "Bakers")
	a.press("Make the list")
	a.pressNear("Add", "Bob Okafor")
	a.pressNear("Add", "Carol Lindqvist")
	a.sees("Everybody you follow is in it")
	a.press("Posts")
	a.sees("Bakers", rye, "Sourdough counts as a pet")
	a.pressNear("Settings", "#main")
	a.touch("Keep these people out of Home", "")
	a.pressNear("Save", "#main")
	a.sees("Saved.")
	a.open("/me/lists")
	a.sees("Bakers", "Kept out of Home", "2 people")
}
