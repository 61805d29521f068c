package mastodon

import (
	"fmt"
	"strings"

	"dassie/store"
)

// media lists what is attached. The ids of others' files are unique within the
// post: nothing is looked up by them. Apps fetch those files from here too.
func (m *room) media(p *store.Post) []Media {
	out := make([]Media, 0, len(p.Extra.Attachments))
	for i, a := range p.Extra.Attachments {
		if a.ID != 0 {
			out = append(out, m.api.ownMedia(a))
			continue
		}
		one := Media{
			ID: id(p.ID + int64(i)), Type: mediaType(a.MediaType), URL: a.URL,
			Description: textOrNull(a.Alt), Blurhash: textOrNull(a.Blurhash), Meta: mediaMeta(a),
		}
		if p.Own() {
			if a.Name != "" {
				one.URL = m.picture(a.Name, "")
			}
			if one.Type == "image" {
				one.PreviewURL = new(one.URL)
			}
		} else {
			one.RemoteURL = textOrNull(a.URL)
			whole, small := m.api.svc.FileAddresses(*p, i, m.scope)
			one.URL, one.PreviewURL = or(whole, a.URL), textOrNull(small)
		}
		out = append(out, one)
	}
	return out
}

// mediaType: what is not known to be film or sound is most likely a picture
// only if its type says so.
func mediaType(mime string) string {
	switch kind, _, _ := strings.Cut(mime, "/"); kind {
	case "image", "video", "audio":
		return kind
	}
	return "unknown"
}

func mediaMeta(a store.Attachment) MediaMeta {
	var meta MediaMeta
	if a.Width > 0 && a.Height > 0 {
		size := mediaSize(a.Width, a.Height)
		meta.Original, meta.Small = size, size
	}
	if a.Seconds > 0 {
		meta.Duration = &a.Seconds
	}
	if a.FocalX != 0 || a.FocalY != 0 {
		meta.Focus = &MediaFocus{a.FocalX, a.FocalY}
	}
	return meta
}

func mediaSize(w, h int) *MediaSize {
	return &MediaSize{w, h, fmt.Sprintf("%dx%d", w, h), float64(w) / float64(h)}
}
