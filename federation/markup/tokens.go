package markup

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"dassie/federation/ap"
)

type tokenKind int

const (
	textToken tokenKind = iota
	mentionToken
	hashtagToken
	urlToken
)

// token is a piece of plain text. For a mention user and host are set.
type token struct {
	kind       tokenKind
	raw        string
	user, host string
}

// scan cuts plain text into tokens; their raw texts joined are s.
func scan(s string, emit func(token)) {
	start := 0
	prev := ' '
	for i := 0; i < len(s); {
		t := token{}
		switch s[i] {
		case '@', '#', 'h', 'H':
			t = matchAt(s[i:], prev)
		}
		if t.kind != textToken {
			if start < i {
				emit(token{raw: s[start:i]})
			}
			emit(t)
			i += len(t.raw)
			start = i
			prev, _ = utf8.DecodeLastRuneInString(t.raw)
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		prev = r
		i += size
	}
	if start < len(s) {
		emit(token{raw: s[start:]})
	}
}

// matchAt is the mention, hashtag or URL that begins at s[0] after the character
// prev, or a textToken if there is none.
func matchAt(s string, prev rune) token {
	switch {
	case isWord(prev) || prev == '/' || prev == '=':
	case s[0] == '@' && prev != '@' && prev != '#':
		if user, host, n := matchMention(s); n > 0 {
			return token{mentionToken, s[:n], user, host}
		}
	case s[0] == '#' && prev != '#' && prev != '&' && prev != ')':
		if n := matchHashtag(s); n > 0 {
			return token{kind: hashtagToken, raw: s[:n]}
		}
	case s[0] == 'h' || s[0] == 'H':
		if n := matchURL(s); n > 0 {
			return token{kind: urlToken, raw: s[:n]}
		}
	}
	return token{}
}

func isWord(r rune) bool {
	return r == '_' || unicode.In(r, unicode.L, unicode.N, unicode.M)
}

// matchMention reads @user or @user@host at the start of s, n bytes long. An
// npm-like @scope/name is none, and neither is @user@host@more.
func matchMention(s string) (user, host string, n int) {
	i := 1
	for i < len(s) && i < 256 && isUserByte(s[i]) {
		i++
	}
	user = strings.TrimRight(s[1:i], ".-")
	if user == "" || user[0] == '.' || user[0] == '-' {
		return "", "", 0
	}
	if i >= len(s) || s[i] != '@' {
		if n = 1 + len(user); i < len(s) && s[i] == '/' && n == i {
			return "", "", 0
		}
		return user, "", n
	}
	if len(user) != i-1 {
		return "", "", 0
	}
	start := i + 1
	end := start
	for end < len(s) && end-start < 254 {
		r, size := utf8.DecodeRuneInString(s[end:])
		if r != '.' && r != '-' && (r == '_' || !isWord(r)) {
			break
		}
		end += size
	}
	name := strings.TrimRight(s[start:end], ".-")
	end = start + len(name)
	local := isLoopback(name)
	if local { // only servers on loopback have ports in their handles
		if port := leadingPort(s[end:]); port != "" {
			end += len(port)
		}
	} else if dot := strings.LastIndexByte(name, '.'); dot < 0 || strings.Trim(name[dot+1:], "0123456789") == "" {
		return "", "", 0
	}
	host, err := ap.ParseHost(s[start:end])
	if err != nil || end < len(s) && s[end] == '@' {
		return "", "", 0
	}
	return user, host, end
}

func isUserByte(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c == '_' || c == '.' || c == '-'
}

func isLoopback(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsLoopback()
	}
	host = strings.ToLower(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// leadingPort is the :1234 at the start of s, or "".
func leadingPort(s string) string {
	if s == "" || s[0] != ':' {
		return ""
	}
	i := 1
	for i < len(s) && i < 6 && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	if i == 1 {
		return ""
	}
	return s[:i]
}

// matchHashtag reads #tag at the start of s. A tag is made of letters, marks,
// digits, _ and the joiners that Mastodon takes, and has at least one letter.
func matchHashtag(s string) int {
	end, letter, count := 1, false, 0
	for end < len(s) && count < 100 {
		r, size := utf8.DecodeRuneInString(s[end:])
		if !isWord(r) && r != '·' && r != '・' && r != '\u200c' {
			break
		}
		letter = letter || unicode.IsLetter(r)
		end += size
		count++
	}
	if !letter {
		return 0
	}
	return 1 + len(strings.TrimRight(s[1:end], "·・\u200c"))
}

// matchURL reads an http(s) URL at the start of s. What usually ends a sentence
// or closes a bracket around it does not belong to it.
func matchURL(s string) int {
	if len(s) < 10 || !strings.EqualFold(s[:4], "http") || !strings.HasPrefix(s[4:], "://") && (s[4] != 's' && s[4] != 'S' || !strings.HasPrefix(s[5:], "://")) {
		return 0
	}
	end := 0
	for end < len(s) && end < ap.MaxID {
		r, size := utf8.DecodeRuneInString(s[end:])
		if endsURL(r) {
			break
		}
		end += size
	}
	url := s[:end]
	for {
		cut := strings.TrimRight(url, "?!.,:;'*_~|")
		for _, pair := range []string{"()", "{}"} {
			if strings.HasSuffix(cut, pair[1:]) && strings.Count(cut, pair[:1]) < strings.Count(cut, pair[1:]) {
				cut = cut[:len(cut)-1]
			}
		}
		if cut == url {
			break
		}
		url = cut
	}
	if !linkable(url) {
		return 0
	}
	return len(url)
}

func endsURL(r rune) bool {
	switch r {
	case '<', '>', '"', '`', '[', ']', '\\', '^', utf8.RuneError:
		return true
	}
	if r <= ' ' || r == 0x7f {
		return true
	}
	if r < utf8.RuneSelf {
		return false
	}
	return unicode.In(r, unicode.Z, unicode.C, unicode.Ps, unicode.Pe, unicode.Pi, unicode.Pf) ||
		r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xff0f // punctuation of East Asia
}

// linkable tells whether href may be the target of a link on our pages.
func linkable(href string) bool { return ap.IsURL(href) }
