package store

import (
	"encoding/binary"
	"errors"
	"sort"
	"time"
)

// ledger reads the folded record of a post: inbox id -> state.
func (t *Tx) ledger(postID int64) (map[int64]DeliveryState, error) {
	all, err := t.ledgers(idList([]int64{postID}))
	return all[postID], err
}

// ledgers reads the folded records of several posts.
func (t *Tx) ledgers(ids string) (map[int64]map[int64]DeliveryState, error) {
	type record struct {
		post int64
		body []byte
	}
	list, err := many(t, func(r scanner) (x record, err error) { err = r.Scan(&x.post, &x.body); return x, err }, `
		select l.post_id, l.body
		from json_each(?) j
		cross join ledger l on l.post_id = j.value`, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]map[int64]DeliveryState, len(list))
	for _, x := range list {
		if out[x.post], err = unfold(x.body); err != nil {
			return nil, err
		}
	}
	return out, nil
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

func (t *Tx) finished(before time.Time, limit int) ([]Outgoing, error) {
	return many(t, scanOutgoing, `
		select `+outgoingColumns+`
		from outgoing o
		where o.at < ?
		and (o.kind not in ('Delete', 'Move') or o.at < ?)
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
	if err := t.keepInboxes(o.ID); err != nil {
		return err
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
	_, err = t.exec(`
		insert or replace into ledger (post_id, body, at)
		values (?, ?, ?)`, postID, fold(states), ms(t.Now()))
	return err
}

// keepInboxes lets no sweep forget an inbox that a ledger names, or that something
// was sent to: the Delete of the account must reach all that may know it.
func (t *Tx) keepInboxes(outgoingID int64) error {
	_, err := t.exec(`
		update inboxes
		set kept = 1
		where id in (
			select d.inbox_id
			from deliveries d
			cross join outgoing o on o.id = d.outgoing_id
			where d.outgoing_id = ?
			and (o.post_id != 0 or d.state in (1, 2, 6)))
		and kept = 0`, outgoingID)
	return err
}
