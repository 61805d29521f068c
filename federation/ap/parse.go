package ap

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// What Parse takes at most. A document beyond any of these is refused whole.
const (
	MaxBytes  = 1 << 20 // one document, bytes; Mastodon refuses more as well
	MaxDepth  = 64      // objects and arrays inside one another
	MaxValues = 50_000  // strings, numbers, literals, objects and arrays together
)

// ErrSyntax is wrapped by every error of Parse: the bytes are not JSON that we
// take, and asking again with the same bytes will not help (HTTP 400).
var ErrSyntax = errors.New("not acceptable JSON")

// Parse reads one JSON object. It is stricter than encoding/json where lenience
// has been used for attacks: member names match by exact case, a second id,
// actor, object, type or attributedTo in one object is an error (also when one
// of the two is spelled with @ or a prefix), and invalid UTF-8, a byte order
// mark, NUL, lone surrogates and numbers without a float64 are refused. Of other
// repeated members the last one wins. @graph, @reverse and @included, by which
// signed documents have been rearranged, are left out wherever they stand.
//
// Cost is linear in len(b); memory is bounded by MaxBytes, MaxDepth, MaxValues.
func Parse(b []byte) (Object, error) {
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrSyntax, len(b), MaxBytes)
	}
	if !utf8.Valid(b) {
		return nil, fmt.Errorf("%w: invalid UTF-8", ErrSyntax)
	}
	p := parser{b: b}
	p.space()
	if p.at() != '{' {
		return nil, p.fail("want an object")
	}
	o, err := p.object(1)
	if err != nil {
		return nil, err
	}
	if p.space(); p.i < len(b) {
		return nil, p.fail("something follows the object")
	}
	return o, nil
}

type member struct {
	key   string
	value any
}

// parser walks the bytes once. Members and items of what is still open wait on
// two stacks, so that every map and slice is made once and in its final size.
type parser struct {
	b       []byte
	i       int
	values  int
	members []member
	items   []any
}

func (p *parser) fail(what string) error {
	return fmt.Errorf("%w: %s at byte %d", ErrSyntax, what, p.i)
}

// at is the current byte, or 0 at the end: a NUL is valid nowhere in JSON.
func (p *parser) at() byte {
	if p.i < len(p.b) {
		return p.b[p.i]
	}
	return 0
}

func (p *parser) space() {
	for p.i < len(p.b) {
		switch p.b[p.i] {
		case ' ', '\n', '\r', '\t':
			p.i++
		default:
			return
		}
	}
}

func (p *parser) value(depth int) (any, error) {
	if p.values++; p.values > MaxValues {
		return nil, p.fail("too many values")
	}
	switch c := p.at(); {
	case c == '"':
		return p.str()
	case c == '{':
		return p.object(depth + 1)
	case c == '[':
		return p.array(depth + 1)
	case c == 't':
		return true, p.literal("true")
	case c == 'f':
		return false, p.literal("false")
	case c == 'n':
		return nil, p.literal("null")
	case c == '-' || '0' <= c && c <= '9':
		return p.number()
	}
	return nil, p.fail("want a value")
}

func (p *parser) literal(want string) error {
	if len(p.b)-p.i < len(want) || string(p.b[p.i:p.i+len(want)]) != want {
		return p.fail("want " + want)
	}
	p.i += len(want)
	return nil
}

func (p *parser) object(depth int) (Object, error) {
	if depth > MaxDepth {
		return nil, p.fail("too deep")
	}
	base := len(p.members)
	p.i++
	for p.space(); p.at() != '}'; p.space() {
		if len(p.members) > base {
			if p.at() != ',' {
				return nil, p.fail("want , or }")
			}
			p.i++
			p.space()
		}
		if p.at() != '"' {
			return nil, p.fail("want a member name")
		}
		key, err := p.key()
		if err != nil {
			return nil, err
		}
		if p.space(); p.at() != ':' {
			return nil, p.fail("want :")
		}
		p.i++
		p.space()
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		p.members = append(p.members, member{key, v})
	}
	p.i++
	open := p.members[base:]
	o := make(Object, len(open))
	for _, m := range open {
		switch m.key {
		case "@graph", "@reverse", "@included":
			continue
		case "id", "actor", "object", "type", "attributedTo":
			if _, twice := o[m.key]; twice {
				return nil, p.fail("second " + m.key)
			}
		}
		o[m.key] = m.value
	}
	clear(open)
	p.members = p.members[:base]
	return o, nil
}

func (p *parser) array(depth int) ([]any, error) {
	if depth > MaxDepth {
		return nil, p.fail("too deep")
	}
	base := len(p.items)
	p.i++
	for p.space(); p.at() != ']'; p.space() {
		if len(p.items) > base {
			if p.at() != ',' {
				return nil, p.fail("want , or ]")
			}
			p.i++
			p.space()
		}
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		p.items = append(p.items, v)
	}
	p.i++
	open := p.items[base:]
	a := append(make([]any, 0, len(open)), open...)
	clear(open)
	p.items = p.items[:base]
	return a, nil
}

// key reads a member name. Names of the vocabulary are shared, not copied.
func (p *parser) key() (string, error) {
	start := p.i + 1
	for i := start; i < len(p.b); i++ {
		switch c := p.b[i]; {
		case c == '"':
			p.i = i + 1
			raw := p.b[start:i]
			if k, ok := knownKeys[string(raw)]; ok {
				return k, nil
			}
			return canonicalName(string(raw)), nil
		case c == '\\' || c < 0x20:
			k, err := p.str()
			return canonicalName(k), err
		}
	}
	return "", p.fail("unfinished string")
}

func (p *parser) str() (string, error) {
	start := p.i + 1
	for i := start; i < len(p.b); i++ {
		switch c := p.b[i]; {
		case c == '"':
			p.i = i + 1
			return string(p.b[start:i]), nil
		case c == '\\':
			return p.escaped(start, i)
		case c < 0x20:
			p.i = i
			return "", p.fail("control character in a string")
		}
	}
	return "", p.fail("unfinished string")
}

// escaped reads on from the first backslash, at i, of the string begun at start.
func (p *parser) escaped(start, i int) (string, error) {
	out := append(make([]byte, 0, i-start+64), p.b[start:i]...)
	for i < len(p.b) {
		c := p.b[i]
		switch {
		case c == '"':
			p.i = i + 1
			return string(out), nil
		case c < 0x20:
			p.i = i
			return "", p.fail("control character in a string")
		case c != '\\':
			out = append(out, c)
			i++
			continue
		}
		if i+1 >= len(p.b) {
			break
		}
		p.i = i
		switch e := p.b[i+1]; e {
		case '"', '\\', '/':
			out = append(out, e)
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, size, ok := p.unicode(i)
			if !ok {
				return "", p.fail("bad \\u escape")
			}
			out = utf8.AppendRune(out, r)
			i += size
			continue
		default:
			return "", p.fail("unknown escape")
		}
		i += 2
	}
	return "", p.fail("unfinished string")
}

// unicode reads \uXXXX at i, or a pair of them for a character beyond the basic
// plane, and says how many bytes that took. NUL and half a pair are refused.
func (p *parser) unicode(i int) (r rune, size int, ok bool) {
	r, ok = p.hex4(i)
	if !ok || r == 0 {
		return 0, 0, false
	}
	if !utf16.IsSurrogate(r) {
		return r, 6, true
	}
	low, ok := p.hex4(i + 6)
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, 0, false
	}
	return r, 12, true
}

func (p *parser) hex4(i int) (rune, bool) {
	if i+6 > len(p.b) || p.b[i] != '\\' || p.b[i+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range p.b[i+2 : i+6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// number reads a number of RFC 8259 section 6 into a float64.
func (p *parser) number() (any, error) {
	start := p.i
	if p.at() == '-' {
		p.i++
	}
	if first := p.i; p.digits() == 0 || p.b[first] == '0' && p.i-first > 1 {
		return nil, p.fail("bad number")
	}
	if p.at() == '.' {
		p.i++
		if p.digits() == 0 {
			return nil, p.fail("bad number")
		}
	}
	if c := p.at(); c == 'e' || c == 'E' {
		p.i++
		if c := p.at(); c == '+' || c == '-' {
			p.i++
		}
		if p.digits() == 0 {
			return nil, p.fail("bad number")
		}
	}
	f, err := strconv.ParseFloat(string(p.b[start:p.i]), 64)
	if err != nil || math.IsInf(f, 0) {
		return nil, p.fail("number out of range")
	}
	return f, nil
}

func (p *parser) digits() int {
	start := p.i
	for c := p.at(); '0' <= c && c <= '9'; c = p.at() {
		p.i++
	}
	return p.i - start
}
