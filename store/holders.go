package store

import "slices"

// Holders lists the inboxes that a Delete of a post must reach: those that
// accepted it or may have, among them what is being sent right now, and the
// inboxes of servers that verifiably fetched it; each once. What waits is
// cancelled, and what had no answer is not sent again.
func (t *Tx) Holders(postID int64, inFlight func(outgoingID, inboxID int64) bool) ([]InboxTarget, error) {
	if err := t.cancelWaiting(postID, inFlight); err != nil {
		return nil, err
	}
	receipts, err := t.Receipts(postID)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, r := range receipts {
		if r.State == DeliveryAccepted || r.State == DeliveryUnknown || r.State == DeliveryLost {
			ids = append(ids, r.InboxID)
		}
	}
	out, err := many(t, scanInboxTarget, `
		select i.url, i.host_id
		from json_each(?) j
		cross join inboxes i on i.id = j.value`, idList(ids))
	if err != nil {
		return nil, err
	}
	fetched, err := t.fetcherInboxes(postID)
	if err != nil {
		return nil, err
	}
	for _, in := range fetched {
		if !slices.Contains(out, in) {
			out = append(out, in)
		}
	}
	return out, nil
}

// cancelWaiting ends what is still to be sent of a post that is about to go: what
// was never sent is cancelled, what is being sent now or had no answer is lost.
func (t *Tx) cancelWaiting(postID int64, inFlight func(outgoingID, inboxID int64) bool) error {
	type open struct {
		outgoing, inbox int64
		state           DeliveryState
	}
	list, err := many(t, func(r scanner) (open, error) {
		var p open
		err := r.Scan(&p.outgoing, &p.inbox, &p.state)
		return p, err
	}, `
		select d.outgoing_id, d.inbox_id, d.state
		from outgoing o
		cross join deliveries d on d.outgoing_id = o.id
		where o.post_id = ?
		and o.post_id != 0
		and o.kind != 'Delete'
		and d.state < 2`, postID)
	if err != nil {
		return err
	}
	for _, p := range list {
		state := DeliveryCancelled
		if p.state == DeliveryUnknown || inFlight != nil && inFlight(p.outgoing, p.inbox) {
			state = DeliveryLost
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
// one of any actor there, else a personal one.
func (t *Tx) fetcherInboxes(postID int64) ([]InboxTarget, error) {
	return many(t, scanInboxTarget, `
		select coalesce(max(nullif(a.shared_inbox, '')), max(a.inbox)), a.host_id
		from fetches f
		cross join actors a on a.host_id = f.host_id
		where f.post_id = ?
		and a.inbox != ''
		and a.gone_at is null
		group by a.host_id`, postID)
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
