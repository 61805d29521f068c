package mastodon

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"strings"
	"testing"
)

// Apps offer the owner's emojis, and show them in what the owner writes: as they
// are, and as their first picture.
func TestOwnEmojisInTheClientAPI(t *testing.T) {
	h := newHouse(t)
	var moving bytes.Buffer
	frames := &gif.GIF{}
	for i := range 2 {
		img := image.NewPaletted(image.Rect(0, 0, 16, 16), color.Palette{color.White, color.Black})
		img.SetColorIndex(i, 0, 1)
		frames.Image, frames.Delay = append(frames.Image, img), append(frames.Delay, 5)
	}
	if err := gif.EncodeAll(&moving, frames); err != nil {
		t.Fatal(err)
	}
	e, err := h.svc.AddEmoji(context.Background(), "dance", &moving)
	if err != nil {
		t.Fatal(err)
	}
	url := fmt.Sprintf("https://alice.example/emojis/%d/", e.ID)
	check := func(what string, list any) {
		t.Helper()
		all, _ := list.([]any)
		if len(all) != 1 {
			t.Fatalf("%s: %v", what, list)
		}
		one := all[0].(object)
		hasKeys(t, "CustomEmoji", one, "shortcode url static_url visible_in_picker category")
		if one["shortcode"] != "dance" || one["url"] != url+"picture.gif" || one["static_url"] != url+"still.png" {
			t.Errorf("%s: %v", what, one)
		}
	}
	check("on offer", h.anybody("/api/v1/custom_emojis"))
	status := read[object](h, "POST", "/api/v1/statuses", "status=Let+us+:dance:&spoiler_text=:dance:")
	check("a post", status["emojis"])
	me := read[object](h, "PATCH", "/api/v1/accounts/update_credentials", "display_name=Alice+:dance:")
	check("the profile", me["emojis"])
	if !strings.Contains(status["content"].(string), ":dance:") {
		t.Errorf("the content is %v", status["content"])
	}
}
