package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/store"
)

func TestAGoodInstallationIsWell(t *testing.T) {
	w := newWorld(t)
	w.serve()
	r := w.look()
	var text, js bytes.Buffer
	r.Text(&text)
	for _, row := range r.Rows {
		if row.Status != OK {
			t.Errorf("%s: %s, %s", row.ID, row.Status, row.Value)
		}
	}
	if !r.OK || r.Failed() != 0 {
		t.Errorf("it is not well:\n%s", &text)
	}
	for _, id := range []string{"data", "database", "server", "disk", "account", "backup", "queue", "jobs", "purge", "networks", "clock", "dns", "certificate", "webfinger", "actor", "way"} {
		r.row(t, id)
	}
	if err := r.JSON(&js); err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(js.Bytes(), &back); err != nil || len(back.Rows) != len(r.Rows) || !back.OK {
		t.Errorf("as JSON: %v\n%s", err, &js)
	}
	if strings.Contains(text.String(), "FAIL") || strings.Contains(text.String(), "to mend it") {
		t.Errorf("as text:\n%s", &text)
	}
}

// page answers everything with a page for people.
func page(status int) func(http.Handler) http.Handler {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			io.WriteString(w, "<h1>Checking your browser</h1>")
		})
	}
}

// Each thing that doctor claims to find is spoilt in turn: the row says so, and
// what mends it.
func TestEachFaultIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*world) // before the server runs
		later func(*world) // while it runs
		row   string
		want  Status
		value string
		mend  string
	}{
		"the proxy changes Host": {spoil: func(w *world) {
			w.proxy = func(r *httputil.ProxyRequest) { r.SetXForwarded(); r.Out.Host = "backend:8080" }
		}, row: "way", want: Fail, value: "Host backend:8080", mend: "Host header on unchanged"},
		"WebFinger under a changed Host": {spoil: func(w *world) {
			w.proxy = func(r *httputil.ProxyRequest) { r.SetXForwarded(); r.Out.Host = "backend:8080" }
		}, row: "webfinger", want: Fail, value: "421", mend: "proxy_set_header Host"},
		"the profile under a changed Host": {spoil: func(w *world) {
			w.proxy = func(r *httputil.ProxyRequest) { r.Out.Host = "backend:8080" }
		}, row: "actor", want: Fail, value: "421", mend: "proxy_set_header Host"},
		"the proxy is not trusted": {spoil: func(w *world) { w.trusted = nil }, row: "way", want: Fail, value: "scheme http", mend: "-trusted-proxies"},
		"the proxy does not say https": {spoil: func(w *world) {
			w.proxy = func(r *httputil.ProxyRequest) {
				r.SetXForwarded()
				r.Out.Host = r.In.Host
				r.Out.Header.Del("X-Forwarded-Proto")
			}
		}, row: "way", want: Fail, value: "scheme http", mend: "X-Forwarded-Proto"},
		"the proxy does not say for whom": {spoil: func(w *world) {
			w.proxy = func(r *httputil.ProxyRequest) {
				r.SetXForwarded()
				r.Out.Host = r.In.Host
				r.Out.Header.Del("X-Forwarded-For")
			}
		}, row: "way", want: Warn, value: "from 127.0.0.1", mend: "X-Forwarded-For"},
		"the proxy drops signatures": {spoil: func(w *world) {
			good := w.proxy
			w.proxy = func(r *httputil.ProxyRequest) { good(r); r.Out.Header.Del("Signature") }
		}, row: "way", want: Fail, value: "the signature did not arrive", mend: "Signature as they come"},
		"the proxy changes the date": {spoil: func(w *world) {
			good := w.proxy
			w.proxy = func(r *httputil.ProxyRequest) {
				good(r)
				r.Out.Header.Set("Date", time.Now().Add(time.Minute).UTC().Format(http.TimeFormat))
			}
		}, row: "way", want: Fail, value: "the signature does not hold", mend: "Date"},
		"fetches must be signed":   {later: (*world).demandSignatures, row: "actor", want: OK, value: "served with the right key"},
		"an older server runs":     {spoil: func(w *world) { w.version = "2" }, row: "way", want: Warn, value: "the server is version 1, this program 2", mend: "restart"},
		"a protection service":     {spoil: func(w *world) { w.wrap = page(403) }, row: "webfinger", want: Fail, value: "403", mend: "Bot Fight Mode"},
		"a page for everything":    {spoil: func(w *world) { w.wrap = page(200) }, row: "way", want: Fail, value: "another server", mend: "lead to this server"},
		"a proxy without a server": {spoil: func(w *world) { w.wrap = page(502) }, row: "actor", want: Fail, value: "does not reach dassie", mend: "localhost:8080"},
		"everything is sent elsewhere": {spoil: func(w *world) {
			w.wrap = func(http.Handler) http.Handler {
				return http.RedirectHandler("https://elsewhere.example/", http.StatusMovedPermanently)
			}
		}, row: "actor", want: Fail, value: "sends the asker elsewhere", mend: "redirects"},

		"no DNS":             {later: func(w *world) { delete(w.addrs, host) }, row: "dns", want: Fail, value: "no address", mend: "A record"},
		"a private address":  {later: func(w *world) { w.rename("192.168.1.5") }, row: "dns", want: Warn, value: "192.168.1.5 is not public", mend: "ask from elsewhere"},
		"reached privately":  {later: func(w *world) { w.rename("192.168.1.5") }, row: "way", want: OK, value: "scheme https"},
		"nobody listens":     {later: func(w *world) { clear(w.doors) }, row: "certificate", want: Fail, value: "refuses the connection", mend: "firewall"},
		"a late certificate": {spoil: func(w *world) { w.certs[host].until = 5 * 24 * time.Hour }, row: "certificate", want: Warn, value: "valid for 4 days", mend: "renewed by now"},
		"expired":            {spoil: func(w *world) { w.certs[host].until = -time.Hour }, row: "certificate", want: Fail, value: "expired", mend: "renew"},
		"expired, WebFinger": {spoil: func(w *world) { w.certs[host].until = -time.Hour }, row: "webfinger", want: Fail, value: "expired", mend: "renew"},
		"for another name":   {spoil: func(w *world) { w.certs[host].names = []string{"other.example"} }, row: "certificate", want: Fail, value: "another name", mend: host},
		"of nobody":          {spoil: func(w *world) { w.certs[host].self = true }, row: "certificate", want: Fail, value: "nobody trusts", mend: "public authority"},

		"a slow clock":      {spoil: func(w *world) { w.peer = time.Minute + time.Second }, row: "clock", want: Warn, value: "slow", mend: "timedatectl"},
		"a very fast clock": {spoil: func(w *world) { w.peer = -10 * time.Minute }, row: "clock", want: Fail, value: "minutes fast", mend: "timedatectl"},
		"no peer":           {later: func(w *world) { delete(w.addrs, "bob.example") }, row: "clock", want: Skip, value: "tells its time"},
		"little room":       {spoil: func(w *world) { w.free = 300 << 20 }, row: "disk", want: Warn, value: "300 MB free", mend: "make room"},
		"no room":           {spoil: func(w *world) { w.free = 50 << 20 }, row: "disk", want: Fail, value: "50 MB free", mend: "make room"},
		"open to all":       {later: func(w *world) { os.Chmod(w.dir, 0o755) }, row: "data", want: Warn, value: "0755", mend: "chmod 700"},
		"private networks":  {spoil: func(w *world) { w.started.AllowNetworks = "10.0.0.0/8" }, row: "networks", want: Warn, value: "10.0.0.0/8", mend: "-allow-networks"},
		"a stuck queue":     {later: func(w *world) { w.queue(time.Hour) }, row: "queue", want: Fail, value: "1 wait, 0 servers do not answer, the oldest is 60 minutes overdue", mend: "restart the server"},
		"a busy queue":      {later: func(w *world) { w.queue(time.Second) }, row: "queue", want: OK, value: "1 wait"},
		"work set aside":    {later: (*world).poison, row: "jobs", want: Warn, value: "1 were set aside", mend: "the last was activity: no way"},
		"an old backup":     {later: func(w *world) { w.setting(store.LastBackup, "2020-01-01T00:00:00Z") }, row: "backup", want: Warn, value: "days old", mend: "dassie backup"},
		"a new backup":      {later: func(w *world) { w.setting(store.LastBackup, time.Now().UTC().Format(time.RFC3339)) }, row: "backup", want: OK, value: "old"},
		"an old purge":      {later: func(w *world) { w.swept(10 * 24 * time.Hour) }, row: "purge", want: Warn, value: "10 days ago, removed: notifications 3, jobs set aside 1; the next is on ", mend: "log of the server"},
		"a new purge":       {later: func(w *world) { w.swept(time.Hour) }, row: "purge", want: OK, value: "60 minutes ago, removed: notifications 3"},
		"it does not run":   {spoil: func(w *world) { w.running = false }, later: func(w *world) { clear(w.doors) }, row: "server", want: Warn, value: "does not run", mend: "dassie serve"},
		"WebFinger of none": {spoil: func(w *world) { w.running = false }, later: func(w *world) { clear(w.doors) }, row: "webfinger", want: Skip, value: "does not run"},
		"another one runs":  {spoil: func(w *world) { w.running = false }, row: "actor", want: Warn, value: "a server elsewhere answers as @alice@alice.example", mend: "do not start this one"},
		"another key":       {later: (*world).changeKey, row: "actor", want: Fail, value: "another key", mend: "another dassie answers"},
		"signed by another": {later: (*world).changeKey, row: "way", want: Fail, value: "signed by another key", mend: ""},
		"a key is missing":  {later: func(w *world) { w.setKey("main", []byte("x")) }, row: "actor", want: Fail, value: `the key "main" cannot be read`, mend: "restore a backup"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if c.spoil != nil {
				c.spoil(w)
			}
			w.serve()
			if c.later != nil {
				c.later(w)
			}
			r := w.look()
			row := r.row(t, c.row)
			if row.Status != c.want || !strings.Contains(row.Value, c.value) || !strings.Contains(row.Mend, c.mend) {
				t.Errorf("%+v", row)
			}
			if r.OK != (r.Failed() == 0) || row.Status == Fail && r.OK {
				t.Error("the report as a whole says that it is well")
			}
		})
	}
}

// rename lets our name lead to another address of the same door.
func (w *world) rename(addr string) {
	a := netip.MustParseAddr(addr)
	w.doors[a] = w.doors[w.addrs[host]]
	w.addrs[host] = a
}

func (w *world) setting(key, value string) {
	w.write(func(tx *store.Tx) error { return tx.SetSetting(key, value) })
}

// queue leaves a delivery that was due some time ago.
func (w *world) queue(ago time.Duration) {
	past, err := store.Open(w.dir, store.Options{Readers: 1, Now: func() time.Time { return time.Now().Add(-ago) }})
	if err != nil {
		w.t.Fatal(err)
	}
	defer past.Close()
	err = past.Write(context.Background(), func(tx *store.Tx) error {
		at, err := tx.EnsureHost("bob.example")
		if err != nil {
			return err
		}
		return tx.QueueOutgoing(&store.Outgoing{Kind: "Follow", URI: "https://alice.example/activities/2"}, []store.InboxTarget{{URL: "https://bob.example/inbox", HostID: at}})
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// demandSignatures lets the server answer signed fetches only.
func (w *world) demandSignatures() {
	w.write(func(tx *store.Tx) error {
		set, err := tx.Settings()
		if err != nil {
			return err
		}
		set.AuthorizedFetch = true
		return tx.SaveSettings(set)
	})
	if err := w.svc.Reload(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// poison leaves a job that was set aside.
func (w *world) poison() {
	w.write(func(tx *store.Tx) error {
		if err := tx.AddJob("activity", "", nil, time.Time{}); err != nil {
			return err
		}
		list, err := tx.DueJobs(time.Now().Add(time.Minute), 1)
		if err != nil {
			return err
		}
		job := list[0]
		job.Tries = 4
		_, err = tx.JobFailed(job, "no way")
		return err
	})
}

// changeKey makes the database one with other keys than the server has.
func (w *world) changeKey() {
	for _, name := range []string{"main", "instance"} {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			w.t.Fatal(err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			w.t.Fatal(err)
		}
		w.setKey(name, der)
	}
}

func (w *world) setKey(name string, der []byte) {
	w.write(func(tx *store.Tx) error {
		return tx.SavePrivateKey(store.PrivateKey{Name: name, KeyID: "https://alice.example/other#" + name, PKCS8: der})
	})
}

// TestSplitDomain: the handle's domain is another server's, which must lead to us.
func TestSplitDomain(t *testing.T) {
	const domain = "example.net"
	for name, c := range map[string]struct {
		handler http.Handler
		want    Status
		mend    string
	}{
		"it leads here": {http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://"+host+r.URL.RequestURI(), http.StatusFound)
		}), OK, ""},
		"it has nothing":          {http.NotFoundHandler(), Fail, "must redirect /.well-known/webfinger to https://" + host},
		"it forgets the question": {http.RedirectHandler("https://"+host+"/.well-known/webfinger", http.StatusFound), Fail, "with what follows the question mark"},
		"it has a page":           {page(200)(nil), Fail, "must redirect"},
		"it answers for another": {http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/jrd+json")
			io.WriteString(w, `{"subject":"acct:alice@example.net","links":[{"rel":"self","type":"application/activity+json","href":"https://old.example/users/alice"}]}`)
		}), Fail, "another server answers for example.net"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.account.Domain, w.account.Host = domain, host
			w.addrs[domain] = netip.MustParseAddr("93.184.216.36")
			w.listen(w.addrs[domain], &certOptions{names: []string{domain}, until: 60 * 24 * time.Hour}, c.handler)
			w.serve()
			r := w.look()
			if row := r.row(t, "webfinger"); row.Status != c.want || !strings.Contains(row.Mend, c.mend) {
				t.Errorf("%+v", row)
			}
			for _, id := range []string{"webfinger-host", "dns-domain", "certificate-domain", "way", "actor"} {
				if row := r.row(t, id); row.Status != OK {
					t.Errorf("%+v", row)
				}
			}
		})
	}
}

// The secret by which a server knows its doctor is the database's owner's alone:
// strangers who guess learn nothing, and it goes stale.
func TestStrangersAreNoDoctor(t *testing.T) {
	w := newWorld(t)
	var asked []*http.Request
	w.wrap = func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.Header.Get(federation.SelfCheckHeader) != "" {
				asked = append(asked, r.Clone(context.Background()))
			}
			h.ServeHTTP(rw, r)
		})
	}
	w.serve()
	w.look()
	if len(asked) != 1 {
		t.Fatalf("the doctor asked %d times", len(asked))
	}
	secret := asked[0].Header.Get(federation.SelfCheckHeader)
	for name, c := range map[string]struct {
		secret string
		later  time.Duration
		told   bool
	}{"right": {secret, 0, true}, "none": {"", 0, false}, "wrong": {"00112233", 0, false}, "late": {secret, time.Hour, false}} {
		svc, err := federation.New(context.Background(), federation.Config{Store: w.st, Identity: w.identity(), Now: func() time.Time { return time.Now().Add(c.later) }})
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequest("GET", "https://alice.example/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(federation.SelfCheckHeader, c.secret)
		if got := svc.IsSelfCheck(r); got != c.told {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// The data of another user is not touched, and the right line is given.
func TestAnotherUsersData(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	w := newWorld(t)
	w.serve()
	if err := os.Chown(w.dir+"/"+store.FileName, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if row := w.look().row(t, "data"); row.Status != Fail || !strings.Contains(row.Mend, "sudo -u") {
		t.Errorf("%+v", row)
	}
}

// swept notes that house-keeping ran.
func (w *world) swept(ago time.Duration) {
	w.write(func(tx *store.Tx) error {
		swept := store.Swept{At: time.Now().Add(-ago)}
		swept.Report(map[string]int{"notifications": 3, "jobs set aside": 1})
		return tx.SaveSwept(swept)
	})
}
