package assets

import (
	"regexp"
	"strings"
	"testing"
)

// The last step of an account's end is said in whole sentences in each of its states.
func TestTheLastStepIsSaidInWholeSentences(t *testing.T) {
	out := render(t)
	step := regexp.MustCompile(`(?s)<h2>(?:Wipe this machine|Wiping|Wiped)</h2><p class="muted">(.*?)</p>`)
	for _, name := range []string{"left", "left.done", "left.goes", "left.stays"} {
		m := step.FindStringSubmatch(out[name])
		if m == nil {
			t.Fatalf("%s has no last step", name)
		}
		words := m[1]
		if broken := regexp.MustCompile(`\w (A memory|Key,|The handle)`).FindString(words); broken != "" {
			t.Errorf("%s: %q in %s", name, broken, words)
		}
		if strings.Contains(words, "goes on to answer") != (name != "left") {
			t.Errorf("%s: %s", name, words)
		}
	}
}
