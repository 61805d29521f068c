package mastodon

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// pair is a parameter as it was given. Their order parts lists of things that have
// parts, as Rails reads them: keywords_attributes[][id]=1&keywords_attributes[][id]=2.
type pair struct{ key, value string }

// pairsOf reads a query or a form that was read without an error before.
func pairsOf(raw string) []pair {
	var list []pair
	for part := range strings.SplitSeq(raw, "&") {
		key, value, _ := strings.Cut(part, "=")
		k, err := url.QueryUnescape(key)
		v, err2 := url.QueryUnescape(value)
		if err == nil && err2 == nil && strings.Contains(k, "[") && len(list) < maxParams {
			list = append(list, pair{k, v})
		}
	}
	return list
}

// zipped is for forms whose order is lost: the first of each part belongs to the
// first thing, and so on.
func zipped(form url.Values) []pair {
	var list []pair
	for i := range maxParams {
		found := false
		for key, values := range form {
			name, field, ok := strings.Cut(key, "[][")
			if ok && i < len(values) {
				list, found = append(list, pair{fmt.Sprintf("%s[%d][%s", name, i, field), values[i]}), true
			}
		}
		if !found {
			break
		}
	}
	for key, values := range form {
		if strings.Contains(key, "[") && !strings.Contains(key, "[][") && len(values) > 0 {
			list = append(list, pair{key, values[0]})
		}
	}
	return list
}

// objectPairs is the objects in the lists of a JSON body, numbered.
func objectPairs(top map[string]any) []pair {
	var list []pair
	for key, v := range top {
		items, _ := v.([]any)
		if numbered, ok := v.(map[string]any); ok { // {"0": {…}}, as a form has it
			for i, item := range numbered {
				list = appendObject(list, key+"["+i+"]", item)
			}
		}
		for i, item := range items {
			list = appendObject(list, fmt.Sprintf("%s[%d]", key, i), item)
		}
	}
	return list
}

func appendObject(list []pair, key string, item any) []pair {
	o, _ := item.(map[string]any)
	for field, v := range o {
		switch v := v.(type) {
		case string:
			list = append(list, pair{key + "[" + field + "]", v})
		case nil, []any, map[string]any: // not a part that a form could have
		default:
			list = append(list, pair{key + "[" + field + "]", fmt.Sprint(v)})
		}
	}
	return list
}

// things reads a list of things with parts: name[][part] in order, where a part that
// comes again begins the next thing, or name[3][part] by number.
func (p params) things(name string) []map[string]string {
	var list []map[string]string
	numbered := map[int]map[string]string{}
	for _, at := range p.pairs {
		rest, ok := strings.CutPrefix(at.key, name+"[")
		index, field, parted := strings.Cut(rest, "][")
		if !ok || !parted || !strings.HasSuffix(field, "]") {
			continue
		}
		field = strings.TrimSuffix(field, "]")
		if index == "" {
			if n := len(list); n == 0 || has(list[n-1], field) {
				list = append(list, map[string]string{})
			}
			list[len(list)-1][field] = at.value
			continue
		}
		n, err := strconv.Atoi(index)
		if err != nil {
			continue
		}
		if numbered[n] == nil {
			numbered[n] = map[string]string{}
		}
		if !has(numbered[n], field) {
			numbered[n][field] = at.value
		}
	}
	var order []int
	for n := range numbered {
		order = append(order, n)
	}
	slices.Sort(order)
	for _, n := range order {
		list = append(list, numbered[n])
	}
	return list
}

func has(thing map[string]string, field string) bool { _, ok := thing[field]; return ok }
