package mastodon

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// pair is a parameter with brackets in its name, as it was given. Their order parts
// lists of things that have parts, as Rails reads them:
// keywords_attributes[][id]=1&keywords_attributes[][id]=2.
type pair struct{ key, value string }

// addPair keeps a parameter that may be a part of a thing.
func (p *params) addPair(key, value string) {
	if strings.Contains(key, "[") && len(p.pairs) < maxParams {
		p.pairs = append(p.pairs, pair{key, value})
	}
}

// addPairs reads a query or a form that was read without an error before.
func (p *params) addPairs(raw string) {
	for part := range strings.SplitSeq(raw, "&") {
		key, value, _ := strings.Cut(part, "=")
		k, err := url.QueryUnescape(key)
		v, err2 := url.QueryUnescape(value)
		if err == nil && err2 == nil {
			p.addPair(k, v)
		}
	}
}

// addObjects keeps the objects in the lists of a JSON body, numbered.
func (p *params) addObjects(top map[string]any) {
	for key, v := range top {
		switch v := v.(type) {
		case []any:
			for i, item := range v {
				p.addObject(fmt.Sprintf("%s[%d]", key, i), item)
			}
		case map[string]any: // {"0": {…}}, as a form has it
			for i, item := range v {
				p.addObject(key+"["+i+"]", item)
			}
		}
	}
}

func (p *params) addObject(key string, item any) {
	o, _ := item.(map[string]any)
	for field, v := range o {
		switch v := v.(type) {
		case string:
			p.addPair(key+"["+field+"]", v)
		case nil, []any, map[string]any: // not a part that a form could have
		default:
			p.addPair(key+"["+field+"]", fmt.Sprint(v))
		}
	}
}

// objects reads a list of things with parts: name[3][part] by number, and
// name[][part] in the order given.
func (p params) objects(name string) []params {
	numbered := map[int]params{}
	var unnumbered []pair
	for _, at := range p.pairs {
		rest, ok := strings.CutPrefix(at.key, name+"[")
		index, field, parted := strings.Cut(rest, "][")
		if !ok || !parted || !strings.HasSuffix(field, "]") {
			continue
		}
		field = strings.TrimSuffix(field, "]")
		if index == "" {
			unnumbered = append(unnumbered, pair{field, at.value})
			continue
		}
		n, err := strconv.Atoi(index)
		if err != nil {
			continue
		}
		if numbered[n].v == nil {
			numbered[n] = params{v: url.Values{}}
		}
		if one := numbered[n]; !one.v.Has(field) { // the body counts before the query
			one.v.Set(field, at.value)
		}
	}
	list := inOrder(unnumbered)
	order := make([]int, 0, len(numbered))
	for n := range numbered {
		order = append(order, n)
	}
	slices.Sort(order)
	for _, n := range order {
		list = append(list, numbered[n])
	}
	return list
}

// inOrder parts what comes without numbers. Where each part comes equally often the
// first of each belong together, and so on: some programs write all names and then
// all values. Else a part that comes again begins the next thing.
func inOrder(parts []pair) (list []params) {
	count := map[string]int{}
	for _, at := range parts {
		count[at.key]++
	}
	even := true
	for _, n := range count {
		even = even && n == count[parts[0].key]
	}
	met := map[string]int{}
	for _, at := range parts {
		i := len(list) - 1
		if even {
			i = met[at.key]
			met[at.key]++
		}
		if i < 0 || i == len(list) || !even && list[i].v.Has(at.key) {
			list = append(list, params{v: url.Values{}})
			i = len(list) - 1
		}
		list[i].v.Set(at.key, at.value)
	}
	return list
}
