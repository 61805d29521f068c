package ap

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Object is a JSON object of a stranger. Values are string, float64, bool, nil,
// []any and Object. The accessors never fail: what is missing or of another
// shape reads as the zero value.
type Object map[string]any

// asObject takes objects made by Parse and by hand.
func asObject(v any) (Object, bool) {
	switch v := v.(type) {
	case Object:
		return v, true
	case map[string]any:
		return v, true
	}
	return nil, false
}

// each calls fn for v itself, or for every item if v is an array or an
// {"@list": […]}; nested arrays are not entered. fn returns false to stop.
func each(v any, fn func(any) bool) {
	if o, ok := asObject(v); ok {
		for _, k := range []string{"@list", "@set"} {
			if a, ok := o[k].([]any); ok {
				v = a
			}
		}
	}
	switch v := v.(type) {
	case nil:
	case []any:
		for _, item := range v {
			if item != nil && !fn(item) {
				return
			}
		}
	case []string: // only in objects made by hand
		for _, item := range v {
			if !fn(item) {
				return
			}
		}
	default:
		fn(v)
	}
}

// idOf is the id of a value that may be the id itself, an object or a Link.
func idOf(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	default:
		o, ok := asObject(v)
		if !ok {
			return ""
		}
		if id, ok := o["id"].(string); ok && id != "" {
			return strings.TrimSpace(id)
		}
		href, _ := o["href"].(string)
		return strings.TrimSpace(href)
	}
}

// ID is the object's id, "" when it has none.
func (o Object) ID() string {
	s, _ := o["id"].(string)
	return strings.TrimSpace(s)
}

// Type is the object's type without prefix: of several, the first that we know,
// else the first.
func (o Object) Type() string {
	var first string
	each(o["type"], func(v any) bool {
		s, _ := v.(string)
		s = canonicalName(s)
		if first == "" || classes[first] == classUnknown && classes[s] != classUnknown {
			first = s
		}
		return classes[first] == classUnknown
	})
	return first
}

// Has tells whether key is there with something other than null.
func (o Object) Has(key string) bool { return o[key] != nil }

// Str is the text of key: a string, {"@value": …}, or the first such of an array.
func (o Object) Str(key string) string {
	var text string
	each(o[key], func(v any) bool {
		if s, ok := v.(string); ok {
			text = s
			return false
		}
		if value, ok := asObject(v); ok {
			text, _ = value["@value"].(string)
		}
		return text == ""
	})
	return text
}

// StrLang is the text of key and its language: "content" with "contentMap". If
// only the map is there, the language that sorts first is taken, for a map has no
// order here. The language is "" when unknown or "und".
func (o Object) StrLang(key, keyMap string) (text, lang string) {
	text = o.Str(key)
	m, _ := asObject(o[keyMap])
	for l, v := range m {
		s, _ := v.(string)
		if s != "" && (text == "" || s == text) && (lang == "" || l < lang) {
			lang = l
		}
		if lang == "" && len(m) == 1 { // a map that lags behind an edit still names the language
			lang = l
		}
	}
	if text == "" && lang != "" {
		text, _ = m[lang].(string)
	}
	if v, ok := asObject(o[key]); ok && lang == "" {
		lang = v.Str("@language")
	}
	if len(lang) > 35 || strings.EqualFold(lang, "und") { // RFC 5646 4.4.1
		lang = ""
	}
	return text, lang
}

// IDs lists the ids of key, whatever its shape, in order and with repetitions.
func (o Object) IDs(key string) []string { return o.ids(key, math.MaxInt) }

func (o Object) ids(key string, limit int) []string {
	var ids []string
	each(o[key], func(v any) bool {
		if id := idOf(v); id != "" {
			ids = append(ids, id)
		}
		return len(ids) < limit
	})
	return ids
}

// FirstID is the first id of key, or "".
func (o Object) FirstID(key string) string {
	var id string
	each(o[key], func(v any) bool {
		id = idOf(v)
		return id == ""
	})
	return id
}

// Obj is the object embedded at key, or the first one in the array there.
func (o Object) Obj(key string) (Object, bool) {
	var found Object
	each(o[key], func(v any) bool {
		found, _ = asObject(v)
		return found == nil
	})
	return found, found != nil
}

// Objs lists the objects embedded at key, in order.
func (o Object) Objs(key string) []Object {
	var all []Object
	each(o[key], func(v any) bool {
		if item, ok := asObject(v); ok {
			all = append(all, item)
		}
		return true
	})
	return all
}

// Int is the whole number at key; digits in a string count as well.
func (o Object) Int(key string) (int64, bool) {
	switch v := o[key].(type) {
	case float64:
		if math.Abs(v) < 1<<53 { // beyond it a float64 no longer holds every integer
			return int64(v), true
		}
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil
	}
	return 0, false
}

// Bool is the boolean at key; everything but true is false.
func (o Object) Bool(key string) bool {
	b, _ := o[key].(bool)
	return b
}

// maybeBool is nil when key does not say true or false.
func (o Object) maybeBool(key string) *bool {
	if b, ok := o[key].(bool); ok {
		return &b
	}
	return nil
}

// Time is the moment at key in UTC, the zero time if there is none.
func (o Object) Time(key string) time.Time { return ParseTime(o.Str(key)) }

// timeForms are the ways of writing a moment that are met in the wild.
var timeForms = []string{
	time.RFC3339,               // fractions of a second are taken too
	"2006-01-02T15:04:05Z0700", // Threads: +0000
	"2006-01-02T15:04:05",      // old Pleroma polls: no zone, meant as UTC
	"2006-01-02T15:04Z07:00",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05",
	"2006-01-02",
}

// ParseTime reads a moment as peers write it, in UTC; the zero time when it is
// none, or lies outside the years 1 to 9999. A moment in the future is not
// corrected: only the caller has a clock.
func ParseTime(s string) time.Time {
	if len(s) < 10 || len(s) > 64 {
		return time.Time{}
	}
	for _, form := range timeForms {
		if t, err := time.Parse(form, s); err == nil {
			if t = t.UTC(); t.Year() < 1 || t.Year() > 9999 {
				return time.Time{}
			}
			return t
		}
	}
	return time.Time{}
}

// formatTime writes t as peers expect it, and "" for the zero time.
func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// HasContext tells whether @context holds the ActivityStreams URL as a string.
// We take documents without it as well.
func HasContext(o Object) bool {
	var found bool
	each(o["@context"], func(v any) bool {
		found = v == ContextURL || v == "http://www.w3.org/ns/activitystreams"
		return !found
	})
	return found
}
