package browsertest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// toot is the program of that name, with a folder of its own for what it keeps.
type toot struct {
	*clientDay
	config string
}

func newToot(t *testing.T) *toot {
	t.Helper()
	if _, err := exec.LookPath("toot"); err != nil {
		if os.Getenv("DASSIE_CLIENTS") != "" {
			t.Fatal("toot is not there: apt-get install toot")
		}
		t.Skip("toot is not there: apt-get install toot")
	}
	return &toot{newClientDay(t), t.TempDir()}
}

func (c *toot) command(args ...string) *exec.Cmd {
	cmd := exec.Command("toot", args...)
	cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+c.config, "REQUESTS_CA_BUNDLE="+c.ca.file, "PYTHONUNBUFFERED=1", "PYTHONIOENCODING=utf-8", "BROWSER=true")
	return cmd
}

// do runs a command to its end. Errors are told on the other output.
func (c *toot) do(args ...string) string {
	c.t.Helper()
	out, err := c.command(args...).CombinedOutput()
	if err != nil || strings.Contains(string(out), "Traceback") {
		c.t.Fatalf("toot %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// says runs a command and looks for words in what it says.
func (c *toot) says(words string, args ...string) {
	c.t.Helper()
	if out := c.do(args...); !strings.Contains(out, words) {
		c.t.Errorf("toot %q does not say %q:\n%s", args, words, out)
	}
}

var address = regexp.MustCompile(`https://\S+/oauth/authorize\S+`)

// signIn: the person opens the address that the program shows in a browser, allows
// what it asks for, and carries the code over.
func (c *toot) signIn() {
	c.t.Helper()
	cmd := c.command("login", "--instance", c.home.host)
	in, err := cmd.StdinPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	read, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	force := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer force.Stop()
	var said strings.Builder
	done := make(chan struct{})
	go func() {
		defer close(done)
		asked := false
		for b := make([]byte, 4096); ; {
			n, err := read.Read(b)
			said.Write(b[:n])
			if at := address.FindString(said.String()); at != "" && !asked && strings.Contains(said.String(), "default browser") {
				asked = true
				led := c.home.consents(c.t, c.ca, at)
				_, code, _ := strings.Cut(led, "code=")
				fmt.Fprintf(in, "n\n%s\n", code)
			}
			if err != nil {
				return
			}
		}
	}()
	err = cmd.Wait()
	write.Close()
	<-done
	if err != nil || !strings.Contains(said.String(), "Successfully logged in") {
		c.t.Fatalf("toot login: %v\n%s", err, &said)
	}
}

// post posts and returns the id.
func (c *toot) post(args ...string) string {
	c.t.Helper()
	out := strings.TrimSpace(c.do(append([]string{"post"}, args...)...))
	_, at, ok := strings.Cut(out, "Toot posted: ")
	if !ok {
		c.t.Fatalf("toot post %q: %s", args, out)
	}
	var list []struct{ ID, URL string }
	c.home.ask(c.t, "/api/v1/timelines/home?limit=40", nil, &list)
	for _, s := range list {
		if s.URL == strings.TrimSpace(at) {
			return s.ID
		}
	}
	c.t.Fatalf("the post at %s is not in %+v", at, list)
	return ""
}

// The day of somebody in a terminal, with the toot program as Debian has it.
func TestDayWithToot(t *testing.T) {
	long(t)
	c := newToot(t)
	c.signIn()
	c.says("hana", "whoami")
	c.says("hana@"+c.home.host, "auth")
	c.says(c.home.host, "instance")
	c.people()
	c.posts()
	c.says("hana@"+c.home.host+" logged out", "logout", "hana@"+c.home.host)
}

// people: found, followed, read, muted and blocked.
func (c *toot) people() {
	them := "awe@" + c.away.host
	c.says("awe", "search", "@"+them, "--resolve")
	c.says("You are now following", "follow", them)
	eventually(c.t, "awe is followed", func() bool { return strings.Contains(c.do("following", "hana"), them) })
	c.away.follow(c.t, c.home)
	c.says(them, "followers", "hana")
	c.says("@"+them, "whois", them)
	c.says("now follows you", "notifications")
	for _, verb := range []string{"mute", "block"} {
		c.do(verb, them)
		c.do("un"+verb, them)
	}
	c.do("follow", them)
	c.says("You are now following #tides", "tags_follow", "tides")
	c.says("tides", "tags_followed")
	c.do("tags_unfollow", "tides")
}

func (c *toot) posts() {
	id := c.post("Up early #tides", "--visibility", "public", "--language", "en")
	answer := c.post("And again", "--reply-to", id, "--spoiler-text", "More")
	c.post("Look", "--media", c.picture, "--description", "A gradient", "--sensitive")
	c.says("URL: https://"+c.home.host+"/media/", "upload", c.picture, "--description", "A gradient")
	c.says("Toot scheduled for", "post", "Tomorrow", "--scheduled-in", "1 hour")
	for _, verb := range []string{"favourite", "reblog", "bookmark", "pin"} {
		c.says("✓ Status "+verb, verb, id)
		switch verb {
		case "reblog":
			c.says("@hana", "reblogged_by", id)
		case "bookmark":
			c.says("Up early", "bookmarks", "--once")
		}
		c.says("✓ Status un"+verb, "un"+verb, id)
	}
	for _, way := range [][]string{{}, {"--public", "--local"}, {"--tag", "tides"}, {"--count", "3", "--reverse"}} {
		args := append([]string{"timeline", "--once"}, way...)
		if out := c.do(args...); !strings.Contains(out, "hana") {
			c.t.Errorf("toot %q:\n%s", args, out)
		}
	}
	if out := c.do("thread", answer); strings.Index(out, "Up early") > strings.Index(out, "And again") || !strings.Contains(out, "Up early") {
		c.t.Errorf("the thread:\n%s", out)
	}
	c.says("Status deleted", "delete", answer)
	out, err := c.command("thread", answer).CombinedOutput()
	if err == nil || strings.Contains(string(out), "Traceback") {
		c.t.Errorf("the thread of a deleted post: %v\n%s", err, out)
	}
	c.says("Cleared notifications", "notifications", "--clear")
	c.says("No notification", "notifications")
	c.away.said(c.t, "@hana@"+c.home.host+" Good morning")
	eventually(c.t, "the mention is there", func() bool { return strings.Contains(c.do("notifications", "--mentions"), "Good morning") })
}

// said posts through the API.
func (s *site) said(t *testing.T, words string) {
	t.Helper()
	var sent struct{ ID string }
	s.ask(t, "/api/v1/statuses", map[string][]string{"status": {words}}, &sent)
}
