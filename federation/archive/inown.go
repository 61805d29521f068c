package archive

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"dassie/federation"
	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// Keys of the parts of an archive of ours, beside those of any other.
const (
	partProfile   = "profile"
	partMessages  = "messages"
	partRelations = "people"
	partFilters   = "filters"
	partDrafts    = "drafts"
	partLog       = "log"
)

// What does not come of an archive of ours, in words.
const (
	whyFollowers = "Followers: they follow the account that was. Whoever wants to follow you here asks anew."
	whyBoosted   = "Boosts whose post is not in the archive, and posts whose address is none of this server."
	whyBoostElse = "Boosts: they were made by the other account."
	whyOther     = "Posts and private mentions of others that are gone, blocked, or not what they say."
	whyNobody    = "Notes, mutes and blocks of people whom the archive does not describe."
	whyOldLog    = "Lines of the security log: they are about the other account."
)

// postsAtOnce is how many posts without files are stored in one transaction.
const postsAtOnce = 20

// knowOwn reads whose archive it is. One of this very account comes back as it was.
func (in *intake) knowOwn() error {
	if _, err := in.zip.value(in.zip.root+manifestMember, &in.own); err != nil {
		return err
	}
	if in.own.Format > format {
		return refuse("The archive was made by a newer dassie. Update this one first.")
	}
	me := in.Service.Identity()
	in.actor = in.own.Actor
	in.plan.Kind, in.plan.Handle = kindOwn, shortName(in.own.Handle)
	in.plan.Same = strings.EqualFold(in.own.Handle, me.Name+"@"+me.Domain) && ap.Host(in.actor) == in.Service.Origin().Host
	posts := stage{partPosts, "Your posts", (*intake).countOwn, (*intake).bringOwn}
	if !in.plan.Same {
		posts.bring = (*intake).bringElse
	}
	in.stages = []stage{
		{"", "People", (*intake).countPeople, (*intake).bringPeople},
		{"", "Posts of others", (*intake).countOthers, (*intake).bringOthers},
		{partProfile, "Profile and settings", (*intake).countProfile, (*intake).bringProfile},
		posts,
		{partPosts, "Threads", nil, (*intake).bringThreads},
		{partPosts, "Pins", nil, (*intake).bringPins},
		{"", "Likes and bookmarks", (*intake).countMarks, (*intake).bringMarks},
		{partRelations, "Follows, lists, mutes and blocks", (*intake).countRelations, (*intake).bringRelations},
		{partFilters, "Filters", (*intake).countFilters, (*intake).bringFilters},
		{partDrafts, "Drafts", (*intake).countDrafts, (*intake).bringDrafts},
		{partLog, "Security log", (*intake).countLog, (*intake).bringLog},
	}
	return nil
}

// batched gathers lines and hands them on in batches; place is behind the last.
func batched[T any](in *intake, member string, from int64, size int, do func(list []T, place int64) error) error {
	var list []T
	place := from
	flush := func() error {
		some := list
		list = nil
		if len(some) == 0 {
			return nil
		}
		return do(some, place)
	}
	err := eachLine(in.zip, in.zip.root+member, func(n int64, v T) error {
		if n < from {
			return nil
		}
		if err := in.ctx.Err(); err != nil {
			return err
		}
		list, place = append(list, v), n+1
		if len(list) < size {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// counted reads a member for the preview.
func counted[T any](in *intake, member, part, name string, is func(T) bool) error {
	n := 0
	err := eachLine(in.zip, in.zip.root+member, func(at int64, v T) error {
		if at%100 == 0 && in.ctx.Err() != nil {
			return in.ctx.Err()
		}
		if is == nil || is(v) {
			n++
			in.part(part, name, 1, 1)
		}
		return nil
	})
	return err
}

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

// quietly is step for what the measure of progress does not count.
func (in *intake) quietly(place int64, do func(tx *store.Tx, r *Result) error) error {
	done := in.row.Done
	in.row.Done -= int(place - in.row.Place)
	if err := in.step(place, do); err != nil {
		in.row.Done = done
		return err
	}
	return nil
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

// renamed lets posts that name the owner name the account of now.
func (in *intake) renamed(x *store.PostExtra) {
	for i := range x.Mentions {
		if x.Mentions[i].URI == in.actor {
			x.Mentions[i].URI = in.Service.ActorURI()
		}
	}
}

func visibilityCalled(name string) store.Visibility {
	if i := slices.Index(visibilities[:], name); i >= 0 {
		return store.Visibility(i)
	}
	return store.Direct
}

func postOf(v other) store.Post {
	return store.Post{
		URI: v.URI, Kind: min(max(v.Kind, 0), store.KindChat), Visibility: visibilityCalled(v.Visibility), ParentURI: v.Parent, URL: v.URL, Title: v.Title,
		Summary: v.Summary, Content: v.Content, Language: v.Language, Sensitive: v.Sensitive, PublishedAt: v.Published, EditedAt: v.Edited,
		Replies: max(v.Replies, 0), Boosts: max(v.Boosts, 0), Likes: max(v.Likes, 0), Extra: v.Extra,
	}
}

func (in *intake) countProfile() error {
	p := in.part(partProfile, "Profile and settings", 1, 1)
	if p.Note = "they take the place of those here"; !in.plan.Same {
		p.Note += "; the name of the account stays"
	}
	return nil
}

// bringProfile takes what the owner typed, the pictures and the choices.
func (in *intake) bringProfile(from int64) error {
	if from > 0 {
		return nil
	}
	var p profile
	set := in.Service.Settings()
	if _, err := in.zip.value(in.zip.root+profileMember, &p); err != nil {
		return err
	}
	if _, err := in.zip.value(in.zip.root+settingsMember, &set); err != nil {
		return err
	}
	edit := federation.ProfileEdit{Name: &p.Name, Bio: &p.Bio, Fields: &p.Fields, Bot: &p.Bot, Creditors: &p.CreditedBy}
	for kind, at := range map[string]**string{"avatar": &edit.Avatar, "header": &edit.Header} {
		name, err := in.profilePicture(kind)
		if err != nil {
			return err
		}
		if name != "" {
			*at = &name
		}
	}
	if err := in.Service.EditProfile(in.ctx, edit); err != nil {
		if reply.CodeOf(err) == reply.Internal {
			return err
		}
		if err := in.step(0, func(_ *store.Tx, r *Result) error { r.leave("The profile: " + reply.Message(err)); return nil }); err != nil {
			return err
		}
	}
	for _, tag := range p.FollowedTags {
		if _, err := in.Service.FollowTag(in.ctx, tag); err != nil && reply.CodeOf(err) == reply.Internal {
			return err
		}
	}
	for _, tag := range p.FeaturedTags {
		if _, err := in.Service.FeatureTag(in.ctx, tag); err != nil && reply.CodeOf(err) == reply.Internal {
			return err
		}
	}
	return in.step(1, func(tx *store.Tx, r *Result) error {
		r.Taken[partProfile] = 1
		if err := in.Service.RestoreAliases(tx, p.Aliases); err != nil {
			return err
		}
		return in.Service.RestoreSettings(tx, set)
	})
}

// profilePicture stores the avatar or the header of the archive; "" for none.
func (in *intake) profilePicture(kind string) (string, error) {
	for name := range in.zip.byName {
		if strings.TrimSuffix(name, path.Ext(name)) != in.zip.root+kind {
			continue
		}
		r, err := in.zip.open(name)
		if err != nil {
			return "", err
		}
		defer r.Close()
		file, err := in.Service.RestorePicture(in.ctx, kind, r)
		if err != nil && reply.CodeOf(err) != reply.Internal {
			return "", nil // it is no picture that can be kept
		}
		return file, err
	}
	return "", nil
}

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
		if v.BoostOf != "" && !in.plan.Same {
			in.leave(whyBoostElse, 1)
			return nil
		}
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
			"They land under their own dates, without a word to anybody. Answers to others become posts with a link to what they answered.",
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
		_, err := tx.Imported(v.URI)
		if errors.Is(err, store.ErrNotFound) {
			_, err = tx.PostIDByURI(v.URI)
		}
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	})
}

// bringOwn restores posts of this very account.
func (in *intake) bringOwn(from int64) error {
	return batched(in, postsMember, from, postsAtOnce, func(list []post, place int64) error {
		var posts []federation.Restored
		var lost []string
		for _, v := range list {
			r := restoredOf(v)
			r.Import = in.row.ID
			in.renamed(&r.Post.Extra)
			files, why, err := in.ownFiles(v)
			if err != nil {
				return err
			}
			r.Files, lost = files, append(lost, why...)
			posts = append(posts, r)
		}
		next := *in.row
		var result Result
		err := in.Service.RestorePosts(in.ctx, posts, func(tx *store.Tx, skipped, gone int) (err error) {
			if result, err = in.result.copy(); err != nil {
				return err
			}
			result.Taken[partPosts] += len(posts) - skipped - gone
			result.count(whyHere, skipped)
			result.count(whyBoosted, gone)
			for _, why := range lost {
				result.leave(why)
			}
			next.Done, next.Place = in.row.Done+int(place-in.row.Place), place
			if next.Result, err = writeJSON(result); err != nil {
				return err
			}
			return tx.ImportAt(next)
		})
		if err == nil {
			*in.row, in.result = next, result
			in.told()
		}
		return err
	})
}

func (r *Result) count(why string, n int) {
	if n > 0 {
		r.Left = leave(r.Left, why, n)
	}
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

// ownFiles brings the files of a post of ours into the media folder, in the order in
// which it shows them, with what is said of them.
func (in *intake) ownFiles(v post) (files []federation.TakenFile, lost []string, err error) {
	order := slices.Clone(v.Files)
	shown := v.Extra.Attachments
	if len(shown) == len(order) { // members are named by their content, and so are these by what they are called
		slices.SortStableFunc(order, func(a, b file) int { return rank(shown, a) - rank(shown, b) })
	}
	for i, f := range order {
		t, why, err := in.ownFile(f)
		if err != nil {
			return nil, nil, err
		}
		if why != "" {
			lost = append(lost, why)
			continue
		}
		if len(shown) == len(order) && in.plan.Same {
			a := shown[i]
			t.ID, t.Name = a.ID, strings.TrimPrefix(a.URL, "/media/")
			if !media128(t.Name) {
				t.ID, t.Name = 0, ""
			}
			if t.File == sumOf(f) && federation.IsBlurhash(a.Blurhash) { // made of the picture as it was uploaded
				t.Blurhash = a.Blurhash
			}
		}
		files = append(files, t)
	}
	return files, lost, nil
}

// rank is where a file stands among those that a post shows.
func rank(shown []store.Attachment, f file) int {
	return slices.IndexFunc(shown, func(a store.Attachment) bool { return a.ID == f.ID })
}

// media128 says whether a name is one that store.Random(16) draws.
func media128(name string) bool {
	return len(name) == len(store.Random(16)) && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
	})
}

// sumOf is the hash of a file of ours, which is its name.
func sumOf(f file) string { return strings.TrimSuffix(path.Base(f.Member), path.Ext(f.Member)) }

func (in *intake) ownFile(f file) (t federation.TakenFile, why string, err error) {
	r, err := in.zip.open(in.zip.root + f.Member)
	if errors.Is(err, fs.ErrNotExist) {
		return t, whyNoFile, nil
	}
	if err != nil {
		return t, "", err
	}
	defer r.Close()
	t, err = in.Service.TakeFile(in.ctx, r, f.Title, sumOf(f))
	switch reply.CodeOf(err) {
	case reply.Invalid, reply.Unprocessable, reply.Unsupported, reply.TooLarge:
		if err != nil {
			return t, whyBadFile, nil
		}
	}
	t.Alt, t.FocalX, t.FocalY = federation.AltText(f.Alt), unit(f.FocalX), unit(f.FocalY)
	return t, "", err
}

// bringElse takes posts of another account of ours as old posts.
func (in *intake) bringElse(from int64) error {
	return batched(in, postsMember, from, 1, func(list []post, place int64) error {
		v := list[0]
		if v.BoostOf != "" {
			return in.step(place, func(_ *store.Tx, r *Result) error { r.leave(whyBoostElse); return nil })
		}
		files, lost, err := in.ownFiles(v)
		if err != nil {
			return err
		}
		t := federation.TakenPost{Import: in.row.ID, Files: files, Origin: v.Extra.Origin, Post: in.Service.ElsewherePost(restoredOf(v).Post)}
		for _, at := range []string{v.URL, v.URI} {
			if ap.IsURL(at) && !slices.Contains(t.Origin, at) {
				t.Origin = append(t.Origin, at)
			}
		}
		if v.Parent != "" {
			if strings.HasPrefix(v.Parent, ownPosts(v.URI)) {
				t.Parent = v.Parent
			} else {
				t.Post.Content = federation.AnswerWords(v.Parent) + t.Post.Content
			}
		}
		return in.takePosts(place, []federation.TakenPost{t}, partPosts, lost)
	})
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
			id, err := tx.PostIDByURI(uri)
			if errors.Is(err, store.ErrNotFound) {
				id, err = tx.Imported(uri)
			}
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

func (in *intake) countMarks() error {
	for kind, part := range markParts {
		if err := counted(in, marksMember, part[0], part[1], func(m mark) bool { return m.Kind == kind }); err != nil {
			return err
		}
	}
	return nil
}

var markParts = map[string][2]string{store.WantLike: {partLikes, "Likes"}, store.WantBookmark: {partBookmarks, "Bookmarks"}}

func (in *intake) bringMarks(from int64) error {
	return batched(in, marksMember, from, postsAtOnce, func(list []mark, place int64) error {
		skipped := 0
		for _, m := range list {
			if part, ok := markParts[m.Kind]; !ok || !in.plan.wants(part[0]) {
				skipped++
			}
		}
		before := in.row.Done
		in.row.Done -= skipped
		err := in.step(place, func(tx *store.Tx, r *Result) error {
			for _, m := range list {
				if part, ok := markParts[m.Kind]; ok && in.plan.wants(part[0]) {
					if err := in.bringMark(tx, r, m, part[0]); err != nil {
						return err
					}
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

// bringMark likes or saves a post that is here; one that is not is fetched later.
func (in *intake) bringMark(tx *store.Tx, r *Result, m mark, part string) error {
	id, err := tx.PostIDByURI(m.Post)
	if errors.Is(err, store.ErrNotFound) {
		id, err = tx.Imported(m.Post)
	}
	if errors.Is(err, store.ErrNotFound) {
		if !ap.IsURL(m.Post) {
			r.leave(whyAddress)
			return nil
		}
		r.Taken[part]++
		return in.Service.WantImported(tx, store.ImportWant{ImportID: in.row.ID, Kind: m.Kind, URI: m.Post})
	}
	if err != nil {
		return err
	}
	r.Taken[part]++
	if m.Kind == store.WantBookmark {
		return tx.RestoreBookmark(id, m.At)
	}
	if m.Emoji != "" && !ap.IsEmoji(m.Emoji) && !ap.IsURL(m.Icon) {
		m.Emoji, m.Icon = "", ""
	}
	return tx.RestoreReaction(&store.Reaction{PostID: id, Emoji: m.Emoji, Icon: m.Icon, At: m.At})
}

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
		return in.Service.RestoreRelation(tx, id, &store.Mute{Until: v.Until, Notices: v.Notices}, false, "")
	case relBlock:
		return in.Service.RestoreRelation(tx, id, nil, true, "")
	case relNote:
		return in.Service.RestoreRelation(tx, id, nil, false, v.Text)
	}
	return store.ErrNotFound
}

func (in *intake) countFilters() error {
	var list []filter
	_, err := in.zip.value(in.zip.root+filtersMember, &list)
	if len(list) > 0 {
		in.part(partFilters, "Filters", len(list), len(list))
	}
	return err
}

func (in *intake) bringFilters(from int64) error {
	var list []filter
	if _, err := in.zip.value(in.zip.root+filtersMember, &list); err != nil {
		return err
	}
	for i := from; i < int64(len(list)); i++ {
		f := list[i]
		out := store.Filter{Title: f.Title, ExpiresAt: f.Expires, Action: store.FilterAction(max(slices.Index(filterActions[:], f.Action), 0))}
		for _, p := range filterPlaces {
			if slices.Contains(f.Where, p.name) {
				out.Context |= p.at
			}
		}
		for _, w := range f.Words {
			out.Words = append(out.Words, store.FilterWord{Word: w.Word, Whole: w.Whole})
		}
		err := in.step(i+1, func(tx *store.Tx, r *Result) error {
			taken, err := in.Service.RestoreFilter(tx, out, f.Posts)
			if taken {
				r.Taken[partFilters]++
			} else if err == nil {
				r.leave("Filters that are here already, or are too many.")
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (in *intake) countDrafts() error {
	var list []unsent
	_, err := in.zip.value(in.zip.root+draftsMember, &list)
	if len(list) > 0 {
		in.part(partDrafts, "Drafts and scheduled posts", len(list), len(list)).Note = "scheduled ones go out at their time; those whose time has passed become drafts"
	}
	return err
}

func (in *intake) bringDrafts(from int64) error {
	var list []unsent
	if _, err := in.zip.value(in.zip.root+draftsMember, &list); err != nil {
		return err
	}
	for i := from; i < int64(len(list)); i++ {
		v := list[i]
		var files []federation.TakenFile
		for n, f := range v.Files {
			t, why, err := in.ownFile(f)
			if err != nil {
				return err
			}
			if why == "" {
				if in.plan.Same && n < len(v.Text.Media) && len(v.Files) == len(v.Text.Media) {
					t.ID = v.Text.Media[n]
				}
				files = append(files, t)
			}
		}
		err := in.step(i+1, func(tx *store.Tx, r *Result) (err error) {
			u := store.Unsent{Draft: v.Text, DueAt: v.Due, EditedAt: v.Edited}
			if v.Kind == unsentKinds[1].name {
				u.Kind = store.UnsentScheduled
			}
			if !in.plan.Same {
				u.Draft.EditID = 0
			}
			for uri, id := range map[string]*int64{v.Parent: &u.Draft.ParentID, v.Quote: &u.Draft.QuoteID} {
				if uri == "" {
					continue
				}
				if *id, err = tx.PostIDByURI(uri); noMatter(err) != nil {
					return err
				}
			}
			r.Taken[partDrafts]++
			return in.Service.RestoreUnsent(tx, u, files)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (in *intake) countLog() error {
	if in.plan.Same {
		return counted[event](in, securityMember, partLog, "Lines of the security log", nil)
	}
	n := 0
	err := in.zip.lines(in.zip.root+securityMember, func(int64, []byte) error { n++; return nil })
	in.leave(whyOldLog, n)
	return err
}

func (in *intake) bringLog(from int64) error {
	if !in.plan.Same {
		return nil
	}
	return batched(in, securityMember, from, postsAtOnce, func(list []event, place int64) error {
		return in.step(place, func(tx *store.Tx, r *Result) error {
			for _, v := range list {
				if err := in.Service.RestoreSecurity(tx, v.At, v.What, v.Detail); err != nil {
					return err
				}
				r.Taken[partLog]++
			}
			return nil
		})
	})
}
