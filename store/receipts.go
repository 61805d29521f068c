package store

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Receipt is what one server did with a post.
type Receipt struct {
	InboxID  int64
	InboxURL string // a private post goes to one of each person
	HostID   int64
	Host     string
	State    DeliveryState
	Error    string
	QueuedAt time.Time // zero once it is folded
	TriedAt  time.Time // likewise
	DueAt    time.Time // next try, while it waits
	Tries    int       // failures in a row, while it waits
	DeadAt   time.Time // since when the server counts as dead; zero if it lives
}

// Receipts lists per inbox what became of the post's Create and Updates: from
// the running deliveries, and from the folded record once they are done. Of
// several, the state that says most about a copy there wins.
func (t *Tx) Receipts(postID int64) ([]Receipt, error) {
	all, err := t.ReceiptsOf([]int64{postID})
	return all[postID], err
}

// ReceiptsOf is Receipts for several posts at once, in a few queries for all of them.
func (t *Tx) ReceiptsOf(postIDs []int64) (map[int64][]Receipt, error) {
	if len(postIDs) == 0 {
		return nil, nil
	}
	ids := idList(distinct(postIDs))
	best := map[int64]map[int64]Receipt{} // by post and inbox
	keep := func(post int64, r Receipt) {
		if best[post] == nil {
			best[post] = map[int64]Receipt{}
		}
		if old, ok := best[post][r.InboxID]; !ok || copyRank(r.State) > copyRank(old.State) {
			best[post][r.InboxID] = r
		}
	}
	folded, err := t.ledgers(ids)
	if err != nil {
		return nil, err
	}
	for post, states := range folded {
		for id, state := range states {
			keep(post, Receipt{InboxID: id, State: state})
		}
	}
	type of struct {
		post int64
		Receipt
	}
	running, err := many(t, func(r scanner) (x of, err error) {
		x.Receipt, err = scanReceipt(with(r, &x.post))
		return x, err
	}, `
		select d.inbox_id, d.state, d.error, coalesce(d.tried_at, 0), o.at, o.post_id
		from json_each(?) j
		cross join outgoing o indexed by outgoing_post on o.post_id = j.value
		and o.post_id != 0
		and o.kind != 'Delete'
		cross join deliveries d on d.outgoing_id = o.id`, ids)
	if err != nil {
		return nil, err
	}
	for _, r := range running {
		keep(r.post, r.Receipt)
	}
	return t.nameReceipts(best)
}

// DeleteReceipts lists per inbox what became of the post's Delete.
func (t *Tx) DeleteReceipts(postID int64) ([]Receipt, error) {
	all, err := t.DeleteReceiptsOf([]int64{postID})
	return all[postID], err
}

// DeleteReceiptsOf is DeleteReceipts for several posts at once.
func (t *Tx) DeleteReceiptsOf(postIDs []int64) (map[int64][]Receipt, error) {
	type of struct {
		post int64
		Receipt
	}
	list, err := many(t, func(r scanner) (x of, err error) {
		x.Receipt, err = scanReceipt(with(r, &x.post))
		return x, err
	}, `
		select d.inbox_id, d.state, d.error, coalesce(d.tried_at, 0), o.at, o.post_id
		from json_each(?) j
		cross join outgoing o indexed by outgoing_post on o.post_id = j.value
		and o.post_id != 0
		and o.kind = 'Delete'
		cross join deliveries d on d.outgoing_id = o.id`, idList(distinct(postIDs)))
	if err != nil {
		return nil, err
	}
	byPost := map[int64]map[int64]Receipt{}
	for _, r := range list {
		if byPost[r.post] == nil {
			byPost[r.post] = map[int64]Receipt{}
		}
		byPost[r.post][r.InboxID] = r.Receipt
	}
	return t.nameReceipts(byPost)
}

// Deletion is an own post that was deleted.
type Deletion struct {
	PostID int64
	At     time.Time
}

// Deletions lists the own posts whose Delete is recorded still, the last first. For
// 30 days it is known which servers accepted it.
func (t *Tx) Deletions(limit int) ([]Deletion, error) {
	return many(t, func(r scanner) (d Deletion, err error) {
		var at int64
		err = r.Scan(&d.PostID, &at)
		d.At = fromMS(at)
		return d, err
	}, `
		select post_id, at
		from outgoing
		where kind = 'Delete'
		and post_id != 0
		order by id desc
		limit ?`, limit)
}

func scanReceipt(r scanner) (Receipt, error) {
	var x Receipt
	var tried, queued int64
	err := r.Scan(&x.InboxID, &x.State, &x.Error, &tried, &queued)
	x.TriedAt, x.QueuedAt = fromMS(tried), fromMS(queued)
	return x, err
}

// copyRank orders states by how likely the server holds a copy, or will.
func copyRank(s DeliveryState) int {
	switch s {
	case DeliveryAccepted:
		return 6
	case DeliveryUnknown:
		return 5
	case DeliveryWaiting:
		return 4
	case DeliveryLost:
		return 3
	case DeliveryRefused:
		return 2
	case DeliveryGivenUp:
		return 1
	}
	return 0
}

// nameReceipts says of the receipts of several posts, by post and inbox, where they
// are from and when the next try is.
func (t *Tx) nameReceipts(of map[int64]map[int64]Receipt) (map[int64][]Receipt, error) {
	var ids []int64
	for _, byInbox := range of {
		for id := range byInbox {
			ids = append(ids, id)
		}
	}
	inboxes, err := many(t, func(row scanner) (x Receipt, err error) {
		var due, dead int64
		err = row.Scan(&x.InboxID, &x.InboxURL, &x.HostID, &x.Host, &due, &x.Tries, &dead)
		x.DueAt, x.DeadAt = fromMS(due), fromMS(dead)
		return x, err
	}, `
		select i.id, i.url, h.id, h.name, coalesce(i.due_at, 0), i.tries, coalesce(h.dead_at, 0)
		from json_each(?) j
		cross join inboxes i on i.id = j.value
		cross join hosts h on h.id = i.host_id`, idList(distinct(ids)))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(inboxes, func(a, b Receipt) int {
		return cmp.Or(strings.Compare(a.Host, b.Host), cmp.Compare(a.InboxID, b.InboxID))
	})
	out := make(map[int64][]Receipt, len(of))
	for post, byInbox := range of {
		for _, in := range inboxes {
			r, ok := byInbox[in.InboxID]
			if !ok {
				continue
			}
			r.InboxURL, r.HostID, r.Host, r.DeadAt = in.InboxURL, in.HostID, in.Host, in.DeadAt
			if r.State < DeliveryAccepted {
				r.DueAt, r.Tries = in.DueAt, in.Tries
			}
			out[post] = append(out[post], r)
		}
	}
	return out, nil
}
