package store

import (
	"encoding/binary"
	"errors"
	"sort"
	"time"
)

// Receipt is what one server did with a post.
type Receipt struct {
	InboxID  int64
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
	best := map[int64]Receipt{}
	folded, err := t.ledger(postID)
	if err != nil {
		return nil, err
	}
	for id, state := range folded {
		best[id] = Receipt{InboxID: id, State: state}
	}
	running, err := many(t, scanReceipt, `
		select d.inbox_id, d.state, d.error, coalesce(d.tried_at, 0), o.at
		from outgoing o
		cross join deliveries d on d.outgoing_id = o.id
		where o.post_id = ?
		and o.post_id != 0
		and o.kind != 'Delete'`, postID)
	if err != nil {
		return nil, err
	}
	for _, r := range running {
		if old, ok := best[r.InboxID]; !ok || copyRank(r.State) > copyRank(old.State) {
			best[r.InboxID] = r
		}
	}
	return t.nameReceipts(best)
}

// DeleteReceipts lists per inbox what became of the post's Delete.
func (t *Tx) DeleteReceipts(postID int64) ([]Receipt, error) {
	list, err := many(t, scanReceipt, `
		select d.inbox_id, d.state, d.error, coalesce(d.tried_at, 0), o.at
		from outgoing o
		cross join deliveries d on d.outgoing_id = o.id
		where o.post_id = ?
		and o.post_id != 0
		and o.kind = 'Delete'`, postID)
	if err != nil {
		return nil, err
	}
	byInbox := map[int64]Receipt{}
	for _, r := range list {
		byInbox[r.InboxID] = r
	}
	return t.nameReceipts(byInbox)
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

func (t *Tx) nameReceipts(byInbox map[int64]Receipt) ([]Receipt, error) {
	ids := make([]int64, 0, len(byInbox))
	for id := range byInbox {
		ids = append(ids, id)
	}
	list, err := many(t, func(row scanner) (Receipt, error) {
		var id, hostID, due, dead int64
		var tries int
		var host string
		err := row.Scan(&id, &hostID, &host, &due, &tries, &dead)
		r := byInbox[id]
		r.HostID, r.Host, r.DeadAt = hostID, host, fromMS(dead)
		if r.State < DeliveryAccepted {
			r.DueAt, r.Tries = fromMS(due), tries
		}
		return r, err
	}, `
		select i.id, h.id, h.name, coalesce(i.due_at, 0), i.tries, coalesce(h.dead_at, 0)
		from json_each(?) j
		cross join inboxes i on i.id = j.value
		cross join hosts h on h.id = i.host_id`, idList(ids))
	if err != nil {
		return nil, err
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].Host != list[j].Host {
			return list[i].Host < list[j].Host
		}
		return list[i].InboxID < list[j].InboxID
	})
	return list, nil
}

// ledger reads the folded record of a post: inbox id -> state.
func (t *Tx) ledger(postID int64) (map[int64]DeliveryState, error) {
	body, err := value[[]byte](t, `
		select body
		from ledger
		where post_id = ?`, postID)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return unfold(body)
}

// fold packs inbox ids and states: sorted, as differences, three bits of state below each.
func fold(states map[int64]DeliveryState) []byte {
	ids := make([]int64, 0, len(states))
	for id := range states {
		ids = append(ids, id)
	}
	sort.Slice(ids, func(i, j int) bool { return ids[i] < ids[j] })
	var out []byte
	last := int64(0)
	for _, id := range ids {
		out = binary.AppendUvarint(out, uint64(id-last)<<3|uint64(states[id]))
		last = id
	}
	return out
}

func unfold(body []byte) (map[int64]DeliveryState, error) {
	out := map[int64]DeliveryState{}
	last := int64(0)
	for len(body) > 0 {
		v, n := binary.Uvarint(body)
		if n <= 0 {
			return nil, errors.New("the delivery record of a post is damaged")
		}
		body = body[n:]
		last += int64(v >> 3)
		out[last] = DeliveryState(v & 7)
	}
	return out, nil
}

// FoldLedger folds the finished deliveries of activities queued before a time
// into the compact record of their post, and forgets those without one; what
// became of a Delete is kept for 30 days. It does at most limit activities and
// says how many.
func (t *Tx) FoldLedger(before time.Time, limit int) (int, error) {
	done, err := t.finished(before, limit)
	if err != nil {
		return 0, err
	}
	for _, o := range done {
		if err := t.foldOne(o); err != nil {
			return 0, err
		}
	}
	return len(done), nil
}

func (t *Tx) finished(before time.Time, limit int) ([]Outgoing, error) {
	return many(t, scanOutgoing, `
		select `+outgoingColumns+`
		from outgoing o
		where o.at < ?
		and (o.kind != 'Delete' or o.at < ?)
		and not exists (
			select 1
			from deliveries d
			where d.outgoing_id = o.id
			and d.state < 2)
		order by o.id
		limit ?`, ms(before), ms(before.Add(-30*day)), limit)
}

func (t *Tx) foldOne(o Outgoing) error {
	if o.PostID != 0 && o.Kind != "Delete" {
		if err := t.foldInto(o.PostID, o.ID); err != nil {
			return err
		}
	}
	if _, err := t.exec(`
		delete from deliveries
		where outgoing_id = ?`, o.ID); err != nil {
		return err
	}
	_, err := t.exec(`
		delete from outgoing
		where id = ?`, o.ID)
	return err
}

// foldInto adds the deliveries of one finished activity to the record of its
// post. Those of others still running stay out: their states are not final.
func (t *Tx) foldInto(postID, outgoingID int64) error {
	states, err := t.ledger(postID)
	if err != nil {
		return err
	}
	if states == nil {
		states = map[int64]DeliveryState{}
	}
	done, err := many(t, scanReceipt, `
		select d.inbox_id, d.state, '', 0, 0
		from deliveries d
		where d.outgoing_id = ?`, outgoingID)
	if err != nil {
		return err
	}
	for _, r := range done {
		if old, ok := states[r.InboxID]; !ok || copyRank(r.State) > copyRank(old) {
			states[r.InboxID] = r.State
		}
	}
	if _, err := t.exec(`
		insert or replace into ledger (post_id, body, at)
		values (?, ?, ?)`, postID, fold(states), ms(t.Now())); err != nil {
		return err
	}
	_, err = t.exec(`
		update inboxes
		set kept = 1
		where id in (
			select inbox_id
			from deliveries
			where outgoing_id = ?)
		and kept = 0`, outgoingID)
	return err
}
