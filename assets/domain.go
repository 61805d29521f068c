package assets

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// shownDomain is a server's name as people write it: in letters where it was
// registered in letters, but in punycode, as it travels, where letters could be
// taken for others (T15). Each label stands alone; a label is shown in letters if
// it is of one script (Japanese and Korean names mix theirs), and is not made of
// letters alone that look like Latin ones.
func shownDomain(domain string) string {
	if !strings.Contains(domain, "xn--") && isASCII(domain) {
		return domain
	}
	ascii, err := idna.ToASCII(domain)
	if err != nil {
		return domain
	}
	labels := strings.Split(ascii, ".")
	top, err := idna.ToUnicode(labels[len(labels)-1])
	if err != nil {
		return ascii
	}
	for i, label := range labels {
		if !strings.HasPrefix(label, "xn--") {
			continue
		}
		u, err := idna.Display.ToUnicode(label)
		if err == nil && plainLabel(u, top) {
			labels[i] = u
		}
	}
	return strings.Join(labels, ".")
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

// together are the scripts that one label may hold; digits and hyphens go with each.
var together = [][]*unicode.RangeTable{
	{unicode.Latin}, {unicode.Cyrillic}, {unicode.Greek}, {unicode.Arabic}, {unicode.Hebrew}, {unicode.Armenian}, {unicode.Georgian},
	{unicode.Devanagari}, {unicode.Bengali}, {unicode.Gurmukhi}, {unicode.Gujarati}, {unicode.Tamil}, {unicode.Telugu}, {unicode.Kannada},
	{unicode.Malayalam}, {unicode.Sinhala}, {unicode.Thai}, {unicode.Lao}, {unicode.Khmer}, {unicode.Myanmar}, {unicode.Ethiopic},
	{unicode.Han, unicode.Hiragana, unicode.Katakana}, {unicode.Han, unicode.Hangul}, {unicode.Han, unicode.Bopomofo},
}

// latinLike are the letters of other scripts that look like Latin ones, or like
// digits. A label of nothing else is no word of its language.
const latinLike = "абвгдеёзіїјклмнопрсԛтуԝхһёԁѕүӏґьч" + "αβγεικνορτυωχ" + "օոսցհզգյ" + "ანიბ"

// latinWords are the letters beyond ASCII that Latin names are written with and that
// cannot be taken for a plain one: no dotless i, no script g, no click.
const latinWords = "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿßāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįĵķĺļľłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷźżžșțơưǎǐǒǔ"

// plainLabel says whether a label can be shown in letters. A label of look-alikes
// can under a top domain in their own script.
func plainLabel(label, top string) bool {
	script := -1
	for i, tables := range together {
		if strings.IndexFunc(label, func(r rune) bool { return !fits(r, tables) }) < 0 {
			script = i
			break
		}
	}
	if script < 0 {
		return false
	}
	if script == 0 {
		return strings.IndexFunc(label, func(r rune) bool {
			vietnamese := r >= 0x1EA0 && r <= 0x1EF9
			return r > unicode.MaxASCII && !vietnamese && !strings.ContainsRune(latinWords, r)
		}) < 0
	}
	own := strings.IndexFunc(label, func(r rune) bool { return unicode.IsLetter(r) && !strings.ContainsRune(latinLike, r) }) >= 0
	return own || !isASCII(top) && strings.IndexFunc(top, func(r rune) bool { return !fits(r, together[script]) }) < 0
}

func fits(r rune, tables []*unicode.RangeTable) bool {
	if r == '-' || r >= '0' && r <= '9' {
		return true
	}
	if r == 'ー' { // common to the two Japanese syllabaries
		return len(tables) == 3
	}
	return unicode.In(r, tables...)
}
