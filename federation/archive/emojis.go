package archive

import (
	"strconv"

	"dassie/store"
)

// emoji is one of the owner's custom emojis. One that was removed is there for the
// texts that show it.
type emoji struct {
	ID      int64  `json:"id"`
	Code    string `json:"shortcode"`
	Member  string `json:"file"`
	MIME    string `json:"type"`
	Removed bool   `json:"removed,omitempty"`
}

// emojis writes them with their pictures; the still ones are made of those.
func (e *export) emojis() error {
	out, err := e.lines(emojisMember)
	if err != nil {
		return err
	}
	var all []store.OwnEmoji
	err = e.eachEmoji(func(m store.OwnEmoji) error {
		all = append(all, m)
		return out.add(emoji{ID: m.ID, Code: m.Shortcode, Member: emojiMember(m), MIME: m.MIME, Removed: !m.RemovedAt.IsZero()})
	})
	if err != nil {
		return err
	}
	for _, m := range all {
		if _, err := e.file(emojiMember(m), m.File); err != nil {
			return err
		}
	}
	return nil
}

func (e *export) eachEmoji(do func(store.OwnEmoji) error) error {
	for after := int64(0); ; {
		var page []store.OwnEmoji
		if err := e.read(func(tx *store.Tx) (err error) { page, err = tx.OwnEmojisAfter(after, pageSize); return err }); err != nil {
			return err
		}
		if len(page) == 0 {
			return nil
		}
		after = page[len(page)-1].ID
		for _, m := range page {
			if err := do(m); err != nil {
				return err
			}
		}
	}
}

// emojiMember is where the picture of an emoji lies: its word may have been another's.
func emojiMember(m store.OwnEmoji) string {
	return ownFolder + "emojis/" + m.Shortcode + "-" + strconv.FormatInt(m.ID, 10) + ends[m.MIME]
}
