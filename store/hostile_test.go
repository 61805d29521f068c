package store_test

import (
	"reflect"
	"strings"
	"testing"

	"dassie/store"
	"dassie/store/storetest"
)

// T41: quotes, NULs and broken UTF-8 in every text field are stored as they came.
func TestT41_TextIsStoredAsText(t *testing.T) {
	s := storetest.OpenAlice(t)
	for _, evil := range []string{"'; drop table posts; --", "a\x00b", `"`, "\xff\xfe", "%_\\", "\x1b[2J\r\n", strings.Repeat("'", 10000)} {
		write(t, s, func(tx *store.Tx) error {
			host, err := tx.EnsureHost("evil" + evil)
			if err != nil {
				return err
			}
			a := store.Actor{HostID: host}
			fill(reflect.ValueOf(&a).Elem(), evil)
			a.URI = "https://x.example/" + evil
			if err := tx.SaveActor(&a); err != nil {
				return err
			}
			gotA, err := tx.ActorByURI(a.URI)
			if err != nil {
				return err
			}
			if gotA.Extra = a.Extra; !reflect.DeepEqual(gotA, a) {
				t.Errorf("%.20q: the actor came back as %+v", evil, gotA)
			}
			if _, err := tx.ActorByHandle(evil, evil); err != nil {
				t.Errorf("%.20q: by handle: %v", evil, err)
			}
			p := store.Post{ActorID: a.ID, PublishedAt: tx.Now()}
			fill(reflect.ValueOf(&p).Elem(), evil)
			p.URI = "https://x.example/p/" + evil
			if err := tx.InsertPost(&p); err != nil {
				return err
			}
			gotP, err := tx.PostByURI(p.URI)
			if err != nil {
				return err
			}
			if gotP.Content != evil || gotP.Title != evil || gotP.Summary != evil || gotP.Source != evil || gotP.ParentURI != evil {
				t.Errorf("%.20q: the post came back as %+v", evil, gotP)
			}
			if err := tx.SetTags(p.ID, nil, []string{evil}); err != nil {
				return err
			}
			if err := tx.SaveRemoteMedia(store.RemoteMedia{URL: evil, Shape: evil, Name: evil}); err != nil {
				return err
			}
			if m, err := tx.RemoteMedia(evil, evil); err != nil || m.Name != evil {
				t.Errorf("%.20q: picture %+v, %v", evil, m, err)
			}
			if err := tx.LogSecurity(evil, evil, evil); err != nil {
				return err
			}
			if _, err := tx.Notifications(store.Page{}, []string{evil}, []string{evil}); err != nil {
				return err
			}
			if _, err := tx.IndexBatch(10, func(p store.Post) string { return p.Content }); err != nil {
				return err
			}
			_, _, err = tx.SearchPosts(store.PostQuery{Words: evil, Language: evil}, store.Page{})
			return err
		})
	}
	if n := count(t, s, "select count(*) from posts"); n != 7 {
		t.Errorf("%d posts", n)
	}
}

// fill sets every text of a struct.
func fill(v reflect.Value, text string) {
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.String {
			f.SetString(text)
		}
	}
}
