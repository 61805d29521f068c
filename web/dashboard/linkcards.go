package dashboard

import (
	"dassie/assets"
	"dassie/federation/ap"
	"dassie/store"
)

// addLinks shows what the first link of each post leads to, where no media and no
// quote stand already. Of a sensitive post the picture is left out.
func (v *view) addLinks(posts []store.Post, cards []assets.Card) error {
	if !v.set.LinkPreviews {
		return nil
	}
	found, err := v.tx.LinkCards(postIDs(posts))
	for i, p := range posts {
		c, ok := found[p.ID]
		if !ok || len(p.Extra.Attachments) > 0 || cards[i].Quote != nil {
			continue
		}
		link := linkCard(c)
		if p.Sensitive {
			link.Image = ""
		}
		cards[i].Link = &link
	}
	return err
}

func linkCard(c store.LinkCard) assets.LinkCard {
	link := assets.LinkCard{
		URL: c.URL, Host: ap.Host(c.URL), Title: c.Title, Text: c.Description, Lang: c.Language,
		Image: picture(c.ImageName), Alt: c.ImageAlt, Width: c.Width, Height: c.Height,
	}
	if c.AuthorID != 0 {
		link.By = c.Author
	}
	return link
}
