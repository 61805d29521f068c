package federation_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/store/storetest"
)

// BenchmarkCSV50000 brings in lists as long as they may be: people whom nobody here
// knows, people who are followed already, and people who are known and get muted. It
// tells how long reading, the preview, and all steps that need no other server take,
// and what reading adds to the memory in use. Run it with -benchtime 1x.
func BenchmarkCSV50000(b *testing.B) {
	const lines = 50000
	for _, x := range []struct {
		name, file string
		known      bool
	}{{"strangers", "following_accounts.csv", false}, {"followed", "following_accounts.csv", true}, {"muted", "muted_accounts.csv", true}, {"listed", "lists.csv", true}} {
		b.Run(x.name, func(b *testing.B) {
			c := fedtest.New(b, "alice")
			alice := c.Servers[0]
			text := longList(x.file, lines)
			if x.known {
				knownPeople(b, alice, lines)
			}
			for b.Loop() {
				var read, looked, placed time.Duration
				at := time.Now()
				lap := func(to *time.Duration) { *to = time.Since(at); at = time.Now() }
				i, err := alice.ReadCSV(ctx(), bytes.NewReader(text), x.file, store.CSVUnknown)
				if err != nil {
					b.Fatal(err)
				}
				lap(&read)
				p := preview(b, alice, i, true)
				lap(&looked)
				if err := alice.BeginCSV(ctx(), i.ID, true); err != nil {
					b.Fatal(err)
				}
				for n, steps := 1, 0; n > 0 && steps < 5000; steps++ {
					if n, err = alice.RunDue(ctx()); err != nil {
						b.Fatal(err)
					}
				}
				lap(&placed)
				got := progress(b, alice, i)
				if done := got.Taken + got.Same; x.known && done != p.Rows || !x.known && got.Waiting < p.Rows-1 {
					b.Fatalf("%+v of %+v", got, p)
				}
				b.ReportMetric(read.Seconds(), "s-to-read")
				b.ReportMetric(looked.Seconds(), "s-to-look")
				b.ReportMetric(placed.Seconds(), "s-to-place")
				if err := alice.DropCSV(ctx(), i.ID); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func longList(file string, lines int) []byte {
	var b bytes.Buffer
	for n := range lines {
		switch file {
		case "lists.csv":
			fmt.Fprintf(&b, "List %d,p%d@s%d.many.example\n", n%40, n, n%2000)
		case "muted_accounts.csv":
			fmt.Fprintf(&b, "p%d@s%d.many.example,true\n", n, n%2000)
		default:
			fmt.Fprintf(&b, "p%d@s%d.many.example,true,false,\n", n, n%2000)
		}
	}
	return b.Bytes()
}

// knownPeople stores people whom the owner follows.
func knownPeople(b *testing.B, s *fedtest.Server, people int) {
	b.Helper()
	for from := 0; from < people; from += 500 {
		err := s.Store().Write(ctx(), func(tx *store.Tx) error {
			for n := from; n < from+500; n++ {
				a, err := storetest.Person(tx, fmt.Sprintf("p%d", n), fmt.Sprintf("s%d.many.example", n%2000))
				if err != nil {
					return err
				}
				if err := tx.SaveFollowing(store.Following{ActorID: a.ID, State: store.FollowAccepted, FollowURI: a.URI + "#follow", Boosts: true}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
