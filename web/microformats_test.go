package web

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// item is a microformat: its types, and its properties by name, as
// https://microformats.org/wiki/microformats2-parsing reads them. Values that are
// items themselves stand in items.
type item struct {
	types []string
	props map[string][]string
	items map[string][]*item
	kids  []*item // items that are no property
}

// microformats reads the items of a page. It knows as much of the rules as our
// pages use: no implied properties, no value classes.
func microformats(t *testing.T, base, page string) *item {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	must(t, err)
	at, err := url.Parse(base)
	must(t, err)
	root := &item{props: map[string][]string{}, items: map[string][]*item{}}
	readItems(doc, at, root)
	return root
}

func readItems(n *html.Node, base *url.URL, in *item) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode {
			continue
		}
		var types, props []string
		for class := range strings.FieldsSeq(attribute(c, "class")) {
			prefix, name, ok := strings.Cut(class, "-")
			switch {
			case ok && prefix == "h" && name != "":
				types = append(types, class)
			case ok && slices.Contains([]string{"p", "u", "dt", "e"}, prefix):
				props = append(props, class)
			}
		}
		inner := in
		if len(types) > 0 {
			inner = &item{types: types, props: map[string][]string{}, items: map[string][]*item{}}
			if len(props) == 0 {
				in.kids = append(in.kids, inner)
			}
		}
		for _, prop := range props {
			prefix, name, _ := strings.Cut(prop, "-")
			if len(types) > 0 {
				in.items[name] = append(in.items[name], inner)
			} else {
				in.props[name] = append(in.props[name], propertyValue(c, prefix, base))
			}
		}
		readItems(c, base, inner)
	}
}

func propertyValue(n *html.Node, prefix string, base *url.URL) string {
	name := map[string]map[string]string{"u": {"a": "href", "img": "src"}, "dt": {"time": "datetime"}}[prefix][n.Data]
	value := strings.Join(strings.Fields(words(n)), " ")
	if name != "" {
		value = attribute(n, name)
	}
	if prefix != "u" {
		return value
	}
	u, err := base.Parse(value)
	if err != nil {
		return value
	}
	return u.String()
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func words(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(words(c))
	}
	return b.String()
}

// all are the items of a type, however deep.
func (i *item) all(kind string) (list []*item) {
	for _, k := range i.kids {
		if slices.Contains(k.types, kind) {
			list = append(list, k)
		}
		list = append(list, k.all(kind)...)
	}
	return list
}

func (i *item) one(name string) string {
	if len(i.props[name]) == 0 {
		return ""
	}
	return i.props[name][0]
}
