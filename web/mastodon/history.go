package mastodon

import (
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// maxIDs is how many posts are asked for by id at once; more are left out.
const maxIDs = 40

// StatusEdit is one version of a post.
type StatusEdit struct {
	Content     string        `json:"content"`
	SpoilerText string        `json:"spoiler_text"`
	Sensitive   bool          `json:"sensitive"`
	CreatedAt   string        `json:"created_at"`
	Account     *Account      `json:"account"`
	Poll        *EditPoll     `json:"poll,omitempty"` // only where there is one
	Media       []Media       `json:"media_attachments"`
	Emojis      []CustomEmoji `json:"emojis"`
	Quote       any           `json:"quote"` // as of a Status
}

// EditPoll is what a version of a post asked.
type EditPoll struct {
	Options []EditOption `json:"options"`
}

// EditOption is one answer to it.
type EditOption struct {
	Title string `json:"title"`
}

// statusList: GET /api/v1/statuses?id[]=, in the order asked; those that are not here
// are left out.
func (a *API) statusList(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Status, error) {
		posts, err := tx.Posts(askedIDs(c))
		if err != nil {
			return nil, err
		}
		m, err := a.gather(tx, posts)
		if err != nil {
			return nil, err
		}
		return m.statuses(posts), nil
	})
}

// askedIDs reads id[]; what is no id is nobody's.
func askedIDs(c *call) (ids []int64) {
	for _, text := range c.params.list("id") {
		if n, ok := parseID(text); ok && len(ids) < maxIDs {
			ids = append(ids, n)
		}
	}
	return ids
}

// history: GET /api/v1/statuses/:id/history, the first version first. Without an
// edit there is that one alone.
func (a *API) history(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]StatusEdit, error) {
		p, err := tx.Post(c.id)
		if err != nil {
			return nil, err
		}
		m, err := a.gather(tx, []store.Post{p})
		if err != nil {
			return nil, err
		}
		return m.history(tx, p)
	})
}

// history lists the versions of a post that was gathered.
func (m *room) history(tx *store.Tx, p store.Post) ([]StatusEdit, error) {
	now := m.status(&p)
	if now == nil {
		return nil, errNotFound
	}
	edits, err := tx.Edits(p.ID)
	if err != nil {
		return nil, err
	}
	if err := m.readEditEmojis(tx, p, edits); err != nil {
		return nil, err
	}
	list := make([]StatusEdit, 0, len(edits)+1)
	for _, e := range edits {
		list = append(list, m.version(p, e, now))
	}
	return append(list, StatusEdit{
		Content: now.Content, SpoilerText: now.SpoilerText, Sensitive: now.Sensitive, CreatedAt: or(deref(now.EditedAt), now.CreatedAt),
		Account: now.Account, Poll: editPoll(p.Extra.Poll), Media: now.Media, Emojis: now.Emojis, Quote: now.Quote,
	}), nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// readEditEmojis reads the pictures that only earlier versions use.
func (m *room) readEditEmojis(tx *store.Tx, p store.Post, edits []store.Edit) error {
	host := m.actors[p.ActorID].HostID
	words := make([]federation.EmojiWords, len(edits))
	for i, e := range edits {
		words[i] = federation.EmojiWords{HostID: host, List: e.Extra.Emojis}
	}
	return m.api.svc.ReadEmojis(tx, m.scope, m.emojis, words...)
}

// version is an earlier version of a post. Its files are shown while the post still
// has them: the addresses of others are those of a place in the post.
func (m *room) version(p store.Post, e store.Edit, now *Status) StatusEdit {
	old := p
	old.Title, old.Summary, old.Content, old.Extra = "", e.Summary, e.Content, e.Extra
	v := StatusEdit{
		Content: old.HTML(), SpoilerText: e.Summary, Sensitive: e.Sensitive, CreatedAt: date(e.At), Account: now.Account,
		Poll: editPoll(e.Extra.Poll), Media: []Media{}, Emojis: m.emojisOf(m.actors[p.ActorID].HostID, e.Extra.Emojis),
	}
	for _, was := range e.Extra.Attachments {
		for i, is := range p.Extra.Attachments {
			if is.URL == was.URL && i < len(now.Media) {
				file := now.Media[i]
				file.Description = textOrNull(was.Alt)
				v.Media = append(v.Media, file)
				break
			}
		}
	}
	if e.Extra.QuoteURI == p.Extra.QuoteURI {
		v.Quote = now.Quote
	}
	return v
}

func editPoll(q *store.Poll) *EditPoll {
	if q == nil {
		return nil
	}
	out := &EditPoll{Options: make([]EditOption, 0, len(q.Options))}
	for _, o := range q.Options {
		out.Options = append(out.Options, EditOption{o.Name})
	}
	return out
}

// statusCard: GET /api/v1/statuses/:id/card, which old apps ask for; {} for none.
func (a *API) statusCard(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (any, error) {
		p, err := tx.Post(c.id)
		if err != nil {
			return nil, err
		}
		s, err := a.one(tx, p)
		if err != nil || s.Card == nil {
			return struct{}{}, err
		}
		return s.Card, nil
	})
}

// translate: POST /api/v1/statuses/:id/translate. Nothing here translates, and no
// other server is shown what the owner reads.
func (a *API) translate(*call) (any, error) {
	return nil, reply.Errorf(reply.NotFound, "Posts are not translated on this server.")
}
