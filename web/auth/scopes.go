package auth

import (
	"slices"
	"strings"

	"dassie/web/reply"
)

// Scopes are what a token may do, in Mastodon's words.
type Scopes []string

// knownScopes are all that can be asked for. admin:* is refused: there is
// nobody to administer.
var knownScopes = func() map[string]bool {
	known := map[string]bool{"profile": true, "read": true, "write": true, "follow": true, "push": true}
	for _, part := range []string{"accounts", "blocks", "bookmarks", "favourites", "filters", "follows", "lists", "mutes", "notifications", "search", "statuses"} {
		known["read:"+part] = true
	}
	for _, part := range []string{"accounts", "blocks", "bookmarks", "conversations", "favourites", "filters", "follows", "lists", "media", "mutes", "notifications", "reports", "statuses"} {
		known["write:"+part] = true
	}
	return known
}()

// ParseScopes reads scopes separated by spaces. Errors are Unprocessable: none
// at all, admin scopes, unknown ones.
func ParseScopes(text string) (Scopes, error) {
	var list Scopes
	for _, s := range strings.Fields(text) {
		switch {
		case s == "admin" || strings.HasPrefix(s, "admin:"):
			return nil, reply.Errorf(reply.Unprocessable, "The scope %.60q is not given to anybody.", s)
		case !knownScopes[s]:
			return nil, reply.Errorf(reply.Unprocessable, "There is no scope %.60q.", s)
		case !slices.Contains(list, s):
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return nil, reply.Errorf(reply.Unprocessable, "Name at least one scope, such as read.")
	}
	return list, nil
}

// Allow says whether any of the needed scopes is covered: by itself, by its
// whole family ("read" covers "read:statuses"), or by the old "follow", which
// is read and write of follows, blocks and mutes.
func (s Scopes) Allow(anyOf ...string) bool {
	for _, need := range anyOf {
		family, part, fine := strings.Cut(need, ":")
		for _, have := range s {
			if have == need || fine && have == family {
				return true
			}
			if have == "follow" && (family == "read" || family == "write") && (part == "follows" || part == "blocks" || part == "mutes") {
				return true
			}
		}
	}
	return false
}

// String writes them as they are stored and sent.
func (s Scopes) String() string { return strings.Join(s, " ") }
