package ap

import (
	"strings"
	"testing"
)

func TestOneEmojiIsOneAsAReaderSeesIt(t *testing.T) {
	for _, one := range []string{
		"👌", "❤", "❤️", "👍🏽", "🏳️‍🌈", "👩‍👩‍👧‍👦", "👩🏽‍❤️‍💋‍👨🏿", "🇳🇱", "1️⃣", "#⃣", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "☕", "⭐", "🫠", "🧑‍🚀", "©️", "㊗️", "🏽",
	} {
		if !IsEmoji(one) {
			t.Errorf("%s (%+q) is no emoji", one, one)
		}
	}
	for _, other := range []string{
		"", "~", "a", "1", "👌👌", "👌 ", "👌a", "🇳", "🇳🇱🇳", "\u200d", "👩\u200d", "️", "1️", "🏴󠁧󠁢", "é", "ab", "\xff", "\U000E0020",
		"👩" + strings.Repeat("\u200d👩", 40),
	} {
		if IsEmoji(other) {
			t.Errorf("%q is an emoji", other)
		}
	}
}

func TestReadReactionShapes(t *testing.T) {
	icon := `"tag":[{"type":"Hashtag","name":"#x"},{"id":null,"type":"Emoji","name":":hanapog:","icon":{"type":"Image","url":"https://m.example/h.png"}}]`
	for text, want := range map[string]Reaction{
		`{"type":"Like"}`:                                                                                          {},
		`{"type":"EmojiReact","content":"👌"}`:                                                                      {Emoji: "👌"},
		`{"type":"Like","_misskey_reaction":"🍮"}`:                                                                  {Emoji: "🍮"},
		`{"type":"Like","content":"","tag":[]}`:                                                                    {},
		`{"type":"Like","_misskey_reaction":"pudding"}`:                                                            {},
		`{"type":"EmojiReact","content":"👌👌"}`:                                                                     {},
		`{"type":"EmojiReact","content":["👌"]}`:                                                                    {Emoji: "👌"},
		`{"type":"EmojiReact","content":"<b>x</b>"}`:                                                               {},
		`{"type":"Like","content":":hanapog:"}`:                                                                    {},
		`{"type":"Like","content":":hanapog:",` + icon + `}`:                                                       {":hanapog:", "https://m.example/h.png"},
		`{"type":"Like","content":"hanapog",` + icon + `}`:                                                         {":hanapog:", "https://m.example/h.png"},
		`{"type":"EmojiReact","content":":hanapog@m.example:",` + icon + `}`:                                       {":hanapog:", "https://m.example/h.png"},
		`{"type":"Like","content":":other:",` + icon + `}`:                                                         {},
		`{"type":"Like","content":":x:","tag":{"type":"Emoji","name":":x:","icon":{"url":"javascript:alert(1)"}}}`: {},
		`{"type":"Like","content":":../x:","tag":{"type":"Emoji","name":":../x:","icon":{"url":"https://m.example/h.png"}}}`: {},
		`{"type":"Like","content":"` + strings.Repeat("👌", 50) + `"}`:                                                        {},
	} {
		if got := ReadReaction(mustParse(t, text)); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}
