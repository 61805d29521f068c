package auth

import (
	"slices"
	"strings"

	"dassie/web/reply"
)

// Scopes are what a token may do, in Mastodon's words.
type Scopes []string

// scopes are all that can be asked for, each in words that end "This app may …".
// admin:* is refused: there is nobody to administer.
var scopes = []struct{ name, words string }{
	{"profile", "see your name, picture and handle"},
	{"read", "read everything here that you can read: your posts, followers-only and private ones too, Home, messages, notices, lists and who you block"},
	{"read:accounts", "see your profile and those of other people"},
	{"read:blocks", "see whom and which servers you block"},
	{"read:bookmarks", "see what you saved"},
	{"read:favourites", "see what you liked"},
	{"read:filters", "see your filters"},
	{"read:follows", "see whom you follow and who follows you"},
	{"read:lists", "see your lists and who is on them"},
	{"read:mutes", "see whom you muted"},
	{"read:notifications", "read your notices"},
	{"read:search", "search as you"},
	{"read:statuses", "read all posts that you can read, messages too"},
	{"write", "do nearly everything that you can do here: post, delete, follow, block, change your profile"},
	{"write:accounts", "change your profile"},
	{"write:blocks", "block people and servers, and end blocks"},
	{"write:bookmarks", "save posts, and take them off"},
	{"write:conversations", "mark messages as read, and put conversations away"},
	{"write:favourites", "like posts, and take that back"},
	{"write:filters", "change your filters"},
	{"write:follows", "follow people, stop following, and answer follow requests"},
	{"write:lists", "change your lists"},
	{"write:media", "upload pictures, videos and sounds"},
	{"write:mutes", "mute people and conversations"},
	{"write:notifications", "clear your notices"},
	{"write:reports", "report people in your name"},
	{"write:statuses", "post, edit, boost, vote and delete in your name"},
	{"follow", "see and change whom you follow, block and mute"},
	{"push", "be woken by this server when there is a notice for you"},
}

// wordsOf finds the words of a scope.
var wordsOf = func() map[string]string {
	words := make(map[string]string, len(scopes))
	for _, s := range scopes {
		words[s.name] = s.words
	}
	return words
}()

// AllScopes are all that can be asked for.
func AllScopes() Scopes {
	list := make(Scopes, len(scopes))
	for i, s := range scopes {
		list[i] = s.name
	}
	return list
}

// ParseScopes reads scopes separated by spaces. Errors are Unprocessable: none
// at all, admin scopes, unknown ones.
func ParseScopes(text string) (Scopes, error) {
	var list Scopes
	for _, s := range strings.Fields(text) {
		switch {
		case s == "admin" || strings.HasPrefix(s, "admin:"):
			return nil, reply.Errorf(reply.Unprocessable, "The scope %.60q is not given to anybody.", s)
		case wordsOf[s] == "":
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

// Covers says whether everything that others allow is allowed.
func (s Scopes) Covers(others Scopes) bool {
	for _, o := range others {
		if !s.Allow(o) {
			return false
		}
	}
	return true
}

// ScopeWords is a scope and what it allows, to follow "may".
type ScopeWords struct{ Scope, Words string }

// InWords says what they allow, without those that another one has in it.
func (s Scopes) InWords() []ScopeWords {
	var list []ScopeWords
	for i, name := range s {
		others := slices.Concat(s[:i], s[i+1:])
		inOthers := others.Allow(name) || name == "follow" && others.Allow("read:follows") && others.Allow("write:follows")
		if !inOthers {
			list = append(list, ScopeWords{name, wordsOf[name]})
		}
	}
	return list
}

// String writes them as they are stored and sent.
func (s Scopes) String() string { return strings.Join(s, " ") }
