package browsertest

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// client is no browser: it has Nora's cookies and reads streams.
type client struct {
	*http.Client
	t    testing.TB
	site string
}

// client logs in.
func (n night) client(t testing.TB) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, site: n.url(""), Client: &http.Client{Jar: jar, Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) { // the name is known to browsers alone
			return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+n.port)
		},
	}}}
	t.Cleanup(c.CloseIdleConnections)
	c.post("/login", c.token("/login"), "name", n.name, "password", n.password)
	return c
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// token is that of the forms of a page.
func (c *client) token(path string) string {
	c.t.Helper()
	answer, err := c.Get(c.site + path)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	for s := bufio.NewScanner(answer.Body); s.Scan(); {
		if m := csrfField.FindStringSubmatch(s.Text()); m != nil {
			return m[1]
		}
	}
	c.t.Fatalf("%s has no form", path)
	return ""
}

func (c *client) post(path, token string, pairs ...string) {
	c.t.Helper()
	form := url.Values{"csrf": {token}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	answer, err := c.PostForm(c.site+path, form)
	if err != nil {
		c.t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		c.t.Fatalf("POST %s answers %d", path, answer.StatusCode)
	}
}

// listen reads the stream into a channel, which is closed at its end.
func (c *client) listen() <-chan string {
	c.t.Helper()
	answer, err := c.Get(c.site + "/me/events")
	if err != nil {
		c.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Encoding") != "" {
		c.t.Fatalf("the stream answers %d %v", answer.StatusCode, answer.Header)
	}
	c.t.Cleanup(func() { answer.Body.Close() })
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(answer.Body); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return lines
}

// T51: the stream of a session ends within a second of its log-out, in the program
// as it is. With DASSIE_LONG it outlives the time limit of other answers first, and
// is kept awake.
func TestT51_StreamOfTheProgram(t *testing.T) {
	t.Parallel()
	n := afterNight(t)
	n.serve(t)
	c := n.client(t)
	lines := c.listen()
	if os.Getenv("DASSIE_LONG") != "" {
		beats, late := 0, time.After(70*time.Second)
		for beats < 2 {
			select {
			case line, open := <-lines:
				if !open {
					t.Fatalf("the stream ended after %d heartbeats", beats)
				}
				if strings.HasPrefix(line, ":") {
					beats++
				}
			case <-late:
				t.Fatalf("%d heartbeats in 70 seconds", beats)
			}
		}
	}
	c.post("/logout", c.token("/me/more"))
	for late := time.After(time.Second); ; {
		select {
		case _, open := <-lines:
			if !open {
				return
			}
		case <-late:
			t.Fatal("the stream still runs a second after the log-out")
		}
	}
}
