// Command gomastodon is a day's use of a server with mattn/go-mastodon, for a test of
// the program. It is a module of its own, so that the program's needs do not grow.
//
// The other end of its input is the owner in a browser: a line "consent ADDRESS" is
// answered with where the browser was then led, and a line "pushed" once the push
// service was told of something.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"time"

	"github.com/mattn/go-mastodon"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	d := &day{ctx: ctx, host: os.Getenv("HOME_SERVER"), awayHost: os.Getenv("AWAY_SERVER"), lines: bufio.NewScanner(os.Stdin)}
	d.part("sign in", d.signIn)
	d.part("the server", d.server)
	d.part("follow", d.follow)
	d.part("write", d.write)
	d.part("change", d.change)
	d.part("streams", d.streams)
	d.part("timelines", d.timelines)
	d.part("notifications", d.notifications)
	d.part("lists and filters", d.listsAndFilters)
	d.part("people", d.people)
	d.part("profile", d.profile)
	d.part("push", d.pushed)
	d.part("sign out", d.signOut)
	if d.faults > 0 {
		fmt.Println(d.faults, "faults")
		os.Exit(1)
	}
	fmt.Println("a good day")
}

// day is what is known in the course of it.
type day struct {
	ctx            context.Context
	host, awayHost string
	lines          *bufio.Scanner
	home, away     *mastodon.Client
	me, them       *mastodon.Account
	theirs         *mastodon.Account // who I am, at theirs
	post, heard    *mastodon.Status
	socket         chan mastodon.Event
	at             string
	faults         int
}

// broken ends a part of the day.
type broken struct{ err error }

func (d *day) part(name string, run func()) {
	d.at = name
	from := time.Now()
	defer func() {
		switch is := recover().(type) {
		case nil:
		case broken:
			d.fault("%v, and the rest of the part is not tried", is.err)
			if d.home == nil {
				os.Exit(1)
			}
		default:
			panic(is)
		}
		fmt.Printf("part %s: %v\n", name, time.Since(from).Round(time.Millisecond))
	}()
	run()
}

func (d *day) fault(format string, args ...any) {
	d.faults++
	fmt.Printf("fault %s: %s\n", d.at, fmt.Sprintf(format, args...))
}

func (d *day) ok(is bool, what string, seen ...any) {
	if !is {
		d.fault("not so: %s %+v", what, seen)
	}
}

func (d *day) same(got, want any, what string) {
	if !reflect.DeepEqual(got, want) {
		d.fault("%s is %+v, not %+v", what, got, want)
	}
}

// get takes what came without an error.
func get[T any](v T, err error) T {
	must(err)
	return v
}

func must(err error) {
	if err != nil {
		panic(broken{err})
	}
}

// refused: an error with the status.
func (d *day) refused(err error, status int, what string) {
	if is, ok := err.(*mastodon.APIError); !ok || is.StatusCode != status {
		d.fault("%s is refused with %v, not with %d", what, err, status)
	}
}

// eventually asks until something is found.
func eventually[T any](what string, ask func() (T, bool)) T {
	for end := time.Now().Add(15 * time.Second); ; time.Sleep(60 * time.Millisecond) {
		if v, ok := ask(); ok {
			return v
		}
		if time.Now().After(end) {
			panic(broken{fmt.Errorf("it is not so that %s", what)})
		}
	}
}

// next waits for an event of a stream that fits.
func next[T mastodon.Event](stream chan mastodon.Event, what string, fits func(T) bool) T {
	late := time.After(15 * time.Second)
	for seen := ""; ; {
		select {
		case e, open := <-stream:
			if !open {
				panic(broken{fmt.Errorf("the stream ended before %s", what)})
			}
			if is, ok := e.(T); ok && fits(is) {
				return is
			}
			seen += fmt.Sprintf(" %T", e)
		case <-late:
			panic(broken{fmt.Errorf("the stream does not bring %s; it brought%s", what, seen)})
		}
	}
}

func ids[T any](list []T, id func(T) mastodon.ID) []mastodon.ID {
	out := []mastodon.ID{}
	for _, v := range list {
		out = append(out, id(v))
	}
	return out
}

func accountID(a *mastodon.Account) mastodon.ID { return a.ID }
func statusID(s *mastodon.Status) mastodon.ID   { return s.ID }

var markup = regexp.MustCompile(`<[^>]*>`)

func text(html string) string { return markup.ReplaceAllString(html, "") }
