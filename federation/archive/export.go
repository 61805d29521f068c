package archive

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"dassie/federation"
	"dassie/store"
	"dassie/store/media"
)

// Source is what an archive is made of.
type Source struct {
	Service *federation.Service
	Store   *store.Store
	Media   *media.Store
	Now     func() time.Time
	Program string // name and version, for the manifest
}

// Progress is how far an archive is.
type Progress struct {
	Stage       string // what is being packed, in words
	Done, Total int    // posts and files
	Bytes       int64  // written so far
	Work, Works int64  // done, and in all: posts are gone through several times, and files are long or short
}

const (
	passes   = 3        // of the posts: for the outbox, for what only dassie keeps, for the page
	passWork = 40 << 10 // what one of them costs of a post, in bytes of files that are copied meanwhile
)

// Share is how much of the work is done, from 0 to 1.
func (p Progress) Share() float64 {
	if p.Works == 0 {
		return 0
	}
	return min(float64(p.Work)/float64(p.Works), 1)
}

// Summary is what went into an archive.
type Summary struct {
	Posts, Likes, Bookmarks, Files int
	Bytes                          int64    // of the zip file
	Missing                        []string // files that the database names and the disk does not have
}

// pageSize is how many rows are read at a time.
const pageSize = 100

// Write packs everything into out. tell, which may be nil, is told how far it is
// after each page and each file. An error leaves out half written.
func (s Source) Write(ctx context.Context, out io.Writer, tell func(Progress)) (Summary, error) {
	if tell == nil {
		tell = func(Progress) {}
	}
	e := &export{Source: s, ctx: ctx, out: &counter{w: out}, tell: tell, files: map[string]bool{}, pictures: map[string]string{}, ledger: map[string]map[string]int{}}
	e.zip = zip.NewWriter(e.out)
	for _, part := range []struct {
		stage string
		write func() error
	}{
		{"Counting", e.count},
		{"Your profile", e.profile},
		{"Your posts", e.outbox},
		{"Likes and bookmarks", e.marked},
		{"People and servers", e.people},
		{"What only dassie keeps", e.rest},
		{"Pictures and films", e.media},
		{"The page that shows it", e.index},
	} {
		e.at.Stage = part.stage
		e.told()
		if err := part.write(); err != nil {
			return e.sum, fmt.Errorf("pack the archive: %w", err)
		}
	}
	if err := e.manifest(); err != nil {
		return e.sum, fmt.Errorf("pack the archive: %w", err)
	}
	if err := e.zip.Close(); err != nil {
		return e.sum, fmt.Errorf("pack the archive: %w", err)
	}
	e.sum.Bytes = e.out.n
	return e.sum, nil
}

// export is one archive on its way.
type export struct {
	Source
	ctx   context.Context
	out   *counter
	zip   *zip.Writer
	tell  func(Progress)
	at    Progress
	sum   Summary
	files map[string]bool // members for own media; false for those that the disk did not have

	pictures map[string]string         // members of the avatar and the header, by these names
	ledger   map[string]map[string]int // by server and state: posts that were sent there

	named   map[int64]bool // people of whom something says more than their handle
	touched map[int64]bool // posts that others wrote, and that the owner did something with
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// told says how far it is.
func (e *export) told() {
	e.at.Bytes = e.out.n
	e.tell(e.at)
}

// passed counts posts that were gone through once. They are packed with the first time.
func (e *export) passed(posts int, packed bool) {
	if packed {
		e.at.Done += posts
	}
	e.at.Work += int64(posts) * passWork
	e.told()
}

// count sets how much there is. What is added while it runs makes it a little more.
func (e *export) count() error {
	return e.read(func(tx *store.Tx) error {
		sizes, err := tx.ArchiveSizes()
		e.at.Total, e.at.Works = sizes.Posts+sizes.Files, passes*passWork*int64(sizes.Posts)+sizes.Bytes
		return err
	})
}

// read runs f in a view of its own, unless the archive is not wanted any more.
func (e *export) read(f func(*store.Tx) error) error {
	if err := e.ctx.Err(); err != nil {
		return err
	}
	return e.Store.Read(e.ctx, f)
}

// eachPost calls f with all own posts and boosts, the oldest first, a page at a time.
func (e *export) eachPost(f func(tx *store.Tx, posts []store.Post) error) error {
	for after := int64(1); ; {
		var n int
		err := e.read(func(tx *store.Tx) error {
			posts, err := tx.OwnPosts(store.Page{Min: after, Limit: pageSize}, store.Direct, true, true)
			if n = len(posts); err != nil || n == 0 {
				return err
			}
			after = posts[0].ID
			slices.Reverse(posts) // a page comes newest first
			return f(tx, posts)
		})
		if err != nil || n == 0 {
			return err
		}
	}
}
