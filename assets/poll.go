package assets

import (
	"strconv"
	"time"
)

// Poll is a question with its answers, below the text of a post.
type Poll struct {
	ID       string // of its post
	Options  []PollOption
	Multiple bool
	Voters   int     // 0 if its server does not say
	Hidden   bool    // counts are kept back until the end
	End      string  // when it ends or ended, in words; "" if there is no end
	May      bool    // the reader may vote
	CSRF     string  // of the form to vote with
	Back     string  // where that form leads back to
	Error    string  // what is wrong with the vote that was sent
	Emojis   []Emoji // in the answers
}

// PollOption is one answer and its votes.
type PollOption struct {
	Name  string
	Votes int
	Mine  bool // chosen by the reader
	Tried bool // chosen in a form that came back
}

// Votes is how many there are in all.
func (p Poll) Votes() int {
	n := 0
	for _, o := range p.Options {
		n += o.Votes
	}
	return n
}

// Percent is an option's share of the voters, or of the votes where it is not
// known how many voted.
func (p Poll) Percent(o PollOption) int {
	whole := p.Votes()
	if p.Multiple && p.Voters > 0 {
		whole = p.Voters
	}
	if whole == 0 {
		return 0
	}
	return min((200*o.Votes+whole)/(2*whole), 100)
}

// Sum says how many took part: "12 votes", or "12 votes by 7 people".
func (p Poll) Sum() string {
	if p.Hidden {
		return "The counts are shown when it is over"
	}
	sum := count(p.Votes(), "vote")
	if !p.Multiple || p.Voters == 0 {
		return sum
	}
	if p.Voters == 1 {
		return sum + " by 1 person"
	}
	return sum + " by " + thousands(p.Voters) + " people"
}

// PollForm is the part of the write page that asks a question.
type PollForm struct {
	Options  []string // as many as there are fields
	More     bool     // more fields can be had
	Lasts    []Option // how long, in seconds
	Multiple bool
	Hide     bool // the counts until the end
	Open     bool // something is filled in
	Error    string
}

// pollField is one field for an answer, counted from 1.
type pollField struct{ ID, Label, Value string }

// Fields are the fields for the answers.
func (f PollForm) Fields() []pollField {
	list := make([]pollField, len(f.Options))
	for i, o := range f.Options {
		n := strconv.Itoa(i + 1)
		list[i] = pollField{"option-" + n, "Answer " + n, o}
	}
	return list
}

// Ends says in words, for pages that are kept, when a poll ends or ended: a full
// date stays right.
func Ends(now, end time.Time, over bool) string {
	switch {
	case over && end.IsZero():
		return "Over"
	case end.IsZero():
		return ""
	case over:
		return "Ended " + end.In(now.Location()).Format("Monday 2 January 2006, 15:04")
	}
	return "Open until " + end.In(now.Location()).Format("Monday 2 January 2006, 15:04")
}
