package dashboard

import (
	"strconv"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/markup"
	"dassie/store"
)

// youngAccount is the age below which an account's age stands out.
const youngAccount = 30 * 24 * time.Hour

// request draws one who asks, from what federation gathered.
func (v *view) request(e federation.Evidence) (request, error) {
	a := e.Actor
	v.seen[a.ID] = a
	if err := v.readEmojis(a); err != nil {
		return request{}, err
	}
	item := request{
		ID: decimal(a.ID), Person: v.face(a), Bio: pictured(a.Summary, v.profileEmojis(a)), Server: e.Host.Name, Facts: v.requestFacts(e),
	}
	if item.Server == "" {
		item.Server = a.Domain
	}
	if !e.Known {
		item.Problem = "Their profile could not be fetched from " + item.Server + ", so little is known of them."
	}
	for _, p := range e.LastPosts {
		text := p.Summary
		if text == "" {
			text = markup.Excerpt(p.Content, 200)
		}
		address := p.URL
		if address == "" {
			address = p.URI
		}
		item.Posts = append(item.Posts, requestPost{text, p.Language, address, v.local(p.PublishedAt)})
	}
	relation, err := v.relation(a.ID)
	item.CanFollowBack = relation == "none"
	return item, err
}

func (v *view) requestFacts(e federation.Evidence) []assets.Fact {
	facts := []assets.Fact{{Label: "Asked", Text: ago(v.now, v.local(e.AskedAt))}}
	facts = append(facts, v.accountFacts(e.Actor)...)
	server := e.Host.Name
	if s := software(e.Host); s != "" {
		server += ", " + s
	}
	switch e.FollowersThere {
	case 0:
		server += ". None of your followers are there."
	case 1:
		server += ". 1 of your followers is there."
	default:
		server += ". " + thousands(e.FollowersThere) + " of your followers are there."
	}
	facts = append(facts, assets.Fact{Label: "Server", Text: server}, v.sharedFact(e), v.talkFact(e.EarlierTalk))
	if a := e.Actor; a.FollowingCount > 0 || a.FollowersCount > 0 {
		facts = append(facts, assets.Fact{Label: "Follows", Text: plural(a.FollowingCount, "account", "accounts") + ", " + plural(a.FollowersCount, "follower", "followers")})
	}
	return facts
}

// accountFacts are what a person's server says of the account.
func (v *view) accountFacts(a store.Actor) []assets.Fact {
	account := assets.Fact{Label: "Account", Text: "Age not told"}
	if !a.PublishedAt.IsZero() {
		age := v.now.Sub(a.PublishedAt)
		since := ", since " + month(v.local(a.PublishedAt))
		if age < youngAccount {
			since = ", since " + v.local(a.PublishedAt).Format("2 January")
		}
		account = assets.Fact{Label: "Account", Strong: span(age) + " old", Text: since}
	}
	posts := assets.Fact{Label: "Posts", Text: thousands(a.PostsCount)}
	if a.PostsCount == 0 {
		posts = assets.Fact{Label: "Posts", Strong: "None"}
	} else if weeks := int(v.now.Sub(a.PublishedAt) / (7 * 24 * time.Hour)); !a.PublishedAt.IsZero() && weeks > 0 && a.PostsCount >= weeks {
		posts.Text += ", about " + strconv.Itoa(a.PostsCount/weeks) + " a week"
	}
	return []assets.Fact{account, posts}
}

func (v *view) sharedFact(e federation.Evidence) assets.Fact {
	f := assets.Fact{Label: "You share", Text: "Nobody we know of"}
	if e.SharedCount == 0 {
		return f
	}
	f.Text = ""
	for i, a := range e.Shared[:min(len(e.Shared), 5)] {
		f.People = append(f.People, v.face(a))
		if i > 0 {
			f.Text += ", "
		}
		f.Text += f.People[i].Called()
	}
	if rest := e.SharedCount - len(f.People); rest > 0 {
		f.Text += " and " + plural(rest, "other", "others")
	}
	return f
}

func (v *view) talkFact(p *store.Post) assets.Fact {
	f := assets.Fact{Label: "Earlier talk", Text: "None"}
	if p == nil {
		return f
	}
	f.URL, f.Text = postPath(p.ID), ", "+v.local(p.PublishedAt).Format("2 January 2006")
	f.LinkText = "They wrote to you"
	if p.Own() {
		f.LinkText = "You wrote to them"
	}
	return f
}
