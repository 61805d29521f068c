package archive

import "dassie/store"

const (
	votesMember   = ownFolder + "votes.jsonl"
	choicesMember = ownFolder + "choices.json"
)

// vote is what the owner chose in a poll of somebody else.
type vote struct {
	Post    string   `json:"post"`
	Choices []int    `json:"choices"` // from 0
	Names   []string `json:"names"`
}

// votes writes them, by the age of the polls.
func (e *export) votes() error {
	out, err := e.lines(votesMember)
	if err != nil {
		return err
	}
	return e.eachVote(func(v vote, id int64) error {
		e.touched[id] = true
		return out.add(v)
	})
}

func (e *export) eachVote(do func(v vote, postID int64) error) error {
	for after := int64(0); ; {
		n := 0
		err := e.read(func(tx *store.Tx) error {
			ids, err := tx.VotedIn(after, pageSize)
			if n = len(ids); err != nil || n == 0 {
				return err
			}
			after = ids[n-1]
			chosen, err := tx.OwnVotes(ids)
			if err != nil {
				return err
			}
			posts, err := tx.Posts(ids)
			for i := 0; err == nil && i < len(posts); i++ {
				err = do(voteOf(posts[i], chosen[posts[i].ID]), posts[i].ID)
			}
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// voteOf names what was chosen, as far as the poll is still known.
func voteOf(p store.Post, choices []int) vote {
	v := vote{Post: p.URI, Choices: choices, Names: []string{}}
	for _, c := range choices {
		if p.Extra.Poll != nil && c < len(p.Extra.Poll.Options) {
			v.Names = append(v.Names, p.Extra.Poll.Options[c].Name)
		}
	}
	return v
}

// choices are those that are no part of store.Settings. The mail address and what is
// drawn for it are not in them.
type choices struct {
	Mail       mailChoices        `json:"mail"`
	Notices    store.NoticePolicy `json:"notices"`
	Quarantine store.Quarantine   `json:"quarantine"`
	Allowed    []string           `json:"notices_always_from"` // addresses of people
	Muted      []string           `json:"muted_conversations"` // addresses of their first posts
}

type mailChoices struct {
	When        map[string]store.MailWhen `json:"when"` // of every kind of notice
	Hour        int                       `json:"digest_hour"`
	Always      bool                      `json:"always"`
	PrivateText bool                      `json:"private_text"`
}

// choicesOf reads them; named and touched are told whom and what they name.
func choicesOf(tx *store.Tx, named, touched func(id int64)) (c choices, err error) {
	m, err := tx.Mail()
	if err != nil {
		return c, err
	}
	c.Mail = mailChoices{When: map[string]store.MailWhen{}, Hour: m.Hour, Always: m.Always, PrivateText: m.PrivateText}
	for kind := range store.MailUsual {
		c.Mail.When[kind] = m.WhenOf(kind)
	}
	if c.Notices, err = tx.NoticePolicy(); err != nil {
		return c, err
	}
	if c.Quarantine, err = tx.Quarantine(); err != nil {
		return c, err
	}
	c.Allowed, err = everyID(tx.NoticesAllowedList, func(ids []int64) ([]string, error) {
		actors, err := tx.Actors(ids...)
		var list []string
		for _, id := range ids {
			if a, ok := actors[id]; ok {
				named(id)
				list = append(list, a.URI)
			}
		}
		return list, err
	})
	if err != nil {
		return c, err
	}
	c.Muted, err = everyID(tx.MutedThreads, func(ids []int64) ([]string, error) {
		posts, err := tx.Posts(ids)
		var list []string
		for _, p := range posts {
			touched(p.ID)
			list = append(list, p.URI)
		}
		return list, err
	})
	return c, err
}

// everyID reads a list of ids in pages and gathers what of says of them.
func everyID(read func(after int64, limit int) ([]int64, error), of func(ids []int64) ([]string, error)) ([]string, error) {
	all := []string{}
	for after := int64(0); ; {
		ids, err := read(after, pageSize)
		if err != nil || len(ids) == 0 {
			return all, err
		}
		after = ids[len(ids)-1]
		some, err := of(ids)
		if err != nil {
			return all, err
		}
		all = append(all, some...)
	}
}

// moreChoices writes them.
func (e *export) moreChoices() error {
	var c choices
	err := e.read(func(tx *store.Tx) (err error) {
		c, err = choicesOf(tx, func(id int64) { e.named[id] = true }, func(id int64) { e.touched[id] = true })
		return err
	})
	if err != nil {
		return err
	}
	return e.json(choicesMember, c)
}
