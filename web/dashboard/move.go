package dashboard

import (
	"net/http"
	"slices"
	"strings"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

type movePage struct {
	assets.Owner
	Aliases, AliasError, To, ToError, PassWord string // PassWord: what was wrong with the password
	Moved, Target                              *assets.Person
	Lines                                      []string
	Asked, Accepted, Stayed                    int // servers of followers, once the owner moved; followers who are here still
	Bars                                       []string
	Open                                       []moveServer
	Done                                       []string
}

// moveServer is a server that did not take it that the owner moved.
type moveServer struct{ Host, State, Class, Text string }

// move handles GET /me/move, and with to= what moving there would do.
func (d *Dashboard) move(w http.ResponseWriter, r *http.Request) {
	page := movePage{To: strings.TrimSpace(r.URL.Query().Get("to"))}
	if len(page.To) > maxQuery {
		page.To, page.ToError = "", "This is longer than any address."
	}
	var target *store.Actor
	status := 0
	if page.To != "" {
		a, err := d.service.MoveTarget(r.Context(), page.To)
		if words, ok := refused(err); ok {
			page.ToError, status = words, http.StatusUnprocessableEntity
		} else if err != nil {
			d.fail(w, r, err)
			return
		} else {
			target = &a
		}
	}
	d.showMove(w, r, answer{status: status}, page, target)
}

func (d *Dashboard) showMove(w http.ResponseWriter, r *http.Request, a answer, page movePage, target *store.Actor) {
	d.show(w, r, "move", a, func(v *view) (any, error) {
		me, err := v.actor(store.OwnerID)
		if err != nil {
			return nil, err
		}
		if page.Owner, err = v.frame("Move", "data"); err != nil {
			return nil, err
		}
		if page.Moved, err = v.atURI(me.Extra.MovedTo); err != nil {
			return nil, err
		}
		if page.AliasError == "" {
			if page.Aliases, err = v.aliases(me); err != nil {
				return nil, err
			}
		}
		if page.Moved != nil {
			if err := v.moveTold(&page); err != nil {
				return nil, err
			}
		}
		if target == nil {
			return page, nil
		}
		face := v.face(*target)
		page.Target = &face
		servers, err := v.tx.CountFollowerHosts()
		asked := "Nobody follows you, so nobody is asked to go along."
		if page.Followers > 0 {
			asked = "Your " + plural(page.Followers, "follower", "followers") + " on " + plural(servers, "server", "servers") + isAre(page.Followers) + " asked to follow " + face.Handle +
				" instead. Most servers do so at once; those that cannot leave them here."
		}
		page.Lines = []string{
			asked,
			"Your profile says that you moved, and nothing can be published here while it does. Your posts stay.",
			"You can come back at any time, but followers who went along do not. The next move can be made 7 days from now.",
		}
		return page, err
	})
}

// moveTold says which servers of followers know that the owner moved.
func (v *view) moveTold(page *movePage) error {
	told, err := v.tx.MoveTold()
	if err != nil {
		return err
	}
	list := federation.ByServer(told)
	hosts := make([]int64, len(list))
	for i, s := range list {
		hosts[i] = s.HostID
	}
	stayed, err := v.tx.FollowersByHost(hosts)
	if err != nil {
		return err
	}
	page.Asked, page.Stayed = len(list), page.Followers
	classes := map[federation.Outcome]string{federation.OutcomeAccepted: "a", federation.OutcomeSilent: "u", federation.OutcomeWaiting: "w", federation.OutcomeGone: "g"}
	for _, s := range list {
		class := classes[s.Outcome]
		if class == "" {
			class = "r"
		}
		page.Bars = append(page.Bars, class)
		people := ""
		if n := stayed[s.HostID]; n > 0 {
			people = plural(n, "follower is", "followers are") + " here still"
		}
		if class == "a" {
			page.Accepted++
			page.Done = append(page.Done, strings.TrimSuffix(s.Host+": "+people, ": "))
			continue
		}
		parts := []string{asSentence(s.Error), asSentence(people), ""}
		if s.State < store.DeliveryAccepted && !s.DueAt.IsZero() && s.Outcome != federation.OutcomeWaiting {
			parts[2] = "Next try " + v.local(s.DueAt).Format("Monday 2 January, 15:04") + "."
		}
		parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
		page.Open = append(page.Open, moveServer{s.Host, strings.TrimSuffix(asSentence(string(s.Outcome)), "."), class, strings.Join(parts, " ")})
	}
	return nil
}

// aliases are the owner's other accounts as they were typed, or nearly.
func (v *view) aliases(me store.Actor) (string, error) {
	known, err := v.tx.ActorsByURI(me.Extra.AlsoKnownAs...)
	if err != nil {
		return "", err
	}
	var names []string
	for _, uri := range me.Extra.AlsoKnownAs {
		if a, ok := known[uri]; ok {
			uri = "@" + a.Handle()
		}
		names = append(names, uri)
	}
	return strings.Join(names, "\n"), nil
}

// atURI is the face of somebody by ActivityPub id, nil for none.
func (v *view) atURI(uri string) (*assets.Person, error) {
	if uri == "" {
		return nil, nil
	}
	known, err := v.tx.ActorsByURI(uri)
	if err != nil {
		return nil, err
	}
	face := assets.Person{Name: uri, Handle: uri, URL: uri}
	if a, ok := known[uri]; ok {
		face = v.face(a)
	}
	return &face, nil
}

// moved is where somebody went, if that account says that it is theirs.
func (v *view) moved(a store.Actor) (*assets.Person, error) {
	if a.Extra.MovedTo == "" {
		return nil, nil
	}
	known, err := v.tx.ActorsByURI(a.Extra.MovedTo)
	if err != nil {
		return nil, err
	}
	to, ok := known[a.Extra.MovedTo]
	if !ok || !slices.Contains(to.Extra.AlsoKnownAs, a.URI) {
		return nil, nil
	}
	face := v.face(to)
	return &face, nil
}

// moveAliases handles POST /me/move/aliases.
func (d *Dashboard) moveAliases(w http.ResponseWriter, r *http.Request) {
	typed := lines(r.PostForm.Get("aliases"))
	err := d.service.SetAliases(r.Context(), strings.Split(typed, "\n"))
	if words, ok := refused(err); ok {
		d.showMove(w, r, answer{status: refusedStatus(err)}, movePage{Aliases: typed, AliasError: words}, nil)
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/move?done=saved")
}

// isAre is the verb of a sentence about n things.
func isAre(n int) string {
	if n == 1 {
		return " is"
	}
	return " are"
}

// moveAway handles POST /me/move/away: the password is asked for each time, since
// followers who went along do not come back.
func (d *Dashboard) moveAway(w http.ResponseWriter, r *http.Request) {
	page := movePage{To: strings.TrimSpace(r.PostForm.Get("to"))}
	err := d.guard.Check(r, r.PostForm.Get("password"), "")
	if words, ok := refused(err); ok {
		status := wrongStatus(w, err)
		var target store.Actor
		if target, err = d.service.MoveTarget(r.Context(), page.To); err == nil {
			page.PassWord = words
			d.showMove(w, r, answer{status: status}, page, &target)
			return
		}
	} else if err == nil {
		_, err = d.service.MoveTo(r.Context(), page.To)
	}
	if words, ok := refused(err); ok {
		page.ToError = words
		d.showMove(w, r, answer{status: refusedStatus(err)}, page, nil)
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/move?done=moved")
}

// moveBack handles POST /me/move/back.
func (d *Dashboard) moveBack(w http.ResponseWriter, r *http.Request) {
	if err := d.service.MoveBack(r.Context()); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/move?done=back")
}
