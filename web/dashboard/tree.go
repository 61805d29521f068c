package dashboard

import (
	"cmp"
	"slices"
	"strings"

	"dassie/assets"
	"dassie/store"
)

const (
	branchesRead = 1000 // places below a post that are looked at
	nodesShown   = 60   // posts of a tree on one page …
	branchShown  = 12   // … and below one reply, where there are more
	treeDepth    = 4
	talkersShown = 12
)

// words for what stands in a tree in place of a post.
const (
	leftOut      = "A post by somebody you blocked."
	leftMuted    = "A post by somebody you muted."
	leftSilenced = "A post by a stranger of a server that you silenced."
	leftGone     = "A post by somebody whose account is gone."
)

// grove is what is known below a post, and how much of it one page shows.
type grove struct {
	root     int64
	children map[int64][]store.Branch // without what is hidden and has nothing shown below it
	size     map[int64]int            // posts in a branch, itself among them
	hidden   map[int64]bool           // authors who are not shown
	leftOut  int                      // branches' ends that are not shown at all
	total    int
	shown    map[int64]bool
	folded   map[int64]int // by the post that they are below
	later    *laterReplies
}

type laterReplies struct {
	URL   string
	Count int
}

// newGrove reads the places below a post, and leaves out the ends of branches
// whose authors are hidden; one that others answer keeps its place.
func (v *view) newGrove(root int64) (*grove, error) {
	all, err := v.tx.Branches(root, branchesRead)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(all))
	for i, b := range all {
		ids[i] = b.ActorID
	}
	g := &grove{root: root, children: map[int64][]store.Branch{}, size: map[int64]int{}, shown: map[int64]bool{}, folded: map[int64]int{}}
	if g.hidden, err = v.unread(ids); err != nil {
		return nil, err
	}
	below := map[int64][]store.Branch{}
	for _, b := range all {
		below[b.ParentID] = append(below[b.ParentID], b)
	}
	g.grow(root, below)
	g.total = max(g.size[root]-1, 0)
	return g, nil
}

// grow measures the branch of a post; it is walked without recursion, since a
// stranger can make it a thousand deep.
func (g *grove) grow(root int64, below map[int64][]store.Branch) {
	order, seen := []int64{root}, map[int64]bool{root: true}
	for i := 0; i < len(order); i++ {
		for _, b := range below[order[i]] {
			if !seen[b.ID] {
				seen[b.ID] = true
				order = append(order, b.ID)
			}
		}
	}
	for _, id := range slices.Backward(order) {
		g.size[id] = 1
		for _, b := range below[id] {
			if g.hidden[b.ActorID] && g.size[b.ID] <= 1 {
				g.leftOut++
				continue
			}
			g.children[id] = append(g.children[id], b)
			g.size[id] += g.size[b.ID]
		}
	}
}

// choose says which posts the page shows: all, or if they are too many, the first
// replies after one and a part of what is below each.
func (g *grove) choose(after int64) {
	perBranch := branchShown
	if g.total <= nodesShown && after == 0 {
		perBranch = nodesShown
	}
	left := nodesShown
	for _, b := range g.children[g.root] {
		if b.ID <= after {
			continue
		}
		if left <= 0 {
			if g.later == nil {
				g.later = &laterReplies{}
			}
			g.later.Count++
			continue
		}
		left -= g.show(b.ID, min(perBranch, left))
		if g.later == nil {
			after = b.ID
		}
	}
	if g.later != nil {
		g.later.URL = postPath(g.root) + "?replies=" + decimal(after)
	}
}

// show marks a branch level by level, at most so many posts, and counts what is
// folded below those that are shown.
func (g *grove) show(id int64, most int) int {
	n := 0
	for queue := []int64{id}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if n >= most {
			continue
		}
		g.shown[at] = true
		n++
		for _, b := range g.children[at] {
			queue = append(queue, b.ID)
		}
	}
	for at := range g.shown {
		g.folded[at] = 0
		for _, b := range g.children[at] {
			if !g.shown[b.ID] {
				g.folded[at] += g.size[b.ID]
			}
		}
	}
	return n
}

// ids lists the posts that are shown, without those that only a line stands for.
func (g *grove) ids() (ids []int64) {
	for _, list := range g.children {
		for _, b := range list {
			if g.shown[b.ID] && !g.hidden[b.ActorID] {
				ids = append(ids, b.ID)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// nodes puts cards under what they answer, four deep. What lies deeper follows
// its parent on the fourth level and names whom it answers.
func (v *view) nodes(g *grove, cards map[int64]assets.Card) []assets.Node {
	var grow func(id int64, depth int) []assets.Node
	grow = func(id int64, depth int) []assets.Node {
		var nodes []assets.Node
		for _, b := range g.children[id] {
			if !g.shown[b.ID] {
				continue
			}
			node := assets.Node{Card: v.plant(b, g, cards), Folded: g.folded[b.ID]}
			if depth < treeDepth {
				node.Answers = grow(b.ID, depth+1)
				nodes = append(nodes, node)
				continue
			}
			nodes = append(nodes, node)
			for _, deeper := range grow(b.ID, depth) {
				if deeper.Card.ReplyTo == "" && node.Card.Left == "" {
					deeper.Card.ReplyTo = node.Card.Author.Handle
				}
				nodes = append(nodes, deeper)
			}
		}
		return nodes
	}
	return grow(g.root, 1)
}

// plant is the card of a post, or the line that stands for it.
func (v *view) plant(b store.Branch, g *grove, cards map[int64]assets.Card) assets.Card {
	card, ok := cards[b.ID]
	if g.hidden[b.ActorID] || !ok {
		return v.standIn(b.ID, b.ActorID)
	}
	return card
}

// standIn stands for a post that is not shown. What somebody muted or silenced wrote
// can be opened.
func (v *view) standIn(postID, actorID int64) assets.Card {
	c := assets.Card{ID: decimal(postID), URL: postPath(postID), Left: v.whyLeft(actorID)}
	if c.Left == leftMuted || c.Left == leftSilenced {
		c.LeftURL = c.URL
	}
	return c
}

func (v *view) whyLeft(actorID int64) string {
	a, ok := v.seen[actorID]
	switch {
	case !ok || !a.GoneAt.IsZero():
		return leftGone
	case v.muted[actorID]:
		return leftMuted
	case v.silenced[actorID]:
		return leftSilenced
	}
	return leftOut
}

// unread says whose posts a conversation has only a line for: of those who are
// hidden, of those who are muted, and of strangers on servers that are silenced.
func (v *view) unread(ids []int64) (map[int64]bool, error) {
	out, err := v.hidden(ids)
	if err != nil || v.evenMuted {
		return out, err
	}
	mutes, err := v.tx.MutedAmong(ids...)
	for id := range mutes {
		if v.muted == nil {
			v.muted = map[int64]bool{}
		}
		if !out[id] {
			v.muted[id] = true
		}
		out[id] = true
	}
	if err != nil {
		return out, err
	}
	limited, err := v.tx.LimitedAmong(ids...)
	for id := range limited {
		if v.silenced == nil {
			v.silenced = map[int64]bool{}
		}
		v.silenced[id], out[id] = !out[id], true
	}
	return out, err
}

// hidden says which of some people are not to be shown (T48); their rows are read.
func (v *view) hidden(ids []int64) (map[int64]bool, error) {
	if err := v.read(ids...); err != nil {
		return nil, err
	}
	people := map[int64]store.Actor{}
	for _, id := range ids {
		if a, ok := v.seen[id]; ok {
			people[id] = a
		}
	}
	return v.tx.HiddenActors(people)
}

type talker struct {
	assets.Person
	Count int
}

// talkers counts who wrote how much of a conversation.
func (v *view) talkers(count map[int64]int) []talker {
	if len(count) < 2 {
		return nil
	}
	var list []talker
	for id, n := range count {
		list = append(list, talker{v.known(id), n})
	}
	slices.SortFunc(list, func(a, b talker) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(a.Handle, b.Handle))
	})
	return list[:min(len(list), talkersShown)]
}
