package federation_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// tagNames asks for the collection of hashtags as another server does.
func collectionTags(t *testing.T, s *fedtest.Server) (names []string) {
	t.Helper()
	var doc struct {
		TotalItems int
		Items      []struct{ Type, Name, Href string }
	}
	get(t, s, s.ActorURI()+"/tags", &doc)
	for _, item := range doc.Items {
		if item.Type != "Hashtag" || !strings.HasPrefix(item.Href, s.Origin().URL("/tags/")) {
			t.Errorf("%+v", item)
		}
		names = append(names, item.Name)
	}
	if doc.TotalItems != len(names) {
		t.Errorf("%d of %v", doc.TotalItems, names)
	}
	return names
}
