package assets

import (
	"fmt"
	"html/template"
	"strings"
)

// icons is the whole set: a 20 x 20 grid, stroke 1.5, round caps and joins, no
// fill, drawn in the colour of the text. Each is path data; "dash" before it
// makes the stroke dashed.
var icons = map[string]string{
	"reply":  "M8.5 4.5 3.5 9.5l5 5M3.5 9.5h7a6 6 0 0 1 6 6v1",
	"boost":  "M3.5 9V7.5a2 2 0 0 1 2-2h9M12 3l2.5 2.5L12 8M16.5 11v1.5a2 2 0 0 1-2 2h-9M8 17l-2.5-2.5L8 12",
	"like":   "M10 16.5C6 13.6 3 11 3 7.9A3.7 3.7 0 0 1 6.7 4.2c1.4 0 2.6.7 3.3 1.9.7-1.2 1.9-1.9 3.3-1.9A3.7 3.7 0 0 1 17 7.9c0 3.1-3 5.7-7 8.6Z",
	"save":   "M5.5 3.5h9v13L10 13l-4.5 3.5Z",
	"more":   "M4.5 10h.01M10 10h.01M15.5 10h.01",
	"home":   "M3.5 9 10 3.5 16.5 9v7.5h-4.5v-5h-4v5H3.5Z",
	"inbox":  "M3.5 11.5 5.5 4h9l2 7.5v5h-13ZM3.5 11.5h4a2.5 2.5 0 0 0 5 0h4",
	"write":  "m4 13.2 8.7-8.7 2.8 2.8L6.8 16 3.5 16.5ZM11 6.2 13.8 9",
	"search": "M14 9a5.3 5.3 0 1 1-10.6 0A5.3 5.3 0 0 1 14 9ZM12.6 12.8l4.2 4.2",
	"menu":   "M3 5.5h14M3 10h14M3 14.5h9",
	"globe":  "M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0ZM3 10h14M10 3c2.2 1.9 3.2 4.3 3.2 7s-1 5.1-3.2 7c-2.2-1.9-3.2-4.3-3.2-7s1-5.1 3.2-7Z",
	"quiet":  "M8.3 3.3a5.9 5.9 0 0 0 8.4 7.6 6.9 6.9 0 1 1-8.4-7.6Z",
	"people": "M10.6 7a2.9 2.9 0 1 1-5.8 0 2.9 2.9 0 0 1 5.8 0ZM2.5 16.5c0-3.2 2.2-5.3 5.2-5.3s5.2 2.1 5.2 5.3M12.6 4.3a2.8 2.8 0 0 1 .4 5.5M14.8 12c1.8.7 2.7 2.3 2.7 4.5",
	"at":     "M13 10a3 3 0 1 1-6 0 3 3 0 0 1 6 0ZM13 7v3.8c0 1.3.8 2.1 1.9 2.1 1.3 0 2.1-1.1 2.1-2.9a7 7 0 1 0-2.8 5.6",
	"lock":   "M5 9h10v7.5H5ZM7 9V6.5a3 3 0 0 1 6 0V9",
	"pic":    "M3 4.5h14v11H3ZM3.5 13.5l3.7-3.7 3.3 3.3 2-2 4 3.6M13.5 7.8h.01",
	"poll":   "M3.5 5h13M3.5 10h7M3.5 15h10",
	"clock":  "M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0ZM10 6v4.2l2.6 1.5",
	"warn":   "M10 3 17.5 16h-15ZM10 8v3.8M10 14h.01",
	"ok":     "m4 10.5 4 4 8-9",
	"x":      "m5 5 10 10M15 5 5 15",
	"down":   "m5.5 8 4.5 4.5L14.5 8",
	"right":  "m8 5.5 4.5 4.5L8 14.5",
	"back":   "M16.5 10h-13M8.5 5l-5 5 5 5",
	"dlw":    "M10 3v9M6 8.5l4 4 4-4M3.5 16.5h13",
	"copy":   "M7.5 7.5h9v9h-9ZM4.5 12.5h-1v-9h9v1",
	"feed":   "M4 4.5A11.5 11.5 0 0 1 15.5 16M4 9.5a6.5 6.5 0 0 1 6.5 6.5M4.5 15.5h.01",
	"pin":    "M7 3.5h6M7.8 3.5v4.7L5.5 11h9l-2.3-2.8V3.5M10 11v6",
	"hide":   "M2.5 10c1.7-3 4.3-4.5 7.5-4.5s5.8 1.5 7.5 4.5c-1.7 3-4.3 4.5-7.5 4.5S4.2 13 2.5 10ZM16.5 3.5l-13 13",
	"quote":  "M3.5 4v12M7.5 5.5h9M7.5 10h9M7.5 14.5h6",
	"server": "M3 4h14v5.2H3ZM3 10.8h14V16H3ZM6 6.6h.01M6 13.4h.01",
	"info":   "M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0ZM10 9.2v4.3M10 6.6h.01",
	"person": "M13 6.7a3 3 0 1 1-6 0 3 3 0 0 1 6 0ZM4.5 16.5c0-3.2 2.3-5.3 5.5-5.3s5.5 2.1 5.5 5.3",
	"wait":   "dash M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0Z",
	"dassie": "M2.5 15.5c0-5.5 3.5-9 8-9 .6-1.5 2.5-1.7 3-.2 2.3.4 4 2.3 4 4.4 0 1.3-.8 2-2.1 2.2-.6.1-.9.6-.9 1.3v1.3ZM14.3 9.3h.01",
}

// sprite returns the symbols of the named icons, hidden. A page that shows an
// icon must have it in its sprite.
func sprite(names ...string) (template.HTML, error) {
	var b strings.Builder
	b.WriteString(`<svg class="sprite" aria-hidden="true">`)
	for _, name := range names {
		data, ok := icons[name]
		if !ok {
			return "", fmt.Errorf("no icon %q", name)
		}
		dash := ""
		if rest, dashed := strings.CutPrefix(data, "dash "); dashed {
			data, dash = rest, ` stroke-dasharray="1.5 2.9"`
		}
		fmt.Fprintf(&b, `<symbol id="i-%s" viewBox="0 0 20 20"><path d="%s"%s/></symbol>`, name, data, dash)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()), nil
}

// icon draws one icon of the sprite. It is never alone: the word stands beside
// it, visible or hidden. extra are further classes, "s" for the small one.
func icon(name string, extra ...string) (template.HTML, error) {
	if _, ok := icons[name]; !ok {
		return "", fmt.Errorf("no icon %q", name)
	}
	class := strings.Join(append([]string{"i"}, extra...), " ")
	return template.HTML(fmt.Sprintf(`<svg class="%s" aria-hidden="true"><use href="#i-%s"/></svg>`, template.HTMLEscapeString(class), name)), nil
}
