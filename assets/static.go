package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"path"
	"regexp"
	"sync"
)

//go:embed static templates deploy mail
var files embed.FS

// File is one static file, ready to be sent.
type File struct {
	Name string // "style.css"
	Type string // its Content-Type
	Body []byte
	Gzip []byte // Body compressed; nil where that saves nothing (PNG)
	ETag string // quoted
}

// types are the kinds of static files there are; another kind stops the tests.
var types = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".png": "image/png",
}

type staticSet struct {
	byPath map[string]File
	path   map[string]string
}

// add keeps a file ready to be sent.
func (set staticSet) add(name string, body []byte) {
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:6])
	file := File{Name: name, Type: types[path.Ext(name)], Body: body, ETag: `"` + hash + `"`}
	if packed := pack(body); len(packed) < len(body)*9/10 {
		file.Gzip = packed
	}
	address := "/static/" + hash + "-" + name
	set.byPath[address] = file
	set.path[name] = address
}

// The lines of style.css between which rules stand that no page for visitors uses.
const (
	ownerStyle = "/* Only the owner's pages: */\n"
	everyStyle = "/* All pages: */\n"
)

// comment is one of style.css.
var comment = regexp.MustCompile(`(?s)\s*/\*.*?\*/`)

// bareStyle is a style as it is sent: without its comments, which are for those who
// write it and a fifteenth of what a browser would load.
func bareStyle(style []byte) []byte { return comment.ReplaceAll(style, nil) }

// publicStyle is what visitors get of the style: they should not have to load the
// owner's half of it.
func publicStyle(style []byte) []byte {
	var out []byte
	for {
		every, rest, found := bytes.Cut(style, []byte(ownerStyle))
		out = append(out, every...)
		if !found {
			return out
		}
		if _, style, found = bytes.Cut(rest, []byte(everyStyle)); !found {
			return out
		}
	}
}

var loadStatic = sync.OnceValue(func() staticSet {
	set := staticSet{map[string]File{}, map[string]string{}}
	entries, err := fs.ReadDir(files, "static")
	if err != nil {
		panic(err) // the folder is part of the binary
	}
	for _, entry := range entries {
		name := entry.Name()
		body, err := files.ReadFile("static/" + name)
		if err != nil {
			panic(err)
		}
		if name == "style.css" {
			set.add("public.css", bareStyle(publicStyle(body)))
			body = bareStyle(body)
		}
		set.add(name, body)
	}
	return set
})

// Static returns all static files by their path, "/static/HASH-name". The hash
// is of the content, so an answer may be cached for ever.
func Static() map[string]File { return loadStatic().byPath }

// StaticPath returns the path of a static file: "style.css" ->
// "/static/0123456789ab-style.css". A name that does not exist panics: it is a
// typing mistake that every test of the page finds.
func StaticPath(name string) string {
	address, ok := loadStatic().path[name]
	if !ok {
		panic("assets: no static file " + name)
	}
	return address
}

// Deploy returns a file of deploy/: a systemd unit or a proxy's snippet.
func Deploy(name string) ([]byte, error) { return files.ReadFile("deploy/" + name) }

func pack(body []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	_, _ = z.Write(body) // a bytes.Buffer does not fail
	_ = z.Close()
	return b.Bytes()
}
