package archive

import (
	"fmt"
	"path"
	"strings"
	"time"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

func (in *intake) countProfile() error {
	p := in.part(partProfile, "Profile and settings", 1, 1)
	if p.Note = "they take the place of those here"; !in.plan.Same {
		p.Note += "; the name of the account stays"
	}
	var set store.Settings
	if _, err := in.zip.value(in.zip.root+settingsMember, &set); err != nil {
		return err
	}
	if set.Expiry.Clamp(); set.Expiry.Days != 0 && !set.Expiry.Paused {
		in.plan.Words = append(in.plan.Words, fmt.Sprintf("The settings of the archive delete your posts once they are %d days old. That begins a day after the import; switch it off before if you want them to stay.", set.Expiry.Days))
	}
	return nil
}

// bringProfile takes what the owner typed, the pictures and the choices.
func (in *intake) bringProfile(from int64) error {
	if from > 0 {
		return nil
	}
	var p profile
	set := in.Service.Settings()
	if _, err := in.zip.value(in.zip.root+profileMember, &p); err != nil {
		return err
	}
	if _, err := in.zip.value(in.zip.root+settingsMember, &set); err != nil {
		return err
	}
	edit := federation.ProfileEdit{Name: &p.Name, Bio: &p.Bio, Fields: &p.Fields, Bot: &p.Bot, Creditors: &p.CreditedBy}
	for kind, at := range map[string]**string{"avatar": &edit.Avatar, "header": &edit.Header} {
		name, err := in.profilePicture(kind)
		if err != nil {
			return err
		}
		if name != "" {
			*at = &name
		}
	}
	if err := in.Service.EditProfile(in.ctx, edit); err != nil {
		if reply.CodeOf(err) == reply.Internal {
			return err
		}
		if err := in.step(0, func(_ *store.Tx, r *Result) error { r.leave("The profile: " + reply.Message(err)); return nil }); err != nil {
			return err
		}
	}
	for _, tag := range p.FollowedTags {
		if _, err := in.Service.FollowTag(in.ctx, tag); err != nil && reply.CodeOf(err) == reply.Internal {
			return err
		}
	}
	for _, tag := range p.FeaturedTags {
		if _, err := in.Service.FeatureTag(in.ctx, tag); err != nil && reply.CodeOf(err) == reply.Internal {
			return err
		}
	}
	since, err := in.since()
	if err != nil {
		return err
	}
	return in.step(1, func(tx *store.Tx, r *Result) error {
		r.Taken[partProfile] = 1
		if err := in.Service.RestoreAliases(tx, p.Aliases); err != nil {
			return err
		}
		if err := in.Service.RestoreSince(tx, since); err != nil {
			return err
		}
		return in.Service.RestoreSettings(tx, set)
	})
}

// since is when this very account was made; zero for another one.
func (in *intake) since() (time.Time, error) {
	var actor struct {
		Published time.Time `json:"published"`
	}
	if !in.plan.Same {
		return actor.Published, nil
	}
	_, err := in.zip.value(in.zip.root+actorMember, &actor)
	return actor.Published, err
}

// profilePicture stores the avatar or the header of the archive; "" for none.
func (in *intake) profilePicture(kind string) (string, error) {
	for name := range in.zip.byName {
		if strings.TrimSuffix(name, path.Ext(name)) != in.zip.root+kind {
			continue
		}
		r, err := in.zip.open(name)
		if err != nil {
			return "", err
		}
		defer r.Close()
		file, err := in.Service.RestorePicture(in.ctx, kind, r)
		if err != nil && reply.CodeOf(err) != reply.Internal {
			return "", nil // it is no picture that can be kept
		}
		return file, err
	}
	return "", nil
}
