package mastodon

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	//go:embed testdata/entities.txt
	entitiesText string
	//go:embed testdata/answers.txt
	answersText string
)

// attribute is one key of an entity.
type attribute struct {
	kind  string // its type, without the words behind it
	null  bool
	maybe bool
}

// schema is entities.txt: by entity and key.
type schema map[string]map[string]attribute

var entities = readEntities(entitiesText)

func readEntities(text string) schema {
	all := schema{}
	var name string
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || strings.HasPrefix(line, "#"):
		case !strings.HasPrefix(line, "\t"):
			name = words[0]
			if all[name] != nil {
				panic(name + " is written twice")
			}
			all[name] = map[string]attribute{}
		case words[0] == "+":
			maps.Copy(all[name], all[words[1]])
		default:
			var at attribute
			for i, w := range words[1:] {
				switch {
				case i > 0 && w == "null":
					at.null = true
				case i > 0 && w == "maybe":
					at.maybe = true
				default:
					at.kind = strings.TrimSpace(at.kind + " " + w)
				}
			}
			all[name][words[0]] = at
		}
	}
	return all
}

// answers is answers.txt: method and path, and what is answered.
var answers = func() map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(answersText) {
		if words := strings.Fields(line); len(words) > 2 && words[0] != "#" {
			all[words[0]+" "+words[1]] = strings.Join(words[2:], " ")
		}
	}
	return all
}()

var (
	aWord   = regexp.MustCompile(`^[A-Z][A-Za-z0-9_]+$`)
	anID    = regexp.MustCompile(`^[1-9][0-9]*$`)
	aNumber = regexp.MustCompile(`^[0-9]+$`)
)

// faults says what is wrong with a value, by the place where it stands.
func (s schema) faults(at, kind string, v any) []string {
	wrong := func(why string) []string {
		text := fmt.Sprint(v)
		return []string{fmt.Sprintf("%s is %s: %.80s", at, why, text)}
	}
	if a, b, either := strings.Cut(kind, " or "); either {
		if first := s.faults(at, a, v); len(first) > 0 {
			if second := s.faults(at, b, v); len(second) > 0 {
				return append(first, second...)
			}
		}
		return nil
	}
	if of, list := strings.CutPrefix(kind, "["); list {
		items, ok := v.([]any)
		if !ok {
			return wrong("no list")
		}
		var all []string
		for i, e := range items {
			all = append(all, s.faults(fmt.Sprintf("%s[%d]", at, i), strings.TrimSuffix(of, "]"), e)...)
		}
		return all
	}
	if of, ok := strings.CutPrefix(kind, "map of "); ok {
		o, ok := v.(object)
		if !ok {
			return wrong("no object")
		}
		var all []string
		for key, e := range o {
			all = append(all, s.faults(at+"."+key, of, e)...)
		}
		return all
	}
	if s[kind] != nil {
		o, ok := v.(object)
		if !ok {
			return wrong("no " + kind)
		}
		return s.ofEntity(at, kind, o)
	}
	if !isOf(kind, v) {
		return wrong("no " + kind)
	}
	return nil
}

func (s schema) ofEntity(at, name string, o object) []string {
	var all []string
	for key, a := range s[name] {
		v, given := o[key]
		switch {
		case !given && a.maybe, given && v == nil && a.null:
		case !given:
			all = append(all, fmt.Sprintf("%s, %s, lacks %s", at, name, key))
		default:
			all = append(all, s.faults(at+"."+key, a.kind, v)...)
		}
	}
	for key := range o {
		if _, known := s[name][key]; !known {
			all = append(all, fmt.Sprintf("%s, %s, has %s, which is not written", at, name, key))
		}
	}
	if rule := together[name]; rule != nil && len(all) == 0 {
		if why := rule(o); why != "" {
			all = append(all, fmt.Sprintf("%s, %s: %s", at, name, why))
		}
	}
	return all
}

// isOf checks the types that are no entities.
func isOf(kind string, v any) bool {
	text, isText := v.(string)
	n, isNumber := v.(float64)
	switch kind {
	case "id":
		return isText && anID.MatchString(text)
	case "text":
		return isText
	case "html":
		return isText && !strings.Contains(strings.ToLower(text), "<script")
	case "word":
		return isText && text != ""
	case "digits":
		return isText && aNumber.MatchString(text)
	case "bool":
		_, ok := v.(bool)
		return ok
	case "int":
		return isNumber && n >= 0 && n == float64(int64(n))
	case "zero":
		return isNumber && n == 0
	case "number":
		return isNumber
	case "date":
		return isText && exactDate.MatchString(text)
	case "day":
		_, err := time.Parse(time.DateOnly, text)
		return isText && err == nil
	case "url":
		u, err := url.Parse(text)
		return isText && err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
	case "mail":
		return isText && (text == "" || strings.Count(text, "@") == 1)
	case "nothing":
		return v == nil
	case "{}":
		o, ok := v.(object)
		return ok && len(o) == 0
	}
	return isText && slices.Contains(strings.Split(kind, "|"), text)
}

// together is what the keys of an entity owe each other.
var together = map[string]func(object) string{
	"Account": func(o object) string {
		if own := o["id"] == "1"; own == strings.Contains(o["acct"].(string), "@") {
			return fmt.Sprintf("acct is %v", o["acct"])
		}
		if moved, ok := o["moved"].(object); ok && moved["moved"] != nil {
			return "somebody moves on and on"
		}
		return ""
	},
	"Status": func(o object) string {
		if boosted, ok := o["reblog"].(object); ok && (o["content"] != "" || boosted["reblog"] != nil || o["quote"] != nil || o["poll"] != nil) {
			return "a boost has words of its own, or boosts a boost"
		}
		if _, pinnable := o["pinned"]; pinnable && o["account"].(object)["id"] != "1" {
			return "another's post can be pinned"
		}
		if (o["in_reply_to_id"] == nil) != (o["in_reply_to_account_id"] == nil) {
			return "it answers half of something"
		}
		return ""
	},
	"Quote": func(o object) string {
		if (o["state"] == "accepted") != (o["quoted_status"] != nil) {
			return fmt.Sprintf("state %v and a post: %v", o["state"], o["quoted_status"] != nil)
		}
		return ""
	},
	"Poll": func(o object) string {
		options := o["options"].([]any)
		for _, n := range o["own_votes"].([]any) {
			if n.(float64) >= float64(len(options)) {
				return "a vote for what is no answer"
			}
		}
		if len(o["own_votes"].([]any)) > 0 && o["voted"] != true || len(options) == 0 {
			return "a vote by who did not vote, or a poll without answers"
		}
		return ""
	},
	"MediaSize": func(o object) string {
		if o["size"] != fmt.Sprintf("%vx%v", o["width"], o["height"]) {
			return fmt.Sprint(o)
		}
		return ""
	},
	"Notification":      aboutWhat("status"),
	"NotificationGroup": aboutWhat("status_id"),
}

// aboutWhat says that notifications have a post, or a report, where their type is about one.
func aboutWhat(post string) func(object) string {
	return func(o object) string {
		kind := o["type"].(string)
		_, hasPost := o[post]
		_, hasReport := o["report"]
		bare := kind == "follow" || kind == "follow_request" || kind == "admin.report"
		if hasPost == bare || hasReport != (kind == "admin.report") {
			return fmt.Sprintf("%s with a post: %v, with a report: %v", kind, hasPost, hasReport)
		}
		return ""
	}
}

// routeOf finds the endpoint of a request, as its words count before its parameters.
func routeOf(method, path string) string {
	best, words := "", -1
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	for _, rt := range routes {
		of := strings.Split(rt.path, "/")
		if rt.method != method || len(of) != len(parts) {
			continue
		}
		same := 0
		for i := range of {
			if of[i] == parts[i] {
				same++
			} else if !strings.HasPrefix(of[i], ":") {
				same = -1
				break
			}
		}
		if same > words {
			best, words = rt.method+" "+rt.path, same
		}
	}
	return best
}

// checkAnswer holds an answer against what is written of its endpoint; errors against
// what is written of errors.
func checkAnswer(t testing.TB, method, target string, w *httptest.ResponseRecorder) {
	t.Helper()
	path, _, _ := strings.Cut(target, "?")
	kind := "Error"
	switch {
	case strings.HasPrefix(path, streaming) || method == "HEAD" || method == "OPTIONS" || w.Code == 204:
		return
	case w.Code == 200:
		route := routeOf(method, path)
		if kind = answers[route]; kind == "" {
			t.Errorf("nothing is written of what %s %s answers", method, path)
			return
		}
	}
	var v any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Errorf("%s %s: %d, no JSON: %v in %.200s", method, target, w.Code, err, w.Body)
		return
	}
	for i, fault := range entities.faults("answer", kind, v) {
		if i < 5 {
			t.Errorf("%s %.80s: %d: %s", method, target, w.Code, fault)
		}
	}
}

// Every endpoint has a written answer, and nothing is written of what is not there.
func TestEveryAnswerIsWritten(t *testing.T) {
	left := maps.Clone(answers)
	for _, rt := range routes {
		if answers[rt.method+" "+rt.path] == "" {
			t.Errorf("of %s %s no answer is written", rt.method, rt.path)
		}
		delete(left, rt.method+" "+rt.path)
	}
	for route := range left {
		t.Errorf("%s is written and not there", route)
	}
	used := map[string]bool{"Error": true}
	var use func(kind string)
	use = func(kind string) {
		for part := range strings.SplitSeq(strings.ReplaceAll(kind, "map of ", ""), " or ") {
			part = strings.Trim(part, "[]")
			if !aWord.MatchString(part) || used[part] || part == "Bearer" {
				continue
			}
			if used[part] = true; entities[part] == nil {
				t.Errorf("%s is named and not written", part)
			}
			for _, a := range entities[part] {
				use(a.kind)
			}
		}
	}
	for _, kind := range answers {
		use(kind)
	}
	for name := range entities {
		if !used[name] {
			t.Errorf("%s is written and nowhere answered", name)
		}
	}
}

// What is not as it is written is seen.
func TestTheSchemaSeesFaults(t *testing.T) {
	h := newHouse(t)
	good := h.ask("GET", statusURL+id(h.Thanks.ID), "").Body.Bytes()
	for what, change := range map[string]func(object){
		"a key that is missing":    func(o object) { delete(o, "card") },
		"a key too many":           func(o object) { o["hot"] = true },
		"null for a list":          func(o object) { o["mentions"] = nil },
		"null for a text":          func(o object) { o["spoiler_text"] = nil },
		"a number as an id":        func(o object) { o["id"] = 5.0 },
		"a date without decimals":  func(o object) { o["created_at"] = "2026-03-01T12:00:00Z" },
		"an unknown visibility":    func(o object) { o["visibility"] = "mutuals_only" },
		"no picture":               func(o object) { o["account"].(object)["avatar"] = "" },
		"a time for a day":         func(o object) { o["account"].(object)["last_status_at"] = "2026-03-01T12:00:00.000Z" },
		"half an answer":           func(o object) { o["in_reply_to_id"] = nil },
		"a stranger's pinned post": func(o object) { o["account"].(object)["id"] = "7"; o["account"].(object)["acct"] = "a@b.example" },
	} {
		var o object
		if err := json.NewDecoder(bytes.NewReader(good)).Decode(&o); err != nil {
			t.Fatal(err)
		}
		if faults := entities.faults("answer", "Status", o); len(faults) > 0 {
			t.Fatalf("before: %v", faults)
		}
		change(o)
		if len(entities.faults("answer", "Status", o)) == 0 {
			t.Errorf("%s is not seen", what)
		}
	}
}
