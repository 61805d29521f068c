package mastodon

import (
	"net/http"
	"testing"

	"dassie/store"
)

func TestMarkers(t *testing.T) {
	h := newHouse(t)
	const ask = "/api/v1/markers?timeline[]=home&timeline[]=notifications"
	if got := read[object](h, "GET", ask, ""); len(got) != 0 {
		t.Errorf("nothing was read yet, but the markers are %v", got)
	}
	moved := read[object](h, "POST", "/api/v1/markers", "home[last_read_id]="+id(h.Answer.ID))
	hasKeys(t, "marker", moved["home"], "last_read_id version updated_at")
	if len(moved) != 1 {
		t.Errorf("more was moved than was asked for: %v", moved)
	}
	first := moved["home"].(object)
	if first["last_read_id"] != id(h.Answer.ID) || first["version"] != 1.0 {
		t.Errorf("moved to %v", first)
	}
	read[object](h, "POST", "/api/v1/markers", `{"home":{"last_read_id":"`+id(h.Boost.ID)+`"}}`, "Content-Type", "application/json")
	got := read[object](h, "GET", ask, "")
	if m, ok := got["home"].(object); !ok || m["last_read_id"] != id(h.Boost.ID) || m["version"] != 2.0 || len(got) != 1 {
		t.Errorf("markers %v", got)
	}
	if got := read[object](h, "GET", "/api/v1/markers", ""); len(got) != 0 {
		t.Errorf("no timeline was asked for: %v", got)
	}
	// The pages have the same place.
	var page int64
	h.write(func(tx *store.Tx) (err error) { page, err = tx.HomeMarker(); return })
	if page != h.Boost.ID {
		t.Errorf("the place of Home is %d", page)
	}
}

// A lagging app cannot bring the place back; it is told, unless something else of
// what it sent could be moved.
func TestMarkersNeverGoBack(t *testing.T) {
	h := newHouse(t)
	read[object](h, "POST", "/api/v1/markers", "home[last_read_id]="+id(h.Boost.ID))
	w := h.ask("POST", "/api/v1/markers", "home[last_read_id]="+id(h.Answer.ID))
	checkError(t, w, http.StatusConflict, "a place behind the known one")
	both := read[object](h, "POST", "/api/v1/markers", "home[last_read_id]="+id(h.Answer.ID)+"&notifications[last_read_id]=9223372036854775807")
	if both["home"].(object)["last_read_id"] != id(h.Boost.ID) {
		t.Errorf("markers %v", both)
	}
	// Nor can one bring it beyond what there is: that would hide what comes next.
	var newest int64
	h.write(func(tx *store.Tx) (err error) { newest, err = tx.Newest(store.MarkerNotifications); return })
	if both["notifications"].(object)["last_read_id"] != id(newest) {
		t.Errorf("markers %v, the newest notification is %d", both, newest)
	}
	for _, body := range []string{"home[last_read_id]=x", "home[last_read_id]=-1", "notifications[last_read_id]=01"} {
		checkError(t, h.ask("POST", "/api/v1/markers", body), http.StatusUnprocessableEntity, body)
	}
	if got := read[object](h, "POST", "/api/v1/markers", "local[last_read_id]=5"); len(got) != 0 {
		t.Errorf("a timeline without a place: %v", got)
	}
}
