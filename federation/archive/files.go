package archive

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"time"

	"dassie/store"
)

// media writes the owner's uploads as they were kept, also those of drafts.
func (e *export) media() error {
	for after := int64(0); ; {
		var page []store.Media
		err := e.read(func(tx *store.Tx) (err error) { page, err = tx.MediaAfter(after, pageSize); return err })
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return nil
		}
		for _, m := range page {
			after = m.ID
			member := memberOf(m)
			if _, done := e.files[member]; !done {
				if e.files[member], err = e.file(member, m.File); err != nil {
					return err
				}
			}
			e.at.Done++
			e.at.Work += m.Size
			e.told()
		}
	}
}

// memberOf is where an own file lies in an archive, as Mastodon's are named. Its
// end tells programs what it is: on our disk nothing depends on that.
func memberOf(m store.Media) string {
	end := ""
	if path.Ext(m.File) == "" {
		end = ends[m.MIME]
	}
	return mediaFolder + m.File[:2] + "/" + m.File[2:4] + "/original/" + m.File + end
}

// ends of the names of files, by their types.
var ends = map[string]string{
	"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "image/avif": ".avif",
	"video/mp4": ".mp4", "video/webm": ".webm", "video/ogg": ".ogv", "video/quicktime": ".mov",
	"audio/mpeg": ".mp3", "audio/ogg": ".ogg", "audio/wav": ".wav", "audio/flac": ".flac", "audio/mp4": ".m4a", "audio/webm": ".weba", "audio/aac": ".aac",
}

// file copies a file of the owner's; false if the disk does not have it, which is
// noted: the rest is worth having all the more.
func (e *export) file(member, name string) (bool, error) {
	if err := e.ctx.Err(); err != nil {
		return false, err
	}
	f, _, err := e.Media.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		e.sum.Missing = append(e.sum.Missing, member)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	w, err := e.create(member, true)
	if err != nil {
		return false, err
	}
	if _, err := io.Copy(w, f); err != nil {
		return false, err
	}
	e.sum.Files++
	return true, nil
}

// manifest says what the archive is. It is the last member, so that it is there
// only if all others are.
type manifest struct {
	Format    int       `json:"format"`
	Note      string    `json:"note"`
	Program   string    `json:"program"`
	Handle    string    `json:"handle"`
	Actor     string    `json:"actor"`
	Made      time.Time `json:"made"`
	Posts     int       `json:"posts"`
	Likes     int       `json:"likes"`
	Bookmarks int       `json:"bookmarks"`
	Files     int       `json:"files"`
	Missing   []string  `json:"missing"`
}

const (
	manifestMember = ownFolder + "manifest.json"
	format         = 1
	manifestNote   = "Everything that is yours, to keep or to take elsewhere. There is no key, no password, no session and no token in it: nobody can speak as you with this file, and a server cannot be restored from it. dassie backup makes the file for that."
)

func (e *export) manifest() error {
	m := manifest{
		Format: format, Note: manifestNote, Program: e.Program, Handle: e.Service.Identity().Name + "@" + e.Service.Identity().Domain, Actor: e.Service.Identity().ActorURI(e.Service.Origin()), Made: e.Now().UTC(),
		Posts: e.sum.Posts, Likes: e.sum.Likes, Bookmarks: e.sum.Bookmarks, Files: e.sum.Files, Missing: e.sum.Missing,
	}
	if m.Missing == nil {
		m.Missing = []string{}
	}
	return e.json(manifestMember, m)
}
