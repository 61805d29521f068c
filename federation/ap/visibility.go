package ap

import "slices"

// Visibility says who may read a post. The words are those of the client API.
type Visibility string

// The visibilities, widest first.
const (
	VisPublic    Visibility = "public"
	VisUnlisted  Visibility = "unlisted"
	VisFollowers Visibility = "private" // the author's followers and who is mentioned
	VisDirect    Visibility = "direct"  // only who is mentioned
	VisLimited   Visibility = "limited" // reading only: addressed to us without a mention
)

// VisibilityOf reads an audience. followersURL is the author's own followers
// collection, as his actor names it; empty, it matches nothing. What is neither
// public nor for followers is direct: Note.Visibility tells limited apart.
func VisibilityOf(to, cc []string, followersURL string) Visibility {
	switch {
	case slices.ContainsFunc(to, IsPublic):
		return VisPublic
	case slices.ContainsFunc(cc, IsPublic):
		return VisUnlisted
	case followersURL != "" && (slices.Contains(to, followersURL) || slices.Contains(cc, followersURL)):
		return VisFollowers // Akkoma has the collection in cc
	}
	return VisDirect
}

// Visibility reads the audience of the note as the actor me meets it.
func (n *Note) Visibility(followersURL, me string) Visibility {
	vis := VisibilityOf(n.To, n.CC, followersURL)
	if n.DirectMessage { // whatever the audience says besides
		vis = VisDirect
	}
	if vis == VisDirect && !slices.ContainsFunc(n.Mentions, func(m Mention) bool { return m.Href == me }) {
		return VisLimited
	}
	return vis
}

// Wider tells whether v may be read by somebody who may not read w.
func (v Visibility) Wider(w Visibility) bool {
	order := []Visibility{VisPublic, VisUnlisted, VisFollowers, VisDirect, VisLimited}
	return slices.Index(order, v) < slices.Index(order, w)
}

// Audience is to and cc for a post of ours (never nil, so that arrays are
// written). followersURL is our own collection, mentioned the ids of actors.
func Audience(vis Visibility, followersURL string, mentioned []string) (to, cc []string) {
	named := append([]string{}, mentioned...)
	switch vis {
	case VisPublic:
		return []string{Public}, append([]string{followersURL}, named...)
	case VisUnlisted:
		return []string{followersURL}, append([]string{Public}, named...)
	case VisFollowers:
		return []string{followersURL}, named
	}
	return named, []string{}
}
