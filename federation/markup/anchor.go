package markup

import (
	"net/url"
	"strings"
	"unicode"

	"dassie/federation/ap"
	"golang.org/x/net/publicsuffix"
)

// anchor is the link being cleaned.
type anchor struct {
	open  bool
	href  string
	start int    // where its content begins in the output
	text  []byte // its text so far, whatever is hidden of it
	hides bool   // something in it is marked to be hidden
}

// finish rewrites the content of a link that is about to be closed, if its text
// could deceive: an address as text is replaced by the real one, and of other
// text nothing stays hidden.
func (a *anchor) finish(out []byte) []byte {
	text := strings.TrimSpace(string(a.text))
	switch {
	case claimsOtherAddress(text, a.href):
		return appendURL(out[:a.start], a.href)
	case a.hides:
		return appendText(out[:a.start], text)
	}
	return out
}

// claimsOtherAddress tells whether the text of a link must be replaced by its
// address: it is nothing but an address (then it is drawn anew, in our form), or
// some word of it is an address on another host.
func claimsOtherAddress(text, href string) bool {
	if len(text) > 4*ap.MaxID {
		return true // nobody reads that
	}
	text = strings.Map(func(r rune) rune {
		if hidden(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, text)
	words := strings.Fields(text)
	for _, word := range words {
		host := claimedHost(word)
		if host != "" && (len(words) == 1 || !sameSite(host, href)) {
			return true
		}
	}
	return false
}

// claimedHost is the host that a reader would take word for, or "".
func claimedHost(word string) string {
	word = strings.Trim(word, `()[]{}<>"'“”‘’«».,;:!?…`)
	lower := strings.ToLower(word)
	rest, ok := strings.CutPrefix(lower, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(lower, "http://")
	}
	if i := strings.IndexAny(rest, "/?#\\"); i >= 0 {
		rest = rest[:i]
	}
	if ok {
		return rest
	}
	if strings.ContainsAny(rest, "@:") || !strings.Contains(rest, ".") {
		return ""
	}
	host, err := ap.ParseHost(rest)
	if err != nil {
		return ""
	}
	if _, icann := publicsuffix.PublicSuffix(host); !icann {
		return ""
	}
	return host
}

// sameSite tells whether host, as typed, is the host of href, with or without www.
func sameSite(host, href string) bool {
	u, err := url.Parse("https://" + host)
	if err != nil {
		return false
	}
	typed, real := ap.Host("https://"+u.Hostname()), ap.Host(href)
	if i := strings.LastIndexByte(real, ':'); i > 0 {
		real = real[:i]
	}
	return typed != "" && u.User == nil && strings.TrimPrefix(typed, "www.") == strings.TrimPrefix(real, "www.")
}
