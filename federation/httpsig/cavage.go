package httpsig

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cavageParams is the content of a cavage Signature header.
type cavageParams struct {
	keyID, algorithm string
	headers          []string // lower case, in order
	signature        []byte
	created, expires time.Time
}

func parseCavage(m *message) (*Signature, error) {
	p, err := parseCavageHeader(m.r.Header.Get("Signature"))
	if err != nil {
		return nil, err
	}
	if err := checkAlgorithmName(p.algorithm); err != nil {
		return nil, err
	}
	if err := m.checkCavageCover(p.headers); err != nil {
		return nil, err
	}
	if err := m.checkHost(); err != nil {
		return nil, err
	}
	var date time.Time
	if slices.Contains(p.headers, "date") {
		if date, err = http.ParseTime(m.r.Header.Get("Date")); err != nil {
			return nil, fmt.Errorf("%w: Date header", ErrMalformed)
		}
	}
	until, err := window(date, p.created, p.expires, m.o.Now)
	if err != nil {
		return nil, err
	}
	if err := m.checkCavageDigest(p.headers); err != nil {
		return nil, err
	}
	base, err := m.cavageBase(p, m.path+m.query)
	if err != nil {
		return nil, err
	}
	s := &Signature{KeyID: p.keyID, Scheme: Cavage, Created: p.created, Expires: p.expires,
		algorithm: p.algorithm, value: p.signature, bases: []string{base}, until: until}
	if m.query != "" {
		// Some peers sign the path alone (superseriousbusiness/gotosocial#894).
		bare, err := m.cavageBase(p, m.path)
		if err != nil {
			return nil, err
		}
		s.bases = append(s.bases, bare)
	}
	return s, nil
}

// checkCavageCover holds the list of signed headers against what we insist on.
func (m *message) checkCavageCover(headers []string) error {
	has := func(name string) bool { return slices.Contains(headers, name) }
	switch {
	case !has("(request-target)"):
		return fmt.Errorf("%w: (request-target) is not signed", ErrUncovered)
	case !has("host"):
		return fmt.Errorf("%w: host is not signed", ErrUncovered)
	case !has("date") && !has("(created)"):
		return fmt.Errorf("%w: neither date nor (created) is signed", ErrUncovered)
	case m.needsDigest() && !has("digest") && !has("content-digest"):
		return fmt.Errorf("%w: digest is not signed", ErrUncovered)
	}
	return nil
}

// checkCavageDigest checks every digest header that is signed.
func (m *message) checkCavageDigest(headers []string) error {
	if slices.Contains(headers, "digest") {
		value, _ := m.field("digest")
		if err := checkDigest(value, m.o.Body); err != nil {
			return err
		}
	}
	if slices.Contains(headers, "content-digest") {
		value, _ := m.field("content-digest")
		return checkContentDigest(value, m.o.Body)
	}
	return nil
}

// cavageBase builds the signing string, draft-cavage-12 2.3.
func (m *message) cavageBase(p *cavageParams, target string) (string, error) {
	var b strings.Builder
	for i, name := range p.headers {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(name)
		b.WriteString(": ")
		switch name {
		case "(request-target)":
			b.WriteString(strings.ToLower(m.r.Method))
			b.WriteByte(' ')
			b.WriteString(target)
		case "(created)", "(expires)":
			t := p.created
			if name == "(expires)" {
				t = p.expires
			}
			if t.IsZero() {
				return "", fmt.Errorf("%w: %s is signed but not given", ErrMalformed, name)
			}
			b.WriteString(strconv.FormatInt(t.Unix(), 10))
		default:
			value, ok := m.field(name)
			if !ok {
				return "", fmt.Errorf("%w: signed header %.50q is missing", ErrMalformed, name)
			}
			b.WriteString(value)
		}
	}
	return b.String(), nil
}

// parseCavageHeader reads `keyId="…",algorithm="…",headers="…",signature="…"`,
// draft-cavage-12 2.1.
func parseCavageHeader(h string) (*cavageParams, error) {
	if len(h) > maxHeader {
		return nil, fmt.Errorf("%w: Signature header of %d bytes", ErrMalformed, len(h))
	}
	values, err := splitAuthParams(h)
	if err != nil {
		return nil, err
	}
	p := &cavageParams{keyID: values["keyid"], algorithm: strings.ToLower(values["algorithm"])}
	if err := checkKeyID(p.keyID); err != nil {
		return nil, err
	}
	if p.signature, err = decode64(values["signature"]); err != nil {
		return nil, fmt.Errorf("read signature: %w", err)
	}
	if len(p.signature) == 0 {
		return nil, fmt.Errorf("%w: empty signature", ErrMalformed)
	}
	list, given := values["headers"]
	if !given {
		list = "date" // what everybody does; the draft's own default, (created), came later
	}
	if p.headers, err = splitHeaderList(list); err != nil {
		return nil, err
	}
	if p.created, err = unixParam(values, "created"); err != nil {
		return nil, err
	}
	if p.expires, err = unixParam(values, "expires"); err != nil {
		return nil, err
	}
	// draft-cavage-12 2.3: (created) and (expires) only with the newer algorithms.
	if strings.HasPrefix(p.algorithm, "rsa") &&
		(slices.Contains(p.headers, "(created)") || slices.Contains(p.headers, "(expires)")) {
		return nil, fmt.Errorf("%w: (created) or (expires) with algorithm %s", ErrMalformed, p.algorithm)
	}
	return p, nil
}

// Params reads a header in the form of a cavage Signature header, name="value"
// pairs with commas between them, into a map by lower-case name.
func Params(header string) (map[string]string, error) {
	if len(header) > maxHeader {
		return nil, fmt.Errorf("%w: header of %d bytes", ErrMalformed, len(header))
	}
	return splitAuthParams(header)
}

// splitAuthParams reads name=value pairs (RFC 9110 11.2) into a map by
// lower-case name. Values are quoted strings without escapes, or tokens.
func splitAuthParams(h string) (map[string]string, error) {
	values := make(map[string]string, 6)
	for {
		h = strings.TrimLeft(h, " \t")
		name, rest, ok := strings.Cut(h, "=")
		name = strings.ToLower(strings.TrimRight(name, " \t"))
		if !ok || !isToken(name) {
			return nil, fmt.Errorf("%w: Signature header", ErrMalformed)
		}
		if _, twice := values[name]; twice {
			return nil, fmt.Errorf("%w: %.20q twice in Signature header", ErrMalformed, name)
		}
		rest = strings.TrimLeft(rest, " \t")
		if strings.HasPrefix(rest, `"`) {
			end := strings.IndexAny(rest[1:], `"\`)
			if end < 0 || rest[1+end] == '\\' {
				return nil, fmt.Errorf("%w: Signature header: quoted string", ErrMalformed)
			}
			values[name], rest = rest[1:1+end], rest[end+2:]
		} else {
			end := strings.IndexByte(rest+",", ',')
			values[name] = strings.TrimRight(rest[:end], " \t")
			rest = rest[end:]
			if !isToken(values[name]) {
				return nil, fmt.Errorf("%w: Signature header: value of %.20q", ErrMalformed, name)
			}
		}
		rest = strings.TrimLeft(rest, " \t")
		if rest == "" {
			return values, nil
		}
		if rest[0] != ',' {
			return nil, fmt.Errorf("%w: Signature header: no comma after %.20q", ErrMalformed, name)
		}
		h = rest[1:]
	}
}

// splitHeaderList reads the headers parameter. A name twice is refused: which
// of two lines it stands for would be anybody's guess.
func splitHeaderList(list string) ([]string, error) {
	names := strings.Fields(strings.ToLower(list))
	if len(names) == 0 || len(names) > maxComponents {
		return nil, fmt.Errorf("%w: %d signed headers", ErrMalformed, len(names))
	}
	for i, name := range names {
		switch name {
		case "(request-target)", "(created)", "(expires)":
		default:
			if !isToken(name) {
				return nil, fmt.Errorf("%w: signed header %.50q", ErrMalformed, name)
			}
		}
		if slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("%w: %.50q signed twice", ErrMalformed, name)
		}
	}
	return names, nil
}

// unixParam reads a time in seconds. The draft allows expires a fraction; no
// software was seen to send one, and it could not be signed unambiguously.
func unixParam(values map[string]string, name string) (time.Time, error) {
	v, ok := values[name]
	if !ok {
		return time.Time{}, nil
	}
	sec, err := strconv.ParseInt(v, 10, 64)
	if err != nil || strconv.FormatInt(sec, 10) != v {
		return time.Time{}, fmt.Errorf("%w: %s=%.30q", ErrMalformed, name, v)
	}
	return unixTime(sec)
}

// unixTime refuses times that would overflow or look absent.
func unixTime(sec int64) (time.Time, error) {
	if sec <= 0 || sec > 1<<37 {
		return time.Time{}, fmt.Errorf("%w: time %d", ErrMalformed, sec)
	}
	return time.Unix(sec, 0), nil
}

func checkKeyID(id string) error {
	if id == "" || len(id) > maxKeyID {
		return fmt.Errorf("%w: key id of %d bytes", ErrMalformed, len(id))
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] == 0x7f || id[i] == '"' || id[i] == '\\' {
			return fmt.Errorf("%w: key id %.100q", ErrMalformed, id)
		}
	}
	return nil
}

// isToken reports whether s is a token, RFC 9110 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0 {
			continue
		}
		return false
	}
	return s != ""
}
