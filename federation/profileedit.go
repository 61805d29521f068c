package federation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"dassie/federation/ap"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

const maxCreditors = 20 // sites that may name the owner as an author

// ProfileEdit is what changes of the owner's profile, and of what new posts are
// unless something else is chosen. Nil leaves it as it is.
type ProfileEdit struct {
	Name, Bio *string        // plain text; people and links in the bio are linked
	Fields    *[]store.Field // Name and Source of each
	Bot       *bool

	Avatar, Header *string   // names of pictures as TakePicture says them; "" takes one away
	Creditors      *[]string // domains of sites that may name the owner as an author

	Locked, Discoverable, Indexable, ShowLists *bool

	Language    *string // of new posts, BCP 47
	Visibility  *store.Visibility
	Sensitive   *bool
	QuotePolicy *store.QuotePolicy
}

// EditProfile changes all of it or nothing, and tells the followers once if others
// see a difference. What is wrong is said in plain words.
func (s *Service) EditProfile(ctx context.Context, e ProfileEdit) error {
	if err := e.check(); err != nil {
		return err
	}
	var replaced []string
	var chose bool
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		replaced, chose = nil, false // the writer may run this twice
		before, err := tx.Settings()
		if err != nil {
			return err
		}
		set := before
		e.choose(&set)
		if chose = set != before; chose {
			if err := saveSettings(tx, before, set); err != nil {
				return err
			}
		}
		if !e.personal() && !shownDiffers(before, set) {
			return nil
		}
		return s.applyProfile(tx, func(tx *store.Tx, me *store.Actor) error {
			replaced = e.pictures(me)
			if err := s.rewrite(tx, me, e); err != nil {
				return err
			}
			me.Extra.Emojis, err = profileEmojis(tx, *me)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("edit profile: %w", err)
	}
	s.removeUnused(ctx, replaced...)
	if chose {
		return s.Reload(ctx)
	}
	return nil
}

// shownDiffers says whether other servers see a difference between two settings.
func shownDiffers(a, b store.Settings) bool {
	return a.ApproveFollowers != b.ApproveFollowers || a.Discoverable != b.Discoverable || a.Indexable != b.Indexable
}

// check refuses what cannot be, and brings the rest into the form in which it is kept.
func (e *ProfileEdit) check() error {
	if e.Name != nil {
		name := oneLine(*e.Name)
		if n := utf8.RuneCountInString(name); n > maxProfileName {
			return reply.Errorf(reply.Unprocessable, "The name has %d characters; %d is the most there can be.", n, maxProfileName)
		}
		e.Name = &name
	}
	if e.Bio != nil {
		bio := strings.TrimSpace(newlines(*e.Bio))
		if n := markup.CountCharacters(bio); n > maxBio || len(bio) > markup.MaxSource {
			return reply.Errorf(reply.Unprocessable, "The bio has %d characters; %d is the most there can be.", n, maxBio)
		}
		e.Bio = &bio
	}
	if e.Fields != nil {
		fields, err := profileFields(*e.Fields)
		if err != nil {
			return err
		}
		e.Fields = &fields
	}
	if e.Language != nil {
		code := language(*e.Language)
		if code == "" {
			return reply.Errorf(reply.Unprocessable, "“%s” is not the code of a language, such as de or pt-BR.", printable(*e.Language, 40))
		}
		e.Language = &code
	}
	if v := e.Visibility; v != nil && (*v < store.Public || *v > store.Followers) {
		return reply.Errorf(reply.Unprocessable, "New posts cannot be for people named alone unless you choose so.")
	}
	if e.QuotePolicy != nil && !e.QuotePolicy.Valid() {
		return reply.Errorf(reply.Unprocessable, "Choose who may quote your posts.")
	}
	return e.checkCreditors()
}

func (e *ProfileEdit) checkCreditors() error {
	if e.Creditors == nil {
		return nil
	}
	domains := []string{}
	for _, text := range *e.Creditors {
		name := strings.TrimSpace(text)
		for _, begin := range [...]string{"https://", "http://", "*."} {
			name = strings.TrimPrefix(name, begin)
		}
		if name = strings.TrimSuffix(name, "/"); name == "" {
			continue
		}
		host, err := ap.ParseHost(name)
		if err != nil || !strings.Contains(host, ".") {
			return reply.Errorf(reply.Unprocessable, "“%s” is not a domain.", printable(text, 80))
		}
		if !slices.Contains(domains, host) {
			domains = append(domains, host)
		}
	}
	if len(domains) > maxCreditors {
		return reply.Errorf(reply.Unprocessable, "There are %d sites that may name you as an author; %d is the most there can be.", len(domains), maxCreditors)
	}
	e.Creditors = &domains
	return nil
}

// choose puts the choices that are settings into them.
func (e *ProfileEdit) choose(set *store.Settings) {
	for _, is := range []struct{ wished, kept *bool }{
		{e.Locked, &set.ApproveFollowers}, {e.Discoverable, &set.Discoverable}, {e.Indexable, &set.Indexable},
		{e.ShowLists, &set.ShowLists}, {e.Sensitive, &set.PostSensitive},
	} {
		if is.wished != nil {
			*is.kept = *is.wished
		}
	}
	if e.Language != nil {
		set.Language = *e.Language
	}
	if e.Visibility != nil {
		set.PostVisibility = *e.Visibility
	}
	if e.QuotePolicy != nil {
		set.QuotePolicy = *e.QuotePolicy
	}
}

// personal says whether anything changes that is no setting.
func (e *ProfileEdit) personal() bool {
	return e.Name != nil || e.Bio != nil || e.Fields != nil || e.Bot != nil || e.Avatar != nil || e.Header != nil || e.Creditors != nil
}

// pictures puts the pictures in and lists the names of those that were there.
func (e *ProfileEdit) pictures(me *store.Actor) (replaced []string) {
	for _, is := range []struct{ wished, shown *string }{{e.Avatar, &me.Avatar}, {e.Header, &me.Header}} {
		if is.wished != nil && *is.wished != *is.shown {
			replaced, *is.shown = append(replaced, *is.shown), *is.wished
		}
	}
	return replaced
}

// rewrite puts the words in.
func (s *Service) rewrite(tx *store.Tx, me *store.Actor, e ProfileEdit) (err error) {
	if e.Name != nil {
		me.Name = *e.Name
	}
	if e.Bio != nil {
		me.Source = *e.Bio
		if me.Summary, err = s.bioHTML(tx, *e.Bio); err != nil {
			return err
		}
	}
	if e.Bot != nil {
		me.Bot, me.Kind = *e.Bot, "Person"
		if *e.Bot {
			me.Kind = "Service"
		}
	}
	if e.Creditors != nil {
		me.Extra.CreditedBy = *e.Creditors
	}
	if e.Fields == nil {
		return nil
	}
	me.Extra.Fields = *e.Fields
	if err := fileLinks(tx, me); err != nil || len(ProfileLinks(*me)) == 0 {
		return err
	}
	tx.After(s.work.pokeJobs)
	return tx.PlanJob("links", idKey("links", me.ID), idPayload(me.ID), s.now())
}
