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
	Handle, Name, Bio      string
	Fields                 []store.Field
	AvatarFile, HeaderFile string // members
	Made                   time.Time
	Style                  template.CSS
	Policy                 string
	Sections               []indexSection
	Long                   bool // browsers draw what is in sight only
}

// longPage is how many posts a browser draws at once without being slow.
const longPage = 2000

// indexSection is one part of the page. What it writes is counted in items.
type indexSection struct {
	ID, Title, About string
	write            func(e *export, w io.Writer) (int, error)
}

// indexSections are all that the archive holds, in the order of the page.
func indexSections() []indexSection {
	return []indexSection{
		{"posts", "Posts", "", (*export).indexPosts},
		{"messages", "Private mentions", "", (*export).indexMessages},
		{"drafts", "Drafts and scheduled posts", "", (*export).indexUnsent},
		{"bookmarks", "Bookmarks", "", indexMarked(bookmarkPairs)},
		{"likes", "Likes", "", indexMarked(likePairs)},
		{"votes", "Votes", "What you chose in polls of others.", (*export).indexVotes},
		{"following", "Following", "", (*export).indexFollowing},
		{"followers", "Followers", "", (*export).indexFollowers},
		{"lists", "Lists", "", (*export).indexLists},
		{"hashtags", "Profile and hashtags", "", (*export).indexProfile},
		{"notes", "Notes about people", "", (*export).indexNotes},
		{"mutes", "Mutes", "", (*export).indexMutes},
		{"blocks", "Blocks", "", (*export).indexBlocks},
		{"servers", "Rules for servers", "", (*export).indexRules},
		{"filters", "Filters", "", (*export).indexFilters},
		{"emojis", "Custom emojis", "", (*export).indexEmojis},
		{"settings", "Settings", "", (*export).indexSettings},
		{"ledger", "Who got your posts", "Servers that posts are for, and what came of it. Each post says it for itself; dassie/posts.jsonl has all of it.", (*export).indexLedger},
		{"security", "Security log", "Without addresses.", (*export).indexSecurity},
	}
}

// policy lets the page run its own script and nothing else: what strangers wrote
// to the owner is in it.
func policy() string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; img-src 'self' file:; media-src 'self' file:; style-src " + hash(indexStyle) + "; script-src " + hash(indexScript) + "; base-uri 'none'; form-action 'none'"
}

// index writes the page with everything, section by section.
func (e *export) index() error {
	w, err := e.create("index.html", false)
	if err != nil {
		return err
	}
	me, err := store.Get(e.ctx, e.Store, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(store.OwnerID) })
	if err != nil {
		return err
	}
	head := indexHead{
		Handle: "@" + me.Handle(), Name: me.DisplayName(), Bio: me.Summary, Fields: me.Extra.Fields, AvatarFile: e.pictures["avatar"], HeaderFile: e.pictures["header"],
		Made: e.Now(), Style: template.CSS(indexStyle), Policy: policy(), Sections: indexSections(), Long: e.sum.Posts+e.sum.Likes+e.sum.Bookmarks > longPage,
	}
	if err := indexPage.ExecuteTemplate(w, "head", head); err != nil {
		return err
	}
	for _, s := range head.Sections {
		if err := indexPage.ExecuteTemplate(w, "section", s); err != nil {
			return err
		}
		n, err := s.write(e, w)
		if err != nil {
			return err
		}
		if err := indexPage.ExecuteTemplate(w, "end", n > 0); err != nil {
			return err
		}
	}
	if err := indexPage.ExecuteTemplate(w, "foot", nil); err != nil {
		return err
	}
	_, err = io.WriteString(w, "<script>"+indexScript+"</script>\n</body>\n</html>\n")
	return err
}

// indexMarked shows the posts that a list names.
func indexMarked(list func(*store.Tx, store.Page) ([][2]int64, error)) func(*export, io.Writer) (int, error) {
	return func(e *export, w io.Writer) (n int, err error) {
		err = e.eachMarked(list, func(tx *store.Tx, posts []store.Post) error {
			authors := make([]int64, len(posts))
			for i, p := range posts {
				authors[i] = p.ActorID
			}
			actors, err := tx.Actors(authors...)
			for i := 0; err == nil && i < len(posts); i++ {
				p, a := posts[i], actors[posts[i].ActorID]
				err = indexPage.ExecuteTemplate(w, "message", message{URI: p.URI, From: a.Handle(), Published: p.PublishedAt, Parent: p.ParentURI, Summary: p.Summary, Content: p.HTML()})
			}
			n += len(posts)
			return err
		})
		return n, err
	}
}

func (e *export) indexMessages(w io.Writer) (n int, err error) {
	err = e.eachMessage(func(m message) error { n++; return indexPage.ExecuteTemplate(w, "message", m) })
	return n, err
}

// indexRows writes a table row by row; its head comes with the first of them.
func indexRows(w io.Writer, columns []string, fill func(add func(cells ...string) error) error) (n int, err error) {
	err = fill(func(cells ...string) error {
		if n == 0 {
			if err := indexPage.ExecuteTemplate(w, "columns", columns); err != nil {
				return err
			}
		}
		n++
		return indexPage.ExecuteTemplate(w, "row", cells)
	})
	if err == nil && n > 0 {
		err = indexPage.ExecuteTemplate(w, "rows", nil)
	}
	return n, err
}
