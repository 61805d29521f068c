package logs

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"
	"strings"
)

// Filter is a handler that passes lines on without addresses and secrets, whoever
// wrote them: our own packages, net/http, or a library through package log. The
// value under the key "addr" is our own address, which stays.
func Filter(next slog.Handler) slog.Handler { return filter{next} }

type filter struct{ next slog.Handler }

func (f filter) Enabled(ctx context.Context, l slog.Level) bool { return f.next.Enabled(ctx, l) }

func (f filter) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, Hide(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(hideAttr(a))
		return true
	})
	return f.next.Handle(ctx, clean)
}

func (f filter) WithAttrs(attrs []slog.Attr) slog.Handler {
	hidden := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		hidden[i] = hideAttr(a)
	}
	return filter{f.next.WithAttrs(hidden)}
}

func (f filter) WithGroup(name string) slog.Handler { return filter{f.next.WithGroup(name)} }

func hideAttr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch {
	case a.Key == "addr":
		return a
	case a.Key == "path" && v.Kind() == slog.KindString:
		return slog.String(a.Key, HidePath(v.String()))
	case v.Kind() == slog.KindString:
		return slog.String(a.Key, Hide(v.String()))
	case v.Kind() == slog.KindGroup:
		group := v.Group()
		hidden := make([]slog.Attr, len(group))
		for i, g := range group {
			hidden[i] = hideAttr(g)
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(hidden...)}
	case v.Kind() == slog.KindAny:
		return slog.String(a.Key, Hide(fmt.Sprint(v.Any())))
	}
	return a
}

var (
	// addresses are what may be one: with brackets, a zone and a port, or without.
	// Each is parsed before it is taken out, because times and hashes look similar.
	addresses = regexp.MustCompile(`\[[0-9a-fA-F:.]+(?:%[\w.-]+)?\](?::\d{1,5})?|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?:\.\d{1,3}){0,3}(?:%[\w.-]+)?`)

	secrets = regexp.MustCompile(`(?i)((?:bearer|basic)\s+|signature="?|sig\w*=:|(?:access_token|token|code|client_secret|password|state|csrf)=)[^\s"&',;]+`)
	queries = regexp.MustCompile(`(https?://[^\s?"]*)\?[^\s"]*`)
)

// Hide is a line without addresses, tokens, codes, signatures, and what stands after
// the question mark of an address.
func Hide(text string) string {
	text = queries.ReplaceAllString(text, "$1?…")
	text = secrets.ReplaceAllString(text, "$1…")
	return addresses.ReplaceAllStringFunc(text, func(found string) string {
		if addressIn(found) {
			return "an address"
		}
		return found
	})
}

func addressIn(text string) bool {
	if _, err := netip.ParseAddrPort(text); err == nil {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return err == nil && !(addr.Is6() && strings.Trim(text, "[]") == "::")
}

const (
	longestPath = 200 // bytes of a path that are written
	secretWord  = 20  // letters and digits from which on a part of a path may be a secret
)

// HidePath is a path as it may be written down: parts that may be secrets, such as
// the name of a picture in a private post or the code of a link in a mail, are cut.
func HidePath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if secretPart(p) || i == 3 && len(p) > 4 && secretBelow["/"+parts[1]+"/"+parts[2]] {
			parts[i] = p[:4] + "…"
		}
	}
	out := word(strings.ReplaceAll(strings.Join(parts, "/"), "…", "~"), longestPath)
	if out == "" {
		return "-"
	}
	return out
}

// secretBelow are the addresses below which a secret stands, whatever it looks like: one
// of letters alone is rare, but there will be one.
var secretBelow = map[string]bool{"/privacy/ask": true, "/mail/off": true}

func secretPart(p string) bool {
	p, _, _ = strings.Cut(p, ".")
	if len(p) < secretWord {
		return false
	}
	letters, digits := false, false
	for _, c := range p {
		switch {
		case c >= '0' && c <= '9':
			digits = true
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_', c == '=':
			letters = true
		default:
			return false
		}
	}
	return letters && digits
}
