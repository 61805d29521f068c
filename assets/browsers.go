package assets

import (
	"strings"
	"unicode"
)

// browserMarks are how browsers give themselves away in User-Agent, those that
// claim to be others too before those they claim to be.
var browserMarks = []struct{ mark, name string }{
	{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"OPR/", "Opera"}, {"Vivaldi/", "Vivaldi"},
	{"SamsungBrowser/", "Samsung Internet"}, {"CriOS/", "Chrome"}, {"Chromium/", "Chromium"}, {"HeadlessChrome/", "Chrome"}, {"Chrome/", "Chrome"},
	{"Safari/", "Safari"}, {"curl/", "curl"},
}

var systemMarks = []struct{ mark, name string }{
	{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "Mac"}, {"CrOS", "ChromeOS"},
	{"OpenBSD", "OpenBSD"}, {"FreeBSD", "FreeBSD"}, {"Linux", "Linux"},
}

// BrowserName is a User-Agent as people call it: "Firefox on Linux".
func BrowserName(agent string) string {
	if agent == "" {
		return "A program that gave no name"
	}
	browser, system := "", ""
	for _, m := range browserMarks {
		if browser == "" && strings.Contains(agent, m.mark) {
			browser = m.name
		}
	}
	for _, m := range systemMarks {
		if system == "" && strings.Contains(agent, m.mark) {
			system = m.name
		}
	}
	switch {
	case browser == "": // what it says of itself, as far as it can be read
		name, _, _ := strings.Cut(agent, " (")
		name = strings.Map(func(r rune) rune {
			if unicode.In(r, unicode.Cc, unicode.Cf) { // such as what turns the words around it
				return -1
			}
			return r
		}, name)
		if len(name) > 60 {
			name = strings.ToValidUTF8(name[:60], "") + "…"
		}
		return name
	case system == "":
		return browser
	}
	return browser + " on " + system
}
