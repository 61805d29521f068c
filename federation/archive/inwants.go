package archive

import (
	"encoding/json"

	"dassie/federation/ap"
	"dassie/store"
)

// maxWants is how many likes, and bookmarks, are fetched of one archive.
const maxWants = 20_000

// addresses calls do with the addresses of a collection.
func (in *intake) addresses(member string, do func(n int64, at string) error) error {
	return in.zip.items(in.zip.root+member, func(n int64, item json.RawMessage) error {
		if err := in.ctx.Err(); err != nil {
			return err
		}
		var at string
		if json.Unmarshal(item, &at) != nil {
			var o struct {
				ID string `json:"id"`
			}
			_ = json.Unmarshal(item, &o) // what is neither is no address
			at = o.ID
		}
		return do(n, at)
	})
}

// countWants counts the addresses in a member that are to be fetched.
func (in *intake) countWants(member, part, name string) error {
	count := 0
	err := in.addresses(member, func(n int64, at string) error {
		switch {
		case !ap.IsURL(at):
			in.leave(whyAddress, 1)
		case n >= maxWants:
			in.leave(whyMany, 1)
		default:
			count++
		}
		in.part(part, name, 0, 1)
		return nil
	})
	if count > 0 {
		in.part(part, name, count, 0).Note = "fetched one after the other from their servers, which takes hours; nobody is told"
	}
	return err
}

func (in *intake) countLikes() error { return in.countWants(likesMember, partLikes, "Likes") }

func (in *intake) countBookmarks() error {
	return in.countWants(bookmarksMember, partBookmarks, "Bookmarks")
}

// wantsAtOnce is how many addresses are noted in one transaction.
const wantsAtOnce = 50

// bringWants notes them, from the place on where an interrupted import stood.
func (in *intake) bringWants(member, part, kind string, from int64) error {
	var batch []string
	place := from
	flush := func() error {
		list := batch
		batch = nil
		if len(list) == 0 {
			return nil
		}
		return in.step(place, func(tx *store.Tx, r *Result) error {
			for _, at := range list {
				if !ap.IsURL(at) {
					r.leave(whyAddress)
					continue
				}
				if r.Taken[part] >= maxWants {
					r.leave(whyMany)
					continue
				}
				r.Taken[part]++
				if err := in.Service.WantImported(tx, store.ImportWant{ImportID: in.row.ID, Kind: kind, URI: at}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := in.addresses(member, func(n int64, at string) error {
		if n < from {
			return nil
		}
		batch, place = append(batch, at), n+1
		if len(batch) < wantsAtOnce {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

func (in *intake) bringLikes(from int64) error {
	return in.bringWants(likesMember, partLikes, store.WantLike, from)
}

func (in *intake) bringBookmarks(from int64) error {
	return in.bringWants(bookmarksMember, partBookmarks, store.WantBookmark, from)
}
