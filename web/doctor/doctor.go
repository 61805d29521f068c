// Package doctor looks at an installation from inside and from outside, and
// says row by row what was measured, what the limit is, and how to mend it. It
// works beside a running server and without one.
//
// It changes nothing but one internal setting, the secret by which the server
// knows the doctor's request, and makes requests to our own host, to our
// handle's domain and to servers of people whom the owner follows, by package
// remote like everybody else.
package doctor

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"dassie/store"
)

// Status is the verdict of a row.
type Status string

// Verdicts. A skipped row could not be looked at, for the reason it gives.
const (
	OK   Status = "ok"
	Warn Status = "warn"
	Fail Status = "fail"
	Skip Status = "skip"
)

// Row is one thing that was looked at.
type Row struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Status Status `json:"status"`
	Value  string `json:"value"`           // as measured
	Limit  string `json:"limit,omitempty"` // what it should be
	Mend   string `json:"mend,omitempty"`  // how to, unless it is well
}

// Report is all rows, in the order in which one would mend them.
type Report struct {
	OK   bool  `json:"ok"` // no row failed
	Rows []Row `json:"rows"`
}

// Failed counts the rows that failed.
func (r Report) Failed() (n int) {
	for _, row := range r.Rows {
		if row.Status == Fail {
			n++
		}
	}
	return n
}

// Config says what is looked at. Only Dir and Version are needed; the rest is
// for tests, as in remote.Config.
type Config struct {
	Dir     string
	Version string // of the program
	Now     func() time.Time
	Free    func(dir string) (int64, error)

	LookupIP    func(ctx context.Context, host string) ([]netip.Addr, error)
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	RootCAs     *x509.CertPool
}

const (
	networkTime  = 15 * time.Second // for one row
	databaseTime = 60 * time.Second // for SQLite's check
)

// doctor is one examination.
type doctor struct {
	Config
	st      *store.Store
	id      store.Identity
	origin  store.Origin
	serving bool
	ends    bool // the account is being deleted, or was
	started store.Started
}

// Run examines. It always returns a report: what goes wrong is a row of it.
func Run(ctx context.Context, c Config) Report {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Free == nil {
		c.Free = store.Free
	}
	d := &doctor{Config: c, serving: store.Serving(c.Dir)}
	rows := d.machine(ctx)
	if d.st != nil {
		defer d.st.Close() // nothing of what was read depends on it
		rows = append(rows, d.inside(ctx)...)
		if d.id.Name != "" && !d.ends {
			rows = append(rows, d.outside(ctx)...)
		}
	}
	r := Report{Rows: rows}
	r.OK = r.Failed() == 0
	return r
}

// together runs checks at the same time and keeps their order.
func together(ctx context.Context, checks ...func(context.Context) []Row) []Row {
	found := make([][]Row, len(checks))
	var wg sync.WaitGroup
	for i, check := range checks {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, networkTime)
			defer cancel()
			found[i] = check(ctx)
		})
	}
	wg.Wait()
	var rows []Row
	for _, f := range found {
		rows = append(rows, f...)
	}
	return rows
}

// JSON writes a report for programs.
func (r Report) JSON(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(r)
}

// Text writes a report for people.
func (r Report) Text(w io.Writer) {
	for _, row := range r.Rows {
		status := string(row.Status)
		if row.Status == Fail {
			status = "FAIL"
		}
		fmt.Fprintf(w, "%-4s  %-24s %s\n", status, row.Title, oneLine(row.Value))
		if row.Status == OK || row.Status == Skip {
			continue
		}
		if row.Limit != "" {
			fmt.Fprintf(w, "      should be: %s\n", row.Limit)
		}
		if row.Mend != "" {
			fmt.Fprintf(w, "      to mend it: %s\n", row.Mend)
		}
	}
}

// oneLine cuts another server's words to what a terminal can take.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > 300 {
		return string(runes[:300]) + "…"
	}
	return text
}

func bytesText(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GB", n>>30)
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d kB", (n+1023)>>10)
}

// spanText is a length of time as one would say it.
func spanText(d time.Duration) string {
	switch d = d.Abs(); {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	case d >= 2*time.Second:
		return fmt.Sprintf("%d seconds", int(d.Seconds()))
	}
	return fmt.Sprintf("%.1f seconds", d.Seconds())
}
