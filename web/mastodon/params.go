package mastodon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"dassie/web/reply"
)

const (
	maxBody   = 1 << 20 // bytes; files have endpoints of their own
	maxParams = 1000
	maxNested = 8
)

// params are the parameters of a request, from the query and the body, under
// Rails' names: id[], poll[options][]. The body counts before the query.
type params struct {
	v     url.Values
	pairs []pair // as they were given, for lists of things that have parts
}

// get is the value of a name; an empty one counts as absent, since some apps
// send all names they know.
func (p params) get(name string) string {
	for _, v := range p.v[name] {
		if v != "" {
			return v
		}
	}
	return ""
}

// list is all values of name and name[], without empty ones.
func (p params) list(name string) []string {
	var out []string
	for _, key := range [2]string{name + "[]", name} {
		for _, v := range p.v[key] {
			if v != "" {
				out = append(out, v)
			}
		}
	}
	return out
}

// has says whether name, or anything inside it, was given a value.
func (p params) has(name string) bool {
	for key, values := range p.v {
		if key != name && !strings.HasPrefix(key, name+"[") {
			continue
		}
		for _, v := range values {
			if v != "" {
				return true
			}
		}
	}
	return false
}

// truth reads a switch as Rails does; absent is false.
func (p params) truth(name string) bool {
	switch strings.ToLower(p.get(name)) {
	case "", "0", "f", "false", "off":
		return false
	}
	return true
}

// given says whether a list was named, be it an empty one.
func (p params) given(name string) bool {
	_, list := p.v[name+"[]"]
	_, text := p.v[name]
	return list || text
}

// number reads a natural number within bounds; absent or unreadable is fallback.
func (p params) number(name string, fallback, most int) int {
	n, err := strconv.Atoi(p.get(name))
	if err != nil || n < 1 {
		return fallback
	}
	return min(n, most)
}

var errBody = reply.Errorf(reply.Invalid, "The body cannot be read.")

// readParams takes form, multipart and JSON bodies. Errors: Invalid, TooLarge,
// Unprocessable for files.
func readParams(w http.ResponseWriter, r *http.Request) (params, error) {
	p := params{v: url.Values{}}
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, bodyLimit(r))
		if err := p.readBody(r); err != nil {
			return p, bodyError(err)
		}
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return p, reply.Errorf(reply.Invalid, "The query cannot be read.")
	}
	if err := p.addValues(query); err != nil {
		return p, err
	}
	p.addPairs(r.URL.RawQuery)
	return p, nil
}

func bodyError(err error) error {
	if reply.CodeOf(err) != reply.Internal {
		return err
	}
	return &reply.Error{Code: reply.Invalid, Message: errBody.Message, Err: err}
}

func (p *params) addValues(from url.Values) error {
	for key, values := range from {
		for _, v := range values {
			if !isText(v) {
				return errNoText
			}
		}
		p.v[key] = append(p.v[key], values...)
	}
	return nil
}

// add keeps one parameter of a body that is read part by part.
func (p *params) add(key, value string) error {
	if !isText(value) {
		return errNoText
	}
	p.v.Add(key, value)
	p.addPair(key, value)
	return nil
}

// errNoText refuses what other servers refuse and pages cannot hold. To
// mend it would make another address or word of it than was meant.
var errNoText = reply.Errorf(reply.Unprocessable, "Validation failed: a parameter is not text in UTF-8, or holds NUL.")

func isText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

func (p *params) readBody(r *http.Request) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && r.Header.Get("Content-Type") != "" {
		return err
	}
	switch kind {
	case "application/json":
		return p.readJSON(r)
	case "application/x-www-form-urlencoded":
		raw, err := io.ReadAll(r.Body) // ParseForm passes over the body of a DELETE
		if err != nil {
			return err
		}
		form, err := url.ParseQuery(string(raw))
		if err != nil {
			return err
		}
		p.addPairs(string(raw))
		return p.addValues(form)
	case "multipart/form-data":
		return p.readMultipart(r)
	}
	return nil // as Rails does: the parameters are in the query
}

// readMultipart reads the fields in their order.
func (p *params) readMultipart(r *http.Request) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return err
	}
	for range maxParams {
		part, err := parts.NextPart()
		if err == io.EOF { // not errors.Is: a torn form ends with one that wraps it
			return nil
		}
		if err != nil {
			return err
		}
		if part.FileName() != "" {
			return reply.Errorf(reply.Unprocessable, "This endpoint takes no files.")
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		if err := p.add(part.FormName(), string(value)); err != nil {
			return err
		}
	}
	return errBody
}

func (p *params) readJSON(r *http.Request) error {
	dec := json.NewDecoder(r.Body)
	dec.UseNumber()
	var top map[string]any
	if err := dec.Decode(&top); err != nil {
		if r.ContentLength == 0 {
			return nil // DELETE and follow come with the type and no body
		}
		return err
	}
	if dec.More() {
		return errors.New("more than one value")
	}
	count := 0
	for key, v := range top {
		if err := flatten(p.v, key, v, 1, &count); err != nil {
			return err
		}
	}
	p.addObjects(top)
	return nil
}

// flatten writes a JSON value under the names a form would have.
func flatten(out url.Values, key string, v any, depth int, count *int) error {
	if *count++; *count > maxParams || depth > maxNested {
		return fmt.Errorf("too many or too deep values at %.40q", key)
	}
	switch v := v.(type) {
	case nil:
	case string:
		if !isText(v) {
			return errNoText
		}
		out.Add(key, v)
	case bool:
		out.Add(key, strconv.FormatBool(v))
	case json.Number:
		out.Add(key, v.String())
	case []any:
		if len(v) == 0 {
			out.Add(key+"[]", "") // as a form says that a list is to be empty
		}
		for i, e := range v {
			name := key + "[]"
			if _, ok := e.(map[string]any); ok {
				name = key + "[" + strconv.Itoa(i) + "]" // what is in one object stays together
			}
			if err := flatten(out, name, e, depth+1, count); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, e := range v {
			if err := flatten(out, key+"["+name+"]", e, depth+1, count); err != nil {
				return err
			}
		}
	}
	return nil
}
