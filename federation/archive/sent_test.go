package archive

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"dassie/store"
)

// A server counts once for a post, by its inbox that went worst; what waits was not sent,
// and what is not named is counted.
func TestTheArchivesPageCountsServersNotInboxes(t *testing.T) {
	e := &export{ledger: map[string]map[string]int{}}
	at := func(host, inbox string, state store.DeliveryState) server {
		return server{Host: host, Inbox: "https://" + host + inbox, State: deliveries[state]}
	}
	show := func(list ...server) string {
		t.Helper()
		var b bytes.Buffer
		if err := indexPage.ExecuteTemplate(&b, "post", indexPost{post: post{Servers: list}, Sent: e.sentOf(post{Servers: list})}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	page := show(at("a.example", "/one", store.DeliveryAccepted), at("a.example", "/two", store.DeliveryRefused), at("b.example", "/", store.DeliveryAccepted),
		at("c.example", "/", store.DeliveryWaiting), at("d.example", "/", store.DeliveryCancelled))
	for _, want := range []string{"Sent to 2 servers: 1 accepted, 1 refused; waiting for 1 server<", "a.example: refused", "b.example: accepted", "c.example: waiting"} {
		if !strings.Contains(page, want) {
			t.Errorf("it does not say %q: %s", want, page)
		}
	}
	if strings.Contains(page, "d.example") || e.ledger["d.example"] != nil {
		t.Errorf("a server that nobody asked is there: %s", page)
	}
	if a := e.ledger["a.example"]; len(a) != 1 || a["refused"] != 1 {
		t.Errorf("a.example has %v", a)
	}
	if page := show(at("c.example", "/", store.DeliveryWaiting)); !strings.Contains(page, ">Waiting for 1 server<") {
		t.Errorf("what waits was sent: %s", page)
	}
	if s := e.sentOf(post{Servers: []server{at("d.example", "/", store.DeliveryCancelled)}}); s != nil {
		t.Errorf("what was never sent is %+v", s)
	}
	var many []server
	for n := range 100 {
		many = append(many, at(fmt.Sprintf("%d.example", n), "/", store.DeliveryState(2+n%2))) // accepted, refused
	}
	if page := show(many...); strings.Count(page, "<li>") != namedFaults || !strings.Contains(page, "50 more accepted it;") || !strings.Contains(page, "10 more did not accept it, or not yet;") {
		t.Errorf("not all are counted: %s", page)
	}
}

// An archive that is written elsewhere takes no room of the server.
func TestRoomStaysFreeWhereTheDataAre(t *testing.T) {
	if n := stays(t.TempDir(), t.TempDir()); n != spare {
		t.Errorf("%d stay free beside the data", n)
	}
	const other = "/dev/shm"
	same, err := os.Stat(other)
	if err != nil || !same.IsDir() {
		t.Skip("there is no second file system")
	}
	stick, err := os.MkdirTemp(other, "dassie")
	if err != nil {
		t.Skip("there is no second file system to write to")
	}
	defer os.Remove(stick)
	if n := stays(stick, t.TempDir()); n != 0 {
		t.Errorf("%d stay free on a stick", n)
	}
}
