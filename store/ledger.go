package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sort"
	"time"
)

// Receipt is what one server did with a post.
type Receipt struct {
	InboxID int64
	Host    string
	State   DeliveryState
	Error   string
	TriedAt time.Time
	DueAt   time.Time // next try, while it waits
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
		select d.inbox_id, '', d.state, d.error, coalesce(d.tried_at, 0), 0
		from outgoing o
		cross join deliveries d on d.outgoing_id = o.id
		where o.post_id = ?
		and o.kind in ('Create', 'Update', 'Announce')`, postID)
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
		select d.inbox_id, '', d.state, d.error, coalesce(d.tried_at, 0), 0
		from outgoing o
		cross join deliveries d on d.outgoing_id = o.id
		where o.post_id = ?
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
	var tried, due int64
	err := r.Scan(&x.InboxID, &x.Host, &x.State, &x.Error, &tried, &due)
	x.TriedAt, x.DueAt = fromMS(tried), fromMS(due)
	return x, err
}

// copyRank orders states by how likely the server holds a copy.
func copyRank(s DeliveryState) int {
	switch s {
	case DeliveryAccepted:
		return 5
	case DeliveryUnknown:
		return 4
	case DeliveryWaiting:
		return 3
	case DeliveryRefused:
		return 2
	case DeliveryGivenUp:
		return 1
	}
	return 0
}

func (t *Tx) nameReceipts(byInbox map[int64]Receipt) ([]Receipt, error) {
	list := make([]Receipt, 0, len(byInbox))
	for id, r := range byInbox {
		err := t.one(func(row scanner) error {
			var due int64
			err := row.Scan(&r.Host, &due)
			if r.State < DeliveryAccepted {
				r.DueAt = fromMS(due)
			}
			return err
		}, `
			select h.name, coalesce(i.due_at, 0)
			from inboxes i
			cross join hosts h on h.id = i.host_id
			where i.id = ?`, id)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		list = append(list, r)
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].Host != list[j].Host {
			return list[i].Host < list[j].Host
		}
		return list[i].InboxID < list[j].InboxID
	})
	return list, nil
}

// Holders lists the inboxes that a Delete of a post must reach: those that
// accepted it or may have, among them what is being sent right now, and the
// inboxes of servers that verifiably fetched it. What waits is cancelled.
func (t *Tx) Holders(postID int64, inFlight func(outgoingID, inboxID int64) bool) ([]InboxTarget, error) {
	if err := t.cancelWaiting(postID, inFlight); err != nil {
		return nil, err
	}
	receipts, err := t.Receipts(postID)
	if err != nil {
		return nil, err
	}
	var out []InboxTarget
	for _, r := range receipts {
		if r.State != DeliveryAccepted && r.State != DeliveryUnknown {
			continue
		}
		var in InboxTarget
		err := t.one(func(row scanner) (err error) { in, err = scanInboxTarget(row); return }, `
			select url, host_id
			from inboxes
			where id = ?`, r.InboxID)
		if err != nil {
			return nil, fmt.Errorf("read inbox of holder: %w", err)
		}
		out = append(out, in)
	}
	fetched, err := t.fetcherInboxes(postID)
	return append(out, fetched...), err
}

func (t *Tx) cancelWaiting(postID int64, inFlight func(outgoingID, inboxID int64) bool) error {
	type pair struct{ outgoing, inbox int64 }
	waiting, err := many(t, func(r scanner) (pair, error) {
		var p pair
		err := r.Scan(&p.outgoing, &p.inbox)
		return p, err
	}, `
		select d.outgoing_id, d.inbox_id
		from outgoing o
		cross join deliveries d on d.outgoing_id = o.id
		where o.post_id = ?
		and d.state = 0`, postID)
	if err != nil {
		return err
	}
	for _, p := range waiting {
		state := DeliveryCancelled
		if inFlight != nil && inFlight(p.outgoing, p.inbox) {
			state = DeliveryUnknown
		}
		if _, err := t.exec(`
			update deliveries
			set state = ?
			where outgoing_id = ?
			and inbox_id = ?`, state, p.outgoing, p.inbox); err != nil {
			return err
		}
	}
	return nil
}

// fetcherInboxes finds an inbox for each server that fetched a post: a shared
// one of any actor there.
func (t *Tx) fetcherInboxes(postID int64) ([]InboxTarget, error) {
	return many(t, scanInboxTarget, `
		select max(iif(a.shared_inbox != '', a.shared_inbox, a.inbox)), a.host_id
		from fetches f
		cross join actors a on a.host_id = f.host_id
		where f.post_id = ?
		and a.inbox != ''
		and a.gone_at is null
		group by a.host_id`, postID)
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
// into the compact record of their post, and forgets those without one. It does
// at most limit activities and says how many.
func (t *Tx) FoldLedger(before time.Time, limit int) (int, error) {
	done, err := many(t, scanOutgoing, `
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
		limit ?`, ms(before), ms(before.Add(-30*24*time.Hour)), limit)
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

func (t *Tx) foldOne(o Outgoing) error {
	if o.PostID != 0 && o.Kind != "Delete" {
		receipts, err := t.Receipts(o.PostID)
		if err != nil {
			return err
		}
		states := make(map[int64]DeliveryState, len(receipts))
		for _, r := range receipts {
			states[r.InboxID] = r.State
		}
		if _, err := t.exec(`
			insert or replace into ledger (post_id, body, at)
			values (?, ?, ?)`, o.PostID, fold(states), ms(t.Now())); err != nil {
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

// Fetched records that a server verifiably fetched an own post; one row per
// server and post, at most 20,000 servers for one post.
func (t *Tx) Fetched(postID, hostID int64) error {
	_, err := t.exec(`
		insert into fetches (post_id, host_id, at)
		select ?, ?, ?
		where (
			select count(*)
			from fetches
			where post_id = ?) < 20000
		on conflict do nothing`, postID, hostID, ms(t.Now()), postID)
	return err
}
