package archive

import (
	"errors"

	"dassie/federation/ap"
	"dassie/store"
)

func (in *intake) countRelations() error {
	n := map[string]int{}
	err := eachLine(in.zip, in.zip.root+relationsMember, func(_ int64, r relation) error {
		n[r.Kind]++
		in.part(partRelations, "People, lists and servers", 1, 1)
		return in.ctx.Err()
	})
	if len(n) > 0 {
		in.part(partRelations, "", 0, 0).Note = notes(
			some(n[relFollow], "person", "people", "whom you follow are asked anew, a few a minute"), some(n[relList], "list", "lists", "with their people"),
			some(n[relMute], "mute", "mutes", "as they were"), some(n[relBlock], "block", "blocks", "of which nobody is told"),
			some(n[relServer], "server", "servers", "blocked or silenced"), some(n[relNote], "note", "notes", "about people"))
	}
	return err
}

func (in *intake) bringRelations(from int64) error {
	return batched(in, relationsMember, from, postsAtOnce, func(list []relation, place int64) error {
		return in.step(place, func(tx *store.Tx, r *Result) error {
			for _, v := range list {
				err := in.bringRelation(tx, v)
				if errors.Is(err, store.ErrNotFound) {
					r.leave(whyNobody)
					continue
				}
				if err != nil {
					return err
				}
				r.Taken[partRelations]++
			}
			return nil
		})
	})
}

func (in *intake) bringRelation(tx *store.Tx, v relation) error {
	switch v.Kind {
	case relList:
		return in.Service.RestoreList(tx, store.List{ID: v.ID, Title: v.Name, Replies: v.Replies, Exclusive: v.Exclusive})
	case relServer:
		rule := store.ServerRule{Name: v.Name, Bound: store.Silenced, Comment: v.Text}
		if v.Blocked {
			rule.Bound = store.Blocked
		}
		return in.Service.RestoreRules(tx, []store.ServerRule{rule})
	case relFollow:
		if !ap.IsURL(v.Person) {
			return store.ErrNotFound
		}
		return in.Service.WantFollow(tx, in.row.ID, v.Person, store.Following{Boosts: v.Boosts, Notify: v.Notify, Languages: v.Languages}, v.Lists, v.Recommended)
	}
	id, err := tx.ActorIDByURI(v.Person)
	if err != nil {
		return err
	}
	switch v.Kind {
	case relMute:
		return in.Service.RestoreRelation(tx, id, &store.Mute{Until: v.Until, Notices: v.Notices, At: v.At}, nil, "")
	case relBlock:
		return in.Service.RestoreRelation(tx, id, nil, &store.Block{At: v.At}, "")
	case relNote:
		return in.Service.RestoreRelation(tx, id, nil, nil, v.Text)
	}
	return store.ErrNotFound
}
