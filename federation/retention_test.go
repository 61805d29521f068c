package federation

import (
	"testing"
	"time"

	"dassie/store"
)

func TestNightIsThreeInTheOwnersZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("this system has no time zones")
	}
	for _, c := range []struct{ after, want string }{
		{"2026-11-23 02:59", "2026-11-23 03:00"},
		{"2026-11-23 03:00", "2026-11-24 03:00"},
		{"2026-12-31 23:00", "2027-01-01 03:00"},
		{"2026-03-28 04:00", "2026-03-29 03:00"}, // the night in which an hour is missing
	} {
		after, err := time.ParseInLocation("2006-01-02 15:04", c.after, berlin)
		if err != nil {
			t.Fatal(err)
		}
		if got := NextPurge(after.UTC(), store.Settings{Timezone: "Europe/Berlin"}).Format("2006-01-02 15:04"); got != c.want {
			t.Errorf("after %s: %s, want %s", c.after, got, c.want)
		}
	}
}
