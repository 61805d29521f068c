package store_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

// Mastodon's limits are ceilings (90 days, 12 months): whatever stands in the table,
// written by whatever hand, nothing is kept for longer.
func TestT63_NoStoredValueExceedsACeiling(t *testing.T) {
	s, _, c := world(t)
	for _, value := range []int{1 << 40, 100000, -5} {
		set := map[string]any{}
		for _, a := range store.Ages {
			set[a.Name] = value
		}
		text, err := json.Marshal(set)
		if err != nil {
			t.Fatal(err)
		}
		write(t, s, func(tx *store.Tx) error { return tx.SetSetting("owner", string(text)) })
		got, err := store.Get(bg, s, func(tx *store.Tx) (store.Settings, error) { return tx.Settings() })
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range store.Ages {
			want := a.Most
			if value < 0 {
				want = a.Least
			}
			if n := *a.Of(&got); n != want {
				t.Errorf("%s: %d is read as %d", a.Name, value, n)
			}
		}
	}
	for name, most := range map[string]int{"keep_remote_days": 90, "keep_log_days": 90, "keep_address_days": 365, "media_cache_mb": 512, "keep_picture_days": 7} {
		if a, ok := store.AgeNamed(name); !ok || a.Most != most {
			t.Errorf("%s may be %d", name, a.Most)
		}
	}
	write(t, s, func(tx *store.Tx) error { return tx.SetSetting("owner", `{"keep_address_days": 99999}`) })
	addAddresses(t, s, c.Now())
	c.Add(366 * aDay)
	if report := sweepAll(t, s); report["addresses of log-ins"] != 1 {
		t.Errorf("swept %v", report)
	}
	noAddress(t, s)
	write(t, s, func(tx *store.Tx) error { tx.After(s.EmptyLog); return nil })
	if n := inFiles(t, s.Dir(), "192.0.2.1"); n != 0 {
		t.Errorf("the address still stands %d times in the files of the database", n)
	}
}

func addAddresses(t *testing.T, s *store.Store, at time.Time) {
	t.Helper()
	write(t, s, func(tx *store.Tx) error {
		if err := tx.AddSession(store.Session{Hash: []byte(at.String()), CreatedAt: at, UsedAt: at.Add(400 * aDay), Address: "192.0.2.1"}); err != nil {
			return err
		}
		return tx.LogSecurity("login", "", "192.0.2.1")
	})
}

// noVisitor are columns with the name of an address that hold something else.
var noVisitor = map[string]string{}

// noAddress fails if an address of a visitor stands in any table: a new column that
// is named like one is looked at without being listed here.
func noAddress(t *testing.T, s *store.Store) {
	t.Helper()
	columns, err := store.Get(bg, s, func(tx *store.Tx) ([]string, error) {
		return tx.Strings(`
			select m.name || '.' || p.name
			from sqlite_master m
			join pragma_table_info(m.name) p
			where m.type = 'table'
			and (p.name in ('ip', 'addr', 'address', 'addresses', 'network', 'peer')
				or p.name like '%\_ip' escape '\' or p.name like '%\_addr' escape '\' or p.name like '%address%')`)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(columns) < 2 {
		t.Errorf("only %v are looked at", columns)
	}
	for _, at := range columns {
		table, column, _ := strings.Cut(at, ".")
		if noVisitor[at] != "" {
			continue
		}
		if n := count(t, s, fmt.Sprintf("select count(*) from %s where coalesce(%s, '') != ''", table, column)); n != 0 {
			t.Errorf("%d addresses stand in %s", n, at)
		}
	}
}

// What the page says would go is what goes, age by age and all at once.
func TestWhatIsDueIsWhatTheSweepRemoves(t *testing.T) {
	ages := append([]store.Age{{Name: "all"}}, store.Ages...)
	for _, only := range ages {
		if only.Name == "keep_log_days" {
			continue // files
		}
		s, w, c := world(t)
		fillAges(t, s, w.Bob.ID, c.Now())
		c.Add(3 * aDay)
		fillAges(t, s, w.Bob.ID, c.Now())
		c.Add(12 * aDay)
		fillAges(t, s, w.Bob.ID, c.Now())
		c.Add(3 * aDay)
		before, err := store.Get(bg, s, func(tx *store.Tx) (store.Settings, error) { return tx.Settings() })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Sweep(bg); err != nil { // what goes anyhow
			t.Fatal(err)
		}
		set := before
		for _, a := range store.Ages {
			if a.Name == only.Name || only.Name == "all" {
				*a.Of(&set) = max(a.Least, min(10, a.Most/18))
			}
		}
		due, err := store.Get(bg, s, func(tx *store.Tx) (map[string]int, error) { return tx.Due(set) })
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for _, n := range due {
			total += n
		}
		if total == 0 {
			t.Errorf("%s: nothing is due: %v", only.Name, due)
		}
		write(t, s, func(tx *store.Tx) error { return tx.SaveSettings(set) })
		report := sweepAll(t, s)
		var swept store.Swept
		swept.Report(report)
		got := map[string]int{}
		for what, n := range report {
			if age := store.AgeOfRule(what); age != "" {
				got[age] += n
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(due) {
			t.Errorf("%s: due were %v, and went %v", only.Name, due, got)
		}
		if again, err := store.Get(bg, s, func(tx *store.Tx) (map[string]int, error) { return tx.Due(set) }); err != nil || len(again) != 0 {
			t.Errorf("%s: due after the sweep: %v, %v", only.Name, again, err)
		}
		if swept.Total() < total {
			t.Errorf("%s: the report has %+v", only.Name, swept)
		}
	}
}

// fillAges adds something of each kind that has an age.
func fillAges(t *testing.T, s *store.Store, actor int64, at time.Time) {
	t.Helper()
	addAddresses(t, s, at)
	write(t, s, func(tx *store.Tx) error {
		for i := range 5 {
			uri := fmt.Sprint("https://bob.example/", at.Unix(), "/", i)
			p := store.Post{URI: uri, ActorID: actor, PublishedAt: at, StoredAt: at}
			if err := tx.InsertPost(&p); err != nil {
				return err
			}
			for j := range i { // boosts go with what they boost
				b := store.Post{URI: fmt.Sprint(uri, "/boost", j), ActorID: actor, BoostOf: p.ID, PublishedAt: at, StoredAt: at}
				if err := tx.InsertPost(&b); err != nil {
					return err
				}
			}
			if err := tx.Notify(&store.Notification{Kind: "status", ActorID: actor, PostID: p.ID, At: at}); err != nil {
				return err
			}
			if err := tx.AddJob("x", "", nil, at); err != nil {
				return err
			}
			for k, shape := range []string{"avatar", "small", "full"} {
				m := store.RemoteMedia{URL: uri + shape, Shape: shape, Name: fmt.Sprint("n", at.Unix(), i, k), Size: 1 << 20, FetchedAt: at, UsedAt: at}
				if err := tx.SaveRemoteMedia(m); err != nil {
					return err
				}
				if shape == "avatar" { // else it goes with what nothing shows
					if err := tx.Exec("insert into actors (uri, uri_hash, host_id, username, domain, kind, avatar, fetched_at) values (?1, ?2, 1, 'x', 'x.example', 'Person', ?3, ?4)", uri, at.Unix()+int64(i), m.Name, at.AddDate(1, 0, 0).UnixMilli()); err != nil {
						return err
					}
				}
			}
		}
		return tx.Exec("update jobs set dead_at = ?1 where dead_at is null", at.UnixMilli())
	})
}
