package store

// Who is a set of people that a policy names (GoToSocial's interaction controls,
// FEP-044f), as far as it matters to the owner.
type Who uint8

const (
	WhoPublic    Who = 1 << iota // everybody
	WhoFollowers                 // the author's followers
	WhoFollowing                 // whom the author follows
	WhoOwner                     // the owner, by name
	WhoOthers                    // people who are none of these
	WhoAuthor                    // the author: alone it means nobody else
)

// Grant is what a policy says of one kind of interaction.
type Grant struct {
	Auto   Who `json:"auto,omitempty"` // may do it
	Manual Who `json:"ask,omitempty"`  // may ask to do it
}

// Policy is who may do what with a post, as its server says. Nil fields were not told.
type Policy struct {
	Like     *Grant `json:"like,omitempty"`
	Reply    *Grant `json:"reply,omitempty"`
	Announce *Grant `json:"announce,omitempty"`
	Quote    *Grant `json:"quote,omitempty"`
}

// Permission is a policy's answer for the owner.
type Permission string

const (
	Untold  Permission = ""     // the policy does not say
	Allowed Permission = "yes"  // the owner may do it at once
	Asks    Permission = "asks" // the owner may ask
	Denied  Permission = "no"   // it will not be accepted
)

// Bond is how the owner and an author stand to each other.
type Bond struct {
	Follows  bool // the owner follows the author, who accepted it
	Followed bool // the author follows the owner
}

// For is the answer for the owner. What names fewer people counts before what
// names more, and of the same two the wider permission.
func (g *Grant) For(b Bond) Permission {
	if g == nil || g.Auto|g.Manual == 0 {
		return Untold
	}
	var known Who
	if b.Follows {
		known |= WhoFollowers
	}
	if b.Followed {
		known |= WhoFollowing
	}
	for _, who := range []Who{WhoOwner, known, WhoPublic} {
		switch {
		case g.Auto&who != 0:
			return Allowed
		case g.Manual&who != 0:
			return Asks
		}
	}
	return Denied
}

// Everybody says that all may do it without asking.
func (g *Grant) Everybody() bool { return g != nil && g.Auto&WhoPublic != 0 }

// QuotePolicy is who may quote an own post without being asked about.
type QuotePolicy string

const (
	QuotePublic    QuotePolicy = "public"
	QuoteFollowers QuotePolicy = "followers"
	QuoteNobody    QuotePolicy = "nobody"
)

// Valid says whether it is one of the three.
func (p QuotePolicy) Valid() bool {
	return p == QuotePublic || p == QuoteFollowers || p == QuoteNobody
}

// Bonds reads how the owner stands to several people, in two queries.
func (t *Tx) Bonds(actorIDs []int64) (map[int64]Bond, error) {
	bonds := map[int64]Bond{}
	if len(actorIDs) == 0 {
		return bonds, nil
	}
	ids := idList(distinct(actorIDs))
	follows, err := many(t, scanInt64, `
		select f.actor_id
		from json_each(?) j
		cross join following f on f.actor_id = j.value
		where f.state = 1`, ids)
	if err != nil {
		return nil, err
	}
	followed, err := many(t, scanInt64, `
		select f.actor_id
		from json_each(?) j
		cross join followers f on f.actor_id = j.value
		where f.state = 1`, ids)
	for _, id := range follows {
		bonds[id] = Bond{Follows: true}
	}
	for _, id := range followed {
		b := bonds[id]
		b.Followed = true
		bonds[id] = b
	}
	return bonds, err
}

// HiddenActors says which of several people are not to be shown: those who are
// gone or blocked, and those of blocked servers (T19).
func (t *Tx) HiddenActors(actors map[int64]Actor) (map[int64]bool, error) {
	hidden := map[int64]bool{}
	if len(actors) == 0 {
		return hidden, nil
	}
	ids := make([]int64, 0, len(actors))
	for id, a := range actors {
		ids = append(ids, id)
		hidden[id] = !a.GoneAt.IsZero()
	}
	blocked, err := t.BlockedAmong(ids...)
	if err != nil {
		return nil, err
	}
	off, err := t.blockedServers(actors)
	for id, a := range actors {
		hidden[id] = hidden[id] || blocked[id] || off[a.HostID] && id != OwnerID
	}
	return hidden, err
}
