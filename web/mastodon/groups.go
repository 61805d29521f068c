package mastodon

import (
	"slices"
	"strconv"
	"strings"

	"dassie/web/reply"
)

// groups reads a list of objects: name[0][key], as JSON arrays are flattened to, and
// name[][key], whose values belong together by their order. They can be told apart
// only where each object has the same keys.
func (p params) groups(name string) ([]params, error) {
	byIndex := map[string]params{}
	var order []string
	group := func(index string) params {
		if _, ok := byIndex[index]; !ok {
			byIndex[index] = params{v: map[string][]string{}}
			order = append(order, index)
		}
		return byIndex[index]
	}
	unnamed := -1
	for _, key := range p.keysUnder(name) {
		index, field, _ := strings.Cut(strings.TrimPrefix(key, name+"["), "][")
		field = strings.TrimSuffix(field, "]")
		if index != "" {
			group(index).v[field] = p.v[key]
			continue
		}
		if unnamed >= 0 && unnamed != len(p.v[key]) {
			return nil, reply.Errorf(reply.Unprocessable, "Validation failed: number the entries of %s, or give each of them the same keys.", name)
		}
		unnamed = len(p.v[key])
		for i, v := range p.v[key] {
			g := group("-" + strconv.Itoa(i))
			g.v[field] = []string{v}
		}
	}
	out := make([]params, len(order))
	for i, index := range order {
		out[i] = byIndex[index]
	}
	return out, nil
}

// keysUnder lists the parameters inside of one, sorted.
func (p params) keysUnder(name string) []string {
	var keys []string
	for key := range p.v {
		if strings.HasPrefix(key, name+"[") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
