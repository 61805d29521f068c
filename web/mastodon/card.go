package mastodon

import (
	"dassie/federation/ap"
	"dassie/store"
)

// card is what the first link of a post leads to; nil if nothing is known of it,
// or the post has media or a quote, which stand in its place. Of a sensitive post
// the picture is left out.
func (m *room) card(p *store.Post) *PreviewCard {
	c, ok := m.cards[p.ID]
	if !ok || len(p.Extra.Attachments) > 0 || p.Extra.QuoteURI != "" {
		return nil
	}
	host := ap.Host(c.URL)
	card := &PreviewCard{
		URL: c.URL, Title: c.Title, Description: c.Description, Language: textOrNull(c.Language), Type: "link",
		ProviderName: or(c.Site, host), ProviderURL: m.api.svc.Origin().Scheme + "://" + host + "/", ImageDescription: c.ImageAlt, Authors: []CardAuthor{},
	}
	if c.ImageName != "" && !p.Sensitive {
		card.Image = new(m.picture(c.ImageName, ""))
		card.Width, card.Height = c.Width, c.Height
	}
	if c.Author != "" {
		card.AuthorName, card.AuthorURL = c.Author, c.AuthorURL
		author := CardAuthor{Name: c.Author, URL: c.AuthorURL}
		if c.AuthorID != 0 && !m.hidden[c.AuthorID] && !m.visited() {
			author.Account = m.account(c.AuthorID)
		}
		card.Authors = append(card.Authors, author)
	}
	return card
}
