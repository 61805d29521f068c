package federation

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dassie/store"
)

func TestHostInfo(t *testing.T) {
	const schema = "http://nodeinfo.diaspora.software/ns/schema/"
	for name, c := range map[string]struct {
		index, document   string
		software, version string
	}{
		"plain":    {`{"links":[{"rel":"` + schema + `2.0","href":"BASE/doc"}]}`, `{"software":{"name":"mastodon","version":"4.5.0"}}`, "mastodon", "4.5.0"},
		"newest":   {`{"links":[{"rel":"` + schema + `2.1","href":"BASE/doc"},{"rel":"` + schema + `2.0","href":"BASE/no"}]}`, `{"software":{"name":"gotosocial","version":"0.20"}}`, "gotosocial", "0.20"},
		"bad name": {`{"links":[{"rel":"` + schema + `2.0","href":"BASE/doc"}]}`, `{"software":{"name":"<script>","version":"1"}}`, "", ""},
		"bad version": {`{"links":[{"rel":"` + schema + `2.0","href":"BASE/doc"}]}`,
			`{"software":{"name":"x","version":"1\u001b[31m<b>` + strings.Repeat("9", 100) + `"}}`, "x", "1[31mb" + strings.Repeat("9", 34)},
		"data URL":      {`{"links":[{"rel":"` + schema + `2.0","href":"data:application/json,{}"}]}`, ``, "", ""},
		"private":       {`{"links":[{"rel":"` + schema + `2.0","href":"http://192.168.1.1/doc"}]}`, ``, "", ""},
		"other version": {`{"links":[{"rel":"` + schema + `9.9","href":"BASE/doc"}]}`, `{"software":{"name":"x"}}`, "", ""},
		"no JSON":       {`<html>`, ``, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDocServer(t, "ann.localhost:8080", "ann.localhost:8080")
			var asked atomic.Int32
			var base string
			peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				w.Header().Set("Content-Type", `application/json; profile="x"`)
				switch r.URL.Path {
				case "/.well-known/nodeinfo":
					fmt.Fprint(w, strings.ReplaceAll(c.index, "BASE", base))
				case "/doc":
					fmt.Fprint(w, c.document)
				default:
					http.NotFound(w, r)
				}
			}))
			defer peer.Close()
			base = peer.URL
			var id int64
			host := strings.TrimPrefix(base, "http://")
			d.write(func(tx *store.Tx) (err error) { id, err = tx.EnsureHost(host); return err })
			ask := func() store.Host {
				if err := d.fetchHostInfo(context.Background(), []byte(strconv.FormatInt(id, 10))); err != nil {
					t.Fatal(err)
				}
				h, err := store.Get(context.Background(), d.store, func(tx *store.Tx) (store.Host, error) { return tx.HostByID(id) })
				if err != nil {
					t.Fatal(err)
				}
				return h
			}
			if h := ask(); h.Software != c.software || h.Version != c.version || !h.InfoAt.Equal(d.now()) {
				t.Errorf("%q %q at %v", h.Software, h.Version, h.InfoAt)
			}
			before := asked.Load()
			if ask(); asked.Load() != before {
				t.Error("asked again within the week")
			}
			d.later(8 * 24 * time.Hour)
			if ask(); asked.Load() == before {
				t.Error("not asked again after a week")
			}
		})
	}
}

func TestHostInfoOfNobody(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	if err := d.fetchHostInfo(context.Background(), []byte("12345")); err != nil {
		t.Errorf("a host swept meanwhile: %v", err)
	}
	if err := d.fetchHostInfo(context.Background(), []byte("x")); err == nil {
		t.Error("a payload that is no number passes")
	}
}
