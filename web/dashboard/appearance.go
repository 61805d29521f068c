package dashboard

import (
	"net/http"
	"strconv"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

type appearancePage struct {
	assets.Owner
	Themes, Sizes                   []assets.Option
	MoreContrast, LessMotion, Dense bool
}

// appearance handles GET /me/appearance: how the owner's pages appear.
func (d *Dashboard) appearance(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "appearance", answer{}, func(v *view) (any, error) {
		page := appearancePage{
			MoreContrast: v.set.MoreContrast, LessMotion: v.set.LessMotion, Dense: v.set.Dense,
			Themes: []assets.Option{
				{Value: "", Label: "As the system", Selected: v.set.Theme == ""},
				{Value: "light", Label: "Light", Selected: v.set.Theme == "light"},
				{Value: "dark", Label: "Dark", Selected: v.set.Theme == "dark"},
			},
		}
		for _, size := range store.TextSizes {
			page.Sizes = append(page.Sizes, assets.Option{Value: strconv.Itoa(size), Label: strconv.Itoa(size) + " %", Selected: size == v.set.TextSize})
		}
		var err error
		page.Owner, err = v.frame("Appearance", "appearance")
		return page, err
	})
}

// appearanceSave handles POST /me/appearance. What is not on offer becomes the default.
func (d *Dashboard) appearanceSave(w http.ResponseWriter, r *http.Request) {
	set := d.service.Settings()
	set.Theme = ""
	if theme := r.PostForm.Get("theme"); theme == "light" || theme == "dark" {
		set.Theme = theme
	}
	set.MoreContrast, set.LessMotion = r.PostForm.Get("contrast") == "yes", r.PostForm.Get("motion") == "yes"
	set.Dense = r.PostForm.Get("dense") == "yes"
	set.TextSize = int(number(r.PostForm.Get("size")))
	set.Clamp()
	if err := d.service.SaveSettings(r.Context(), set); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, "/me/appearance?done=saved")
}

func lookOf(set store.Settings) assets.Look {
	return assets.Look{Theme: set.Theme, MoreContrast: set.MoreContrast, TextSize: set.TextSize, LessMotion: set.LessMotion, Dense: set.Dense}
}
