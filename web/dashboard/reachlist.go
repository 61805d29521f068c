package dashboard

import (
	"slices"
	"strings"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
)

// reachServers is how many servers the list of an audience names; the page about
// followers has all of them.
const reachServers = 100

// reachList is who will get what is being written.
type reachList struct {
	Sum     string
	Named   []reachPerson
	Lost    []string // handles that were not found
	Servers []reachServer
	More    int // servers that are not named
}

type reachPerson struct {
	Person assets.Person
	Words  string // why they will not get it, or not soon; "" if nothing is known against it
}

type reachServer struct {
	Name, URL, Words string
	People           int
}

// reachList lists who gets a draft: its followers by server, and the people named.
func (v *view) reachList(of federation.Previewed) (*reachList, error) {
	list := &reachList{}
	for _, h := range of.Reach.Lost {
		if handle := "@" + h.User + "@" + h.Host; !slices.Contains(list.Lost, handle) {
			list.Lost = append(list.Lost, handle)
		}
	}
	if err := v.reachNamed(list, of.Reach.Named); err != nil {
		return nil, err
	}
	list.Sum = plural(of.Reach.People, "person", "people") + " on " + plural(of.Reach.Servers, "server", "servers")
	if of.Reach.People == 0 {
		list.Sum = "Nobody yet"
	}
	if !of.Reach.Wide {
		return list, nil
	}
	hosts, err := v.tx.FollowerHosts()
	if err != nil {
		return nil, err
	}
	slices.SortFunc(hosts, func(a, b store.FollowerHost) int {
		if a.People != b.People {
			return b.People - a.People
		}
		return strings.Compare(a.Name, b.Name)
	})
	for _, h := range hosts[:min(len(hosts), reachServers)] {
		row := reachServer{Name: h.Name, URL: "/me/followers/server/" + decimal(h.ID), People: h.People}
		switch {
		case !h.DeadAt.IsZero():
			row.Words = "No answer since " + clock(v.now, v.local(h.DeadAt)) + ": it gets the post when it is back."
		case !h.FailingSince.IsZero():
			row.Words = "Deliveries fail since " + clock(v.now, v.local(h.FailingSince)) + ", and are tried again."
		}
		list.Servers = append(list.Servers, row)
	}
	list.More = len(hosts) - len(list.Servers)
	return list, nil
}

func (v *view) reachNamed(list *reachList, people []store.Actor) error {
	why, since, err := v.d.service.Unreached(v.tx, people)
	if err != nil {
		return err
	}
	if err := v.readEmojis(people...); err != nil {
		return err
	}
	for _, a := range people {
		row := reachPerson{Person: v.face(a)}
		switch why[a.ID] {
		case federation.ReachedGone:
			row.Words = "Their account is gone: they do not get it."
		case federation.ReachedBlocked:
			row.Words = "You blocked them, or they you: they do not get it."
		case federation.ReachedDead:
			row.Words = "Their server has not answered since " + clock(v.now, v.local(since[a.ID])) + ": they get it when it is back."
		}
		list.Named = append(list.Named, row)
	}
	return nil
}
