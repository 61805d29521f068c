package archive

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"dassie/store"
	"dassie/store/media"
	"dassie/web/reply"
)

// SubjectFile packs a copy of everything that is kept about one person who is not the
// owner (GDPR, articles 15 and 20): a JSON file for each kind, the pictures, and a text
// that says what is what. An actorID of 0 stands for a handle that is not known here. It is
// packed into a file that goes with Close, so that nothing is handed out half.
func (k *Keeper) SubjectFile(ctx context.Context, actorID int64, handle string) (*SubjectFile, error) {
	if !k.subject.TryLock() {
		return nil, reply.Errorf(reply.Unavailable, "Another copy is being packed. Try again in a minute.")
	}
	defer k.subject.Unlock()
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return nil, err
	}
	if free, err := media.FreeIn(k.dir); err == nil && free < spare {
		return nil, reply.Errorf(reply.Unavailable, "There is too little room on the disk to pack a copy. Nothing was lost; try again when there is more.")
	}
	f, err := os.CreateTemp(k.dir, "subject-*"+part) // what a crash leaves is cleared with the rest of the folder
	if err != nil {
		return nil, fmt.Errorf("pack a copy: %w", err)
	}
	s := &subjectCopy{export: export{Source: k.src, ctx: ctx, out: &counter{w: f}}, actorID: actorID, handle: handle}
	s.zip = zip.NewWriter(s.out)
	err = s.write()
	if err == nil {
		err = s.zip.Close()
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	file := &SubjectFile{File: f, Name: fileSafe(s.handle) + "-" + k.src.Now().UTC().Format("2006-01-02") + ".zip"}
	if err != nil {
		file.Close()
		if errors.Is(err, syscall.ENOSPC) {
			return nil, reply.Errorf(reply.Unavailable, "The disk is full. Nothing was lost; make room and try again.")
		}
		return nil, fmt.Errorf("pack a copy: %w", err)
	}
	return file, nil
}

// SubjectFile is a packed copy, which Close removes.
type SubjectFile struct {
	*os.File
	Name string // under which it is handed out
}

// Close ends and removes the file.
func (f *SubjectFile) Close() error {
	return errors.Join(f.File.Close(), os.Remove(f.File.Name()))
}

// fileSafe is a handle as part of a file's name.
func fileSafe(handle string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, handle)
}

type subjectCopy struct {
	export
	actorID int64
	handle  string
}

// write packs in one view, so that the counts are those of the rows.
func (s *subjectCopy) write() error {
	return s.Store.Read(s.ctx, func(tx *store.Tx) error {
		var a store.Actor
		if s.actorID != 0 {
			var err error
			if a, err = tx.Actor(s.actorID); err != nil {
				return err
			}
			s.handle = a.Handle()
		}
		counts, err := tx.SubjectCounts(s.actorID, s.handle)
		if err != nil {
			return err
		}
		if err := s.readme(counts); err != nil {
			return err
		}
		for _, c := range counts {
			if err := s.part(tx, c); err != nil {
				return err
			}
		}
		return s.pictures(tx, a)
	})
}

func (s *subjectCopy) readme(counts []store.SubjectCount) error {
	var b strings.Builder
	o := s.Service.Origin()
	fmt.Fprintf(&b, "What %s keeps about @%s, on %s (UTC).\r\n\r\n", o.Host, s.handle, s.Now().UTC().Format("2 January 2006, 15:04"))
	if len(counts) == 0 {
		b.WriteString("Nothing.\r\n")
	}
	for _, c := range counts {
		fmt.Fprintf(&b, "%s.json: %d %s\r\n", c.Name, c.Count, c.WordsToThem())
	}
	b.WriteString("\r\nThe pictures beside them are the copies of yours that are here at the moment.\r\nTimes are UTC. Of other people there is only what names you.\r\n" +
		"How long each is kept, and for what, stands at " + o.URL("/privacy-policy") + ".\r\n")
	return s.bytes("README.txt", []byte(b.String()))
}

// part writes one kind as a JSON list, without holding it.
func (s *subjectCopy) part(tx *store.Tx, c store.SubjectCount) error {
	w, err := s.create(c.Name+".json", false)
	if err != nil {
		return err
	}
	before := "[\n"
	if err := tx.SubjectRows(c.SubjectPart, s.actorID, s.handle, func(row json.RawMessage) error {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		if _, err := io.WriteString(w, before); err != nil {
			return err
		}
		before = ",\n"
		_, err := w.Write(row)
		return err
	}); err != nil {
		return err
	}
	_, err = io.WriteString(w, "\n]\n")
	return err
}

// pictures writes the copies of theirs that are on this disk, each once.
func (s *subjectCopy) pictures(tx *store.Tx, a store.Actor) error {
	if s.actorID == 0 {
		return nil
	}
	there := map[string]bool{}
	list, err := tx.SubjectPictures(a, nil)
	if err != nil {
		return err
	}
	if err := s.files(there, list); err != nil {
		return err
	}
	for before := int64(0); ; {
		posts, err := tx.PostsBy(a.ID, store.Page{Max: before, Limit: pageSize})
		if err != nil || len(posts) == 0 {
			return err
		}
		before = posts[len(posts)-1].ID
		if list, err = tx.SubjectPictures(store.Actor{}, posts); err != nil {
			return err
		}
		if err := s.files(there, list); err != nil {
			return err
		}
	}
}

func (s *subjectCopy) files(there map[string]bool, list []store.RemoteMedia) error {
	for _, m := range list {
		if m.Name == "" || there[m.Name] {
			continue
		}
		there[m.Name] = true
		if err := s.picture(m); err != nil {
			return err
		}
	}
	return nil
}

func (s *subjectCopy) picture(m store.RemoteMedia) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	folder := s.Service.PictureFiles(m)
	if folder == nil {
		return nil
	}
	f, _, err := folder.Open(m.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the cache may have been emptied
	}
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := s.create("pictures/"+m.Shape+"-"+filepath.Base(m.Name), true)
	if err == nil {
		_, err = io.Copy(w, f)
	}
	return err
}
