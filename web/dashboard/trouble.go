package dashboard

import (
	"errors"
	"net/http"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

type troublePage struct {
	assets.Owner
	Card                     assets.Card
	Person                   *assets.Person // who wrote it; nil for the owner
	PersonPath               string
	Muted                    string // "until …", "" if they are not
	MuteTimes                []assets.Option
	Server                   string
	Silenced                 string // the name by which its strangers are, "" if they are not
	BlockURL, ServerURL      string // the pages before
	Back, BackURL, ReportURL string
	HushBack, UndoneBack     string // Back, with a word of what was done
}

// trouble handles GET /me/post/ID/trouble?back=: everything that gives peace from a
// post, its author and their server.
func (d *Dashboard) trouble(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "trouble", answer{}, func(v *view) (any, error) {
		p, err := v.postShown(idOf(r))
		if err != nil {
			return nil, err
		}
		page := troublePage{MuteTimes: muteOptions(), Back: postPath(p.ID)}
		if page.Owner, err = v.frame("Trouble", "home"); err != nil {
			return nil, err
		}
		if back := reply.Local(r.URL.Query().Get("back")); back != "/" {
			page.Back = back
		}
		page.BackURL, page.HushBack, page.UndoneBack = page.Back, withDone(page.Back, "hushed"), withDone(page.Back, "undone")
		cards, err := v.plainCards([]store.Post{p})
		if err != nil {
			return nil, err
		}
		page.Card = cards[0]
		if p.Own() {
			return page, nil
		}
		return page, v.troubleWithAuthor(&page, p)
	})
}

// troubleWithAuthor fills in what can be done about whoever wrote a post.
func (v *view) troubleWithAuthor(page *troublePage, p store.Post) error {
	who := v.known(p.ActorID)
	page.Person, page.PersonPath = &who, personPath(p.ActorID)
	relations, err := v.tx.Relations(p.ActorID)
	if err != nil {
		return err
	}
	if m := relations[p.ActorID].Mute; m.ActorID != 0 {
		page.Muted = v.muteWords(m)
	}
	// What is blocked cannot be come back to.
	page.BlockURL = page.PersonPath + "/block?back=" + safetyPath
	page.ReportURL = page.PersonPath + "/report?post=" + decimal(p.ID)
	page.Server, page.Silenced, err = v.serverOf(p.ActorID)
	page.ServerURL = blockServerPath(page.Server, safetyPath)
	return err
}

// serverOf is the name of somebody's server, and the one by which its strangers are
// silenced, "" if they are not.
func (v *view) serverOf(actorID int64) (name, silenced string, err error) {
	a, err := v.actor(actorID)
	if err != nil {
		return "", "", err
	}
	h, err := v.tx.HostByID(a.HostID)
	if err != nil {
		return "", "", err
	}
	rule, err := v.tx.RuleOver(h.Name)
	if errors.Is(err, store.ErrNotFound) {
		return h.Name, "", nil
	}
	if rule.Bound == store.Silenced {
		silenced = rule.Name
	}
	return h.Name, silenced, err
}

// serverBlocked says whether somebody is on a server that the owner blocked.
func (v *view) serverBlocked(actorID int64) (bool, error) {
	if actorID == store.OwnerID {
		return false, nil
	}
	a, err := v.actor(actorID)
	if err != nil {
		return false, err
	}
	bound, err := v.tx.BoundTo(a.HostID)
	return bound == store.Blocked, err
}
