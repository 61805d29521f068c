package mastodon

import (
	"strings"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// stream is one thing that an app can listen to.
type stream struct {
	kind string // a key of streamKinds
	tag  string // of hashtag streams, as of store.TagName
	list int64  // of list streams
}

// streamKinds are all streams with the scopes of which one is enough.
var streamKinds = map[string][]string{
	"user":                {"read:statuses"},
	"user:notification":   {"read:notifications"},
	"public":              {"read:statuses"},
	"public:local":        {"read:statuses"},
	"public:remote":       {"read:statuses"},
	"public:media":        {"read:statuses"},
	"public:local:media":  {"read:statuses"},
	"public:remote:media": {"read:statuses"},
	"hashtag":             {"read:statuses"},
	"hashtag:local":       {"read:statuses"},
	"list":                {"read:lists", "read:statuses"},
	"direct":              {"read:statuses"},
}

// anyStream are the scopes that open a connection on which streams are asked for later.
var anyStream = []string{"read:statuses", "read:notifications", "read:lists"}

// streamPaths are the streams that have addresses of their own.
var streamPaths = map[string]string{
	"/user": "user", "/user/notification": "user:notification", "/public": "public", "/public/local": "public:local",
	"/public/remote": "public:remote", "/hashtag": "hashtag", "/hashtag/local": "hashtag:local", "/list": "list", "/direct": "direct",
}

// errNoStream is Mastodon's answer to a name that is none.
var errNoStream = reply.Errorf(reply.NotFound, "Unknown stream type")

// streamOf reads what an app asks for.
func streamOf(kind, tag, list string) (stream, error) {
	s := stream{kind: kind}
	if _, ok := streamKinds[kind]; !ok {
		return s, errNoStream
	}
	var ok bool
	switch {
	case strings.HasPrefix(kind, "hashtag"):
		if s.tag, ok = federation.TagName(strings.TrimPrefix(tag, "#")); !ok {
			return s, reply.Errorf(reply.Invalid, "Name the hashtag of this stream")
		}
	case kind == "list":
		if s.list, ok = parseID(list); !ok {
			return s, errNotFound
		}
	}
	return s, nil
}

// names are the words for a stream in a frame.
func (s stream) names() []string {
	switch {
	case s.tag != "":
		return []string{s.kind, s.tag}
	case s.list != 0:
		return []string{s.kind, id(s.list)}
	}
	return []string{s.kind}
}

func (s stream) public() bool { return strings.HasPrefix(s.kind, "public") }

// shows says whether a stream of public posts is for a post that is one.
func (s stream) shows(p *store.Post, listed bool) bool {
	local, remote := strings.Contains(s.kind, ":local"), strings.Contains(s.kind, ":remote")
	switch {
	case local && !p.Own() || remote && p.Own() || strings.HasSuffix(s.kind, ":media") && len(p.Extra.Attachments) == 0:
		return false
	case s.tag != "":
		for _, tag := range store.TagNames(p.Extra.Tags) {
			if tag == s.tag {
				return true
			}
		}
		return false
	}
	return s.public() && listed
}
