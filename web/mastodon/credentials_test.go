package mastodon

import (
	"bytes"
	"image"
	"image/png"
	"mime/multipart"
	"strings"
	"testing"

	"dassie/store"
)

// form is a multipart form; a field that begins with @ is a file with a picture, or
// with what follows.
func form(t *testing.T, fields ...string) (body, kind string) {
	t.Helper()
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for i := 0; i < len(fields); i += 2 {
		name, file := strings.CutPrefix(fields[i], "@")
		if !file {
			if err := w.WriteField(name, fields[i+1]); err != nil {
				t.Fatal(err)
			}
			continue
		}
		part, err := w.CreateFormFile(name, "me.png")
		if err != nil {
			t.Fatal(err)
		}
		if fields[i+1] != "" {
			_, err = part.Write([]byte(fields[i+1]))
		} else {
			err = png.Encode(part, image.NewRGBA(image.Rect(0, 0, 60, 60)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String(), w.FormDataContentType()
}

const profilePath = "/api/v1/accounts/update_credentials"

// fieldsOf writes the lines of a profile as one text.
func fieldsOf(me object) string {
	var list []string
	for _, f := range me["source"].(object)["fields"].([]any) {
		list = append(list, f.(object)["name"].(string)+"="+f.(object)["value"].(string))
	}
	return strings.Join(list, " ")
}

// Apps name the lines of a profile in five ways.
func TestLinesOfTheProfileInEveryForm(t *testing.T) {
	h := newHouse(t)
	const json = "application/json"
	indexed, kind := form(t, "fields_attributes[0][name]", "a", "fields_attributes[0][value]", "1", "fields_attributes[1][name]", "b", "fields_attributes[1][value]", "2")
	for i, c := range []struct{ kind, body, want string }{
		{kind, indexed, "a=1 b=2"},
		{json, `{"fields_attributes":[{"name":"c","value":"3"},{"value":"4","name":"d"}]}`, "c=3 d=4"},
		{"", "fields_attributes[10][name]=k&fields_attributes[10][value]=v&fields_attributes[9][name]=e&fields_attributes[9][value]=5", "e=5 k=v"},
		{"", "fields_attributes[][name]=f&fields_attributes[][value]=6&fields_attributes[][name]=g&fields_attributes[][value]=7", "f=6 g=7"},
		{json, `{"fields_attributes":{"0":{"name":"h","value":"8"},"1":{"name":"","value":""}}}`, "h=8"},
		{"", "display_name=Al", "h=8"},
		{json, `{"fields_attributes":[]}`, ""},
	} {
		headers := []string{}
		if c.kind != "" {
			headers = append(headers, "Content-Type", c.kind)
		}
		me := read[object](h, "PATCH", profilePath, c.body, headers...)
		if got := fieldsOf(me); got != c.want {
			t.Errorf("%d: %q, want %q", i, got, c.want)
		}
		hasKeys(t, "CredentialAccount", me, accountKeys+" source role")
		sound(t, "me", me)
	}
	checkError(t, h.ask("PATCH", profilePath, "fields_attributes[0][name]=a"), 422, "a line without a value")
	checkError(t, h.ask("PATCH", profilePath, strings.Repeat("fields_attributes[][name]=a&fields_attributes[][value]=b&", 9)), 422, "nine lines")
}

func TestProfileFromAnApp(t *testing.T) {
	h := newHouse(t)
	body, kind := form(t,
		"display_name", "Alice A.", "note", "Rocks & rain #dassie", "locked", "false", "bot", "1", "discoverable", "true", "indexable", "on", "hide_collections", "true",
		"attribution_domains[]", "https://Blog.example/", "attribution_domains[]", "*.paper.example",
		"source[privacy]", "unlisted", "source[sensitive]", "true", "source[language]", "de", "source[quote_policy]", "followers", "@avatar", "", "@header", "", "@other", "x")
	me := read[object](h, "PATCH", profilePath, body, "Content-Type", kind)
	src := me["source"].(object)
	for key, want := range map[string]any{"display_name": "Alice A.", "locked": false, "bot": true, "discoverable": true, "indexable": true, "hide_collections": true} {
		if me[key] != want {
			t.Errorf("%s is %v", key, me[key])
		}
	}
	for key, want := range map[string]any{"privacy": "unlisted", "sensitive": true, "language": "de", "quote_policy": "followers", "note": "Rocks & rain #dassie", "hide_collections": true} {
		if src[key] != want {
			t.Errorf("source.%s is %v", key, src[key])
		}
	}
	if list := src["attribution_domains"].([]any); len(list) != 2 || list[0] != "blog.example" || list[1] != "paper.example" {
		t.Errorf("%v", list)
	}
	for _, key := range []string{"avatar", "header"} {
		if address := me[key].(string); !strings.HasPrefix(address, "https://alice.example/media/") {
			t.Errorf("%s is %s", key, address)
		}
	}
	if set := h.svc.Settings(); set.PostVisibility != store.Unlisted || set.ApproveFollowers || set.ShowLists {
		t.Errorf("%+v", set)
	}
	// Empty texts take away, empty switches say nothing, and nothing else changes.
	me = read[object](h, "PATCH", profilePath, "display_name=&note=&bot=&locked=&source[privacy]=&avatar=")
	if me["display_name"] != "alice" || me["source"].(object)["note"] != "" || me["bot"] != true || me["source"].(object)["privacy"] != "unlisted" || strings.Contains(me["avatar"].(string), "/static/") {
		t.Errorf("%v", me)
	}
}

// What is wrong with one part leaves all as it was.
func TestARefusedProfileChangesNothing(t *testing.T) {
	h := newHouse(t)
	noPicture, kind := form(t, "display_name", "New", "@avatar", "this is no picture")
	tooLong, kind2 := form(t, "@avatar", "", "locked", "false", "note", strings.Repeat("x", 1001))
	for _, c := range []struct {
		body, kind, what string
		status           int
	}{
		{noPicture, kind, "no picture", 415}, {tooLong, kind2, "a long bio", 422},
		{"display_name=" + strings.Repeat("x", 101), "", "a long name", 422}, {"locked=false&source[privacy]=direct", "", "a privacy", 422},
		{"locked=false&source[privacy]=odd", "", "a privacy", 422}, {"locked=false&source[quote_policy]=odd", "", "a policy", 422},
		{"locked=false&attribution_domains[]=no+domain", "", "a domain", 422}, {"locked=false&source[language]=%3Cb%3E", "", "a language", 422},
	} {
		headers := []string{"Accept", "application/json"}
		if c.kind != "" {
			headers = append(headers, "Content-Type", c.kind)
		}
		checkError(t, h.ask("PATCH", profilePath, c.body, headers...), c.status, c.what)
	}
	me := read[object](h, "GET", "/api/v1/accounts/verify_credentials", "")
	if me["display_name"] != "alice" || me["locked"] != true || !strings.Contains(me["avatar"].(string), "/static/") {
		t.Errorf("%v", me)
	}
}

const profileKeys = `id display_name note fields avatar avatar_static avatar_description header header_static header_description
	locked bot hide_collections discoverable indexable show_media show_media_replies show_featured attribution_domains featured_tags`

func TestProfileEntity(t *testing.T) {
	h := newHouse(t)
	p := read[object](h, "GET", "/api/v1/profile", "")
	hasKeys(t, "Profile", p, profileKeys)
	if p["avatar"] != nil || p["display_name"] != "" || p["locked"] != true {
		t.Errorf("%v", p)
	}
	body, kind := form(t, "display_name", "Al", "@avatar", "", "@header", "")
	p = read[object](h, "PATCH", "/api/v1/profile", body, "Content-Type", kind)
	if put := read[object](h, "PUT", "/api/v1/profile", body, "Content-Type", kind); put["display_name"] != "Al" { // so does masto.js
		t.Errorf("by PUT: %v", put)
	}
	if hasKeys(t, "Profile", p, profileKeys); p["display_name"] != "Al" || p["avatar"] == nil || p["header_static"] == nil {
		t.Errorf("%v", p)
	}
	me := read[object](h, "DELETE", "/api/v1/profile/avatar", "")
	if hasKeys(t, "CredentialAccount", me, accountKeys+" source role"); !strings.Contains(me["avatar"].(string), "/static/") {
		t.Errorf("%v", me["avatar"])
	}
	read[object](h, "DELETE", "/api/v1/profile/header", "")
	if p = read[object](h, "GET", "/api/v1/profile", ""); p["avatar"] != nil || p["header"] != nil {
		t.Errorf("%v", p)
	}
}

const featuredKeys = "id name url statuses_count last_status_at"

func TestFeaturedTagsFromAnApp(t *testing.T) {
	h := newHouse(t)
	h.write(func(tx *store.Tx) error {
		return tx.SetTags(h.Hello.ID, nil, []string{"dassie"})
	})
	f := read[object](h, "POST", "/api/v1/featured_tags", "name=%23Dassie")
	hasKeys(t, "FeaturedTag", f, featuredKeys)
	if f["name"] != "dassie" || f["statuses_count"] != "1" || f["last_status_at"] != "2026-03-01" || f["url"] != "https://alice.example/tags/dassie" {
		t.Errorf("%v", f)
	}
	if tag := read[object](h, "POST", "/api/v1/tags/rocks/feature", ""); tag["featuring"] != true {
		t.Errorf("%v", tag)
	}
	if again := read[object](h, "POST", "/api/v1/featured_tags", "name=dassie"); again["id"] != f["id"] {
		t.Errorf("%v", again)
	}
	list := read[[]object](h, "GET", "/api/v1/featured_tags", "")
	if len(list) != 2 || list[0]["name"] != "dassie" || list[1]["statuses_count"] != "0" || list[1]["last_status_at"] != nil {
		t.Errorf("%v", list)
	}
	if list := read[[]object](h, "GET", "/api/v1/accounts/1/featured_tags", ""); len(list) != 2 {
		t.Errorf("%v", list)
	}
	if list := read[[]object](h, "GET", "/api/v1/accounts/"+id(h.Bob.ID)+"/featured_tags", ""); len(list) != 0 {
		t.Errorf("%v", list)
	}
	read[object](h, "DELETE", "/api/v1/featured_tags/"+f["id"].(string), "")
	if tag := read[object](h, "POST", "/api/v1/tags/rocks/unfeature", ""); tag["featuring"] != false {
		t.Errorf("%v", tag)
	}
	if list := read[[]object](h, "GET", "/api/v1/featured_tags", ""); len(list) != 0 {
		t.Errorf("%v", list)
	}
	checkError(t, h.ask("DELETE", "/api/v1/featured_tags/"+f["id"].(string), ""), 404, "it is gone")
	checkError(t, h.ask("POST", "/api/v1/featured_tags", "name=two+words"), 422, "no hashtag")
	checkError(t, h.ask("POST", "/api/v1/featured_tags", ""), 422, "no name")
	for i := range 10 {
		read[object](h, "POST", "/api/v1/featured_tags", "name=tag"+id(int64(i)))
	}
	checkError(t, h.ask("POST", "/api/v1/featured_tags", "name=eleventh"), 422, "too many")
	h.write(func(tx *store.Tx) error { // what the owner wrote of lately
		p := store.Post{URI: "https://alice.example/posts/9", ActorID: store.OwnerID, PublishedAt: tx.Now(), Extra: store.PostExtra{Tags: []string{"Lichen", "tag1"}}}
		return tx.InsertPost(&p)
	})
	tags := read[[]object](h, "GET", "/api/v1/featured_tags/suggestions", "")
	if len(tags) == 0 || tags[0]["name"] != "lichen" {
		t.Errorf("%v", tags)
	}
	for _, tag := range tags {
		if tag["name"] == "tag1" {
			t.Error("it is on the profile")
		}
	}
}

// What a profile says of new posts is what they get if an app says nothing.
func TestNewPostsAreAsTheProfileSays(t *testing.T) {
	h := newHouse(t)
	read[object](h, "PATCH", profilePath, "source[privacy]=private&source[sensitive]=true")
	for body, want := range map[string]string{
		"status=a": "private", "status=b&visibility=public": "public", "status=c&in_reply_to_id=" + id(h.Hello.ID): "private", "status=d&visibility=": "private",
	} {
		s := read[object](h, "POST", "/api/v1/statuses", body)
		if s["visibility"] != want || s["sensitive"] != false {
			t.Errorf("%s is %v, sensitive %v", body, s["visibility"], s["sensitive"])
		}
	}
}
