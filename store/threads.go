package store

import (
	"cmp"
	"slices"
)

// Replies lists the known replies to a post, oldest first.
func (t *Tx) Replies(postID int64, limit int) ([]Post, error) {
	return many(t, scanPost, `
		select `+postColumns+`
		from posts p
		where p.parent_id = ?
		order by p.id
		limit ?`, postID, limit)
}

// Ancestors lists the known posts above one, the root first, at most limit. A
// circle of parents ends where it closes.
func (t *Tx) Ancestors(p Post, limit int) ([]Post, error) {
	if p.ParentID == 0 || limit <= 0 {
		return nil, nil
	}
	up, err := many(t, scanPost, `
		with recursive above (id) as (
			select ?
			union
			select p.parent_id
			from above up
			cross join posts p on p.id = up.id
			where p.parent_id is not null
			limit ?)
		select `+postColumns+`
		from above up
		cross join posts p on p.id = up.id
		where up.id != ?`, p.ParentID, limit, p.ID)
	slices.Reverse(up)
	return up, err
}

// below names the ids of a post and of the known posts under it, level by level,
// at most so many. A circle of parents ends where it closes.
const below = `
	with recursive below (id) as (
		select ?
		union
		select p.id
		from below b
		cross join posts p on p.parent_id = b.id
		limit ?)`

// Descendants lists the known replies below a post, breadth first and siblings
// oldest first, at most limit.
func (t *Tx) Descendants(id int64, limit int) ([]Post, error) {
	list, err := many(t, scanPost, below+`
		select `+postColumns+`
		from below b
		cross join posts p on p.id = b.id
		where b.id != ?`, id, limit+1, id)
	if err != nil {
		return nil, err
	}
	children := map[int64][]Post{}
	for _, p := range list {
		children[p.ParentID] = append(children[p.ParentID], p)
	}
	out := make([]Post, 0, len(list))
	seen := map[int64]bool{id: true}
	for queue := []int64{id}; len(queue) > 0; queue = queue[1:] {
		next := children[queue[0]]
		slices.SortFunc(next, func(a, b Post) int { return cmp.Compare(a.ID, b.ID) })
		for _, p := range next {
			if !seen[p.ID] {
				seen[p.ID] = true
				out = append(out, p)
				queue = append(queue, p.ID)
			}
		}
	}
	return out, nil
}

// Branch is a post below another, as far as its place in the tree goes.
type Branch struct{ ID, ParentID, ActorID int64 }

// Branches lists what is known below a post as Descendants does, without the
// posts themselves: a long conversation is read in parts.
func (t *Tx) Branches(id int64, limit int) ([]Branch, error) {
	list, err := many(t, func(r scanner) (b Branch, err error) { err = r.Scan(&b.ID, &b.ParentID, &b.ActorID); return }, below+`
		select p.id, p.parent_id, p.actor_id
		from below b
		cross join posts p on p.id = b.id
		where b.id != ?`, id, limit+1, id)
	slices.SortFunc(list, func(a, b Branch) int { return cmp.Compare(a.ID, b.ID) })
	return list, err
}

// ThreadCounts says how many posts below one are known, and how many there are
// said to be: of each post as many replies as are known, or as its server says
// if that is more.
func (t *Tx) ThreadCounts(rootID int64, limit int) (known, about int, err error) {
	err = t.one(func(r scanner) error { return r.Scan(&known, &about) }, below+`
		select count(*) - 1, coalesce(sum(max(p.replies, (
			select count(*)
			from posts c
			where c.parent_id = p.id))), 0)
		from below b
		cross join posts p on p.id = b.id`, rootID, limit+1)
	return max(known, 0), about, err
}
