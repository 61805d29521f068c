package reply

import (
	"net/url"
	"strings"
)

// Local returns path if a browser, given it as Location, stays on this server,
// and "/" otherwise. It accepts an absolute path with query and fragment.
// Refused are a scheme or host ("https://evil", "//evil"), a backslash (which
// browsers read as a slash: "/\evil"), control characters and spaces (which
// they drop: "/\t/evil"), dot segments, and addresses over 2,000 bytes.
func Local(path string) string {
	const fallback = "/"
	if len(path) > 2000 || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return fallback
	}
	for i := 0; i < len(path); i++ {
		if c := path[i]; c <= ' ' || c == 0x7f || c == '\\' {
			return fallback
		}
	}
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return fallback
	}
	// After removing dot segments "/..//evil" is "//evil" to some readers, so a
	// path that has any is not worth guessing about. u.Path is unescaped.
	if strings.HasPrefix(u.Path, "//") || strings.ContainsAny(u.Path, "\\\r\n\x00") {
		return fallback
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "." || segment == ".." {
			return fallback
		}
	}
	return path
}
