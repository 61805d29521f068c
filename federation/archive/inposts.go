package archive

import (
	"errors"
	"slices"
	"strings"
	"time"

	"dassie/federation"
	"dassie/federation/ap"
	"dassie/store"
)

func (in *intake) countOwn() error {
	posts, boosts, files := 0, 0, 0
	err := eachLine(in.zip, in.zip.root+postsMember, func(n int64, v post) error {
		if n%100 == 0 {
			if err := in.ctx.Err(); err != nil {
				return err
			}
			in.tell(Progress{Stage: "Your posts", Done: int(n)})
		}
		in.part(partPosts, "Posts and boosts", 0, 1)
		here, err := in.hasPost(v)
		if err != nil || here {
			in.leave(whyHere, 1)
			return err
		}
		if v.BoostOf != "" {
			boosts++
		} else {
			posts++
		}
		for _, f := range v.Files {
			if in.zip.has(in.zip.root + f.Member) {
				files++
			} else {
				in.leave(whyNoFile, 1)
			}
		}
		return nil
	})
	in.part(partPosts, "Posts and boosts", posts+boosts, 0).Note = notes(
		some(boosts, "boost", "boosts", "among them"), some(files, "file", "files", "with their descriptions"))
	in.plan.Words = append(in.plan.Words, in.ownWords()...)
	in.leave(whyFollowers, in.followerCount())
	return err
}

// ownWords say what keeps its address.
func (in *intake) ownWords() []string {
	if !in.plan.Same {
		return []string{
			"This is the archive of another account, so posts get new addresses here. The old ones are kept with them, and your search finds a post by its old address too.",
			"They land under their own dates, with their earlier versions and without a word to anybody. What others did with them stays with the old account.",
		}
	}
	return []string{
		"This is the archive of this very account: posts, files and boosts keep their addresses. Nobody is told, and nothing is sent.",
		"Other servers hold copies that an earlier key signed. They take neither changes nor deletions of those from here.",
	}
}

// followerCount is how many lines the list of followers has.
func (in *intake) followerCount() (n int) {
	_ = in.zip.lines(in.zip.root+"followers.csv", func(int64, []byte) error { n++; return nil }) // a list that cannot be read counts nobody
	return max(n-1, 0)
}

// hasPost says whether a post of ours is here, by its address of then or of now.
func (in *intake) hasPost(v post) (bool, error) {
	return store.Get(in.ctx, in.Store, func(tx *store.Tx) (bool, error) {
		_, err := tx.PostWithAddress(v.URI)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	})
}

// bringOwn restores posts, or copies those of another account of ours.
func (in *intake) bringOwn(from int64) error {
	return batched(in, postsMember, from, postsAtOnce, func(list []post, place int64) error {
		var posts []federation.Restored
		var lost []string
		for _, v := range list {
			r := restoredOf(v)
			r.Import = in.row.ID
			in.renamed(&r.Post.Extra)
			if !in.plan.Same {
				copied(&r, v)
			}
			files, why, err := in.ownFiles(v)
			if err != nil {
				return err
			}
			r.Files, lost = files, append(lost, why...)
			posts = append(posts, r)
		}
		return in.noted(place, func(end ending) error {
			return in.Service.RestorePosts(in.ctx, posts, func(tx *store.Tx, skipped, gone int) error {
				return end(tx, func(r *Result) error {
					r.Taken[partPosts] += len(posts) - skipped - gone
					r.count(whyHere, skipped)
					r.count(whyBoosted, gone)
					for _, why := range lost {
						r.leave(why)
					}
					return nil
				})
			})
		})
	})
}

func restoredOf(v post) federation.Restored {
	r := federation.Restored{
		BoostOf: v.BoostOf, Told: map[string]store.DeliveryState{}, Asked: map[string]time.Time{},
		Post: store.Post{
			URI: v.URI, URL: v.URL, Visibility: visibilityCalled(v.Visibility), ParentURI: v.Parent, Summary: v.Summary, Content: v.Content, Source: v.Source,
			Language: v.Language, Sensitive: v.Sensitive, PublishedAt: v.Published, EditedAt: v.Edited,
			Replies: max(v.Replies, 0), Boosts: max(v.Boosts, 0), Likes: max(v.Likes, 0), Extra: v.Extra,
		},
	}
	if v.Poll {
		r.Post.Kind = store.KindQuestion
	}
	for _, e := range v.Edits {
		r.Edits = append(r.Edits, store.Edit{At: e.At, Summary: e.Summary, Content: e.Content, Source: e.Source, Sensitive: e.Sensitive, Extra: e.Extra})
	}
	for _, s := range v.Servers {
		if i := slices.Index(deliveries[:], s.State); i >= 0 && s.Inbox != "" {
			r.Told[s.Inbox] = store.DeliveryState(i)
		}
	}
	for _, f := range v.FetchedBy {
		r.Asked[f.Host] = f.At
	}
	if v.Quote != nil {
		if i := slices.Index(quoteStates[:], v.Quote.State); i >= 0 {
			r.Quote = &store.Quote{QuotedURI: v.Quote.URI, State: store.QuoteState(i), RequestURI: v.Quote.Request, StampURI: v.Quote.Stamp, At: v.Quote.At}
		}
	}
	return r
}

// copied makes a copy of what is of another account of ours.
func copied(r *federation.Restored, v post) {
	r.Copy, r.Origin = true, slices.Clone(v.Extra.Origin)
	for _, at := range []string{v.URL, v.URI} {
		if ap.IsURL(at) && !slices.Contains(r.Origin, at) {
			r.Origin = append(r.Origin, at)
		}
	}
	if v.Parent != "" && strings.HasPrefix(v.Parent, ownPosts(v.URI)) {
		r.Parent, r.Post.ParentURI = v.Parent, ""
	}
}

// ownPosts is how the addresses of posts begin on the server of one.
func ownPosts(uri string) string {
	if i := strings.LastIndexByte(uri, '/'); i >= 0 {
		return uri[:i+1]
	}
	return uri
}

// bringPins pins what was pinned.
func (in *intake) bringPins(int64) error {
	var p profile
	if _, err := in.zip.value(in.zip.root+profileMember, &p); err != nil {
		return err
	}
	return in.Store.Write(in.ctx, func(tx *store.Tx) error {
		var ids []int64
		for _, uri := range p.Pinned[:min(len(p.Pinned), maxPins)] {
			id, err := tx.PostWithAddress(uri)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if of, err := tx.Post(id); err != nil || !of.Own() {
				return err
			}
			ids = append(ids, id)
		}
		if err := tx.RestorePins(ids); err != nil {
			return err
		}
		return tx.ImportAt(*in.row)
	})
}

const maxPins = 5 // DECISIONS 35
