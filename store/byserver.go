package store

import (
	"slices"
	"strings"
)

// ByServer brings the receipts of a post down to one per server. A server with
// several inboxes, as a direct post has, counts by the one that went worst, so
// that no failure hides behind a success.
func ByServer(receipts []Receipt) []Receipt {
	worst := map[string]Receipt{}
	for _, r := range receipts {
		if r.State == DeliveryCancelled {
			continue // deleted before it was sent: nobody ever asked that server
		}
		if old, ok := worst[r.Host]; !ok || trouble(r.State) > trouble(old.State) {
			worst[r.Host] = r
		}
	}
	list := make([]Receipt, 0, len(worst))
	for _, r := range worst {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Receipt) int { return strings.Compare(a.Host, b.Host) })
	return list
}

// trouble orders states by how much the owner should know of them.
func trouble(s DeliveryState) int {
	switch s {
	case DeliveryAccepted:
		return 0
	case DeliveryUnknown:
		return 1
	case DeliveryWaiting:
		return 2
	case DeliveryRefused:
		return 3
	}
	return 4
}
