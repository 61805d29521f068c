package dashboard

import (
	"dassie/assets"
	"dassie/store"
)

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
	d := tally(postID, store.ByServer(receipts))
	return &d, nil
}
