// Command dassie is one person's server on the social web: one process, one
// database file, one owner.
//
// This file is the command table, the flags, and serve, which wires everything
// with tables: the listeners and the periodic jobs here, the kinds of background
// jobs in federation/jobs.go, the routes in web. What a command does lives with
// what it works on.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // the owner's zone is known also where the system has no zone files

	"golang.org/x/sync/errgroup"

	"dassie/federation"
	"dassie/federation/remote"
	"dassie/store"
	"dassie/store/media"
	"dassie/web"
	"dassie/web/auth"
	"dassie/web/command"
	"dassie/web/demo"
	"dassie/web/instance"
	"dassie/web/listen"
)

// version is that of the program, for people and for other servers.
const version = "0.1.0"

// memoryLimit is where the collector begins to work harder, in bytes.
const memoryLimit = 80 << 20

// grace is how long answers under way may take once the program is to end: it
// must be over within five seconds.
const grace = 3 * time.Second

// options are the flags of all commands.
type options struct {
	data         string
	listen       string
	tls          string
	cert, key    string
	trusted      networks // proxies whose forwarding headers are believed
	allowed      networks // private networks that may be reached
	level        slog.Level
	pprof        string
	account      store.NewAccount
	passwordFile string
	scopes, app  string
	revokeApps   bool
}

var commands = []command.Command[options]{
	{Name: "serve", About: "run the server; this is what dassie does without a command", Flags: serveFlags, Run: serve, Env: true},
	{Name: "init", About: "make the account without a browser", Flags: initFlags, Run: initAccount},
	{Name: "demo", About: "try it out: three servers on this machine that federate", Flags: demoFlags, Run: runDemo},
	{Name: "token", About: "print an access token for scripts", Flags: tokenFlags, Run: token},
	{Name: "passwd", About: "set a new password and end all sessions", Flags: passwdFlags, Run: passwd},
	{Name: "rotate-keys", About: "replace the keys that sign for you, and tell other servers", Flags: dataFlag, Run: rotateKeys},
	{Name: "version", About: "print the version", Flags: func(*flag.FlagSet, *options) {}, Run: printVersion},
}

func main() { os.Exit(run()) }

// run does what the command line says and returns the exit status.
func run() int {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	err := command.Run(ctx, commands, os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "dassie: "+command.Explain(err))
	}
	return command.Status(err)
}

// dataFlag is what all commands that touch data take. Systemd names the
// directory that it made for a service in STATE_DIRECTORY.
func dataFlag(set *flag.FlagSet, opt *options) {
	dir, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":")
	if dir == "" {
		dir = "./data"
	}
	set.StringVar(&opt.data, "data", dir, "`directory` of the database and the pictures")
}

func serveFlags(set *flag.FlagSet, opt *options) {
	dataFlag(set, opt)
	set.StringVar(&opt.listen, "listen", "localhost:8080", "`address` and port to listen on")
	set.StringVar(&opt.tls, "tls", "off", "`off` (a proxy does it) or files")
	set.StringVar(&opt.cert, "tls-cert", "", "`file` of the certificate chain, for -tls files")
	set.StringVar(&opt.key, "tls-key", "", "`file` of the certificate's key, for -tls files")
	set.Var(&opt.trusted, "trusted-proxies", "`networks` of proxies whose X-Forwarded-For and -Proto are believed")
	set.Var(&opt.allowed, "allow-networks", "private `networks` that requests to other servers may reach")
	set.TextVar(&opt.level, "log-level", slog.LevelInfo, "debug, info, warn or error")
	set.StringVar(&opt.pprof, "pprof", "", "loopback `address` for profiles of this program; none if empty")
}

// networks is a flag that holds addresses and CIDRs.
type networks []netip.Prefix

func (n *networks) String() string {
	var list []string
	for _, p := range *n {
		list = append(list, p.String())
	}
	return strings.Join(list, ",")
}

func (n *networks) Set(text string) (err error) {
	*n, err = auth.ParseTrusted(text)
	return err
}

// checkServe says what is wrong with the flags of serve, and returns the TLS
// configuration, nil for none.
func checkServe(opt *options) (*tls.Config, error) {
	if _, _, err := net.SplitHostPort(opt.listen); err != nil {
		return nil, command.Usage("-listen %q is not an address with a port, such as localhost:8080", opt.listen)
	}
	if opt.pprof != "" && !store.IsLoopbackHost(opt.pprof) {
		return nil, command.Usage("-pprof %q would show the inside of this program to others; use a loopback address such as localhost:6060", opt.pprof)
	}
	switch opt.tls {
	case "off":
		return nil, nil
	case "files":
		if opt.cert == "" || opt.key == "" {
			return nil, command.Usage("-tls files needs -tls-cert and -tls-key")
		}
		return listen.Files(opt.cert, opt.key)
	case "auto":
		return nil, command.Usage("-tls auto is not there yet; use -tls files, or -tls off behind a proxy that does TLS")
	}
	return nil, command.Usage("-tls %q is neither off nor files", opt.tls)
}

func initFlags(set *flag.FlagSet, opt *options) {
	dataFlag(set, opt)
	a := &opt.account
	set.StringVar(&a.Name, "name", "", "`name` before the @ of your handle")
	set.StringVar(&a.Domain, "domain", "", "`domain` of your handle, such as example.org; it cannot change later")
	set.StringVar(&a.Host, "host", "", "`host` of this server, if it is not the domain; it cannot change later")
	set.StringVar(&a.Email, "email", "", "`address` for mail from this server to you; never shown")
	set.StringVar(&a.Language, "language", "en", "`code` of the language of your posts")
	set.StringVar(&a.Timezone, "timezone", "UTC", "`zone` in which times are shown, such as Europe/Berlin")
	set.BoolVar(&a.ApproveFollowers, "approve-followers", true, "followers wait until you accept them")
	set.StringVar(&opt.passwordFile, "password-file", "", "`file` with the password; without it you are asked")
}

func initAccount(ctx context.Context, opt *options) error {
	if err := opt.account.Check(); err != nil {
		return command.Usage("%v", err)
	}
	if _, err := time.LoadLocation(opt.account.Timezone); err != nil {
		return command.Usage("there is no time zone %q; give one such as Europe/Berlin", opt.account.Timezone)
	}
	id, err := store.InitCommand(ctx, opt.data, opt.account, func() (string, error) {
		password, err := auth.ReadPassword(opt.passwordFile, os.Stdin, os.Stderr)
		if err != nil {
			return "", err
		}
		return auth.HashPassword(ctx, password)
	})
	if err != nil {
		return err
	}
	fmt.Printf("made @%s; start it with dassie serve\n", id.Origin().Handle(id.Name))
	return nil
}

func demoFlags(set *flag.FlagSet, opt *options) {
	set.StringVar(&opt.data, "data", "", "`directory` to keep the data in; without it, it is temporary")
	set.TextVar(&opt.level, "log-level", slog.LevelError, "debug, info, warn or error")
}

func runDemo(ctx context.Context, opt *options) error {
	log := newLog(opt)
	return demo.Run(ctx, demo.Config{
		Data: opt.data, Out: os.Stdout, Log: log,
		Boot: func(ctx context.Context, s instance.Spec) (*instance.Parts, error) { return boot(ctx, opt, s) },
	})
}

func tokenFlags(set *flag.FlagSet, opt *options) {
	dataFlag(set, opt)
	set.StringVar(&opt.scopes, "scopes", "read", "`scopes` of the token, such as \"read write follow\"")
	set.StringVar(&opt.app, "name", "", "`name` under which the token is listed")
}

// token prints the token and nothing else on standard output.
func token(ctx context.Context, opt *options) error {
	if _, err := auth.ParseScopes(opt.scopes); err != nil {
		return command.Usage("%s", command.Explain(err))
	}
	return withStore(opt, func(st *store.Store) error {
		secret, err := auth.TokenCommand(ctx, st, opt.scopes, opt.app)
		if err == nil {
			fmt.Println(secret)
		}
		return err
	})
}

func passwdFlags(set *flag.FlagSet, opt *options) {
	dataFlag(set, opt)
	set.StringVar(&opt.passwordFile, "password-file", "", "`file` with the new password; without it you are asked")
	set.BoolVar(&opt.revokeApps, "revoke-apps", false, "revoke the tokens of all apps too")
}

func passwd(ctx context.Context, opt *options) error {
	return withStore(opt, func(st *store.Store) error {
		password, err := auth.ReadPassword(opt.passwordFile, os.Stdin, os.Stderr)
		if err != nil {
			return err
		}
		if err := auth.PasswdCommand(ctx, st, password, opt.revokeApps); err != nil {
			return err
		}
		fmt.Println("the password is set, and all sessions have ended")
		return nil
	})
}

func rotateKeys(ctx context.Context, opt *options) error {
	return withStore(opt, func(st *store.Store) error {
		if err := federation.RotateCommand(ctx, st, version); err != nil {
			return err
		}
		fmt.Println("there are new keys; the running server tells the others, and the old key goes in a week")
		return nil
	})
}

// withStore opens an existing database for a command, also beside a server.
func withStore(opt *options, do func(*store.Store) error) error {
	st, err := store.Open(opt.data, store.Options{Readers: 1})
	if err != nil {
		return err
	}
	return errors.Join(do(st), st.Close())
}

func printVersion(context.Context, *options) error {
	commit := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = " " + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	fmt.Printf("dassie %s%s %s %s/%s\n", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

// serve runs the server until ctx ends. Doors open before the database does, so
// that a long upgrade can be watched.
func serve(ctx context.Context, opt *options) error {
	conf, err := checkServe(opt)
	if err != nil {
		return err
	}
	if store.Serving(opt.data) {
		return store.ErrLocked // said here, before the port is found to be taken
	}
	log := newLog(opt)
	var door net.Addr
	site := instance.New(instance.Config{Dir: opt.data, Log: log, Trusted: opt.trusted, Periodic: periodic,
		Boot:   func(ctx context.Context, s instance.Spec) (*instance.Parts, error) { return boot(ctx, opt, s) },
		Invite: func(code string) { listen.PrintInvite(os.Stderr, door, code) },
	})

	var work []func(context.Context) error
	for _, l := range []struct {
		name, addr string
		handler    http.Handler
		tls        *tls.Config
	}{
		{"web", opt.listen, site, conf},
		{"profiles", opt.pprof, listen.Profiles(), nil},
	} {
		if l.addr == "" {
			continue
		}
		sockets, err := listen.Open(l.addr)
		if err != nil {
			return err
		}
		if door == nil {
			door = sockets[0].Addr()
		}
		log.Info("listening", "for", l.name, "addr", sockets[0].Addr())
		work = append(work, func(ctx context.Context) error {
			return listen.Serve(ctx, web.Server(l.handler, log), sockets, l.tls, grace)
		})
	}
	work = append(work, site.Run)
	group, ctx := errgroup.WithContext(ctx)
	for _, f := range work {
		group.Go(func() error { return f(ctx) })
	}
	return errors.Join(group.Wait(), site.Close())
}

// periodic is the table of house-keeping.
var periodic = []instance.Job{
	{Name: "sweep the database", Run: instance.SweepStore},
	{Name: "sweep the pictures", Run: instance.SweepMedia},
	{Name: "give memory back", Every: 5 * time.Minute, AtOnce: true, Run: instance.FreeMemory},
}

// boot puts a server together on an open store. Nothing runs yet.
func boot(ctx context.Context, opt *options, s instance.Spec) (*instance.Parts, error) {
	pictures, err := media.Open(filepath.Join(s.Dir, "media"))
	if err != nil {
		return nil, err
	}
	origin := s.Identity.Origin()
	out := remote.New(remote.Config{
		UserAgent: fmt.Sprintf("dassie/%s (+%s)", version, origin.URL("/")), Loopback: origin.Loopback(),
		AllowNetworks: opt.allowed, OwnHosts: []string{origin.Host, origin.Domain}, Now: s.Now,
	})
	svc, err := federation.New(ctx, federation.Config{
		Store: s.Store, Media: pictures, Remote: out, Identity: s.Identity, Version: version, Log: s.Log, Now: s.Now,
		ClientAddr: func(r *http.Request) string { return throttleKey(r, opt.trusted) },
	})
	if err != nil {
		return nil, err
	}
	pages, err := web.New(web.Config{Service: svc, Remote: out, Trusted: opt.trusted, Log: s.Log})
	if err != nil {
		return nil, err
	}
	return &instance.Parts{Service: svc, Handler: pages, Close: func() { pages.Close(); out.CloseIdle() }}, nil
}

// throttleKey is what a request counts against: an address, of IPv6 the network
// of one customer. While no proxy is declared, loopback may be everybody.
func throttleKey(r *http.Request, trusted []netip.Prefix) string {
	addr := auth.ClientAddr(r, trusted)
	switch {
	case !addr.IsValid(), len(trusted) == 0 && addr.IsLoopback():
		return ""
	case addr.Is6():
		return netip.PrefixFrom(addr, 64).Masked().String()
	}
	return addr.String()
}

func newLog(opt *options) *slog.Logger {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: opt.level}))
	slog.SetDefault(log)
	return log
}
