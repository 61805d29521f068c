package archive

import (
	"errors"

	"dassie/store"
)

func (in *intake) countPeople() error {
	return eachLine(in.zip, in.zip.root+peopleMember, func(int64, person) error { return in.ctx.Err() })
}

func (in *intake) bringPeople(from int64) error {
	return batched(in, peopleMember, from, postsAtOnce, func(list []person, place int64) error {
		return in.quietly(place, func(tx *store.Tx, _ *Result) error {
			for _, v := range list {
				_, err := in.Service.KnowPerson(tx, store.Actor{
					URI: v.URI, Username: v.Username, Domain: v.Domain, Kind: v.Kind, Name: v.Name, URL: v.URL, Inbox: v.Inbox, SharedInbox: v.SharedInbox,
					Outbox: v.Outbox, FollowersURI: v.Followers, FeaturedURI: v.Featured, IconURL: v.Icon,
				})
				if noMatter(err) != nil {
					return err
				}
			}
			return nil
		})
	})
}

func (in *intake) countOthers() error {
	return counted(in, othersMember, partMessages, "Private mentions that you got", func(v other) bool { return v.Visibility == visibilities[store.Direct] })
}

func (in *intake) bringOthers(from int64) error {
	return batched(in, othersMember, from, postsAtOnce, func(list []other, place int64) error {
		private := 0
		for _, v := range list {
			if v.Visibility == visibilities[store.Direct] {
				private++
			}
		}
		wanted := in.plan.wants(partMessages)
		before := in.row.Done
		if !wanted {
			private = 0
		}
		in.row.Done += private - int(place-in.row.Place)
		err := in.step(place, func(tx *store.Tx, r *Result) error {
			for _, v := range list {
				direct := v.Visibility == visibilities[store.Direct]
				if direct && !wanted {
					continue
				}
				p := postOf(v)
				in.renamed(&p.Extra)
				_, err := in.Service.KnowPost(tx, p, v.Author)
				if errors.Is(err, store.ErrNotFound) {
					r.leave(whyOther)
					continue
				}
				if err != nil {
					return err
				}
				if direct {
					r.Taken[partMessages]++
				}
			}
			return nil
		})
		if err != nil {
			in.row.Done = before
		}
		return err
	})
}

// postOf is a post of somebody else as the store keeps it.
func postOf(v other) store.Post {
	return store.Post{
		URI: v.URI, Kind: min(max(v.Kind, 0), store.KindChat), Visibility: visibilityCalled(v.Visibility), ParentURI: v.Parent, URL: v.URL, Title: v.Title,
		Summary: v.Summary, Content: v.Content, Language: v.Language, Sensitive: v.Sensitive, PublishedAt: v.Published, EditedAt: v.Edited,
		Replies: max(v.Replies, 0), Boosts: max(v.Boosts, 0), Likes: max(v.Likes, 0), Extra: v.Extra,
	}
}
