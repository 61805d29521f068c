package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"dassie/federation/remote"
	"dassie/store"
	"dassie/web/auth"
)

const (
	clockHosts = 3
	clockWarn  = 30 * time.Second // the strictest peers allow this much
	clockFail  = 5 * time.Minute
)

// outside looks at us as other servers do: by DNS, over TLS, through whatever
// stands before us.
func (d *doctor) outside(ctx context.Context) []Row {
	checks := []func(context.Context) []Row{}
	if !d.origin.Loopback() {
		checks = append(checks, d.clock)
		for _, name := range d.hosts() {
			checks = append(checks, func(ctx context.Context) []Row { return []Row{d.dns(ctx, name)} })
		}
		for _, name := range d.hosts() {
			checks = append(checks, func(ctx context.Context) []Row { return []Row{d.certificate(ctx, name)} })
		}
	}
	return together(ctx, append(checks, d.finger, d.actor, d.way, d.mail)...)
}

// hosts are the names that we are known by.
func (d *doctor) hosts() []string {
	return slices.Compact([]string{d.origin.Host, d.origin.Domain})
}

// client asks our own names, wherever they lead: behind a router they may lead
// to a private address.
func (d *doctor) client() *remote.Client {
	c := d.remoteConfig()
	if !c.Loopback {
		c.AllowNetworks = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	}
	return remote.New(c)
}

func (d *doctor) remoteConfig() remote.Config {
	return remote.Config{
		UserAgent: fmt.Sprintf("dassie/%s (doctor; +%s)", d.Version, d.origin.URL("/")), Loopback: d.origin.Loopback(),
		LookupIP: d.LookupIP, DialContext: d.DialContext, RootCAs: d.RootCAs, Now: d.Now,
		Limits: remote.Limits{Total: networkTime},
	}
}

// clock compares ours with those of servers of people whom the owner follows.
func (d *doctor) clock(ctx context.Context) []Row {
	r := Row{ID: "clock", Title: "clock", Limit: "within " + spanText(clockWarn) + " of other servers"}
	names, err := store.Get(ctx, d.st, func(tx *store.Tx) ([]string, error) { return tx.FollowedHosts(clockHosts) })
	if err != nil {
		r.Status, r.Value = Skip, err.Error()
		return []Row{r}
	}
	c := d.remoteConfig()
	// As the server's flags were read already, they can be read again.
	c.AllowNetworks, _ = auth.ParseTrusted(d.started.AllowNetworks)
	client := remote.New(c)
	defer client.CloseIdle()
	var off []time.Duration
	for _, name := range names {
		before := d.Now()
		doc, err := client.GetJSON(ctx, "https://"+name+"/.well-known/nodeinfo")
		if err != nil {
			continue // that server's affair
		}
		after := d.Now()
		at, err := http.ParseTime(doc.Header.Get("Date"))
		if err != nil {
			continue
		}
		middle := before.Add(after.Sub(before) / 2)
		off = append(off, middle.Sub(at.Add(time.Second/2))) // the header leaves out parts of a second
	}
	if len(off) == 0 {
		r.Status, r.Value = Skip, "no server of people whom you follow tells its time"
		return []Row{r}
	}
	slices.Sort(off)
	by := off[len(off)/2]
	side := "fast"
	if by < 0 {
		side = "slow"
	}
	r.Status, r.Value = OK, fmt.Sprintf("%s %s, by %d servers", spanText(by), side, len(off))
	switch {
	case by.Abs() >= clockFail:
		r.Status = Fail
	case by.Abs() >= clockWarn:
		r.Status = Warn
	}
	if r.Status != OK {
		r.Mend = "let the clock be set by the network: timedatectl set-ntp true. Other servers refuse signatures with a wrong time"
	}
	return []Row{r}
}

// dns: the name has public addresses.
func (d *doctor) dns(ctx context.Context, name string) Row {
	r := Row{ID: "dns", Title: "DNS of " + bare(name), Status: Fail, Limit: "an address that the internet reaches"}
	if name != d.origin.Host {
		r.ID = "dns-domain"
	}
	lookup := d.LookupIP
	if lookup == nil {
		lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host+".")
		}
	}
	addrs, err := lookup(ctx, bare(name))
	if err != nil || len(addrs) == 0 {
		r.Value = "no address is found"
		if err != nil {
			r.Value += ": " + err.Error()
		}
		r.Mend = "add an A record (and AAAA, for IPv6) for " + bare(name) + " where the domain's DNS is kept, with the public address of this machine or of its router; a new record may take an hour"
		return r
	}
	var all, private []string
	judge := remote.New(remote.Config{})
	for _, a := range addrs {
		a = a.Unmap()
		all = append(all, a.String())
		if judge.Judge(a) != nil {
			private = append(private, a.String())
		}
	}
	r.Status, r.Value = OK, strings.Join(all, ", ")
	if len(private) > 0 {
		r.Status, r.Value = Warn, strings.Join(private, ", ")+" is not public, as this machine sees it"
		r.Mend = "that is well if your router or /etc/hosts answers so at home and the world gets a public address: ask from elsewhere, such as a phone on mobile data; otherwise correct the A and AAAA records"
	}
	return r
}

// bare is a host without a port.
func bare(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// finger asks for the handle as a server does that hears of us first.
func (d *doctor) finger(ctx context.Context) []Row {
	if !d.serving {
		return []Row{d.notRunning("webfinger", "WebFinger")}
	}
	client := d.client()
	defer client.CloseIdle()
	var rows []Row
	for i, name := range []string{d.origin.Domain, d.origin.Host} {
		if i > 0 && name == d.origin.Domain {
			break
		}
		rows = append(rows, d.fingerAt(ctx, client, name))
	}
	return rows
}

func (d *doctor) fingerAt(ctx context.Context, client *remote.Client, name string) Row {
	acct := "acct:" + d.id.Name + "@" + name
	address := d.origin.Scheme + "://" + name + "/.well-known/webfinger?resource=" + url.QueryEscape(acct)
	want := "acct:" + d.origin.Handle(d.id.Name)
	r := Row{ID: "webfinger", Title: "WebFinger at " + name, Status: Fail, Limit: want + " leads to " + d.id.ActorURI(d.origin)}
	if name != d.origin.Domain {
		r.ID = "webfinger-host"
	}
	doc, err := client.GetJSON(ctx, address)
	if err != nil {
		r.Value, r.Mend = d.explain(err, name)
		if name == d.origin.Domain && name != d.origin.Host {
			r.Mend += "; what serves " + name + " must redirect /.well-known/webfinger to https://" + d.origin.Host + "/.well-known/webfinger, with what follows the question mark"
		}
		return r
	}
	var got struct {
		Subject string
		Links   []struct{ Rel, Type, Href string }
	}
	if err := json.Unmarshal(doc.Body, &got); err != nil {
		r.Value, r.Mend = doc.URL+" answers with something that is no WebFinger document", "let "+name+" lead to dassie"
		return r
	}
	self := ""
	for _, l := range got.Links {
		if l.Rel == "self" {
			self = l.Href
		}
	}
	r.Value = got.Subject + " leads to " + self
	if got.Subject != want || self != d.id.ActorURI(d.origin) {
		r.Mend = "another server answers for " + name + ": let DNS and the proxy lead to this one"
		return r
	}
	r.Status = OK
	return r
}

func (d *doctor) notRunning(id, title string) Row {
	return Row{ID: id, Title: title, Status: Skip, Value: "the server does not run"}
}
