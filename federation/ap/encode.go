package ap

type wireNote struct {
	ID                 string            `json:"id"`
	Type               string            `json:"type"`
	AttributedTo       string            `json:"attributedTo"`
	Published          string            `json:"published,omitempty"`
	Updated            string            `json:"updated,omitempty"`
	URL                string            `json:"url,omitempty"`
	To                 []string          `json:"to"`
	CC                 []string          `json:"cc"`
	InReplyTo          string            `json:"inReplyTo,omitempty"`
	Context            string            `json:"context,omitempty"`
	Conversation       string            `json:"conversation,omitempty"`
	Name               string            `json:"name,omitempty"`
	Summary            string            `json:"summary,omitempty"`
	Sensitive          bool              `json:"sensitive"`
	Content            string            `json:"content"`
	ContentMap         map[string]string `json:"contentMap,omitempty"`
	Source             *wireSource       `json:"source,omitempty"`
	Attachment         []wireDocument    `json:"attachment"`
	Tag                []wireTag         `json:"tag"`
	OneOf              []wireOption      `json:"oneOf,omitempty"`
	AnyOf              []wireOption      `json:"anyOf,omitempty"`
	EndTime            string            `json:"endTime,omitempty"`
	Closed             string            `json:"closed,omitempty"`
	VotersCount        *int64            `json:"votersCount,omitempty"`
	Quote              string            `json:"quote,omitempty"`
	QuoteURI           string            `json:"quoteUri,omitempty"`
	MisskeyQuote       string            `json:"_misskey_quote,omitempty"`
	QuoteAuthorization string            `json:"quoteAuthorization,omitempty"`
	InteractionPolicy  Object            `json:"interactionPolicy,omitempty"`
	DirectMessage      bool              `json:"directMessage,omitempty"`
	Replies            any               `json:"replies,omitempty"`
	Likes              any               `json:"likes,omitempty"`
	Shares             any               `json:"shares,omitempty"`
}

// wireVote has what a vote needs and nothing else: Pixelfed takes a Note with an
// attachment, an empty array even, for a direct message.
type wireVote struct {
	ID           string   `json:"id"`
	Type         string   `json:"type"`
	AttributedTo string   `json:"attributedTo"`
	To           []string `json:"to"`
	InReplyTo    string   `json:"inReplyTo"`
	Name         string   `json:"name"`
}

type wireSource struct {
	Content   string `json:"content"`
	MediaType string `json:"mediaType"`
}

type wireDocument struct {
	Type       string    `json:"type"`
	MediaType  string    `json:"mediaType,omitempty"`
	URL        string    `json:"url"`
	Name       string    `json:"name,omitempty"`
	Width      int       `json:"width,omitempty"`
	Height     int       `json:"height,omitempty"`
	Blurhash   string    `json:"blurhash,omitempty"`
	FocalPoint []float64 `json:"focalPoint,omitempty"`
}

type wireTag struct {
	ID      string     `json:"id,omitempty"`
	Type    string     `json:"type"`
	Href    string     `json:"href,omitempty"`
	Name    string     `json:"name"`
	Updated string     `json:"updated,omitempty"`
	Icon    *wireImage `json:"icon,omitempty"`
}

type wireImage struct {
	Type      string `json:"type"`
	MediaType string `json:"mediaType,omitempty"`
	URL       string `json:"url"`
	Name      string `json:"name,omitempty"`
}

type wireOption struct {
	Type    string     `json:"type"`
	Name    string     `json:"name"`
	Replies *wireCount `json:"replies,omitempty"`
}

type wireCount struct {
	ID         string `json:"id,omitempty"`
	Type       string `json:"type"`
	TotalItems int64  `json:"totalItems"`
}

// Encode is the note as we send it, for Marshal and NewActivity. Arrays are
// arrays even for one element (pixelfed#6588). With a Language the content stands
// in contentMap too.
func (n *Note) Encode() any {
	if n.IsVote() {
		return &wireVote{n.ID, "Note", n.AttributedTo, orEmpty(n.To), n.InReplyTo, n.Name}
	}
	w := &wireNote{
		ID: n.ID, Type: n.Kind, AttributedTo: n.AttributedTo,
		Published: formatTime(n.Published), Updated: formatTime(n.Updated), URL: n.URL,
		To: orEmpty(n.To), CC: orEmpty(n.CC), InReplyTo: n.InReplyTo, Context: n.Context, Conversation: n.Conversation,
		Name: n.Name, Summary: n.Summary, Sensitive: n.Sensitive, Content: n.Content,
		Attachment: encodeAttachments(n.Attachments), Tag: encodeTags(n.Mentions, n.Hashtags, n.Emojis),
		Quote: n.Quote, QuoteAuthorization: n.QuoteAuthorization,
		InteractionPolicy: n.InteractionPolicy, DirectMessage: n.DirectMessage,
		Likes: count(n.LikesID, n.LikesCount), Shares: count(n.SharesID, n.SharesCount),
	}
	if w.Type == "" {
		w.Type = "Note"
	}
	if !n.QuoteRefused {
		w.QuoteURI, w.MisskeyQuote = n.Quote, n.Quote
	}
	if n.Language != "" && n.Content != "" {
		w.ContentMap = map[string]string{n.Language: n.Content}
	}
	if n.Source != nil {
		w.Source = &wireSource{n.Source.Content, n.Source.MediaType}
	}
	switch {
	case n.Replies != nil:
		w.Replies = n.Replies.Encode()
	case n.RepliesID != "":
		w.Replies = n.RepliesID
	}
	n.Poll.encode(w)
	return w
}

func orEmpty(ids []string) []string {
	if ids == nil {
		return []string{}
	}
	return ids
}

// count is a collection by its number only; Mastodon shows the number.
func count(id string, n int64) any {
	switch {
	case id == "":
		return nil
	case n < 0:
		return id
	}
	return &wireCount{id, "Collection", n}
}

func (p *Poll) encode(w *wireNote) {
	if p == nil {
		return
	}
	options := make([]wireOption, len(p.Options))
	for i, o := range p.Options {
		options[i] = wireOption{Type: "Note", Name: o.Name}
		if !p.Hidden { // GoToSocial takes the absence for hidden, Mastodon for none yet
			options[i].Replies = &wireCount{Type: "Collection", TotalItems: o.Votes}
		}
	}
	if p.Multiple {
		w.AnyOf = options
	} else {
		w.OneOf = options
	}
	w.EndTime = formatTime(p.EndTime)
	if p.Closed {
		if w.Closed = formatTime(p.ClosedAt); w.Closed == "" {
			w.Closed = w.EndTime
		}
	}
	if p.VotersCount >= 0 {
		w.VotersCount = &p.VotersCount
	}
}

// encodeAttachments writes Documents, as Mastodon does: the media type says the rest.
func encodeAttachments(list []Attachment) []wireDocument {
	docs := make([]wireDocument, len(list))
	for i, a := range list {
		docs[i] = wireDocument{
			Type: "Document", MediaType: a.MediaType, URL: a.URL, Name: a.Name,
			Width: a.Width, Height: a.Height, Blurhash: a.Blurhash,
		}
		if a.FocalX != 0 || a.FocalY != 0 {
			docs[i].FocalPoint = []float64{a.FocalX, a.FocalY}
		}
	}
	return docs
}

func encodeTags(mentions []Mention, hashtags []Hashtag, emojis []Emoji) []wireTag {
	tags := make([]wireTag, 0, len(mentions)+len(hashtags)+len(emojis))
	for _, m := range mentions {
		tags = append(tags, wireTag{Type: "Mention", Href: m.Href, Name: m.Name})
	}
	for _, h := range hashtags {
		tags = append(tags, wireTag{Type: "Hashtag", Href: h.Href, Name: "#" + h.Name})
	}
	for _, e := range emojis {
		tags = append(tags, wireTag{
			ID: e.ID, Type: "Emoji", Name: ":" + e.Shortcode + ":", Updated: formatTime(e.Updated),
			Icon: &wireImage{Type: "Image", MediaType: e.MediaType, URL: e.IconURL},
		})
	}
	return tags
}
