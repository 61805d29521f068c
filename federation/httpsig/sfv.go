package httpsig

import (
	"fmt"
	"strconv"
	"strings"
)

// The part of structured fields (RFC 9651) that signatures need: dictionaries
// of items and inner lists, with integers, strings, tokens, byte sequences and
// booleans. Decimals, dates and display strings are refused, and so are
// doubled keys, which the RFC would let the last one win.

type kind byte

const (
	kindInt kind = iota
	kindString
	kindToken
	kindBytes
	kindBool
)

type bareItem struct {
	kind  kind
	num   int64  // kindInt; 1 for true
	text  string // kindString, kindToken
	bytes []byte // kindBytes
}

type param struct {
	key   string
	value bareItem
}

type sfItem struct {
	value  bareItem
	params []param
}

// member is one entry of a dictionary: an inner list or an item.
type member struct {
	key    string
	isList bool
	list   []sfItem
	value  bareItem
	params []param
}

const maxMembers = 64 // members of a dictionary, items of a list, parameters of an item

type sfReader struct {
	s   string
	pos int
}

func parseDictionary(s string) ([]member, error) {
	if len(s) > maxHeader {
		return nil, fmt.Errorf("%w: field of %d bytes", ErrMalformed, len(s))
	}
	r := &sfReader{s: s}
	var dict []member
	r.skip(" ")
	for r.pos < len(s) {
		m, err := r.member()
		if err != nil {
			return nil, err
		}
		for _, other := range dict {
			if other.key == m.key {
				return nil, r.fail("key twice")
			}
		}
		if dict = append(dict, m); len(dict) > maxMembers {
			return nil, r.fail("too many members")
		}
		r.skip(" \t")
		if r.pos == len(s) {
			return dict, nil
		}
		if !r.eat(',') {
			return nil, r.fail("comma expected")
		}
		r.skip(" \t")
		if r.pos == len(s) {
			return nil, r.fail("trailing comma")
		}
	}
	return dict, nil
}

func (r *sfReader) fail(what string) error {
	return fmt.Errorf("%w: structured field: %s at byte %d", ErrMalformed, what, r.pos)
}

func (r *sfReader) peek() byte {
	if r.pos < len(r.s) {
		return r.s[r.pos]
	}
	return 0
}

func (r *sfReader) eat(c byte) bool {
	if r.pos < len(r.s) && r.s[r.pos] == c {
		r.pos++
		return true
	}
	return false
}

func (r *sfReader) skip(set string) {
	for r.pos < len(r.s) && strings.IndexByte(set, r.s[r.pos]) >= 0 {
		r.pos++
	}
}

func (r *sfReader) member() (m member, err error) {
	if m.key, err = r.key(); err != nil {
		return m, err
	}
	m.value = bareItem{kind: kindBool, num: 1} // a key alone means true, RFC 9651 4.2.2
	if r.eat('=') {
		if r.peek() == '(' {
			m.isList = true
			m.list, err = r.innerList()
		} else {
			m.value, err = r.bare()
		}
		if err != nil {
			return m, err
		}
	}
	m.params, err = r.parameters()
	return m, err
}

// innerList reads from the opening to the closing parenthesis, RFC 9651 4.2.1.2.
func (r *sfReader) innerList() ([]sfItem, error) {
	r.eat('(')
	var list []sfItem
	for {
		r.skip(" ")
		if r.eat(')') {
			return list, nil
		}
		var it sfItem
		var err error
		if it.value, err = r.bare(); err != nil {
			return nil, err
		}
		if it.params, err = r.parameters(); err != nil {
			return nil, err
		}
		if list = append(list, it); len(list) > maxMembers {
			return nil, r.fail("list too long")
		}
		if c := r.peek(); c != ' ' && c != ')' {
			return nil, r.fail("space or parenthesis expected")
		}
	}
}

func (r *sfReader) parameters() ([]param, error) {
	var params []param
	for r.eat(';') {
		r.skip(" ")
		key, err := r.key()
		if err != nil {
			return nil, err
		}
		p := param{key, bareItem{kind: kindBool, num: 1}}
		if r.eat('=') {
			if p.value, err = r.bare(); err != nil {
				return nil, err
			}
		}
		for _, other := range params {
			if other.key == key {
				return nil, r.fail("parameter twice")
			}
		}
		if params = append(params, p); len(params) > maxMembers {
			return nil, r.fail("too many parameters")
		}
	}
	return params, nil
}

// key reads a dictionary or parameter key, RFC 9651 4.2.3.3.
func (r *sfReader) key() (string, error) {
	start := r.pos
	if c := r.peek(); (c < 'a' || c > 'z') && c != '*' {
		return "", r.fail("key expected")
	}
	for r.pos < len(r.s) {
		c := r.s[r.pos]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && strings.IndexByte("_-.*", c) < 0 {
			break
		}
		r.pos++
	}
	return r.s[start:r.pos], nil
}

func (r *sfReader) bare() (bareItem, error) {
	switch c := r.peek(); {
	case c == '-' || c >= '0' && c <= '9':
		return r.integer()
	case c == '"':
		return r.text()
	case c == ':':
		return r.byteSequence()
	case c == '?':
		r.pos++
		if c := r.peek(); c == '0' || c == '1' {
			r.pos++
			return bareItem{kind: kindBool, num: int64(c - '0')}, nil
		}
		return bareItem{}, r.fail("boolean")
	case c == '*' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		start := r.pos
		for r.pos < len(r.s) && (isToken(r.s[r.pos:r.pos+1]) || r.s[r.pos] == ':' || r.s[r.pos] == '/') {
			r.pos++
		}
		return bareItem{kind: kindToken, text: r.s[start:r.pos]}, nil
	}
	return bareItem{}, r.fail("item expected")
}

// integer reads up to 15 digits, RFC 9651 4.2.4.
func (r *sfReader) integer() (bareItem, error) {
	start := r.pos
	r.eat('-')
	digits := r.pos
	for r.pos < len(r.s) && r.s[r.pos] >= '0' && r.s[r.pos] <= '9' {
		r.pos++
	}
	if n := r.pos - digits; n == 0 || n > 15 || r.peek() == '.' {
		return bareItem{}, r.fail("integer")
	}
	n, err := strconv.ParseInt(r.s[start:r.pos], 10, 64)
	if err != nil {
		return bareItem{}, r.fail("integer")
	}
	return bareItem{kind: kindInt, num: n}, nil
}

// text reads a quoted string, RFC 9651 4.2.5.
func (r *sfReader) text() (bareItem, error) {
	var b strings.Builder
	for r.pos++; r.pos < len(r.s); r.pos++ {
		c := r.s[r.pos]
		switch {
		case c == '"':
			r.pos++
			return bareItem{kind: kindString, text: b.String()}, nil
		case c == '\\':
			if r.pos++; r.peek() != '"' && r.peek() != '\\' {
				return bareItem{}, r.fail("escape")
			}
			b.WriteByte(r.s[r.pos])
		case c < ' ' || c > '~':
			return bareItem{}, r.fail("character in string")
		default:
			b.WriteByte(c)
		}
	}
	return bareItem{}, r.fail("unclosed string")
}

// byteSequence reads base64 between colons, RFC 9651 4.2.7.
func (r *sfReader) byteSequence() (bareItem, error) {
	r.pos++
	end := strings.IndexByte(r.s[r.pos:], ':')
	if end < 0 {
		return bareItem{}, r.fail("unclosed byte sequence")
	}
	b, err := decode64(r.s[r.pos : r.pos+end])
	if err != nil {
		return bareItem{}, err
	}
	r.pos += end + 1
	return bareItem{kind: kindBytes, bytes: b}, nil
}

// appendParams writes parameters in their canonical form, RFC 9651 4.1.1.2.
func appendParams(b []byte, params []param) []byte {
	for _, p := range params {
		b = append(append(b, ';'), p.key...)
		if p.value.kind == kindBool && p.value.num == 1 {
			continue
		}
		b = appendBare(append(b, '='), p.value)
	}
	return b
}

func appendBare(b []byte, v bareItem) []byte {
	switch v.kind {
	case kindInt:
		return strconv.AppendInt(b, v.num, 10)
	case kindString:
		b = append(b, '"')
		for i := range len(v.text) {
			if v.text[i] == '"' || v.text[i] == '\\' {
				b = append(b, '\\')
			}
			b = append(b, v.text[i])
		}
		return append(b, '"')
	case kindToken:
		return append(b, v.text...)
	case kindBytes:
		return append(strict64.AppendEncode(append(b, ':'), v.bytes), ':')
	default:
		return append(b, '?', byte('0'+v.num))
	}
}
