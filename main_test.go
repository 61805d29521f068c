package main

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"dassie": main})
}

// scripts are what people and other programs do on the command line. $PORT and
// $OTHER are free ports, $SITE is alice's address; healthy waits for a server.
var scripts = map[string]string{
	"usage": `
# A wrong use of the command line is one sentence and status 2.
status 2 dassie nonsense
oneline 'there is no command "nonsense"'
status 2 dassie serve -colour red
oneline '-colour'
status 2 dassie serve extra
oneline 'takes no argument'
status 2 dassie serve -data x -listen 8080
oneline 'localhost:8080'
status 2 dassie serve -data x -tls auto -listen-http 80
oneline 'listen-http'
status 2 dassie serve -data x -tls auto -acme-directory http://localhost/dir
oneline 'not an https address'
status 2 dassie serve -data x -tls perhaps
oneline 'none of off, auto and files'
status 2 dassie serve -data x -tls files
oneline 'tls-cert'
status 2 dassie serve -data x -trusted-proxies proxy.example
oneline 'neither an address nor a network'
status 2 dassie serve -data x -log-level loud
oneline 'log-level'
status 2 dassie init -data x -name alice
oneline 'domain is missing'
status 2 dassie init -data x -name 'Al ice' -domain example.org
oneline 'name'
status 2 dassie init -data x -name alice -domain 192.0.2.1
oneline 'domain name'
status 2 dassie init -data x -name alice -domain example.org -timezone Mars/Base
oneline 'time zone'
status 2 dassie init -data x -name alice -domain example.org -language Latin9
oneline 'no language "Latin9"'
status 2 dassie init -data x -domain example.org
oneline 'name is missing'
status 2 dassie help nonsense
oneline 'there is no command "nonsense"'
status 2 dassie token -data x -scopes admin
oneline 'admin'
status 2 dassie backup -data x
oneline 'needs the name of a file: dassie backup FILE'
status 2 dassie restore
oneline 'dassie restore FILE'
status 2 dassie backup one two -data x
oneline '"two" was given too'
status 2 dassie doctor now -data x
oneline 'takes no argument'
env DASSIE_LISTEN=nowhere
status 2 dassie serve -data x
oneline 'nowhere'
env DASSIE_TRUSTED_PROXIES=much
status 2 dassie serve -data x -listen localhost:0
oneline 'DASSIE_TRUSTED_PROXIES'
! exists x
exec dassie version
stdout '^dassie 0\.'
exec dassie help
stdout 'dassie token'
stdout 'dassie rotate-keys +replace the keys'
exec dassie passwd -help
stdout 'revoke-apps'
exec dassie help passwd
stdout 'revoke-apps'
stdout 'reset-second-factor'
`,
	"init": `
# The account is made once, and its domain stays.
status 1 dassie token -data d
oneline 'no account'
status 1 dassie passwd -data d -password-file password
oneline 'no account'
status 1 dassie init -data d -name alice -domain example.org -password-file short
oneline 'at least 10'
status 1 dassie init -data d -name alice -domain example.org -password-file missing
oneline 'missing'
stdin nothing
status 1 dassie init -data d -name alice -domain example.org
oneline 'password-file'
! exists d
exec dassie init -name alice -password-file password -domain Example.org -data d
stdout '@alice@example.org'
status 1 dassie init -data d -name alice -domain example.com -password-file password
oneline '@alice@example.org.*stays example.org'
status 1 dassie init -data d -name bob -domain example.org -password-file password
oneline '@alice@example.org'
env DASSIE_DATA=d
exec dassie token -scopes 'read write' -name script
stdout '^[A-Za-z0-9_-]{43}\n$'
! stderr .
exec dassie passwd -password-file password
`,
	"tls auto": `
# No authority certifies a name that every machine has; and what cannot listen says so before set-up.
exec dassie init -data d -name alice -domain alice.localhost:$PORT -password-file password
status 1 dassie serve -data d -tls auto -listen localhost:$PORT -listen-http ''
oneline 'alice.localhost:[0-9]+, which every machine has: start it with -tls off'
exec dassie serve -data d -listen localhost:$PORT &server&
healthy $PORT
status 1 dassie serve -data fresh -tls auto -listen localhost:$OTHER -listen-http localhost:$PORT
oneline 'address already in use'
! exists fresh
ended
wait server
`,
	"places": `
# Directories and files that cannot be used are named, and left as they are.
status 1 dassie serve -data password/inside -listen localhost:0
oneline 'mkdir password: not a directory'
status 1 dassie init -data password -name alice -domain example.org -password-file password
oneline 'password'
mkdir broken
cp password broken/dassie.db
status 1 dassie serve -data broken -listen localhost:0
oneline 'damaged or not a dassie database'
cmp password broken/dassie.db
exec dassie init -data newer -name alice -domain example.org -password-file password
exec dassie token -data newer
raise newer/dassie.db
cp newer/dassie.db copy.db
status 1 dassie serve -data newer -listen localhost:0
oneline 'newer dassie'
status 1 dassie token -data newer
oneline 'newer dassie'
cmp newer/dassie.db copy.db
status 1 dassie serve -data fresh -listen localhost:0 -tls files -tls-cert none -tls-key none
oneline 'none'
`,
	"T67 debug doors": `
# Profiles are off unless asked for, and then for this machine only.
status 2 dassie serve -data x -pprof 0.0.0.0:6060
oneline 'loopback'
status 2 dassie serve -data x -pprof :6060
oneline 'loopback'
exec dassie init -data d -name alice -domain alice.localhost:$PORT -password-file password
exec dassie serve -data d -listen localhost:$PORT &server&
healthy $PORT
get $SITE/debug/pprof/ 404
ended
wait server
exec dassie serve -data d -listen localhost:$PORT -pprof localhost:$OTHER &server&
healthy $PORT
get $SITE/debug/pprof/ 404
get http://localhost:$OTHER/debug/pprof/cmdline 200
ended
wait server
`,
	"serve": `
# One server per directory and port; commands work beside it; it ends in time.
exec dassie init -data d -name alice -domain alice.localhost:$PORT -password-file password
exec dassie serve -data d -listen localhost:$PORT &server&
healthy $PORT
get $SITE/healthz 200 ok
get $SITE/@alice 200 alice
get http://[::1]:$PORT/healthz 200 ok
status 1 dassie serve -data d -listen localhost:$OTHER
oneline 'in use by another dassie'
status 1 dassie serve -data e -listen localhost:$PORT
oneline 'address already in use'
! exists e
login $SITE alice correct-horse-battery
loggedin $SITE
exec dassie token -data d
stdout '^[A-Za-z0-9_-]{43}\n$'
loggedin $SITE
exec dassie passwd -data d -password-file other -revoke-apps -reset-second-factor -remove-passkeys
! loggedin $SITE
login $SITE alice another-horse-battery
loggedin $SITE
ended
wait server
exec dassie serve -data d -listen localhost:$PORT &server&
healthy $PORT
loggedin $SITE
ended
wait server
`,
	"rotate-keys": `
# Keys are replaced beside a running server, which shows the new ones at once.
status 1 dassie rotate-keys -data d
oneline 'no account'
exec dassie init -data d -name alice -domain alice.localhost:$PORT -password-file password
exec dassie serve -data d -listen localhost:$PORT &server&
healthy $PORT
remember $SITE/instance
exec dassie rotate-keys -data d
stdout 'new keys'
changes $SITE/instance
status 1 dassie rotate-keys -data d
oneline 'a week after'
ended
wait server
`,
	"delete-account": `
# The account is deleted beside the running server, which wipes it and answers that it is gone, also after a restart.
exec dassie init -data d -name alice -domain alice.localhost:$PORT -password-file password
status 2 dassie delete-account -data d
oneline 'which account'
status 1 dassie delete-account -data d -confirm @bob@alice.localhost:$PORT -password-file none
oneline 'whole handle .* Nothing was deleted'
exec dassie serve -data d -listen localhost:$PORT &server&
healthy $PORT
get $SITE/@alice 200 alice
exec dassie delete-account -data d -confirm @alice@alice.localhost:$PORT -password-file password
stdout 'the running server now asks every server'
becomes $SITE/@alice 410
vanishes d/media
becomes $SITE/.well-known/webfinger?resource=acct:alice@alice.localhost:$PORT 410
get $SITE/login 410 deleted
get $SITE/healthz 200 ok
exec dassie doctor -data d
stdout 'ok    server'
stdout 'ok    account +@alice@alice.localhost:[0-9]+ was deleted on .* nothing else to look at'
! stdout 'FAIL|backup|WebFinger|profile'
ended
wait server
exec dassie serve -data d -listen localhost:$PORT &server&
healthy $PORT
get $SITE/@alice 410 deleted
exec dassie delete-account -data d
stdout 'cannot be used again'
status 1 dassie token -data d
oneline 'was deleted on'
status 1 dassie passwd -data d -password-file password
oneline 'was deleted on'
status 1 dassie backup z.backup -data d
oneline 'was deleted on'
status 1 dassie init -data d -domain alice.localhost:$PORT -name alice -password-file password
oneline 'cannot be used again'
ended
wait server
`,
	"export": `
# An archive beside the running server and without it; it names no secret and is nobody else's to read.
exec dassie init -data d -name alice -domain alice.localhost:$PORT -password-file password
status 2 dassie export -data d
status 1 dassie export x.zip -data none
oneline 'no account'
exec dassie export x.zip -data d
stdout 'x.zip: posts: 0, likes: 0, .* no key in it'
status 1 dassie export x.zip -data d
oneline 'there already'
exec dassie serve -data d -listen localhost:$PORT &server&
healthy $PORT
exec dassie export -data d y.zip
exists y.zip
! exists y.zip.part
ended
wait server
`,
	"import": `
# An archive comes back into a new instance of the same name, beside the running server and without it; once.
exec dassie init -data d -name alice -domain alice.localhost:$PORT -password-file password
status 2 dassie import -data d
status 1 dassie import none.zip -data d
oneline 'none.zip'
status 1 dassie import password -data d
oneline 'add -as with one of following, lists, blocks'
exec dassie serve -data d -listen localhost:$PORT &server&
healthy $PORT
exec dassie export -data d x.zip
exec dassie import -dry-run -data d x.zip
stdout 'an archive of @alice@alice.localhost:[0-9]+, made by dassie'
stdout 'comes: Profile and settings: 1'
stdout 'nothing was changed'
exec dassie import x.zip -data d
stdout 'came: Profile and settings: 1'
ended
wait server
exec dassie import x.zip -data d
stdout 'came: Profile and settings: 1'
`,
	"lists": `
# A list comes in: its kind by its columns, its name or -as; first what would happen, then it is begun, and the server does it.
exec dassie init -data d -name alice -domain alice.localhost:$PORT -password-file password
exec dassie import -data d -dry-run following_accounts.csv
stdout '^holds: following$'
stdout '^new: 1$'
stdout '^slowly: 1, servers: 1, in 1m0s or more$'
stdout '^line 3 cannot be taken: =1\+1 A cell of this line is a formula'
stdout '^nothing was changed$'
status 2 dassie import -data d -as friends following_accounts.csv
status 1 dassie import -data d none.csv
oneline 'no file none.csv'
status 1 dassie import -data d quiet.csv
oneline 'add -as with one of following, lists, blocks, mutes, domains, bookmarks, filters'
exec dassie import quiet.csv -as domains -data d
stdout '^new: 1$'
stdout '^begun; the running server does it'
exec dassie serve -data d -listen localhost:$PORT &server&
healthy $PORT
exec dassie import -data d -overwrite custom_filters.json
stdout '^holds: filters$'
stdout '^begun; '
ended
wait server
-- following_accounts.csv --
Account address,Show boosts
bob@far.example,true
=1+1
-- quiet.csv --
bad.example
-- custom_filters.json --
{"custom_filters":[{"title":"Sport","expires_at":null,"context":["home"],"action":"hide","keywords_attributes":[{"keyword":"goal","whole_word":true}],"statuses":[]}]}
`,
	"backup": `
# A backup beside the running server, flags before or after the file; a restore into nothing.
exec dassie init -data d -name alice -domain alice.localhost:$PORT -password-file password
status 1 dassie backup nowhere/b.tar -data d
oneline 'nowhere/b.tar.part'
status 1 dassie backup b.tar -data password
oneline 'password'
status 1 dassie backup b.tar -data none
oneline 'no account'
exec dassie serve -data d -listen localhost:$PORT &server&
healthy $PORT
exec dassie backup b.tar -data d
stdout 'b.tar: @alice@alice.localhost:[0-9]+, .* private keys'
! stderr .
exec dassie backup -data d second.tar
status 1 dassie backup b.tar -data d
oneline 'there already'
status 1 dassie restore b.tar -data d -old-is-off
oneline 'not empty'
stdin password
status 1 dassie restore b.tar -data e
oneline 'no terminal to ask .* -old-is-off'
status 1 dassie restore password -data e -old-is-off
oneline 'password is not a whole dassie backup: .*; nothing was written'
status 1 dassie restore missing.tar -data e -old-is-off
oneline 'missing.tar'
! exists e
ended
wait server
exec dassie restore -data e/f b.tar -old-is-off
stdout 'restored @alice@'
exec dassie serve -data e/f -listen localhost:$PORT &server&
healthy $PORT
get $SITE/@alice 200 alice
login $SITE alice correct-horse-battery
loggedin $SITE
ended
wait server
`,
	"restore asks": `
# At a terminal the owner is asked, and only yes is yes.
[!linux] skip
exec dassie init -data d -name alice -domain alice.localhost:$PORT -password-file password
exec dassie backup b.tar -data d
ttyin -stdin no
! exec dassie restore b.tar -data e
stderr 'switch the old server off first'
! exists e
ttyin -stdin yes
exec dassie restore b.tar -data e
stderr 'Two servers with one identity harm each other'
exists e/dassie.db
`,
	"doctor": `
# It works beside a server and without one; what is wrong is a row, and status 1.
! exec dassie doctor -data none
stdout 'FAIL  data directory +none does not exist'
stderr '^dassie: 1 of 1 checks failed\n$'
! exists none
mkdir empty
! exec dassie doctor -data empty
stdout 'FAIL  database +there is none'
exec dassie init -data d -name alice -domain alice.localhost:$PORT -password-file password
exec dassie doctor -data d
stdout 'warn  server +it does not run'
exec dassie serve -data d -listen localhost:$PORT &server&
healthy $PORT
exec dassie doctor -data d
stdout 'ok    server'
stdout 'ok    WebFinger .* +acct:alice@alice.localhost:[0-9]+ leads to'
stdout 'ok    profile for servers +served with the right key'
stdout 'ok    requests as they arrive +Host alice.localhost:[0-9]+, scheme http, from'
! stdout FAIL
! stderr .
exec dassie doctor -data d -json
stdout '"ok": true'
ended
wait server
cp password d/dassie.db
! exec dassie doctor -data d
stdout 'FAIL  database .*damaged or not a dassie database'
`,
	"set-up": `
# Without an account there is set-up alone; once made, everything is there.
exec dassie serve -data d -listen localhost:$PORT &server&
healthy $PORT
get http://localhost:$PORT/setup 200 code
get http://localhost:$PORT/login 303
exec dassie init -data d -name alice -domain alice.localhost:$PORT -password-file password
becomes $SITE/@alice 200
ended
wait server
stderr 'There is no account yet'
stderr 'http://localhost:[0-9]+/setup'
`,
	"demo": `
# Three servers that federate, with a follow request waiting; nothing stays behind.
mkdir tmp
env TMPDIR=$WORK/tmp
exec sh -c 'exec dassie demo >out' &demo&
demo out
get $ALICE/@alice 200 'station clock'
login $ALICE alice alice-at-home
get $ALICE/me 200 'Rye today'
get $ALICE/me 200 'Two loaves'
get $ALICE/me/requests 200 'Carol Lindqvist'
login $BOB bob bob-at-home
get $BOB/me 200 'station clock'
! get $BOB/me 200 'heron'
grep '/etc/hosts' out
ended
wait demo
exec ls tmp
! stdout .
`,
	"demo data": `
# With -data the story is kept, and goes on under the same addresses.
exec sh -c 'exec dassie demo -port $PORT -data d >out' &demo&
demo out
ended
wait demo
env FIRST=$ALICE
exec sh -c 'exec dassie demo -data d >again' &demo&
demo again
get $FIRST/@alice 200 'station clock'
ended
wait demo
`,
}

const files = `
-- password --
correct-horse-battery
-- other --
another-horse-battery
-- nothing --
-- no --
no
-- yes --
yes
-- short --
secret
`

func TestCommandLine(t *testing.T) {
	dir := t.TempDir()
	for name, script := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name+".txtar"), []byte(script+files), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PORT", freePort(t))
			env.Setenv("OTHER", freePort(t))
			env.Setenv("SITE", "http://alice.localhost:"+env.Getenv("PORT"))
			env.Setenv("DISPLAY", ":0")
			env.Values["browser"] = newBrowser()
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": cmdStatus, "oneline": cmdOneLine, "healthy": cmdHealthy, "get": cmdGet, "becomes": cmdBecomes, "vanishes": cmdVanishes,
			"remember": cmdRemember, "changes": cmdChanges,
			"login": cmdLogin, "loggedin": cmdLoggedIn, "ended": cmdEnded, "raise": cmdRaise, "demo": cmdDemo,
		},
	})
}

func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// newBrowser finds *.localhost by itself, keeps cookies, and follows nothing.
func newBrowser() *http.Client {
	jar, _ := cookiejar.New(nil)
	return &http.Client{
		Jar: jar, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableKeepAlives: true, DialContext: dialLoopback},
	}
}

func check(ts *testscript.TestScript, ok bool, format string, args ...any) {
	if !ok {
		ts.Fatalf(format, args...)
	}
}

func dialLoopback(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if host != "::1" {
		host = "127.0.0.1"
	}
	return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(host, port))
}

func browser(ts *testscript.TestScript) *http.Client { return ts.Value("browser").(*http.Client) }

// fetch is one request; the body is read whole.
func fetch(ts *testscript.TestScript, method, address string, form url.Values) (status int, body string, err error) {
	req, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	ts.Check(err)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := browser(ts).Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// status N COMMAND… runs a command that must end with that status.
func cmdStatus(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	check(ts, got == want, "%v: status %d, want %d", args[1:], got, want)
	check(ts, ts.ReadFile("stdout") == "", "%v: something on stdout", args[1:])
}

// oneline PATTERN: standard error is one sentence, but for log lines, and matches.
func cmdOneLine(ts *testscript.TestScript, _ bool, args []string) {
	var said []string
	for line := range strings.Lines(ts.ReadFile("stderr")) {
		if !strings.HasPrefix(line, "time=") {
			said = append(said, line)
		}
	}
	check(ts, len(said) == 1 && strings.HasPrefix(said[0], "dassie: "), "stderr is not one sentence: %q", said)
	check(ts, regexp.MustCompile(args[0]).MatchString(said[0]), "%q does not match %q", said[0], args[0])
}

// eventually asks until a server that has just been started answers as wanted.
func eventually(ts *testscript.TestScript, what string, ok func() bool) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	ts.Fatalf("not within a minute: %s", what)
}

// healthy PORT waits until the server there is well.
func cmdHealthy(ts *testscript.TestScript, _ bool, args []string) {
	eventually(ts, "healthz", func() bool {
		status, body, err := fetch(ts, "GET", "http://localhost:"+args[0]+"/healthz", nil)
		return err == nil && status == 200 && strings.TrimSpace(body) == "ok"
	})
}

// becomes URL STATUS waits until an address answers so.
func cmdBecomes(ts *testscript.TestScript, _ bool, args []string) {
	eventually(ts, strings.Join(args, " "), func() bool {
		status, _, err := fetch(ts, "GET", args[0], nil)
		return err == nil && strconv.Itoa(status) == args[1]
	})
}

// vanishes FILE waits until there is no such file or folder.
func cmdVanishes(ts *testscript.TestScript, _ bool, args []string) {
	eventually(ts, args[0]+" to go", func() bool {
		_, err := os.Stat(ts.MkAbs(args[0]))
		return errors.Is(err, os.ErrNotExist)
	})
}

// remember URL keeps what an address answers; changes URL waits until it answers
// something else.
func cmdRemember(ts *testscript.TestScript, _ bool, args []string) {
	_, body, err := fetch(ts, "GET", args[0], nil)
	ts.Check(err)
	ts.Setenv("REMEMBERED", body)
}

func cmdChanges(ts *testscript.TestScript, _ bool, args []string) {
	eventually(ts, "another answer from "+args[0], func() bool {
		status, body, err := fetch(ts, "GET", args[0], nil)
		return err == nil && status == http.StatusOK && body != ts.Getenv("REMEMBERED")
	})
}

// [!] get URL STATUS [TEXT]: with ! the text must not be there.
func cmdGet(ts *testscript.TestScript, neg bool, args []string) {
	status, body, err := fetch(ts, "GET", args[0], nil)
	ts.Check(err)
	check(ts, strconv.Itoa(status) == args[1], "GET %s: %d, want %s", args[0], status, args[1])
	check(ts, len(args) < 3 || strings.Contains(body, args[2]) != neg, "GET %s: wrong about %q", args[0], args[2:])
}

var demoAddress = regexp.MustCompile(`(http://(alice|bob|carol)\.localhost:[0-9]+)/ `)

// demo FILE waits until the demo is ready and sets $ALICE, $BOB and $CAROL.
func cmdDemo(ts *testscript.TestScript, _ bool, args []string) {
	var out []byte
	eventually(ts, "the demo", func() bool {
		out, _ = os.ReadFile(ts.MkAbs(args[0])) // not there yet counts as empty
		return strings.Contains(string(out), "Ctrl-C")
	})
	for _, m := range demoAddress.FindAllStringSubmatch(string(out), -1) {
		ts.Setenv(strings.ToUpper(m[2]), m[1])
	}
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// login SITE NAME PASSWORD
func cmdLogin(ts *testscript.TestScript, _ bool, args []string) {
	_, body, err := fetch(ts, "GET", args[0]+"/login", nil)
	ts.Check(err)
	m := csrfField.FindStringSubmatch(body)
	check(ts, m != nil, "no form on the log-in page")
	status, _, err := fetch(ts, "POST", args[0]+"/login", url.Values{"csrf": {m[1]}, "name": {args[1]}, "password": {args[2]}})
	ts.Check(err)
	check(ts, status == http.StatusSeeOther, "log-in answered %d", status)
}

// [!] loggedin SITE: the log-in page leads on who is logged in.
func cmdLoggedIn(ts *testscript.TestScript, neg bool, args []string) {
	status, _, err := fetch(ts, "GET", args[0]+"/login", nil)
	ts.Check(err)
	check(ts, (status == http.StatusSeeOther) != neg, "the log-in page answered %d", status)
}

// ended: SIGTERM ends the newest server within 5 seconds.
func cmdEnded(ts *testscript.TestScript, _ bool, _ []string) {
	list := ts.BackgroundCmds()
	p := list[len(list)-1].Process
	ts.Check(p.Signal(syscall.SIGTERM))
	start := time.Now()
	eventually(ts, "the end of the server", func() bool { return p.Signal(syscall.Signal(0)) != nil })
	check(ts, time.Since(start) < 5*time.Second, "it took %v", time.Since(start))
}

// raise FILE gives a database the schema number of a later program (SQLite file
// format 1.3: user_version at 60).
func cmdRaise(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR, 0)
	ts.Check(err)
	_, err = f.WriteAt([]byte{0, 0, 0x7f, 0xff}, 60)
	ts.Check(errors.Join(err, f.Close()))
}

// ranks is the import line: a package may import only what has a lower rank.
var ranks = map[string]int{
	"assets": 0, "store": 0, "federation/ap": 0, "federation/httpsig": 0, "federation/webpush": 0, "web/reply": 0, "web/listen": 0, "web/mail/smtptest": 0,
	"store/logs":        0,
	"web/auth/webauthn": 0, "web/auth/webauthn/webauthntest": 0,
	"store/media": 1, "store/storetest": 1, "federation/remote": 1, "federation/markup": 1, "web/auth": 1, "web/mail": 1, "web/command": 1,
	"federation": 2, "web/auth/authtest": 2,
	"federation/archive": 3, "federation/fedtest": 3,
	"web/public": 4, "web/dashboard": 4, "web/mastodon": 4,
	"web":          5,
	"web/instance": 6,
	"web/demo":     7, "web/doctor": 7,
	"web/browsertest": 0, // tests only
	"":                8,
}

func TestImportLine(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}:{{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		name, imports, _ := strings.Cut(strings.TrimSpace(line), ":")
		name = strings.TrimPrefix(strings.TrimPrefix(name, "dassie"), "/")
		rank, known := ranks[name]
		if !known {
			t.Errorf("package %s has no place on the import line", name)
		}
		for _, path := range strings.Fields(imports) {
			other, ours := strings.CutPrefix(path, "dassie/")
			if !ours {
				continue
			}
			if r, ok := ranks[other]; !ok || r >= rank {
				t.Errorf("%s imports %s, which does not stand left of it", name, other)
			}
			if strings.HasSuffix(other, "test") && !strings.HasSuffix(name, "test") {
				t.Errorf("%s imports %s, which is for tests only", name, other)
			}
		}
	}
}

func TestTopLevelIsFixed(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	folders := []string{".ci", ".git", "assets", "data", "federation", "store", "web"}
	for _, e := range entries {
		switch {
		case e.IsDir() && !slices.Contains(folders, e.Name()):
			t.Errorf("%s/ has no place at the top level", e.Name())
		case strings.HasSuffix(e.Name(), ".go") && e.Name() != "main.go" && e.Name() != "main_test.go":
			t.Errorf("%s has no place at the top level", e.Name())
		}
	}
}

// TestFederationTable reads FEDERATION.md against the code: what has an effect
// on arrival, and what is sent.
func TestFederationTable(t *testing.T) {
	text, err := os.ReadFile("FEDERATION.md")
	if err != nil {
		t.Fatal(err)
	}
	var arrives, sent []string
	files, _ := filepath.Glob("federation/*.go")
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(gotoken.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if n.Names[0].Name == "verbs" {
					for _, e := range n.Values[0].(*ast.CompositeLit).Elts {
						arrives = append(arrives, literal(e.(*ast.KeyValueExpr).Key))
					}
				}
			case *ast.CallExpr:
				f, ok := n.Fun.(*ast.SelectorExpr)
				if ok && slices.Contains([]string{"send", "sendByInstance", "sendPost", "answerFollow"}, f.Sel.Name) {
					for _, a := range n.Args {
						sent = append(sent, literal(a))
					}
				}
			}
			return true
		})
	}
	compare(t, "activities that arrive", table(string(text), "## Activities that arrive"), arrives)
	compare(t, "activities that are sent", table(string(text), "## Activities that are sent"), sent)
}

var apiRow = regexp.MustCompile("(?m)^\\| `([A-Z]+) (/(?:api|oauth)/[^`]+)` \\| (.*) \\|$")

// TestClientAPITable reads FEDERATION.md against the routes of web/mastodon.
func TestClientAPITable(t *testing.T) {
	text, err := os.ReadFile("FEDERATION.md")
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile("web/mastodon/routes.go")
	if err != nil {
		t.Fatal(err)
	}
	var said, done []string
	for _, m := range apiRow.FindAllStringSubmatch(string(text), -1) {
		said = append(said, m[1]+" "+m[2]+" "+strings.ReplaceAll(strings.ReplaceAll(m[3], "`", ""), ",", ""))
	}
	route := regexp.MustCompile(`\{"([A-Z]+)", "(/(?:api|oauth)/[^"]+)", "?([^",]*)"?`)
	for _, m := range route.FindAllStringSubmatch(string(code), -1) {
		scopes := m[3]
		if named := regexp.MustCompile(`(?m)^(?:const|\t)\s*` + scopes + `\s+= "([a-z]+)"`).FindStringSubmatch(string(code)); named != nil {
			scopes = named[1] // a constant in the place of scopes
		}
		done = append(done, m[1]+" "+m[2]+" "+scopes)
	}
	compare(t, "client API", said, done)
}

func literal(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == gotoken.STRING {
		s, _ := strconv.Unquote(lit.Value)
		return s
	}
	return ""
}

var firstCell = regexp.MustCompile("(?m)^\\| `([A-Z][A-Za-z]+)`")

// table lists the first cells of the table under a heading.
func table(text, heading string) []string {
	_, text, _ = strings.Cut(text, heading+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	var list []string
	for _, m := range firstCell.FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	return list
}

func compare(t *testing.T, what string, said, done []string) {
	t.Helper()
	slices.Sort(said)
	if len(slices.Compact(slices.Clone(said))) != len(said) { // what a merge leaves behind
		t.Errorf("%s: FEDERATION.md says something twice: %v", what, said)
	}
	tidy := func(list []string) []string {
		slices.Sort(list)
		return slices.DeleteFunc(slices.Compact(list), func(s string) bool { return s == "" })
	}
	if said, done = tidy(said), tidy(done); !slices.Equal(said, done) {
		t.Errorf("%s: FEDERATION.md says %v, the code does %v", what, said, done)
	}
}
