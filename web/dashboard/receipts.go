package dashboard

import (
	"slices"
	"strings"

	"dassie/assets"
	"dassie/store"
)

// byServer brings the receipts of a post down to one per server. A server with
// several inboxes, as a direct post has, counts by the one that went worst, so
// that no failure hides behind a success.
func byServer(receipts []store.Receipt) []store.Receipt {
	worst := map[string]store.Receipt{}
	for _, r := range receipts {
		if r.State == store.DeliveryCancelled {
			continue // deleted before it was sent: nobody ever asked that server
		}
		if old, ok := worst[r.Host]; !ok || trouble(r.State) > trouble(old.State) {
			worst[r.Host] = r
		}
	}
	list := make([]store.Receipt, 0, len(worst))
	for _, r := range worst {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b store.Receipt) int { return strings.Compare(a.Host, b.Host) })
	return list
}

// trouble orders states by how much the owner should know of them.
func trouble(s store.DeliveryState) int {
	switch s {
	case store.DeliveryAccepted:
		return 0
	case store.DeliveryUnknown:
		return 1
	case store.DeliveryWaiting:
		return 2
	case store.DeliveryRefused:
		return 3
	}
	return 4
}

// tally counts the servers of a post by state.
func tally(postID int64, servers []store.Receipt) assets.Delivery {
	d := assets.Delivery{URL: postPath(postID) + "/delivery"}
	for _, r := range servers {
		switch r.State {
		case store.DeliveryAccepted:
			d.Accepted++
		case store.DeliveryUnknown:
			d.Unknown++
		case store.DeliveryWaiting:
			d.Waiting++
		case store.DeliveryRefused:
			d.Refused++
		default:
			d.GivenUp++
		}
	}
	return d
}

func (v *view) deliveryOf(postID int64) (*assets.Delivery, error) {
	receipts, err := v.tx.Receipts(postID)
	if err != nil {
		return nil, err
	}
	d := tally(postID, byServer(receipts))
	return &d, nil
}
