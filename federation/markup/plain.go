package markup

import (
	"errors"
	"fmt"
	"strings"
)

// MaxSource is the longest text that is rendered, in bytes.
const MaxSource = 256 << 10

// ErrTooLong is returned for a source over MaxSource.
var ErrTooLong = errors.New("text is too long")

// Plain turns plain text into HTML: URLs, mentions and hashtags become links,
// empty lines part paragraphs, single newlines are kept as <br>.
func Plain(src string, l Links) (Rendered, error) {
	if len(src) > MaxSource {
		return Rendered{}, fmt.Errorf("render plain text: %w", ErrTooLong)
	}
	w := newWriter(l)
	for _, paragraph := range paragraphs(src) {
		w.html("<p>")
		for i, line := range strings.Split(paragraph, "\n") {
			if i > 0 {
				w.html("<br>")
			}
			w.line(strings.TrimRight(line, " \t"))
		}
		w.html("</p>")
	}
	return w.rendered(), nil
}

// paragraphs splits text at empty lines and drops the empty ends.
func paragraphs(src string) []string {
	src = strings.ReplaceAll(strings.ToValidUTF8(src, "\ufffd"), "\r\n", "\n")
	src = strings.ReplaceAll(src, "\r", "\n")
	var all []string
	var lines []string
	flush := func() {
		if len(lines) > 0 {
			all = append(all, strings.Join(lines, "\n"))
			lines = lines[:0]
		}
	}
	for line := range strings.SplitSeq(src, "\n") {
		if strings.TrimSpace(line) == "" {
			flush()
		} else {
			lines = append(lines, line)
		}
	}
	flush()
	return all
}

// Field is the HTML of a profile field's value: a link that can be verified if
// the text is a URL (rel="me"), else plain text with links.
func Field(value string) string {
	value = strings.TrimSpace(value)
	if n := matchURL(value); n > 0 && n == len(value) {
		out := append([]byte(`<a href="`), appendAttr(nil, value)...)
		out = append(out, `" rel="me nofollow noopener" translate="no">`...)
		return string(append(appendURL(out, value), "</a>"...))
	}
	w := newWriter(Links{})
	w.line(value)
	return string(w.out)
}

// FindMentions lists the mentions with a host, each once, at most MaxMentions:
// those that must be resolved over the network before src is rendered.
func FindMentions(src string, markdown bool) []Handle {
	var found []Handle
	seen := make(map[Handle]bool)
	collect(src, markdown, Links{Mention: func(user, host string) (Target, bool) {
		h := Handle{strings.ToLower(user), host}
		if host != "" && !seen[h] && len(found) < MaxMentions {
			seen[h] = true
			found = append(found, Handle{user, host})
		}
		return Target{}, false
	}})
	return found
}

// FindHashtags lists the hashtags without #, case kept, each once.
func FindHashtags(src string, markdown bool) []string {
	return collect(src, markdown, Links{Hashtag: func(string) string { return "" }}).Hashtags
}

func collect(src string, markdown bool, l Links) Rendered {
	render := Plain
	if markdown {
		render = Markdown
	}
	r, _ := render(src, l) // what is too long names nobody
	return r
}

// writer builds HTML and remembers what it names.
type writer struct {
	Rendered
	out      []byte
	l        Links
	resolved map[Handle]*Target // nil: does not resolve
	seen     map[string]bool
}

func newWriter(l Links) *writer {
	return &writer{l: l, resolved: make(map[Handle]*Target), seen: make(map[string]bool)}
}

func (w *writer) rendered() Rendered {
	w.HTML = string(w.out)
	return w.Rendered
}

func (w *writer) html(s string) { w.out = append(w.out, s...) }
func (w *writer) text(s string) { w.out = appendText(w.out, s) }

// line writes plain text with its links.
func (w *writer) line(s string) {
	scan(s, func(t token) {
		switch t.kind {
		case mentionToken:
			w.mention(t.user, t.host, t.raw)
		case hashtagToken:
			w.hashtag(t.raw)
		case urlToken:
			w.url(t.raw)
		default:
			w.text(t.raw)
		}
	})
}

func (w *writer) url(href string) {
	w.openLink(href)
	w.out = append(appendURL(w.out, href), "</a>"...)
}

func (w *writer) openLink(href string) {
	w.html(`<a href="`)
	w.out = appendAttr(w.out, href)
	w.html(`" rel="nofollow noopener" translate="no">`)
}

// mention writes the microformat that all peers know. Peers read the link from
// the Mention tag; the text shows the name only.
func (w *writer) mention(user, host, raw string) {
	h := Handle{user, host}
	t, known := w.resolved[h]
	if !known && w.l.Mention != nil && len(w.resolved) < 2*MaxMentions {
		if found, ok := w.l.Mention(user, host); ok && len(w.Mentions) < MaxMentions {
			t = &found
		}
		w.resolved[h] = t
	}
	if t == nil {
		w.text(raw)
		return
	}
	page, name := t.URL, t.User
	if !linkable(page) {
		page = t.Href
	}
	if !linkable(page) {
		w.text(raw)
		return
	}
	if key := "@" + t.Href; !w.seen[key] {
		w.seen[key] = true
		w.Mentions = append(w.Mentions, *t)
	}
	if name == "" {
		name = user
	}
	w.html(`<span class="h-card"><a class="u-url mention" href="`)
	w.out = appendAttr(w.out, page)
	w.html(`" translate="no">@<span>`)
	w.text(name)
	w.html(`</span></a></span>`)
}

func (w *writer) hashtag(raw string) {
	tag := raw[1:]
	if w.l.Hashtag == nil {
		w.text(raw)
		return
	}
	if key := "#" + strings.ToLower(tag); !w.seen[key] {
		w.seen[key] = true
		w.Hashtags = append(w.Hashtags, tag)
	}
	page := w.l.Hashtag(tag)
	if !linkable(page) {
		w.text(raw)
		return
	}
	w.html(`<a class="mention hashtag" rel="tag" href="`)
	w.out = appendAttr(w.out, page)
	w.html(`">#<span>`)
	w.text(tag)
	w.html(`</span></a>`)
}
