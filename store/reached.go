package store

import "time"

// Reached is what became of an own post at one inbox.
type Reached struct {
	InboxURL string
	State    DeliveryState
	Error    string
	DueAt    time.Time // next try, while it waits
}

// ReachedBy says of several own posts, by their ids, what became of each at each
// inbox that it went to. Unlike Receipts it names the inboxes: a private post goes
// to one of each person.
func (t *Tx) ReachedBy(postIDs []int64) (map[int64][]Reached, error) {
	ids := idList(distinct(postIDs))
	type at struct{ post, inbox int64 }
	best := map[at]Reached{}
	keep := func(k at, r Reached) {
		if old, known := best[k]; !known || copyRank(r.State) > copyRank(old.State) {
			best[k] = r
		}
	}
	folded, err := t.ledgers(ids)
	if err != nil {
		return nil, err
	}
	for post, states := range folded {
		for inbox, state := range states {
			keep(at{post, inbox}, Reached{State: state})
		}
	}
	running, err := many(t, func(r scanner) (x struct {
		at
		Reached
	}, err error) {
		err = r.Scan(&x.post, &x.inbox, &x.State, &x.Error)
		return x, err
	}, `
		select o.post_id, d.inbox_id, d.state, d.error
		from json_each(?) j
		cross join outgoing o indexed by outgoing_post on o.post_id = j.value
		and o.post_id != 0
		and o.kind != 'Delete'
		cross join deliveries d on d.outgoing_id = o.id`, ids)
	if err != nil {
		return nil, err
	}
	for _, d := range running {
		keep(d.at, d.Reached)
	}
	inboxes := make([]int64, 0, len(best))
	for k := range best {
		inboxes = append(inboxes, k.inbox)
	}
	named, err := t.inboxesByID(inboxes)
	if err != nil {
		return nil, err
	}
	out := map[int64][]Reached{}
	for k, r := range best {
		in := named[k.inbox]
		r.InboxURL = in.InboxURL
		if r.State < DeliveryAccepted {
			r.DueAt = in.DueAt
		}
		out[k.post] = append(out[k.post], r)
	}
	return out, nil
}

func (t *Tx) inboxesByID(ids []int64) (map[int64]Reached, error) {
	found := map[int64]Reached{}
	_, err := many(t, func(r scanner) (struct{}, error) {
		var id, due int64
		var x Reached
		err := r.Scan(&id, &x.InboxURL, &due)
		x.DueAt = fromMS(due)
		found[id] = x
		return struct{}{}, err
	}, `
		select i.id, i.url, coalesce(i.due_at, 0)
		from json_each(?) j
		cross join inboxes i on i.id = j.value`, idList(distinct(ids)))
	return found, err
}
