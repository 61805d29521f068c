package store

import "slices"

// Replies lists the direct replies to a post, oldest first.
func (t *Tx) Replies(postID int64, limit int) ([]Post, error) {
	return many(t, scanPost, `
		select `+postColumns+`
		from posts p
		where p.parent_id = ?
		order by p.id
		limit ?`, postID, limit)
}

// Ancestors lists the known posts above one, the root first, at most limit.
func (t *Tx) Ancestors(p Post, limit int) ([]Post, error) {
	var up []Post
	seen := map[int64]bool{p.ID: true}
	for p.ParentID != 0 && len(up) < limit && !seen[p.ParentID] {
		seen[p.ParentID] = true
		parent, err := t.Post(p.ParentID)
		if err == ErrNotFound {
			break
		}
		if err != nil {
			return nil, err
		}
		up = append(up, parent)
		p = parent
	}
	slices.Reverse(up)
	return up, nil
}

// Descendants lists the known replies below a post, breadth first, at most limit.
func (t *Tx) Descendants(id int64, limit int) ([]Post, error) {
	var out []Post
	seen := map[int64]bool{id: true}
	queue := []int64{id}
	for len(queue) > 0 && len(out) < limit {
		list, err := t.Replies(queue[0], limit-len(out))
		if err != nil {
			return nil, err
		}
		queue = queue[1:]
		for _, p := range list {
			if !seen[p.ID] {
				seen[p.ID] = true
				out = append(out, p)
				queue = append(queue, p.ID)
			}
		}
	}
	return out, nil
}
