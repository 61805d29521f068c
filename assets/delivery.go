package assets

import (
	"strconv"
	"strings"
)

// Delivery is where an own post went, in numbers of servers.
type Delivery struct {
	URL      string // the page that lists them
	Accepted int    // said yes
	Unknown  int    // sent, no answer
	Waiting  int    // never sent yet
	Refused  int    // said no
	GivenUp  int    // gone, or we stopped trying
}

// Total is the number of servers the post is for.
func (d Delivery) Total() int { return d.Accepted + d.Unknown + d.Waiting + d.Refused + d.GivenUp }

// Sum is "16 of 19 servers", or "No server" for a post that goes nowhere.
func (d Delivery) Sum() string {
	if d.Total() == 0 {
		return "No server"
	}
	return strconv.Itoa(d.Accepted) + " of " + count(d.Total(), "server")
}

// Lead is the first sentence about the post's way.
func (d Delivery) Lead() string {
	switch {
	case d.Total() == 0:
		return "It went to no other server."
	case d.Accepted == d.Total() && d.Total() > 1:
		return "All " + count(d.Total(), "server") + " accepted it."
	}
	return d.Sum() + " accepted it."
}

// Rest is what else is to be said, "" if all is well.
func (d Delivery) Rest() string {
	var parts []string
	say := func(n int, one, many string) {
		if n == 1 {
			parts = append(parts, "1 "+one)
		} else if n > 1 {
			parts = append(parts, thousands(n)+" "+many)
		}
	}
	say(d.Unknown, "did not answer", "did not answer")
	say(d.Waiting, "is waiting", "are waiting")
	say(d.Refused, "refused", "refused")
	say(d.GivenUp, "was given up", "were given up")
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, ", ") + "."
}

// Key is one line of the legend: the bar's class, its word and its number.
type Key struct {
	Class, Word string
	Count       int
}

// Keys returns the states that occur, in the order of the bars.
func (d Delivery) Keys() []Key {
	var keys []Key
	for _, key := range []Key{
		{"b-a", "Accepted", d.Accepted}, {"b-u", "Sent, no answer", d.Unknown}, {"b-w", "Waiting", d.Waiting},
		{"b-r", "Refused", d.Refused}, {"b-g", "Given up or gone", d.GivenUp},
	} {
		if key.Count > 0 {
			keys = append(keys, key)
		}
	}
	return keys
}

// Bars returns one class per bar. Above most bars, one stands for Each(most)
// servers; a state that occurs has at least one bar.
func (d Delivery) Bars(most int) []string {
	each := d.Each(most)
	var bars []string
	for _, key := range d.Keys() {
		for n := 0; n < key.Count; n += each {
			bars = append(bars, key.Class)
		}
	}
	return bars
}

// Each is how many servers one bar stands for: 1, 2, 5, 10, 20, 50, …
func (d Delivery) Each(most int) int {
	each := 1
	for i := 0; d.Total() > most*each; i++ {
		each = each * []int{2, 5, 2}[i%3] / []int{1, 2, 1}[i%3]
	}
	return each
}

// Reach is how the servers of the followers stand, in numbers of servers.
type Reach struct {
	Answer  int // the last delivery arrived
	Silent  int // deliveries fail
	Fresh   int // nothing was sent there yet
	Refused int // the last delivery was refused
	Gone    int // nothing arrived for a week of days
}

func (r Reach) delivery() Delivery {
	return Delivery{Accepted: r.Answer, Unknown: r.Silent, Waiting: r.Fresh, Refused: r.Refused, GivenUp: r.Gone}
}

// Total is the number of servers.
func (r Reach) Total() int { return r.delivery().Total() }

// Bars returns one class per bar, as those of a Delivery.
func (r Reach) Bars(most int) []string { return r.delivery().Bars(most) }

// Each is how many servers one bar stands for.
func (r Reach) Each(most int) int { return r.delivery().Each(most) }

// Well says that there is nothing to look at.
func (r Reach) Well() bool { return r.Silent+r.Refused+r.Gone == 0 }

// Lead is the first sentence about the servers.
func (r Reach) Lead() string {
	switch total := r.Total(); {
	case total == 0:
		return "Nobody follows you yet."
	case r.Answer == total && total == 1:
		return "Your followers’ server answers."
	case r.Answer == total:
		return "All " + count(total, "server") + " answer."
	case r.Answer == 1:
		return "1 of " + count(total, "server") + " answers."
	default:
		return thousands(r.Answer) + " of " + count(total, "server") + " answer."
	}
}

// Rest is what else is to be said, "" if all is well.
func (r Reach) Rest() string {
	var parts []string
	say := func(n int, one, many string) {
		if n > 0 {
			parts = append(parts, thousands(n)+" "+plural(n, one, many))
		}
	}
	say(r.Silent, "is silent", "are silent")
	say(r.Refused, "refused the last delivery", "refused the last delivery")
	say(r.Gone, "is gone", "are gone")
	say(r.Fresh, "was sent nothing yet", "were sent nothing yet")
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, ", ") + "."
}

// Keys returns the states that occur, in the order of the bars.
func (r Reach) Keys() []Key {
	words := map[string]string{"b-a": "Answers", "b-u": "Silent", "b-w": "Nothing sent yet", "b-r": "Refused", "b-g": "Gone"}
	keys := r.delivery().Keys()
	for i := range keys {
		keys[i].Word = words[keys[i].Class]
	}
	return keys
}
