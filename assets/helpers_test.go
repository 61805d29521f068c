package assets

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestTimesInTheCallersZone(t *testing.T) {
	utc := now.UTC()
	for passed, want := range map[time.Duration]string{
		-time.Hour: "today, 15:32", -time.Second: "now", 59 * time.Second: "now", 24 * time.Minute: "24 min", 23*time.Hour + 59*time.Minute: "23 h",
		30 * time.Hour: "yesterday", 80 * time.Hour: "Fri", 8 * 24 * time.Hour: "15 Nov", 400 * 24 * time.Hour: "19 Oct 2025",
	} {
		got := string(when(now, utc.Add(-passed)))
		if !strings.HasSuffix(got, ">"+want+"</time>") || !strings.Contains(got, `+01:00"`) {
			t.Errorf("%v ago: %s, want %q", passed, got, want)
		}
	}
	// Shortly after midnight "yesterday" is an hour ago, and says so.
	night := time.Date(2026, 3, 1, 0, 30, 0, 0, amsterdam)
	if got := string(when(night, night.Add(-time.Hour))); !strings.Contains(got, ">1 h<") || !strings.Contains(got, "yesterday, 23:30") {
		t.Error(got)
	}
	if zone(now) != "Amsterdam" || zone(time.Now().UTC()) != "UTC" {
		t.Error(zone(now))
	}
}

func TestNumbersAndWords(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1204: "1,204", 1234567: "1,234,567", -1204: "-1,204", -123: "-123"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	if count(1, "server") != "1 server" || count(2000, "server") != "2,000 servers" || plural(1, "reply", "replies") != "reply" {
		t.Error("plurals")
	}
	if initials("grace brewster hopper") != "GB" || initials("  ") != "" {
		t.Error("initials")
	}
	if got := handle(`@a<b@c.example`); got != `@a&lt;b<wbr>@c.example` {
		t.Error(got)
	}
	if (Person{Handle: "@carol_x9@megahost.example", Name: " "}).Called() != "carol_x9" {
		t.Error("a person without a name is called by the handle")
	}
}

func TestDeliveryInWordsAndBars(t *testing.T) {
	for want, d := range map[string]Delivery{
		"It went to no other server. ": {},
		"1 of 1 server accepted it. ":  {Accepted: 1},
		"All 3 servers accepted it. ":  {Accepted: 3},
		"16 of 19 servers accepted it. 1 did not answer, 1 is waiting, 1 refused.": {Accepted: 16, Unknown: 1, Waiting: 1, Refused: 1},
		"0 of 4 servers accepted it. 2 are waiting, 2 were given up.":              {Waiting: 2, GivenUp: 2},
	} {
		if got := d.Lead() + " " + d.Rest(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if len(d.Bars(500)) != d.Total() {
			t.Errorf("%q: %d bars", want, len(d.Bars(500)))
		}
	}
	big := Delivery{Accepted: 4000, Refused: 1}
	if big.Each(500) != 10 || len(big.Bars(500)) != 401 || big.Each(60) != 100 {
		t.Errorf("each %d, %d bars; line each %d", big.Each(500), len(big.Bars(500)), big.Each(60))
	}
}

func TestAudiences(t *testing.T) {
	a := Audiences{Chosen: "everyone", Widest: "followers"}
	choices := a.Choices()
	if len(choices) != 2 || !choices[0].Chosen || choices[0].Value != "followers" {
		t.Errorf("%+v: a wider choice than allowed falls back to the widest", choices)
	}
	if got := (Audiences{Chosen: "named"}).Choices(); len(got) != 4 || !got[3].Chosen || got[0].Chosen {
		t.Errorf("%+v", got)
	}
	if audienceName("quiet") != "Everyone, quietly" || audienceIcon("followers") != "lock" {
		t.Error("names")
	}
}

func TestFieldRefusesWhatItDoesNotHave(t *testing.T) {
	if _, err := newField("Labl", "x"); err == nil {
		t.Error("a wrong part was taken")
	}
	if _, err := newField("Max", "x"); err == nil {
		t.Error("a wrong type was taken")
	}
	f, err := newField("Name", "bio", "Error", "Too long.", "Hint", "Short.")
	if err != nil || f.Described() != "bio-error bio-hint" || f.ID != "bio" || f.Type != "text" {
		t.Errorf("%+v %v", f, err)
	}
}

func TestStaticPathsAreStable(t *testing.T) {
	address := regexp.MustCompile(`^/static/[0-9a-f]{12}-[a-z.]+$`)
	for path, file := range Static() {
		if !address.MatchString(path) || StaticPath(file.Name) != path || file.Type == "" || len(file.Body) == 0 || file.ETag == "" {
			t.Errorf("%s: %s %q", path, file.Name, file.Type)
		}
		if file.Gzip != nil {
			if !bytes.HasPrefix(file.Gzip, []byte{0x1f, 0x8b}) || len(file.Gzip) >= len(file.Body) {
				t.Errorf("%s: bad compressed form", path)
			}
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a file that does not exist has a path")
		}
	}()
	StaticPath("nothing.css")
}

func TestDeployFiles(t *testing.T) {
	for name, words := range map[string][]string{
		"nginx.conf":     {"proxy_set_header Host $host;", "X-Forwarded-For $remote_addr", "client_max_body_size 128m"},
		"Caddyfile":      {"reverse_proxy localhost:8080", "flush_interval -1"},
		"dassie.service": {"StateDirectory=dassie", "ProtectSystem=strict", "NoNewPrivileges=yes", "MemoryMax=60%", "time-sync.target"},
	} {
		body, err := Deploy(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range words {
			if !strings.Contains(string(body), word) {
				t.Errorf("%s lacks %q", name, word)
			}
		}
	}
}

func TestTemplatesRefuseADoubleName(t *testing.T) {
	if _, err := Templates(map[string]any{"icon": func() string { return "" }}); err == nil {
		t.Error("a helper was replaced")
	}
	set, err := Templates(map[string]any{"extra": func() string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Execute(io.Discard, "nothing", nil); err == nil {
		t.Error("a page that does not exist was rendered")
	}
}

func BenchmarkHome(b *testing.B) {
	set, err := Templates(nil)
	if err != nil {
		b.Fatal(err)
	}
	data := samplePages()["home"]
	b.ReportAllocs()
	for b.Loop() {
		if err := set.Execute(io.Discard, "home", data); err != nil {
			b.Fatal(err)
		}
	}
}
