package public

import (
	"net/http"

	"dassie/assets"
	"dassie/store"
)

const peoplePage = 50

type peopleList struct {
	assets.Visitor
	Name   string // "Followers", "Following"
	Count  int    // -1 if the owner does not show it
	Shown  bool   // who they are
	People []assets.Person
	Pager  assets.Pager
}

// Followers answers GET of /@NAME/followers, and Following of /@NAME/following:
// how many, and who, each as far as the owner shows it.
func (s *Site) Followers(w http.ResponseWriter, r *http.Request) {
	s.paged(w, r, "followers", func(v *view, after int64) (*page, error) {
		return v.people("Followers", after, func(n int) (ids []int64, err error) {
			list, err := v.tx.FollowersIn(store.FollowAccepted, after, n)
			for _, f := range list {
				ids = append(ids, f.ActorID)
			}
			return ids, err
		})
	})
}

// Following answers GET of /@NAME/following.
func (s *Site) Following(w http.ResponseWriter, r *http.Request) {
	s.paged(w, r, "following", func(v *view, after int64) (*page, error) {
		return v.people("Following", after, func(n int) (ids []int64, err error) {
			list, err := v.tx.FollowingList(after, n)
			for _, f := range list {
				if f.State == store.FollowAccepted {
					ids = append(ids, f.ActorID)
				} else {
					ids = append(ids, 0) // keeps its place in the page
				}
			}
			return ids, err
		})
	})
}

func (v *view) people(name string, after int64, read func(int) ([]int64, error)) (*page, error) {
	path := v.site.ProfilePath() + "/followers"
	if name == "Following" {
		path = v.site.ProfilePath() + "/following"
	}
	d := peopleList{Visitor: v.visitor(name+" · "+v.owner.Called(), name+" of "+v.owner.Handle, path), Name: name, Count: -1, Shown: v.set.ShowLists}
	d.NoIndex = true // whoever is on the list did not ask to be found by it
	if v.set.ShowCounts {
		followers, following, err := v.followCounts()
		if err != nil {
			return nil, err
		}
		if d.Count = followers; name == "Following" {
			d.Count = following
		}
	}
	if !d.Shown {
		return v.html("public_people", d)
	}
	ids, err := read(peoplePage + 1)
	if err != nil {
		return nil, err
	}
	if after != 0 {
		d.Pager.Newer, d.Pager.NewerText = path, "To the start"
	}
	if len(ids) > peoplePage {
		ids = ids[:peoplePage]
		if last := lastOf(ids); last != 0 {
			d.Pager.Older, d.Pager.OlderText = path+"?before="+formatID(last), "More"
		}
	}
	if err := v.read(ids...); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if a := v.author(id); !a.hidden {
			d.People = append(d.People, a.person)
		}
	}
	return v.html("public_people", d)
}

// lastOf is the last id that is somebody's.
func lastOf(ids []int64) int64 {
	for i := len(ids) - 1; i >= 0; i-- {
		if ids[i] != 0 {
			return ids[i]
		}
	}
	return 0
}
