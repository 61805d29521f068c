package ap

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Reaction is what a Like or an EmojiReact says beside that somebody likes a post.
type Reaction struct {
	Emoji   string // one emoji, :shortcode:, or "" for a plain like
	IconURL string // picture of a shortcode
}

// maxReaction is the longest text that is looked at: a family of four with skin
// tones has 41 bytes, a shortcode with its colons 130.
const maxReaction = 130

// ReadReaction reads the emoji of a Like or EmojiReact: in content (Pleroma,
// Akkoma, Misskey) or in _misskey_reaction alone (old Misskey). A shortcode counts
// only with a tag that holds its picture. What is none of both is a plain like.
func ReadReaction(o Object) Reaction {
	text := strings.TrimSpace(o.Str("content"))
	if text == "" {
		text = strings.TrimSpace(o.Str("_misskey_reaction"))
	}
	if text == "" || len(text) > maxReaction {
		return Reaction{}
	}
	if IsEmoji(text) {
		return Reaction{Emoji: text}
	}
	code := strings.Trim(text, ":")
	code, _, _ = strings.Cut(code, "@") // Akkoma names the server of another's emoji
	found, looked := Reaction{}, 0
	each(o["tag"], func(v any) bool {
		looked++
		if tag, ok := asObject(v); ok && tag.Type() == "Emoji" {
			e := readEmoji(tag)
			if name, _, _ := strings.Cut(e.Shortcode, "@"); e.IconURL != "" && name == code {
				found = Reaction{":" + code + ":", e.IconURL}
			}
		}
		return found.Emoji == "" && looked < MaxEmojis
	})
	return found
}

const (
	joiner       = 0x200D // zero width joiner
	asPicture    = 0xFE0F // variation selector 16
	keycap       = 0x20E3
	firstTone    = 0x1F3FB
	lastTone     = 0x1F3FF
	firstLetter  = 0x1F1E6 // regional indicators, of which two make a flag
	lastLetter   = 0x1F1FF
	firstTag     = 0xE0020 // tags, which make flags of regions
	lastTag      = 0xE007E
	endOfTags    = 0xE007F
	maxEmojiText = 64
)

// IsEmoji tells whether text is one emoji as a reader sees it, of however many
// characters (UTS #51, emoji sequence).
func IsEmoji(text string) bool {
	if text == "" || len(text) > maxEmojiText || !utf8.ValidString(text) {
		return false
	}
	r := []rune(text)
	if strings.ContainsRune("0123456789#*", r[0]) {
		return len(r) == 2 && r[1] == keycap || len(r) == 3 && r[1] == asPicture && r[2] == keycap
	}
	if isLetter(r[0]) {
		return len(r) == 2 && isLetter(r[1])
	}
	for {
		n := emojiElement(r)
		if n == 0 {
			return false
		}
		if r = r[n:]; len(r) == 0 {
			return true
		}
		if r[0] != joiner {
			return false
		}
		r = r[1:]
	}
}

func isLetter(r rune) bool { return r >= firstLetter && r <= lastLetter }

// emojiElement is the length of one part of a joined emoji; 0 if there is none.
func emojiElement(r []rune) int {
	if len(r) == 0 || !unicode.Is(pictographs, r[0]) {
		return 0
	}
	n := 1
	if n < len(r) && r[n] == asPicture {
		n++
	}
	if n < len(r) && r[n] >= firstTone && r[n] <= lastTone {
		n++
	}
	if n < len(r) && r[n] >= firstTag && r[n] <= lastTag {
		for n < len(r) && r[n] >= firstTag && r[n] <= lastTag {
			n++
		}
		if n == len(r) || r[n] != endOfTags {
			return 0
		}
		n++
	}
	return n
}

// pictographs are the characters that can begin an emoji (UTS #51,
// Extended_Pictographic, and the skin tones alone), unassigned ones included, so
// that emoji of later years are known.
var pictographs = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x00A9, 0x00A9, 1}, {0x00AE, 0x00AE, 1}, {0x203C, 0x203C, 1}, {0x2049, 0x2049, 1}, {0x2122, 0x2122, 1}, {0x2139, 0x2139, 1},
		{0x2194, 0x2199, 1}, {0x21A9, 0x21AA, 1}, {0x231A, 0x231B, 1}, {0x2328, 0x2328, 1}, {0x2388, 0x2388, 1}, {0x23CF, 0x23CF, 1},
		{0x23E9, 0x23F3, 1}, {0x23F8, 0x23FA, 1}, {0x24C2, 0x24C2, 1}, {0x25AA, 0x25AB, 1}, {0x25B6, 0x25B6, 1}, {0x25C0, 0x25C0, 1},
		{0x25FB, 0x25FE, 1}, {0x2600, 0x2605, 1}, {0x2607, 0x2612, 1}, {0x2614, 0x2685, 1}, {0x2690, 0x2705, 1}, {0x2708, 0x2712, 1},
		{0x2714, 0x2714, 1}, {0x2716, 0x2716, 1}, {0x271D, 0x271D, 1}, {0x2721, 0x2721, 1}, {0x2728, 0x2728, 1}, {0x2733, 0x2734, 1},
		{0x2744, 0x2744, 1}, {0x2747, 0x2747, 1}, {0x274C, 0x274C, 1}, {0x274E, 0x274E, 1}, {0x2753, 0x2755, 1}, {0x2757, 0x2757, 1},
		{0x2763, 0x2767, 1}, {0x2795, 0x2797, 1}, {0x27A1, 0x27A1, 1}, {0x27B0, 0x27B0, 1}, {0x27BF, 0x27BF, 1}, {0x2934, 0x2935, 1},
		{0x2B05, 0x2B07, 1}, {0x2B1B, 0x2B1C, 1}, {0x2B50, 0x2B50, 1}, {0x2B55, 0x2B55, 1}, {0x3030, 0x3030, 1}, {0x303D, 0x303D, 1},
		{0x3297, 0x3297, 1}, {0x3299, 0x3299, 1},
	},
	R32: []unicode.Range32{
		{0x1F000, 0x1F0FF, 1}, {0x1F10D, 0x1F10F, 1}, {0x1F12F, 0x1F12F, 1}, {0x1F16C, 0x1F171, 1}, {0x1F17E, 0x1F17F, 1},
		{0x1F18E, 0x1F18E, 1}, {0x1F191, 0x1F19A, 1}, {0x1F1AD, 0x1F1E5, 1}, {0x1F201, 0x1F20F, 1}, {0x1F21A, 0x1F21A, 1},
		{0x1F22F, 0x1F22F, 1}, {0x1F232, 0x1F23A, 1}, {0x1F23C, 0x1F23F, 1}, {0x1F249, 0x1F53D, 1}, {0x1F546, 0x1F64F, 1},
		{0x1F680, 0x1F6FF, 1}, {0x1F774, 0x1F77F, 1}, {0x1F7D5, 0x1F7FF, 1}, {0x1F80C, 0x1F80F, 1}, {0x1F848, 0x1F84F, 1},
		{0x1F85A, 0x1F85F, 1}, {0x1F888, 0x1F88F, 1}, {0x1F8AE, 0x1F8FF, 1}, {0x1F90C, 0x1F93A, 1}, {0x1F93C, 0x1F945, 1},
		{0x1F947, 0x1FAFF, 1}, {0x1FC00, 0x1FFFD, 1},
	},
	LatinOffset: 2,
}
