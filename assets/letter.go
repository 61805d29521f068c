package assets

import (
	"fmt"
	"html/template"
	"io"
	"strings"
	texttemplate "text/template"
	"time"
)

// Letter is one mail to the owner, as package web/mail writes it: the words of both of
// its parts. Everything in it is plain text.
type Letter struct {
	ID      string    // the first half of the Message-ID; a letter that is sent again has the same
	Date    time.Time // in the owner's zone
	Host    string    // of this server
	Subject string
	Lead    string   // the first paragraph
	Code    string   // to be typed in; "" for none
	Link    string   // where to go on; "" for nowhere
	Button  string   // what the link says
	Events  []Event  // what happened
	More    int      // how many more that are not among them
	Notes   []string // what to know or to do
	Why     string   // why this mail is sent
	Off     string   // address that ends mail of this kind, with one click; "" for mail that is always sent
	Manage  string   // page where all of it is set
}

// Event is one thing in a letter.
type Event struct {
	What string // in a few words, with who did it; "" where the first paragraph says so
	Who  string // handle; "" for nobody
	Text string // what they wrote; may be empty
	At   time.Time
	Link string
}

// Letters are the parsed parts of a mail.
type Letters struct {
	html *template.Template
	text *texttemplate.Template
}

// ReadLetters parses them.
func ReadLetters() (*Letters, error) {
	html, err := template.New("letter.html").Funcs(helpers).Option("missingkey=error").ParseFS(files, "mail/letter.html")
	if err != nil {
		return nil, fmt.Errorf("parse the letter: %w", err)
	}
	text, err := texttemplate.New("letter.txt").Funcs(texttemplate.FuncMap{"num": thousands, "lines": strings.Lines}).Option("missingkey=error").ParseFS(files, "mail/letter.txt")
	if err != nil {
		return nil, fmt.Errorf("parse the letter: %w", err)
	}
	return &Letters{html, text}, nil
}

// HTML writes the part for programs that show pages. It has no pictures and asks for
// nothing: nobody learns that it was opened.
func (l *Letters) HTML(w io.Writer, letter Letter) error { return l.html.Execute(w, letter) }

// Text writes the part for everybody else.
func (l *Letters) Text(w io.Writer, letter Letter) error { return l.text.Execute(w, letter) }
