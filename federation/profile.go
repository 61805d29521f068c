package federation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"dassie/federation/ap"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/store/media"
	"dassie/web/reply"
)

const (
	maxProfileName = 100  // characters
	maxBio         = 1000 // characters
	maxFields      = 8
	maxFieldText   = 255 // characters of a field's name, and of its value
)

// Profile is what the owner says about themselves. Of a field, Name and Source
// are given.
type Profile struct {
	Name   string // display name, plain text
	Bio    string // plain text with links
	Fields []store.Field
	Bot    bool
}

// UpdateProfile changes what others see of the owner, and tells the followers.
func (s *Service) UpdateProfile(ctx context.Context, p Profile) error {
	return s.EditProfile(ctx, ProfileEdit{Name: &p.Name, Bio: &p.Bio, Fields: &p.Fields, Bot: &p.Bot})
}

// profileFields checks the fields, leaves out empty ones and makes HTML of their values.
func profileFields(given []store.Field) ([]store.Field, error) {
	var fields []store.Field
	for _, f := range given {
		name, source := oneLine(f.Name), oneLine(f.Source)
		switch {
		case name == "" && source == "":
			continue
		case name == "":
			return nil, reply.Errorf(reply.Unprocessable, "The field with the value “%s” has no label.", cut(source, 40))
		case source == "":
			return nil, reply.Errorf(reply.Unprocessable, "The field “%s” has no value.", cut(name, 40))
		case utf8.RuneCountInString(name) > maxFieldText || utf8.RuneCountInString(source) > maxFieldText:
			return nil, reply.Errorf(reply.Unprocessable, "The field “%s” is longer than %d characters.", cut(name, 40), maxFieldText)
		}
		fields = append(fields, store.Field{Name: name, Source: source, Value: markup.Field(source)})
	}
	if len(fields) > maxFields {
		return nil, reply.Errorf(reply.Unprocessable, "There are %d fields; %d is the most there can be.", len(fields), maxFields)
	}
	return fields, nil
}

// bioHTML renders the bio; people in it are linked if they are known here.
func (s *Service) bioHTML(tx *store.Tx, bio string) (string, error) {
	people, err := knownIn(tx, bio, false)
	if err != nil {
		return "", err
	}
	r, err := s.render(bio, false, people)
	return r.HTML, err
}

// knownIn are those people named in a text who are known here.
func knownIn(tx *store.Tx, text string, markdown bool) (map[markup.Handle]store.Actor, error) {
	people := map[markup.Handle]store.Actor{}
	for _, h := range markup.FindMentions(text, markdown) {
		a, err := tx.ActorByHandle(h.User, h.Host)
		if err == nil {
			people[handleKey(h.User, h.Host)] = a
		} else if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	return people, nil
}

// changeProfile applies a change to the owner's row and makes it known.
func (s *Service) changeProfile(ctx context.Context, change func(tx *store.Tx, me *store.Actor) error) error {
	err := s.store.Write(ctx, func(tx *store.Tx) error { return s.applyProfile(tx, change) })
	if err != nil {
		return fmt.Errorf("change profile: %w", err)
	}
	return nil
}

func (s *Service) applyProfile(tx *store.Tx, change func(tx *store.Tx, me *store.Actor) error) error {
	me, err := tx.Actor(store.OwnerID)
	if err != nil {
		return err
	}
	if err := change(tx, &me); err != nil {
		return err
	}
	me.EditedAt = s.now()
	if err := tx.SaveActor(&me); err != nil {
		return err
	}
	s.emit(tx, EventProfile, 0)
	return s.announceProfile(tx)
}

// announceProfile sends the owner's profile as it is now to the servers of all
// accepted followers (AP 7.3).
func (s *Service) announceProfile(tx *store.Tx) error {
	doc, err := s.actorDocument(tx)
	if err != nil {
		return err
	}
	to, err := tx.FollowerInboxes()
	if err != nil {
		return err
	}
	if to, err = unblocked(tx, to); err != nil {
		return err
	}
	m := ap.NewActivity("Update", s.newActivityID(), s.actorURI, doc, []string{ap.Public}, []string{s.followersURI()}, s.now())
	return s.send(tx, "Update", 0, m, to)
}

// SetPicture makes an uploaded picture the owner's "avatar" or "header". What is
// wrong with it is said in plain words.
func (s *Service) SetPicture(ctx context.Context, kind string, r io.Reader) error {
	name, err := s.TakePicture(ctx, kind, r)
	if err != nil {
		return err
	}
	return s.replacePicture(ctx, kind, name)
}

// TakePicture stores an uploaded picture that EditProfile may make the owner's
// "avatar" or "header", and says its name. One that is not used goes with the sweep
// of the media folder.
func (s *Service) TakePicture(ctx context.Context, kind string, r io.Reader) (string, error) {
	shape, ok := shapes[kind]
	if !ok {
		return "", reply.Errorf(reply.Invalid, "There is no picture called “%s”.", printable(kind, 40))
	}
	pics, err := s.media.Picture(ctx, r, media.OwnerPicture, shape)
	if err != nil {
		return "", pictureError(err)
	}
	return pics[0].Name, nil
}

// shapes are the pictures of a profile.
var shapes = map[string]media.Shape{"avatar": media.Avatar, "header": media.Header}

// pictureError says what is wrong with an upload.
func pictureError(err error) error {
	var refused *media.Refusal
	if !errors.As(err, &refused) {
		return fmt.Errorf("store picture: %w", err)
	}
	code := reply.Unprocessable
	switch refused.Kind {
	case media.ErrTooLarge:
		code = reply.TooLarge
	case media.ErrUnsupported:
		code = reply.Unsupported
	case media.ErrNoSpace:
		code = reply.Unavailable
	}
	return &reply.Error{Code: code, Message: refused.Text, Err: err}
}

// RemovePicture takes the owner's "avatar" or "header" away.
func (s *Service) RemovePicture(ctx context.Context, kind string) error {
	if _, ok := shapes[kind]; !ok {
		return reply.Errorf(reply.Invalid, "There is no picture called “%s”.", printable(kind, 40))
	}
	return s.replacePicture(ctx, kind, "")
}

// replacePicture shows a stored picture, or none.
func (s *Service) replacePicture(ctx context.Context, kind, name string) error {
	if kind == "header" {
		return s.EditProfile(ctx, ProfileEdit{Header: &name})
	}
	return s.EditProfile(ctx, ProfileEdit{Avatar: &name})
}

// removeUnused deletes files that nothing shows any more. What fails here is
// found by the sweep of the media folder.
func (s *Service) removeUnused(ctx context.Context, names ...string) {
	for _, name := range names {
		if name == "" {
			continue
		}
		s.filesLock.Lock()
		used, err := store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) { return tx.MediaInUse(name) })
		if err == nil && !used {
			err = s.media.Remove(name)
		}
		s.filesLock.Unlock()
		if err != nil {
			s.log.Warn("cannot remove a file", "name", name, "error", err)
		}
	}
}
