package mastodon

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
)

// The parts of things stay together in every form in which apps send lists of them.
func TestListsOfThingsInEveryForm(t *testing.T) {
	multipart, kind := form(t, "a[][id]", "1", "a[][id]", "2", "a[][text]", "y")
	for i, c := range []struct{ kind, body, query, want string }{
		{"", "a[0][id]=1&a[0][text]=x&a[1][id]=2", "", "1:x 2:"},
		{"", "a[7][id]=2&a[3][id]=1", "", "1: 2:"},
		{"", "a[][id]=1&a[][text]=x&a[][id]=2&a[][text]=y", "", "1:x 2:y"},
		{"", "a[][id]=1&a[][id]=2&a[][text]=x&a[][text]=y", "", "1:x 2:y"}, // all names, then all values
		{"", "a[][id]=1&a[][id]=2&a[][text]=y", "", "1: 2:y"},              // as Rails parts them
		{"", "a[][text]=x&a[][id]=1&a[][id]=2", "", "1:x 2:"},
		{kind, multipart, "", "1: 2:y"},
		{inJSON, `{"a":[{"id":1,"text":"x"},{"text":null,"id":"2"},3,null,["b"]]}`, "", "1:x 2:"},
		{inJSON, `{"a":{"1":{"id":2},"0":{"id":1,"text":true,"deep":{"id":3}}}}`, "", "1:true 2:"},
		{"", "a[0][id]=1", "a[0][id]=9&a[0][text]=x", "1:x"}, // the body counts before the query
		{"", "a[x][id]=1&a[]=2&a=3&a[0]=4&a[0][id&ab[0][id]=5", "", ""},
		{"", "", "a[][id]=1", "1:"},
	} {
		r := httptest.NewRequest("POST", "/?"+strings.ReplaceAll(c.query, "|", "%7C"), strings.NewReader(c.body))
		if c.kind == "" {
			c.kind = "application/x-www-form-urlencoded"
		}
		r.Header.Set("Content-Type", c.kind)
		p, err := readParams(httptest.NewRecorder(), r)
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		var got []string
		for _, one := range p.objects("a") {
			got = append(got, fmt.Sprintf("%s:%s", one.get("id"), one.get("text")))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%d %s: %q, want %q", i, c.body, got, c.want)
		}
	}
}
