// Package demo is dassie to try out: three servers in one process that federate
// over real HTTP on loopback, with people, posts and an open follow request.
//
// It owns the story that is told (story.go) and the pictures in it (draw.go).
// All of it is done through federation.Service, as people would do it, with a
// clock that is moved forward through two days. It writes nothing but the
// data of the three servers, in a temporary directory that is removed at the end
// unless another one is named.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"dassie/store"
	"dassie/web"
	"dassie/web/auth"
	"dassie/web/instance"
	"dassie/web/listen"
)

// FirstPort is where the first of the three listens, unless that port is taken.
const FirstPort = 8080

const (
	portsTried = 100
	grace      = time.Second // for answers under way when it ends
)

// Config says how the demo runs.
type Config struct {
	Data string    // directory to keep the data in; empty: temporary
	Port int       // the first to try for a new story; a kept one stays where it was made
	Out  io.Writer // told where to look and how to log in
	Log  *slog.Logger
	Boot func(context.Context, instance.Spec) (*instance.Parts, error)
}

// clock is moved while the story is told.
type clock struct{ behind atomic.Int64 }

func (c *clock) now() time.Time        { return time.Now().Add(-time.Duration(c.behind.Load())) }
func (c *clock) set(ago time.Duration) { c.behind.Store(int64(ago)) }

// house is one person with their server.
type house struct {
	person
	*instance.Parts
	store   *store.Store
	id      store.Identity
	sockets []net.Listener
	fresh   bool // its account was made just now
}

// Run sets the three servers up, tells the story unless the data has it
// already, says where to look, and serves until ctx ends.
func Run(ctx context.Context, c Config) error {
	dir := c.Data
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "dassie-demo-"); err != nil {
			return fmt.Errorf("make a temporary directory: %w", err)
		}
		defer os.RemoveAll(dir)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	d := &stage{Config: c, dir: dir, byName: map[string]*house{}}
	defer d.close()
	defer group.Wait()
	defer cancel() // first of all, so that Wait comes to an end
	if err := d.build(ctx, group); err != nil {
		return ignoreEnd(ctx, err)
	}
	if d.houses[0].fresh {
		if err := d.tell(ctx); err != nil {
			return ignoreEnd(ctx, err)
		}
	}
	d.clock.set(0)
	d.announce()
	for _, h := range d.houses {
		group.Go(func() error { return h.Service.Run(ctx) })
		if h.Work != nil {
			group.Go(func() error { return ignoreEnd(ctx, h.Work(ctx)) })
		}
	}
	return group.Wait()
}

// ignoreEnd drops what failed only because the demo was ended.
func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// stage is the demo while it runs.
type stage struct {
	Config
	dir    string
	clock  clock
	houses []*house
	byName map[string]*house
	posts  map[string]string // key in the story -> uri
}

// build opens each house and lets it answer.
func (d *stage) build(ctx context.Context, group *errgroup.Group) error {
	d.clock.set(accountAge)
	for _, p := range people {
		h := &house{person: p}
		d.houses = append(d.houses, h)
		d.byName[p.name] = h
		if err := d.open(ctx, h); err != nil {
			return fmt.Errorf("set up %s: %w", p.name, err)
		}
		spec := instance.Spec{Dir: filepath.Join(d.dir, p.name), Store: h.store, Identity: h.id, Now: d.clock.now, Log: d.Log.With("server", p.name)}
		parts, err := d.Boot(ctx, spec)
		if err != nil {
			return fmt.Errorf("set up %s: %w", p.name, err)
		}
		h.Parts = parts
		group.Go(func() error {
			return listen.Serve(ctx, web.Server(h.Handler, d.Log), h.sockets, nil, grace)
		})
	}
	return nil
}

// open opens a house's database, makes its account if need be, and listens on
// its port: the one in its name, or for a new one the next that is free.
func (d *stage) open(ctx context.Context, h *house) (err error) {
	h.store, err = store.Open(filepath.Join(d.dir, h.name), store.Options{Create: true, Serve: true, Readers: 2, Now: d.clock.now})
	if err != nil {
		return err
	}
	h.id, err = store.Get(ctx, h.store, func(tx *store.Tx) (store.Identity, error) { return tx.Identity() })
	if err == nil {
		_, port, err := net.SplitHostPort(h.id.Host)
		if err != nil {
			return fmt.Errorf("read the port of %s: %w", h.id.Host, err)
		}
		if h.sockets, err = listen.Open("localhost:" + port); errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("another program uses port %s, for which the data in %s was made; stop it, or leave -data away", port, d.dir)
		}
		return err
	}
	if !errors.Is(err, store.ErrNoAccount) {
		return err
	}
	port, sockets, err := freePort(d.Port)
	if err != nil {
		return err
	}
	h.sockets, h.fresh = sockets, true
	hash, err := auth.HashPassword(ctx, h.password())
	if err != nil {
		return err
	}
	h.id, err = h.store.CreateAccount(ctx, store.NewAccount{
		Name: h.name, Domain: h.name + ".localhost:" + strconv.Itoa(port), PasswordHash: hash, ApproveFollowers: h.approves, Language: "en",
	})
	return err
}

// freePort takes the next port that no other program uses.
func freePort(first int) (int, []net.Listener, error) {
	for port := first; port < first+portsTried; port++ {
		sockets, err := listen.Open("localhost:" + strconv.Itoa(port))
		if err == nil {
			return port, sockets, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return 0, nil, err
		}
	}
	return 0, nil, fmt.Errorf("all ports from %d to %d are in use: %w", first, first+portsTried-1, syscall.EADDRINUSE)
}

// close ends what build began; nobody asks any more.
func (d *stage) close() {
	for _, h := range d.houses {
		for _, l := range h.sockets {
			l.Close() // closed already if it was served
		}
		if h.Parts != nil {
			h.Parts.Close()
		}
		if h.store == nil {
			continue
		}
		if err := h.store.Close(); err != nil {
			d.Log.Error("cannot close the data", "of", h.name, "error", err)
		}
	}
}

// announce says where to look, how to log in and what to try.
func (d *stage) announce() {
	fmt.Fprint(d.Out, "\nThree people, each with a server of their own, are on this machine now:\n\n")
	var addrs []net.Addr
	for _, h := range d.houses {
		fmt.Fprintf(d.Out, "    http://%-24s log in as %-6s with the password %s\n", h.id.Host+"/", h.name, h.password())
		addrs = append(addrs, h.sockets[0].Addr())
	}
	alice, bob := d.houses[0].id, d.houses[1].id
	fmt.Fprintf(d.Out, `
Alice and Bob follow each other, and Carol would like to follow Alice. Try this:
  - log in as alice, read Home, and answer Carol under Follow requests
  - write something, then look for it on Bob's Home, and answer it from there
  - edit or delete what you wrote, and see below it which servers know

Log in: http://%s/login and http://%s/login
Chrome, Edge and Firefox find *.localhost by themselves. For other programs add
this line to /etc/hosts:  127.0.0.1 alice.localhost bob.localhost carol.localhost

`, alice.Host, bob.Host)
	listen.PrintTunnel(d.Out, addrs...)
	if d.Data == "" {
		fmt.Fprintln(d.Out, "Ctrl-C ends it, and nothing stays behind.")
	} else {
		fmt.Fprintf(d.Out, "Ctrl-C ends it; the data stays in %s.\n", d.Data)
	}
}
