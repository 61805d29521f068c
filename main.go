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
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // the owner's zone is known also where the system has no zone files

	"golang.org/x/sync/errgroup"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/archive"
	"dassie/federation/remote"
	"dassie/store"
	"dassie/store/logs"
	"dassie/store/media"
	"dassie/web"
	"dassie/web/auth"
	"dassie/web/command"
	"dassie/web/demo"
	"dassie/web/doctor"
	"dassie/web/instance"
	"dassie/web/listen"
	"dassie/web/mail"
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
	file         string
	doors        listen.Doors
	mail         mail.Config
	trusted      auth.Networks // proxies whose forwarding headers are believed
	allowed      auth.Networks // private networks that may be reached
	level        slog.Level
	pprof        string
	account      store.NewAccount
	passwordFile string
	scopes, app  string
	passwd       auth.PasswdOptions
	oldIsOff     bool
	json         bool
	confirm      string
	stopAsking   bool
	prove        auth.ProveOptions
	port         int
	dryRun       bool
	list         federation.CSVOptions
}

var commands = []command.Command[options]{
	{Name: "serve", About: "run the server; this is what dassie does without a command", Flags: serveFlags, Run: serve, Env: true},
	{Name: "init", About: "make the account without a browser", Flags: initFlags, Run: initAccount},
	{Name: "demo", About: "try it out: three servers on this machine that federate", Flags: demoFlags, Run: runDemo},
	{Name: "token", About: "print an access token for scripts", Flags: tokenFlags, Run: token},
	{Name: "passwd", About: "set a new password and end all sessions", Flags: passwdFlags, Run: passwd},
	{Name: "rotate-keys", About: "replace the keys that sign for you, and tell other servers", Flags: dataFlag, Run: rotateKeys},
	{Name: "backup", Arg: "FILE", File: theFile, About: "save everything that is yours into one file, also while the server runs", Flags: dataFlag, Run: backup},
	{Name: "export", Arg: "FILE", File: theFile, About: "save an archive of all that is yours as a zip file that other programs read, also while the server runs", Flags: dataFlag, Run: export},
	{Name: "import", Arg: "FILE", File: theFile, About: "bring in an archive of dassie or Mastodon, or a list of Mastodon's as CSV, also while the server runs", Flags: importFlags, Run: importFile},
	{Name: "restore", Arg: "FILE", File: theFile, About: "make an empty data directory from a backup", Flags: restoreFlags, Run: restore},
	{Name: "delete-account", About: "delete the account for good, here and at every server that was told something; the running server carries it out", Flags: deleteFlags, Run: deleteAccount},
	{Name: "doctor", About: "look whether everything is well, from inside and outside", Flags: doctorFlags, Run: runDoctor},
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

// theFile is where the argument of a command goes.
func theFile(opt *options) *string { return &opt.file }

func serveFlags(set *flag.FlagSet, opt *options) {
	dataFlag(set, opt)
	opt.doors.Flags(set)
	opt.mail.Flags(set)
	set.Var(&opt.trusted, "trusted-proxies", "`networks` of proxies whose X-Forwarded-For and -Proto are believed")
	set.Var(&opt.allowed, "allow-networks", "private `networks` that requests to other servers may reach")
	set.TextVar(&opt.level, "log-level", slog.LevelInfo, "debug (adds what was refused and what failed elsewhere, never an address or a text), info, warn or error")
	set.StringVar(&opt.pprof, "pprof", "", "loopback `address` for profiles of this program; none if empty")
}

// checkServe says what is wrong with the flags of serve.
func checkServe(opt *options) error {
	if err := opt.doors.Check(); err != nil {
		return command.Usage("%v", err)
	}
	if err := opt.mail.Check(); err != nil {
		return command.Usage("%v", err)
	}
	if opt.pprof != "" && !store.IsLoopbackHost(opt.pprof) {
		return command.Usage("-pprof %q would show the inside of this program to others; use a loopback address such as localhost:6060", opt.pprof)
	}
	return nil
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
	if !assets.LanguageListed(opt.account.Language) {
		return command.Usage("there is no language %q in the list; give the code of one, such as en or de", opt.account.Language)
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
	set.IntVar(&opt.port, "port", demo.FirstPort, "first `port` to try")
	set.TextVar(&opt.level, "log-level", slog.LevelError, "debug, info, warn or error")
}

func runDemo(ctx context.Context, opt *options) error {
	log := newLog(opt)
	return demo.Run(ctx, demo.Config{
		Data: opt.data, Port: opt.port, Out: os.Stdout, Log: log,
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
	return command.WithStore(opt.data, func(st *store.Store) error {
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
	opt.passwd.Flags(set)
}

func passwd(ctx context.Context, opt *options) error {
	return command.WithStore(opt.data, func(st *store.Store) error {
		password, err := auth.ReadPassword(opt.passwordFile, os.Stdin, os.Stderr)
		if err != nil {
			return err
		}
		if err := auth.PasswdCommand(ctx, st, password, opt.passwd); err != nil {
			return err
		}
		fmt.Println("the password is set, and all sessions have ended")
		left, err := store.Get(ctx, st, (*store.Tx).Passkeys)
		if len(left) > 0 {
			fmt.Println("passkeys that open the account too:", len(left), "(dassie passwd -remove-passkeys removes them)")
		}
		return err
	})
}

func rotateKeys(ctx context.Context, opt *options) error {
	return command.WithStore(opt.data, func(st *store.Store) error {
		if err := federation.RotateCommand(ctx, st, version); err != nil {
			return err
		}
		fmt.Println("there are new keys; the running server tells the others, and the old key goes in a week")
		return nil
	})
}

func backup(ctx context.Context, opt *options) error {
	if err := command.WithStore(opt.data, func(*store.Store) error { return nil }); err != nil && errors.Is(err, store.ErrFarewell) {
		return err
	}
	b, size, err := store.BackupCommand(ctx, opt.data, opt.file, store.BackupOptions{Program: "dassie " + version, Progress: command.Progress(os.Stderr)})
	if err != nil {
		return err
	}
	for _, name := range b.Missing {
		fmt.Fprintln(os.Stderr, "not on the disk and not in the backup: "+name)
	}
	fmt.Printf("%s: @%s, files: %d, bytes: %d; it holds the private keys: whoever has it can speak as you\n", opt.file, b.Handle, len(b.Files), size)
	return nil
}

func export(ctx context.Context, opt *options) error {
	return command.WithStore(opt.data, func(st *store.Store) error {
		sum, err := archive.ExportCommand(ctx, st, opt.data, opt.file, version, command.Progress(os.Stderr))
		if err != nil {
			return err
		}
		for _, name := range sum.Missing[:min(len(sum.Missing), 20)] {
			fmt.Fprintln(os.Stderr, "not on the disk and not in the archive: "+name)
		}
		if more := len(sum.Missing) - 20; more > 0 {
			fmt.Fprintf(os.Stderr, "and %d more files; dassie/manifest.json in the archive names all\n", more)
		}
		fmt.Printf("%s: posts: %d, likes: %d, bookmarks: %d, files: %d, bytes: %d; there is no key in it: to move this server, use dassie backup\n",
			opt.file, sum.Posts, sum.Likes, sum.Bookmarks, sum.Files, sum.Bytes)
		return nil
	})
}

func importFlags(set *flag.FlagSet, opt *options) {
	dataFlag(set, opt)
	set.BoolVar(&opt.dryRun, "dry-run", false, "only say what would come and what would not")
	set.StringVar(&opt.list.As, "as", "", "`what` a list holds, where its name does not say: "+strings.Join(federation.CSVWords(), ", "))
	set.BoolVar(&opt.list.Overwrite, "overwrite", false, "of a list: what is here and not in it goes")
}

func importFile(ctx context.Context, opt *options) error {
	if opt.list.As != "" && federation.CSVKindOf(opt.list.As) == store.CSVUnknown {
		return command.Usage("-as %s is none of %s", opt.list.As, strings.Join(federation.CSVWords(), ", "))
	}
	packed, err := archive.IsArchiveFile(opt.file)
	isList := err == nil && !packed
	if !isList && (opt.list.As != "" || opt.list.Overwrite) {
		return command.Usage("-as and -overwrite are for lists, such as following_accounts.csv")
	}
	opt.list.DryRun = opt.dryRun
	return command.WithStore(opt.data, func(st *store.Store) error {
		var report []string
		if isList {
			report, err = federation.CSVCommand(ctx, st, opt.file, version, opt.list)
		} else {
			report, err = archive.ImportCommand(ctx, st, opt.data, opt.file, version, opt.dryRun, command.Progress(os.Stderr))
		}
		for _, line := range report {
			fmt.Println(line)
		}
		return err
	})
}

func deleteFlags(set *flag.FlagSet, opt *options) {
	dataFlag(set, opt)
	set.StringVar(&opt.confirm, "confirm", "", "whole `handle` of the account, such as @me@example.org")
	set.BoolVar(&opt.stopAsking, "stop-asking", false, "while an account is being deleted: do not wait for servers that do not answer, wipe now")
	opt.prove.Flags(set)
}

func deleteAccount(ctx context.Context, opt *options) error {
	return command.AnyStore(opt.data, func(st *store.Store) error {
		report, err := federation.EndReportCommand(ctx, st)
		if err == nil { // it was begun before
			return deletionSoFar(ctx, opt, st, report)
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if opt.confirm == "" {
			return command.Usage("say which account is to be deleted, with its whole handle: dassie delete-account -confirm @name@domain")
		}
		prove := func() error { return auth.ProveCommand(ctx, st, opt.prove, os.Stdin, os.Stderr) }
		if err := federation.DeleteCommand(ctx, st, version, opt.confirm, prove); err != nil {
			return err
		}
		if store.Serving(opt.data) {
			fmt.Println("the account is closed; the running server now asks every server to delete what it holds, for a week at most, and wipes this directory then")
		} else {
			fmt.Println("the account is closed, and no server runs here: start dassie serve, which asks every server to delete what it holds, for a week at most, and wipes this directory then")
		}
		fmt.Println("dassie delete-account shows how far that is; the backups that you saved elsewhere hold the key: delete them too")
		return nil
	})
}

// deletionSoFar shows how far a deletion is, or ends its waiting.
func deletionSoFar(ctx context.Context, opt *options, st *store.Store, report []byte) error {
	if !opt.stopAsking {
		_, err := os.Stdout.Write(report)
		return err
	}
	if err := auth.ProveCommand(ctx, st, opt.prove, os.Stdin, os.Stderr); err != nil {
		return err
	}
	if err := federation.StopAskingCommand(ctx, st, version); err != nil {
		return err
	}
	if store.Serving(opt.data) {
		fmt.Println("no server is asked any more; the running server wipes this directory now")
	} else {
		fmt.Println("no server is asked any more; start dassie serve, which wipes this directory and goes on to answer that the account is gone")
	}
	return nil
}

func restoreFlags(set *flag.FlagSet, opt *options) {
	dataFlag(set, opt)
	set.BoolVar(&opt.oldIsOff, "old-is-off", false, "the server that the backup is of is off, and stays off; without it you are asked")
}

func restore(ctx context.Context, opt *options) error {
	b, err := store.RestoreCommand(ctx, opt.data, opt.file, store.RestoreOptions{Progress: command.Progress(os.Stderr), Confirm: func(b store.Backup) error {
		if opt.oldIsOff {
			return nil
		}
		return command.AskOldIsOff(ctx, os.Stdin, os.Stderr, b)
	}})
	if err != nil {
		return err
	}
	fmt.Printf("restored @%s as of %s into %s; start it with dassie serve\n", b.Handle, b.Created.Format("2 January 2006 15:04 UTC"), opt.data)
	fmt.Println("log in anew; apps have the access and the password is the one that it was then: dassie passwd -revoke-apps ends both")
	return nil
}

func doctorFlags(set *flag.FlagSet, opt *options) {
	dataFlag(set, opt)
	set.BoolVar(&opt.json, "json", false, "write the report as JSON")
}

func runDoctor(ctx context.Context, opt *options) error {
	return doctor.Command(ctx, doctor.Config{Dir: opt.data, Version: version}, opt.json, os.Stdout)
}

func printVersion(context.Context, *options) error {
	fmt.Printf("dassie %s%s %s %s/%s\n", version, command.Commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

// serve runs the server until ctx ends. Doors open before the database does, so
// that a long upgrade can be watched.
func serve(ctx context.Context, opt *options) error {
	if err := checkServe(opt); err != nil {
		return err
	}
	if store.Serving(opt.data) {
		return store.ErrLocked // said here, before the port is found to be taken
	}
	log := newLog(opt)
	front := &listen.Front{Doors: opt.doors, Log: log, Cache: filepath.Join(opt.data, "acme"), Grace: grace,
		Server: func(h http.Handler) *http.Server { return web.Server(h, log) }}
	site := instance.New(instance.Config{Dir: opt.data, Log: log, Trusted: opt.trusted, Periodic: periodic,
		Boot:   func(ctx context.Context, s instance.Spec) (*instance.Parts, error) { return boot(ctx, opt, s) },
		Invite: func(code string) { listen.PrintInvite(os.Stderr, front.Addr(), code) },
		Known:  func(id store.Identity) { front.Made(namesOf(id)) },
		Started: store.Started{Version: version, Listen: opt.doors.Listen, TLS: opt.doors.TLS,
			AllowNetworks: opt.allowed.String(), TrustedProxies: opt.trusted.String(), Mail: opt.mail.Started()},
	})
	front.Handler = site
	names, err := knownNames(ctx, opt)
	if err != nil {
		return err
	}
	if err := front.Open(names); err != nil {
		return err
	}
	log.Info("listening", "for", "web", "addr", front.Addr())
	work := []func(context.Context) error{front.Run, site.Run}
	if opt.pprof != "" {
		sockets, err := listen.Open(opt.pprof)
		if err != nil {
			return err
		}
		log.Info("listening", "for", "profiles", "addr", sockets[0].Addr())
		work = append(work, func(ctx context.Context) error {
			return listen.Serve(ctx, web.Server(listen.Profiles(), log), sockets, nil, grace)
		})
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, f := range work {
		group.Go(func() error { return f(ctx) })
	}
	return errors.Join(group.Wait(), site.Close())
}

// knownNames are the names that -tls auto needs; nil where there is no account.
func knownNames(ctx context.Context, opt *options) (*listen.Names, error) {
	if opt.doors.TLS != "auto" {
		return nil, nil
	}
	id, err := store.Look(ctx, opt.data)
	if errors.Is(err, store.ErrNoAccount) {
		return nil, nil
	}
	names := namesOf(id)
	return &names, err
}

func namesOf(id store.Identity) listen.Names {
	o := id.Origin()
	return listen.Names{Host: o.Host, Domain: o.Domain, Public: !o.Loopback()}
}

// periodic is the table of house-keeping.
var periodic = []instance.Job{
	{Name: "purge", Run: instance.Purge},
	{Name: "age the log of requests", Every: time.Hour, AtOnce: true, Run: instance.AgeRequests},
	{Name: "give memory back", Every: 5 * time.Minute, AtOnce: true, Run: instance.FreeMemory},
}

// boot puts a server together on an open store. Nothing runs yet.
func boot(ctx context.Context, opt *options, s instance.Spec) (*instance.Parts, error) {
	pictures, err := media.Open(filepath.Join(s.Dir, "media"))
	if err != nil {
		return nil, err
	}
	if path, err := exec.LookPath("ffmpeg"); err == nil {
		pictures.FFmpeg = path
		s.Log.Debug("films get a still, and lose what their maker wrote into them", "with", path)
	}
	origin := s.Identity.Origin()
	out := remote.New(remote.Config{
		UserAgent: fmt.Sprintf("dassie/%s (+%s)", version, origin.URL("/")), Loopback: origin.Loopback(),
		AllowNetworks: opt.allowed, OwnHosts: []string{origin.Host, origin.Domain}, Now: s.Now,
	})
	config := federation.Config{
		Store: s.Store, Media: pictures, Remote: out, Identity: s.Identity, Version: version, Log: s.Log, Now: s.Now,
		ClientAddr: func(r *http.Request) string { return auth.ThrottleKey(r, opt.trusted) },
	}
	if opt.mail.On() {
		sender, err := mail.New(opt.mail, origin.Host)
		if err != nil {
			return nil, err
		}
		config.Mail, config.MailServer = sender.Send, opt.mail.Host
	}
	svc, err := federation.New(ctx, config)
	if err != nil {
		return nil, err
	}
	pages, err := web.New(web.Config{Service: svc, Remote: out, Trusted: opt.trusted, Log: s.Log})
	if err != nil {
		return nil, err
	}
	return &instance.Parts{Service: svc, Handler: pages, Work: pages.Work, Close: func() { pages.Close(); out.CloseIdle() }}, nil
}

func newLog(opt *options) *slog.Logger {
	log := slog.New(logs.Filter(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: opt.level})))
	slog.SetDefault(log)
	return log
}
