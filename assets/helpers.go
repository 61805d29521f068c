package assets

import (
	"fmt"
	"html/template"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// helpers are the pure functions that templates may call. A time is always
// shown in the zone of the page's Now.
var helpers = template.FuncMap{
	"icon":         icon,
	"sprite":       sprite,
	"static":       StaticPath,
	"when":         when,
	"fulltime":     fulltime,
	"zone":         zone,
	"date":         date,
	"plural":       plural,
	"num":          thousands,
	"bytes":        ByteSize,
	"count":        count,
	"times":        times,
	"add":          func(a, b int) int { return a + b },
	"pair":         pair,
	"list":         list,
	"field":        newField,
	"audienceIcon": audienceIcon,
	"audienceName": audienceName,
	"initials":     initials,
	"handle":       handle,
	"pictured":     Pictured,
	"gallery":      gallery,
	"sensitive":    sensitive,
	"uploadTypes":  uploadTypes,
}

// on is a part's own data together with the page it stands on.
type on struct{ Page, It any }

// pair hands a part its data and the page: {{template "card" pair $ .}}.
func pair(page, it any) on { return on{page, it} }

func list(items ...any) []any { return items }

// when is a time relative to now up to a day, then a date; the full time is in
// its title and in print.
func when(now, t time.Time) template.HTML {
	t = t.In(now.Location())
	return stamp(t, fulltime(now, t), relative(now, t))
}

func relative(now, t time.Time) string {
	passed := now.Sub(t)
	switch {
	case passed < -time.Minute: // another server's clock, or a plan
		return fulltime(now, t)
	case passed < time.Minute:
		return "now"
	case passed < time.Hour:
		return strconv.Itoa(int(passed/time.Minute)) + " min"
	case passed < 24*time.Hour:
		return strconv.Itoa(int(passed/time.Hour)) + " h"
	case days(now, t) == 1:
		return "yesterday"
	case days(now, t) < 7:
		return t.Format("Mon")
	case t.Year() == now.Year():
		return t.Format("2 Jan")
	}
	return t.Format("2 Jan 2006")
}

// days is the number of midnights between t and now.
func days(now, t time.Time) int {
	day := func(t time.Time) time.Time {
		y, m, d := t.Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return int(day(now).Sub(day(t)).Hours() / 24)
}

// fulltime is "today, 21:40", "yesterday, 21:40", "Sunday 22 November, 21:40",
// with the year if it is another.
func fulltime(now, t time.Time) string {
	t = t.In(now.Location())
	switch days(now, t) {
	case 0:
		return "today, " + t.Format("15:04")
	case 1:
		return "yesterday, " + t.Format("15:04")
	}
	if t.Year() == now.Year() {
		return t.Format("Monday 2 January, 15:04")
	}
	return t.Format("Monday 2 January 2006, 15:04")
}

// date is a full date and time that will still be right tomorrow: public pages
// are kept by caches.
//
// layout is "full", "day", "near" (today, yesterday; for pages that are not kept)
// or one of package time; class goes on the element.
func date(now, t time.Time, layout string, class ...string) template.HTML {
	t = t.In(now.Location())
	full := t.Format(fullDate)
	switch layout {
	case "full":
		return stamp(t, "", full, class...)
	case "near":
		return stamp(t, full, fulltime(now, t), class...)
	case "day":
		if t.Year() == now.Year() {
			return stamp(t, full, t.Format("2 January"), class...)
		}
		return stamp(t, full, t.Format("2 January 2006"), class...)
	}
	return stamp(t, full, t.Format(layout), class...)
}

func stamp(t time.Time, title, text string, class ...string) template.HTML {
	if title != "" {
		title = ` title="` + template.HTMLEscapeString(title) + `"`
	}
	if len(class) > 0 {
		title += ` class="` + template.HTMLEscapeString(class[0]) + `"`
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s"%s>%s</time>`, t.Format(time.RFC3339), title, template.HTMLEscapeString(text)))
}

// zone names the zone of now as people say it: "Amsterdam", "UTC".
func zone(now time.Time) string {
	name := now.Location().String()
	if name == "Local" {
		name, _ = now.Zone()
	}
	return strings.ReplaceAll(name[strings.LastIndexByte(name, '/')+1:], "_", " ")
}

// plural chooses a word by a number: plural 1 "reply" "replies".
func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// keptVersions is how many earlier versions of a post are kept at most.
const keptVersions = 20

// times is "once", "twice", "3 times", for what is counted as far as it is kept.
func times(n int) string {
	switch {
	case n == 1:
		return "once"
	case n == 2:
		return "twice"
	case n >= keptVersions:
		return strconv.Itoa(n) + " times or more"
	}
	return strconv.Itoa(n) + " times"
}

// handle writes a full handle so that a narrow place breaks it before the
// server's name, which is shown as shownDomain has it.
func handle(full string) template.HTML {
	if at := strings.LastIndexByte(full, '@'); at > 0 {
		return template.HTML(template.HTMLEscapeString(full[:at]) + "<wbr>@" + template.HTMLEscapeString(shownDomain(full[at+1:])))
	}
	return template.HTML(template.HTMLEscapeString(full))
}

// thousands writes 1204 as "1,204".
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// initials returns at most two first letters of a name.
func initials(name string) string {
	var out []rune
	for _, word := range strings.Fields(name) {
		if len(out) < 2 {
			out = append(out, []rune(word)[0])
		}
	}
	return strings.ToUpper(string(out))
}

// Field is one input with its label, hint and error, as the part "field" shows
// it. In templates: {{template "field" field "Name" "text" "Label" "Text"}}.
type Field struct {
	Name, Label, Hint, Error, Value string
	ID                              string // "" is Name
	Type                            string // "" is text; also password, url, search, textarea, checkbox, select, file
	Auto                            string // autocomplete
	Placeholder                     string
	Mode                            string // inputmode
	Pattern                         string
	Accept                          string // of a file
	Prefix                          string // shown inside before the text, "@"
	Lang                            string
	Max, Rows                       int
	Required, Checked, Focus, Mono  bool
	Options                         []Option // of a select
	List                            []string // suggestions
}

// Described is the value of aria-describedby: the error first, then the hint.
func (f Field) Described() string {
	var ids []string
	if f.Error != "" {
		ids = append(ids, f.ID+"-error")
	}
	if f.Hint != "" {
		ids = append(ids, f.ID+"-hint")
	}
	return strings.Join(ids, " ")
}

// newField fills a Field from names and values; a wrong name or type is an
// error that stops the page, and so its test.
func newField(args ...any) (Field, error) {
	var f Field
	v := reflect.ValueOf(&f).Elem()
	for i := 0; i+1 < len(args); i += 2 {
		name, ok := args[i].(string)
		if !ok || !v.FieldByName(name).IsValid() {
			return f, fmt.Errorf("field: no part %v", args[i])
		}
		value := reflect.ValueOf(args[i+1])
		target := v.FieldByName(name)
		if !value.IsValid() {
			continue // nil is what is not there
		}
		if !value.Type().AssignableTo(target.Type()) {
			return f, fmt.Errorf("field: %s wants %s, got %s", name, target.Type(), value.Type())
		}
		target.Set(value)
	}
	if f.ID == "" {
		f.ID = f.Name
	}
	if f.Type == "" {
		f.Type = "text"
	}
	return f, nil
}
