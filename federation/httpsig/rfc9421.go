package httpsig

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// input is a parsed Signature-Input member.
type input struct {
	label            string
	components       []string // names, without parameters
	params           []param  // in order, as they enter the signature base
	keyID, algorithm string
	created, expires time.Time
}

func parseRFC9421(m *message) (*Signature, error) {
	in, err := parseSignatureInput(strings.Join(m.r.Header.Values("Signature-Input"), ", "))
	if err != nil {
		return nil, err
	}
	value, err := parseSignatureValue(m.r.Header.Get("Signature"), in.label)
	if err != nil {
		return nil, err
	}
	if err := checkAlgorithmName(in.algorithm); err != nil {
		return nil, err
	}
	if err := m.checkCover(in.components); err != nil {
		return nil, err
	}
	var date time.Time
	if in.covers("date") {
		if date, err = http.ParseTime(m.r.Header.Get("Date")); err != nil {
			return nil, fmt.Errorf("%w: Date header", ErrMalformed)
		}
	}
	until, err := window(date, in.created, in.expires, m.o.Now)
	if err != nil {
		return nil, err
	}
	if in.covers("content-digest") {
		header, _ := m.field("content-digest")
		if err := checkContentDigest(header, m.o.Body); err != nil {
			return nil, err
		}
	}
	if in.covers("host") {
		if err := m.checkHost(); err != nil {
			return nil, err
		}
	}
	base, err := m.signatureBase(in)
	if err != nil {
		return nil, err
	}
	s := &Signature{KeyID: in.keyID, Scheme: RFC9421, Created: in.created, Expires: in.expires,
		algorithm: in.algorithm, value: value, bases: []string{base}, until: until}
	if _, ok := m.ownHost(); !ok {
		s.hint = fmt.Sprintf(" (host seen was %.100q, we are %q)", m.r.Host, m.o.Host)
	}
	return s, nil
}

// parseSignatureInput reads the one member of a Signature-Input header,
// RFC 9421 4.1. Several members are refused: the weakest would decide.
func parseSignatureInput(header string) (*input, error) {
	dict, err := parseDictionary(header)
	if err != nil {
		return nil, fmt.Errorf("read Signature-Input: %w", err)
	}
	if len(dict) != 1 || !dict[0].isList {
		return nil, fmt.Errorf("%w: Signature-Input needs exactly one signature", ErrMalformed)
	}
	in := &input{label: dict[0].key, params: dict[0].params}
	if len(dict[0].list) > maxComponents {
		return nil, fmt.Errorf("%w: %d components", ErrMalformed, len(dict[0].list))
	}
	for _, it := range dict[0].list {
		// Component parameters (sf, key, bs, req, tr, name) are sent by no
		// federating software; each would be one more way to sign less.
		if it.value.kind != kindString || len(it.params) > 0 {
			return nil, fmt.Errorf("%w: component of Signature-Input", ErrMalformed)
		}
		if in.covers(it.value.text) {
			return nil, fmt.Errorf("%w: component %.50q twice", ErrMalformed, it.value.text)
		}
		in.components = append(in.components, it.value.text)
	}
	for _, p := range in.params {
		if err := in.take(p); err != nil {
			return nil, err
		}
	}
	if in.created.IsZero() {
		return nil, fmt.Errorf("%w: no created", ErrUncovered)
	}
	return in, checkKeyID(in.keyID)
}

// take reads one signature parameter, RFC 9421 2.3. nonce, tag and unknown
// ones only enter the signature base.
func (in *input) take(p param) (err error) {
	want := kindString
	switch p.key {
	case "created", "expires":
		want = kindInt
	case "keyid", "alg", "nonce", "tag":
	default:
		return nil
	}
	if p.value.kind != want {
		return fmt.Errorf("%w: type of %s", ErrMalformed, p.key)
	}
	switch p.key {
	case "created":
		in.created, err = unixTime(p.value.num)
	case "expires":
		in.expires, err = unixTime(p.value.num)
	case "keyid":
		in.keyID = p.value.text
	case "alg":
		in.algorithm = p.value.text
	}
	return err
}

func (in *input) covers(name string) bool {
	for _, c := range in.components {
		if c == name {
			return true
		}
	}
	return false
}

// parseSignatureValue reads the Signature header of RFC 9421 4.2, which must
// hold the labelled signature and no other.
func parseSignatureValue(header, label string) ([]byte, error) {
	if header == "" {
		return nil, fmt.Errorf("%w: Signature-Input without Signature", ErrMissing)
	}
	dict, err := parseDictionary(header)
	if err != nil {
		return nil, fmt.Errorf("read Signature: %w", err)
	}
	if len(dict) != 1 || dict[0].key != label || dict[0].isList || dict[0].value.kind != kindBytes || len(dict[0].value.bytes) == 0 {
		return nil, fmt.Errorf("%w: Signature does not match Signature-Input", ErrMalformed)
	}
	return dict[0].value.bytes, nil
}

// checkCover holds the components against what we insist on: method, target,
// host and the body's digest. created has been asked for already.
func (m *message) checkCover(components []string) error {
	in := &input{components: components}
	target := in.covers("@target-uri") || in.covers("@request-target") ||
		in.covers("@path") && (in.covers("@query") || m.query == "")
	host := in.covers("@target-uri") || in.covers("@authority") || in.covers("host")
	switch {
	case !in.covers("@method"):
		return fmt.Errorf("%w: @method is not signed", ErrUncovered)
	case !target:
		return fmt.Errorf("%w: @target-uri is not signed", ErrUncovered)
	case !host:
		return fmt.Errorf("%w: neither @target-uri nor @authority is signed", ErrUncovered)
	case m.needsDigest() && !in.covers("content-digest"):
		return fmt.Errorf("%w: content-digest is not signed", ErrUncovered)
	}
	return nil
}

// signatureBase builds what is signed, RFC 9421 2.5.
func (m *message) signatureBase(in *input) (string, error) {
	b := make([]byte, 0, 512)
	for _, name := range in.components {
		value, err := m.component(name)
		if err != nil {
			return "", err
		}
		b = append(append(append(append(b, '"'), name...), `": `...), value...)
		b = append(b, '\n')
	}
	b = append(b, `"@signature-params": `...)
	return string(appendSignatureParams(b, in.components, in.params)), nil
}

// appendSignatureParams writes the value of Signature-Input, RFC 9421 2.3.
func appendSignatureParams(b []byte, components []string, params []param) []byte {
	b = append(b, '(')
	for i, name := range components {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendBare(b, bareItem{kind: kindString, text: name})
	}
	return appendParams(append(b, ')'), params)
}

// component is the value of one component, RFC 9421 2.1 and 2.2.
func (m *message) component(name string) (string, error) {
	switch name {
	case "@method":
		return m.r.Method, nil
	case "@target-uri":
		return m.o.Scheme + "://" + m.authority() + m.path + m.query, nil
	case "@authority":
		return m.authority(), nil
	case "@scheme":
		return m.o.Scheme, nil
	case "@request-target":
		return m.path + m.query, nil
	case "@path":
		return m.path, nil
	case "@query":
		if m.query == "" {
			return "?", nil // RFC 9421 2.2.7
		}
		return m.query, nil
	}
	if !isToken(name) || strings.ToLower(name) != name {
		return "", fmt.Errorf("%w: component %.50q", ErrMalformed, name)
	}
	value, ok := m.field(name)
	if !ok {
		return "", fmt.Errorf("%w: signed header %.50q is missing", ErrMalformed, name)
	}
	return value, nil
}
