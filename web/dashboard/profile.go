package dashboard

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

const (
	nameLength  = 100
	bioLength   = 1000
	fieldRows   = 8
	fieldLength = 255
)

type nameValue struct{ Name, Value string }

type profilePage struct {
	assets.Owner
	Display, Bio, Header, DisplayError, BioError, AvatarError, HeaderError, FieldsError string
	HasAvatar, HasHeader, Bot                                                           bool
	Fields                                                                              []nameValue
	Links                                                                               []linkRow
	Code                                                                                string
}

func (p profilePage) wrong() bool {
	return p.DisplayError+p.BioError+p.AvatarError+p.HeaderError+p.FieldsError != ""
}

// profile handles GET /me/profile.
func (d *Dashboard) profile(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "profile", answer{cache: reply.Private}, func(v *view) (any, error) {
		me, err := v.actor(store.OwnerID)
		if err != nil {
			return nil, err
		}
		page := profilePage{Display: me.Name, Bio: me.Source, Bot: me.Bot}
		for _, f := range me.Extra.Fields {
			value := f.Source
			if value == "" {
				value = markup.Text(f.Value)
			}
			page.Fields = append(page.Fields, nameValue{f.Name, value})
		}
		return v.profilePage(page)
	})
}

// profilePage adds what is stored to what was typed.
func (v *view) profilePage(page profilePage) (profilePage, error) {
	me, err := v.actor(store.OwnerID)
	if err != nil {
		return page, err
	}
	page.Header, page.HasAvatar, page.HasHeader = picture(me.Header), me.Avatar != "", me.Header != ""
	for len(page.Fields) < fieldRows {
		page.Fields = append(page.Fields, nameValue{})
	}
	if page.Links, err = v.verifiedLinks(me); err != nil {
		return page, err
	}
	page.Code = `<a rel="me" href="` + v.d.service.Origin().URL("/@"+me.Username) + `">` + template.HTMLEscapeString(me.DisplayName()) + `</a>`
	notice := page.Owner.Notice
	page.Owner, err = v.frame("Profile", "profile")
	if notice != nil {
		page.Owner.Notice = notice
	}
	return page, err
}

// profileSave handles POST /me/profile. The text is saved before the pictures:
// a file that is no picture must not cost what was typed.
func (d *Dashboard) profileSave(w http.ResponseWriter, r *http.Request) {
	page := readProfile(r.PostForm)
	status := http.StatusUnprocessableEntity
	err := d.saveProfile(r, &page)
	if err == nil && !page.wrong() {
		reply.Redirect(w, r, "/me/profile?done=saved")
		return
	}
	if text, ok := refused(err); ok {
		page.Notice, status = &assets.Notice{Kind: "fail", Strong: "Not saved.", Text: text}, refusedStatus(err)
	} else if err != nil {
		d.fail(w, r, err)
		return
	}
	d.show(w, r, "profile", answer{status, reply.Private}, func(v *view) (any, error) { return v.profilePage(page) })
}

// readProfile reads the form and says what is wrong with each field.
func readProfile(form url.Values) profilePage {
	page := profilePage{Display: strings.TrimSpace(form.Get("display")), Bio: lines(form.Get("bio")), Bot: form.Get("bot") == "yes"}
	if utf8.RuneCountInString(page.Display) > nameLength {
		page.DisplayError = "Use at most 100 characters."
	}
	if markup.CountCharacters(page.Bio) > bioLength {
		page.BioError = "Use at most 1,000 characters."
	}
	values := form["field_value"]
	for i, name := range form["field_name"] {
		if i >= fieldRows || i >= len(values) {
			break
		}
		page.Fields = append(page.Fields, nameValue{strings.TrimSpace(name), strings.TrimSpace(values[i])})
		if utf8.RuneCountInString(name) > fieldLength || utf8.RuneCountInString(values[i]) > fieldLength {
			page.FieldsError = "Use at most 255 characters for a label, and for its text."
		}
		if (page.Fields[i].Name == "") != (page.Fields[i].Value == "") {
			page.FieldsError = "Give each line a label and a text, or neither."
		}
	}
	return page
}

func (d *Dashboard) saveProfile(r *http.Request, page *profilePage) error {
	if page.wrong() {
		return nil
	}
	p := federation.Profile{Name: page.Display, Bio: page.Bio, Bot: page.Bot}
	for _, f := range page.Fields {
		if f.Name != "" {
			p.Fields = append(p.Fields, store.Field{Name: f.Name, Source: f.Value})
		}
	}
	if err := d.service.UpdateProfile(r.Context(), p); err != nil {
		return err
	}
	var err error
	if page.AvatarError, err = d.savePicture(r, "avatar"); err != nil {
		return err
	}
	page.HeaderError, err = d.savePicture(r, "header")
	return err
}

// savePicture takes an uploaded file, or takes the picture away. What is wrong
// with the file comes back in words.
func (d *Dashboard) savePicture(r *http.Request, kind string) (wrong string, err error) {
	file, _, err := r.FormFile(kind)
	switch {
	case errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart):
		if r.PostForm.Get(kind+"_remove") == "yes" {
			return "", d.service.RemovePicture(r.Context(), kind)
		}
		return "", nil
	case err != nil:
		return "The file could not be read. Choose it again.", nil
	}
	defer file.Close()
	err = d.service.SetPicture(r.Context(), kind, file)
	if text, ok := refused(err); ok {
		return text + " Everything else is saved.", nil
	}
	return "", err
}
