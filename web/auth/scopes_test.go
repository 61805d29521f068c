package auth

import (
	"strings"
	"testing"
)

// Every scope is said in words that follow "may", and what another one has in it
// is not said twice.
func TestScopesInWords(t *testing.T) {
	for _, name := range AllScopes() {
		list, err := ParseScopes(name)
		if err != nil || len(list.InWords()) != 1 || list.InWords()[0].Words == "" || strings.HasSuffix(list.InWords()[0].Words, ".") {
			t.Errorf("%s: %v %v", name, list.InWords(), err)
		}
	}
	for text, want := range map[string]string{
		"read write follow push":            "read write push",
		"read follow":                       "read follow",
		"read:statuses read write:statuses": "read write:statuses",
		"follow write:blocks read:mutes":    "follow",
		"profile":                           "profile",
	} {
		list, err := ParseScopes(text)
		var got []string
		for _, w := range list.InWords() {
			got = append(got, w.Scope)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, not %s (%v)", text, got, want, err)
		}
	}
	for have, need := range map[string]string{"read": "read:search", "read write": "write:media read", "follow": "read:follows write:mutes", "push": "push"} {
		if !Scopes(strings.Fields(have)).Covers(strings.Fields(need)) {
			t.Errorf("%s does not cover %s", have, need)
		}
	}
	for have, need := range map[string]string{"read": "write", "read:accounts": "read", "follow": "read:statuses", "write": "profile", "read write": "push"} {
		if Scopes(strings.Fields(have)).Covers(strings.Fields(need)) {
			t.Errorf("%s covers %s", have, need)
		}
	}
}
