package mastodon

import (
	"mime"
	"mime/multipart"
	"net/http"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// profileForms are the endpoints whose form may bring pictures along.
var profileForms = map[string]bool{"PATCH /api/v1/accounts/update_credentials": true, "PATCH /api/v1/profile": true, "PUT /api/v1/profile": true}

func isMultipart(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "multipart/form-data"
}

// readPicture takes a picture of the profile while it arrives; an empty choice of a
// file counts as absent. Done says that the part was one, or a file that is passed over.
func (a *API) readPicture(c *call, field string, part *multipart.Part) (done bool, err error) {
	switch {
	case field != "avatar" && field != "header":
		return part.FileName() != "", nil
	case part.FileName() == "": // text without a type may be a picture that is written out
		return part.Header.Get("Content-Type") != "", nil
	}
	c.pics[field], err = a.svc.TakePicture(c.ctx, field, part)
	return true, err
}

// updateCredentials: PATCH /api/v1/accounts/update_credentials.
func (a *API) updateCredentials(c *call) (any, error) {
	if err := a.editProfile(c); err != nil {
		return nil, err
	}
	return a.verifyCredentials(c)
}

// ownProfile: GET /api/v1/profile.
func (a *API) ownProfile(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (Profile, error) {
		m, err := a.gather(tx, nil, store.OwnerID)
		if err != nil {
			return Profile{}, err
		}
		tags, err := a.ownFeaturedTags(tx)
		return m.profile(tags), err
	})
}

// updateProfile: PATCH /api/v1/profile.
func (a *API) updateProfile(c *call) (any, error) {
	if err := a.editProfile(c); err != nil {
		return nil, err
	}
	return a.ownProfile(c)
}

// removeAvatar: DELETE /api/v1/profile/avatar.
func (a *API) removeAvatar(c *call) (any, error) { return a.removePicture(c, "avatar") }

// removeHeader: DELETE /api/v1/profile/header.
func (a *API) removeHeader(c *call) (any, error) { return a.removePicture(c, "header") }

func (a *API) removePicture(c *call, kind string) (any, error) {
	if err := a.svc.RemovePicture(c.ctx, kind); err != nil {
		return nil, err
	}
	return a.verifyCredentials(c)
}

func (m *room) profile(tags []FeaturedTag) Profile {
	me := m.actors[store.OwnerID]
	p := Profile{
		ID: id(me.ID), DisplayName: me.Name, Note: me.Source, Fields: typedFields(me), Bot: me.Bot,
		Locked: m.settings.ApproveFollowers, HideLists: !m.settings.ShowLists, Discoverable: m.settings.Discoverable, Indexable: m.settings.Indexable,
		ShowMedia: true, ShowMediaReplies: true, ShowFeatured: true,
		AttributionDomains: append([]string{}, me.Extra.CreditedBy...), FeaturedTags: tags,
	}
	p.Avatar, p.Header = textOrNull(m.picture(me.Avatar, "")), textOrNull(m.picture(me.Header, ""))
	p.AvatarStatic, p.HeaderStatic = p.Avatar, p.Header
	return p
}

// editProfile changes what a form names. Here an empty text is one: it takes the
// name or the bio away.
func (a *API) editProfile(c *call) error {
	e := federation.ProfileEdit{}
	for name, field := range map[string]**string{"display_name": &e.Name, "note": &e.Bio} {
		if values := c.params.v[name]; len(values) > 0 {
			*field = &values[0]
		}
	}
	for name, field := range map[string]**bool{
		"bot": &e.Bot, "locked": &e.Locked, "discoverable": &e.Discoverable, "indexable": &e.Indexable, "source[sensitive]": &e.Sensitive,
	} {
		if c.params.has(name) {
			*field = new(c.params.truth(name))
		}
	}
	if c.params.has("hide_collections") {
		e.ShowLists = new(!c.params.truth("hide_collections"))
	}
	if c.params.given("attribution_domains") {
		e.Creditors = new(c.params.list("attribution_domains"))
	}
	if fields, ok := c.params.profileFields(); ok {
		e.Fields = &fields
	}
	if err := a.takeWritten(c); err != nil {
		return err
	}
	for kind, field := range map[string]**string{"avatar": &e.Avatar, "header": &e.Header} {
		if name := c.pics[kind]; name != "" {
			*field = &name
		}
	}
	if code := c.params.get("source[language]"); code != "" {
		e.Language = &code
	}
	if policy := c.params.get("source[quote_policy]"); policy != "" {
		e.QuotePolicy = new(store.QuotePolicy(policy))
	}
	if name := c.params.get("source[privacy]"); name != "" {
		v, ok := visibilities[name]
		if !ok {
			return reply.Errorf(reply.Unprocessable, "Validation failed: the privacy %.20q is none of public, unlisted, private.", name)
		}
		e.Visibility = &v
	}
	return a.svc.EditProfile(c.ctx, e)
}

// profileFields reads the lines of a profile. ok is false if none are named.
func (p params) profileFields() (fields []store.Field, ok bool) {
	lines := p.objects("fields_attributes")
	for _, one := range lines {
		fields = append(fields, store.Field{Name: one.get("name"), Source: one.get("value")})
	}
	return fields, len(lines) > 0 || p.given("fields_attributes")
}
