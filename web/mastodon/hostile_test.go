package mastodon

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// slowest is how long an answer to nonsense may take, on a busy machine.
const slowest = 10 * time.Second

// values are what stands where something else is due, as JSON.
var values = []string{
	`[]`, `[[["a"]]]`, `{}`, `{"a":{"b":{"c":1}}}`, `[{"a":1},2,null]`, `null`, `true`, `-1`, `0`, `1e300`, `99999999999999999999`, `0.5`,
	`"\u0000"`, `"a\u0000b"`, `"\ud800"`, "\"\xff\xfe\"", `"<script>alert(1)</script>"`, `"' or 1=1 --"`, `"` + strings.Repeat("a", 300_000) + `"`,
	strings.Repeat("[", 30) + strings.Repeat("]", 30), `"2026-13-45T99:99:99Z"`, `"-5"`, `"٣"`, `["1","x","-1"]`,
}

// taken is what endpoints take, with a request that would be obeyed.
var taken = map[string]string{
	"POST /api/v1/apps":                              `{"client_name":"x","redirect_uris":"urn:ietf:wg:oauth:2.0:oob","scopes":"read","website":"https://x.example"}`,
	"POST /oauth/token":                              `{"grant_type":"client_credentials","client_id":"x","client_secret":"x","scope":"read","code":"x","redirect_uri":"x","code_verifier":"x"}`,
	"POST /oauth/revoke":                             `{"client_id":"x","client_secret":"x","token":"x"}`,
	"PATCH /api/v1/accounts/update_credentials":      `{"display_name":"A","note":"b","locked":true,"bot":false,"fields_attributes":[{"name":"a","value":"b"}],"source":{"privacy":"public","language":"en","quote_policy":"public"},"attribution_domains":["a.example"],"avatar":"x"}`,
	"POST /api/v1/accounts/:id/follow":               `{"reblogs":true,"notify":true,"languages":["en"]}`,
	"POST /api/v1/accounts/:id/mute":                 `{"notifications":true,"duration":3600}`,
	"POST /api/v1/accounts/:id/note":                 `{"comment":"x"}`,
	"POST /api/v1/domain_blocks":                     `{"domain":"spam.example"}`,
	"DELETE /api/v1/domain_blocks":                   `{"domain":"spam.example"}`,
	"POST /api/v1/featured_tags":                     `{"name":"stones"}`,
	"POST /api/v1/reports":                           `{"account_id":"1","status_ids":["1"],"comment":"x","category":"spam","forward":true,"rule_ids":["1"]}`,
	"PUT /api/v1/media/:id":                          `{"description":"x","focus":"0.1,0.1","thumbnail":"x"}`,
	"POST /api/v1/statuses":                          `{"status":"x","media_ids":[],"in_reply_to_id":"","sensitive":true,"spoiler_text":"x","visibility":"direct","language":"en","poll":{"options":["a","b"],"expires_in":3600,"multiple":true,"hide_totals":true},"scheduled_at":"","quoted_status_id":"","quote_approval_policy":"public","media_attributes":[]}`,
	"PUT /api/v1/statuses/:id":                       `{"status":"x","media_ids":[],"spoiler_text":"x","sensitive":true,"language":"en","poll":{"options":["a","b"]},"media_attributes":[{"id":"1","description":"x"}],"quote_approval_policy":"nobody"}`,
	"PUT /api/v1/statuses/:id/interaction_policy":    `{"quote_approval_policy":"public"}`,
	"POST /api/v1/statuses/:id/reblog":               `{"visibility":"public"}`,
	"PUT /api/v1/scheduled_statuses/:id":             `{"scheduled_at":"2026-03-02T07:00:00Z"}`,
	"POST /api/v1/polls/:id/votes":                   `{"choices":[0]}`,
	"POST /api/v1/lists":                             `{"title":"x","replies_policy":"list","exclusive":true}`,
	"PUT /api/v1/lists/:id":                          `{"title":"x","replies_policy":"list","exclusive":true}`,
	"POST /api/v1/lists/:id/accounts":                `{"account_ids":["1"]}`,
	"DELETE /api/v1/lists/:id/accounts":              `{"account_ids":["1"]}`,
	"POST /api/v2/filters":                           `{"title":"x","context":["home"],"filter_action":"warn","expires_in":60,"keywords_attributes":[{"keyword":"x","whole_word":true}]}`,
	"PUT /api/v2/filters/:id":                        `{"title":"x","context":["home"],"filter_action":"warn","expires_in":60,"keywords_attributes":[{"id":"1","keyword":"x","_destroy":true}]}`,
	"POST /api/v2/filters/:id/keywords":              `{"keyword":"x","whole_word":true}`,
	"PUT /api/v2/filters/keywords/:id":               `{"keyword":"x","whole_word":true}`,
	"POST /api/v2/filters/:id/statuses":              `{"status_id":"1"}`,
	"POST /api/v1/filters":                           `{"phrase":"x","context":["home"],"irreversible":true,"whole_word":true,"expires_in":60}`,
	"POST /api/v1/markers":                           `{"home":{"last_read_id":"1"},"notifications":{"last_read_id":"1"}}`,
	"PATCH /api/v2/notifications/policy":             `{"for_not_following":"accept","for_new_accounts":"accept"}`,
	"PUT /api/v1/notifications/policy":               `{"filter_not_following":false}`,
	"POST /api/v1/notifications/requests/accept":     `{"id":["1"]}`,
	"POST /api/v1/notifications/requests/dismiss":    `{"id":["1"]}`,
	"POST /api/v1/push/subscription":                 `{"subscription":{"endpoint":"http://push.localhost:8080/1","keys":{"p256dh":"x","auth":"x"},"standard":true},"data":{"policy":"all","alerts":{"mention":true}}}`,
	"PUT /api/v1/push/subscription":                  `{"data":{"policy":"all","alerts":{"mention":true}}}`,
	"POST /api/v1/notifications/requests/:id/accept": `{}`,
}

// hostile asks, and wants a refusal in good form: no fault of ours, JSON (which house.ask
// checks), soon.
func (e *everything) hostile(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	e.t.Helper()
	began := time.Now()
	w := e.ask(method, path, body, headers...)
	if took := time.Since(began); w.Code >= 500 || took > slowest {
		e.t.Errorf("%s %s with %v %.100q: %d %.200s in %v", method, path, headers, body, w.Code, w.Body, took)
	}
	if !utf8.Valid(w.Body.Bytes()) || strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		e.t.Errorf("%s %s with %.100q answers %s", method, path, body, w.Header().Get("Content-Type"))
	}
	return w
}

// one is something real for an endpoint's :id.
func (e *everything) one(path string) string {
	family := strings.Split(strings.TrimPrefix(strings.TrimPrefix(path, "/api/v1/"), "/api/v2/"), "/:id")[0]
	list := map[string]string{
		"accounts": "", "lists": "/api/v1/lists", "filters": "/api/v2/filters", "scheduled_statuses": "/api/v1/scheduled_statuses",
		"conversations": "/api/v1/conversations", "notifications": "/api/v1/notifications", "notifications/requests": "/api/v1/notifications/requests", "featured_tags": "/api/v1/featured_tags",
	}[family]
	switch {
	case family == "accounts" || family == "follow_requests":
		return id(e.Bob.ID)
	case list != "":
		if found := read[[]object](e.house, "GET", list, ""); len(found) > 0 {
			return found[0]["id"].(string)
		}
	case family == "filters/keywords":
		if found := read[[]object](e.house, "GET", "/api/v1/filters", ""); len(found) > 0 {
			return found[0]["id"].(string)
		}
	}
	return id(e.Hello.ID)
}

// T47: nonsense in the place of every parameter is refused, or passed over.
func TestT47_NonsenseForEveryParameter(t *testing.T) {
	e := newEverything(t)
	n := 0
	for key, good := range taken {
		method, pattern, _ := strings.Cut(key, " ")
		if routeOf(method, strings.Replace(pattern, ":id", "1", 1)) != key {
			t.Errorf("there is no %s", key)
		}
		path := strings.Replace(pattern, ":id", e.one(pattern), 1)
		var fields map[string]json.RawMessage
		if err := json.Unmarshal([]byte(good), &fields); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		from := func() string { n++; return fmt.Sprintf("198.51.%d.%d", n/250%250, n%250) } // each with its own count
		for name := range fields {
			var rest []string
			for other, v := range fields {
				if other != name {
					rest = append(rest, fmt.Sprintf("%q:%s", other, v))
				}
			}
			for _, v := range values {
				body := "{" + strings.Join(append(rest, fmt.Sprintf("%q:%s", name, v)), ",") + "}"
				e.hostile(method, path, body, "Content-Type", inJSON, "X-Forwarded-For", from())
			}
			// The same key twice, and as a form with names that are bent.
			e.hostile(method, path, fmt.Sprintf(`{%q:%s,%q:[1]}`, name, fields[name], name), "Content-Type", inJSON, "X-Forwarded-For", from())
			for _, bent := range []string{name + "=%ff%00", name + "[][][]=1", name + "[=1", name + "]=1&" + name + "[", name + "[-1][id]=1", name + "[99999999999][id]=1", name + "[]=&" + name + "=%FE", strings.Repeat(name+"[]=1&", 1500)} {
				e.hostile(method, path, bent, "X-Forwarded-For", from())
			}
		}
	}
}

// T47: as do queries, ids in the path, and bodies that are not what they say.
func TestT47_NonsenseInEveryAddress(t *testing.T) {
	e := newEverything(t)
	n := 0
	from := func() string { n++; return fmt.Sprintf("198.51.%d.%d", n/250%250, n%250) }
	queries := []string{
		"limit=-1&offset=-1&max_id=-1&since_id=x&min_id=99999999999999999999", "limit=0&offset=99999999999", "limit=1e9&max_id=0x10&min_id=%00", "max_id[]=1&max_id[a]=2&limit[]=3", "limit=%D9%A3&max_id=%FF%FE",
		"q=%00&acct=%00&url=%00&id=%00&id[]=%00&types[]=%00", "q=%FF&acct=%FF@%FF&url=http://%FF/&id[]=-1", "q=%22%22%22%27*(NEAR&type=x", "q=" + strings.Repeat("a%20", 2000) + "&acct=" + strings.Repeat("a", 5000),
		"q=from:%00+after:9999-99-99+language:%00&account_id=x", "any[]=%00&all[]=%23%23&none[]=" + strings.Repeat("x", 3000), "tagged=%23%00&only_media=&pinned=x", "timeline[]=x&timeline[]=%00", "q=%23%00&resolve=1", "q=https://[::1&resolve=true", strings.Repeat("id[]=1&", 600),
	}
	for _, rt := range routes {
		path := strings.NewReplacer(":id", e.one(rt.path), ":tag", "rocks", ":group_key", "favourite-1-1", ":quoting_status_id", "1").Replace(rt.path)
		if rt.method == http.MethodGet {
			for _, q := range queries {
				e.hostile("GET", path+"?"+q, "", "X-Forwarded-For", from())
				if strangers["GET "+rt.path] != nil {
					e.hostile("GET", path+"?"+q, "", "Authorization", "", "X-Forwarded-For", from())
				}
			}
		}
		for _, bad := range []string{"%00", "%FF%FE", "..%2f..%2f", "9223372036854775808", "-0", "1e3", "0x1", "%D9%A3", strings.Repeat("9", 3000), "%3Cscript%3E", "1%00", "null"} {
			for _, param := range []string{":id", ":tag", ":group_key", ":quoting_status_id"} {
				if !strings.Contains(rt.path, param) {
					continue
				}
				at := strings.Replace(rt.path, param, bad, 1)
				at = strings.NewReplacer(":id", id(e.Hello.ID), ":tag", "rocks", ":group_key", "x", ":quoting_status_id", "1").Replace(at)
				w := e.hostile(rt.method, at, "", "X-Forwarded-For", from())
				if param == ":id" && w.Code == 200 {
					t.Errorf("%s %s: %d %s", rt.method, at, w.Code, w.Body)
				}
			}
		}
		if rt.method == http.MethodGet {
			continue
		}
		for _, body := range []struct{ kind, text string }{
			{inJSON, "\x00"}, {inJSON, "\xff\xfe{}"}, {inJSON, "\ufeff{}"}, {inJSON, "null"}, {inJSON, "5"}, {inJSON, "{}{}"}, {inJSON, "{\"a\":1,"}, {inJSON + "; charset=utf-16", "{}"},
			{"application/activity+json", "{}"}, {"text/html", "<p>"}, {"application/xml", "<a/>"}, {"multipart/form-data; boundary=", "--\r\n"}, {"multipart/form-data; boundary=x", "--x\r\n\r\n\r\n--x--"},
			{"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" + strings.Repeat("b", 2<<20)}, {"application/x-www-form-urlencoded", strings.Repeat("a[]=1&", 200_000)},
			{"application/x-www-form-urlencoded", "%"}, {"application/x-www-form-urlencoded; charset=\"", "a=b"},
		} {
			e.hostile(rt.method, strings.Replace(path, e.one(rt.path), "4711", 1), body.text, "Content-Type", body.kind, "X-Forwarded-For", from())
		}
	}
}

// What is no text is refused, and not made into another one.
func TestPostsHoldNoBytesThatAreNoText(t *testing.T) {
	h := newHouse(t)
	form, kind := form(t, "status", "a\x00b")
	for body, kind := range map[string]string{
		"status=a%00b": "", "status=a%FFb": "", "status=a&spoiler_text=%00": "", "status=a&poll[options][]=a%00&poll[options][]=b&poll[expires_in]=3600": "",
		`{"status":"a\u0000b"}`: inJSON, `{"status":"a","poll":{"options":["a\u0000","b"],"expires_in":3600}}`: inJSON, form: kind,
	} {
		headers := []string{"Content-Type", kind}
		if kind == "" {
			headers = nil
		}
		checkError(t, h.ask("POST", "/api/v1/statuses", body, headers...), 422, body)
	}
	checkError(t, h.ask("GET", "/api/v2/search?q=a%00", ""), 422, "a query with NUL")
	s := read[object](h, "POST", "/api/v1/statuses", "{\"status\":\"a \xff b\"}", "Content-Type", inJSON)
	if text := s["content"].(string); !strings.Contains(text, "\ufffd") {
		t.Errorf("%q", text)
	}
}
