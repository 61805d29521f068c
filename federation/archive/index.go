package archive

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"time"

	"dassie/store"
)

// The page stands alone: it is opened from a disk, years later, without a server.
//
//go:embed index.html
var indexSource string

//go:embed index.css
var indexStyle string

//go:embed index.js
var indexScript string

var indexPage = template.Must(template.New("index").Funcs(template.FuncMap{
	"when":  func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04") },
	"stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"safe":  func(s string) template.HTML { return template.HTML(s) }, // content that the store keeps is safe already
}).Parse(indexSource))

type indexHead struct {
	Handle, Name string
	Made         time.Time
	Style        template.CSS
	Policy       string
}

type indexPost struct {
	post
	Audience string
	Title    string
}

var audiences = [...]string{"Everyone", "Everyone, quietly", "Followers", "Only people named"}

// policy lets the page run its own script and nothing else: what strangers wrote
// to the owner is in it.
func policy() string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; img-src 'self' file:; media-src 'self' file:; style-src " + hash(indexStyle) + "; script-src " + hash(indexScript) + "; base-uri 'none'; form-action 'none'"
}

// index writes the page with all posts, the oldest first, then the private
// mentions, likes and bookmarks.
func (e *export) index() error {
	w, err := e.create("index.html", false)
	if err != nil {
		return err
	}
	me, err := store.Get(e.ctx, e.Store, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(store.OwnerID) })
	if err != nil {
		return err
	}
	head := indexHead{Handle: "@" + me.Handle(), Name: me.DisplayName(), Made: e.Now(), Style: template.CSS(indexStyle), Policy: policy()}
	if err := indexPage.ExecuteTemplate(w, "head", head); err != nil {
		return err
	}
	if err := e.eachPost(func(tx *store.Tx, posts []store.Post) error {
		list, err := wholes(tx, posts)
		for i := 0; err == nil && i < len(list); i++ {
			err = indexPage.ExecuteTemplate(w, "post", indexPost{post: list[i], Audience: audiences[posts[i].Visibility], Title: posts[i].Title})
		}
		return err
	}); err != nil {
		return err
	}
	if err := e.indexMessages(w); err != nil {
		return err
	}
	for _, list := range []struct {
		title string
		pairs func(*store.Tx, store.Page) ([][2]int64, error)
	}{{"Bookmarks", bookmarkPairs}, {"Likes", likePairs}} {
		if err := e.indexMarked(w, list.title, list.pairs); err != nil {
			return err
		}
	}
	if err := indexPage.ExecuteTemplate(w, "foot", nil); err != nil {
		return err
	}
	_, err = io.WriteString(w, "<script>"+indexScript+"</script>\n</body>\n</html>\n")
	return err
}

func (e *export) indexMessages(w io.Writer) error {
	if err := indexPage.ExecuteTemplate(w, "section", "Private mentions"); err != nil {
		return err
	}
	return e.eachMessage(func(m message) error { return indexPage.ExecuteTemplate(w, "message", m) })
}

func (e *export) indexMarked(w io.Writer, title string, list func(*store.Tx, store.Page) ([][2]int64, error)) error {
	if err := indexPage.ExecuteTemplate(w, "section", title); err != nil {
		return err
	}
	return e.eachMarked(list, func(tx *store.Tx, p store.Post) error {
		a, err := tx.Actor(p.ActorID)
		if err != nil {
			return err
		}
		return indexPage.ExecuteTemplate(w, "message", message{URI: p.URI, From: a.Handle(), Published: p.PublishedAt, Summary: p.Summary, Content: p.HTML()})
	})
}
