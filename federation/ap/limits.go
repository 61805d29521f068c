package ap

import (
	"strings"
	"unicode/utf8"
)

// What the readers keep of one document. Longer texts are cut at a character,
// longer lists after so many items; nothing beyond is looked at again, so that a
// hostile document cannot make work by its length.
const (
	MaxContent     = 256 << 10 // bytes of HTML in a post
	MaxSummary     = 20 << 10  // bytes; content warning of a post, bio of an actor
	MaxName        = 2048      // bytes; titles, display names, user names
	MaxAltText     = 10_000    // characters
	MaxOptionName  = 500       // bytes
	MaxFieldText   = 2047      // bytes; name and value of a profile field
	MaxAudience    = 1000      // ids in to, and in cc
	MaxAttachments = 20
	MaxMentions    = 100
	MaxHashtags    = 100
	MaxEmojis      = 100
	MaxOptions     = 100
	MaxFields      = 50
	MaxAliases     = 256
	MaxKeys        = 16
	MaxObjects     = 500  // ids in the object of one activity, such as a Flag
	MaxItems       = 2000 // items of one collection page
)

// cut shortens s to at most n bytes without breaking a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.Clone(s[:n])
}

// cutRunes shortens s to at most n characters.
func cutRunes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	count := 0
	for i := range s {
		if count == n {
			return strings.Clone(s[:i])
		}
		count++
	}
	return s
}

// cutID drops an id that is too long to be kept: half an id names something else.
func cutID(id string) string {
	if len(id) > MaxID {
		return ""
	}
	return id
}

// keepIDs drops ids that are too long.
func keepIDs(ids []string) []string {
	kept := ids[:0]
	for _, id := range ids {
		if len(id) <= MaxID {
			kept = append(kept, id)
		}
	}
	return kept
}
