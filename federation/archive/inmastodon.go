package archive

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"path"
	"strconv"
	"strings"

	"dassie/federation"
	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// What does not come of an archive of another server, in words.
const (
	whyBoost   = "Boosts: they are posts of others, and would be sent anew."
	whyStrange = "Entries that are no posts."
	whyForeign = "Posts that somebody else wrote."
	whySpoilt  = "Entries that cannot be read."
	whyHere    = "Posts that are here already, or that you deleted here."
	whyNoFile  = "Files that are not in the archive."
	whyBadFile = "Files that are no picture, film or sound that can be kept."
	whyAddress = "Likes and bookmarks that are no addresses."
	whyMany    = "Likes and bookmarks over 20,000 of each."
	whyPeople  = "Followers: they follow the old account. Move it here, and they come along."
)

// Keys of parts.
const (
	partPosts     = "posts"
	partLikes     = "likes"
	partBookmarks = "bookmarks"
)

// maxWants is how many likes, and bookmarks, are fetched of one archive.
const maxWants = 20_000

// find looks for a member at the top, or in the one folder in which everything lies
// when an archive was unpacked and packed again, and says whether it is there.
func (in *packedFile) find(name string) bool {
	if in.has(name) {
		return true
	}
	for at := range in.byName {
		if dir, ok := strings.CutSuffix(at, "/"+name); ok && !strings.Contains(dir, "/") && dir != "__MACOSX" {
			in.root = dir + "/"
			return true
		}
	}
	return false
}

// knowMastodon reads whose archive it is.
func (in *intake) knowMastodon() error {
	b, err := in.zip.whole(in.zip.root + actorMember)
	if errors.Is(err, fs.ErrNotExist) {
		return refuse("There is no %s in the archive, so nobody can say whose posts these are.", actorMember)
	}
	if err != nil {
		return err
	}
	o, err := ap.Parse(b)
	if err != nil || o.ID() == "" || !ap.IsActorType(o.Type()) {
		return spoilt(actorMember, errors.Join(err, fs.ErrInvalid))
	}
	in.actor, in.follow = o.ID(), o.FirstID("followers")
	in.plan.Kind, in.plan.Handle = kindMastodon, shortName(o.Str("preferredUsername"))+"@"+ap.Host(in.actor)
	in.stages = []stage{
		{partPosts, "Your old posts", (*intake).countOutbox, (*intake).bringOutbox},
		{partPosts, "Threads", nil, (*intake).bringThreads},
		{partLikes, "Likes", (*intake).countLikes, (*intake).bringLikes},
		{partBookmarks, "Bookmarks", (*intake).countBookmarks, (*intake).bringBookmarks},
	}
	return nil
}

// outItem is one entry of an outbox, judged.
type outItem struct {
	note  *ap.Note
	files []outFile
	why   string // why it does not come; "" if it does
}

type outFile struct {
	member         string // "" if the archive does not have it
	alt, title     string
	focalX, focalY float64
}

// judge reads an entry of the outbox.
func (in *intake) judge(item json.RawMessage) outItem {
	o, err := ap.Parse(item)
	if err != nil {
		return outItem{why: whySpoilt}
	}
	switch o.Type() {
	case "Announce":
		return outItem{why: whyBoost}
	case "Create":
	default:
		return outItem{why: whyStrange}
	}
	post, ok := o.Obj("object")
	if !ok {
		return outItem{why: whyStrange}
	}
	if by := post.FirstID("attributedTo"); by != in.actor && by != "" {
		return outItem{why: whyForeign}
	}
	post["attributedTo"] = in.actor
	files := in.filesOf(post)
	delete(post, "attachment") // their addresses are places in the archive
	n, err := ap.ReadNote(post)
	if err != nil || !n.Shown() && len(files) == 0 {
		return outItem{why: whySpoilt}
	}
	if ap.Host(n.ID) != ap.Host(in.actor) {
		return outItem{why: whyForeign}
	}
	if n.Published.IsZero() {
		n.Published = o.Time("published")
	}
	return outItem{note: n, files: files}
}

func (in *intake) filesOf(post ap.Object) (list []outFile) {
	for _, a := range post.Objs("attachment") {
		at := a.Str("url")
		if at == "" {
			if link, ok := a.Obj("url"); ok {
				at = link.Str("href")
			}
		}
		if at == "" || a.Type() == "Link" || a.Type() == "PropertyValue" {
			continue
		}
		f := outFile{member: in.zip.member(at), alt: a.Str("name"), title: path.Base(at)}
		if f.alt == "" {
			f.alt = a.Str("summary")
		}
		if p, ok := a["focalPoint"].([]any); ok && len(p) == 2 {
			f.focalX, f.focalY = unit(p[0]), unit(p[1])
		}
		list = append(list, f)
	}
	return list
}

// unit is a number between -1 and 1, as far as it is one.
func unit(v any) float64 {
	f, ok := v.(float64)
	if n, is := v.(json.Number); is {
		var err error
		f, err = n.Float64()
		ok = err == nil
	}
	if !ok || !(f >= -1 && f <= 1) {
		return 0
	}
	return f
}

// member finds the file that an attachment leads to: by its path, as archives have it
// today, below a folder, or by the end of an address, as older ones have it.
func (in *packedFile) member(at string) string {
	if u, err := url.Parse(at); err == nil {
		at = u.Path
	}
	at = strings.TrimPrefix(path.Clean("/"+at), "/")
	for _, name := range []string{in.root + at, at} {
		if in.has(name) {
			return name
		}
	}
	if in.tails == nil {
		in.tails = map[string]string{}
		for name := range in.byName {
			if tail := tailOf(name); tail != "" {
				in.tails[tail] = name
			}
		}
	}
	return in.tails[tailOf(at)]
}

// tailOf is what stays of the place of a file, whatever stands before it.
func tailOf(name string) string {
	for _, mark := range []string{"media_attachments/files/", "media_attachments/"} {
		if i := strings.LastIndex(name, mark); i >= 0 {
			return name[i+len(mark):]
		}
	}
	return ""
}

// answers says what a post answers: its address, and whether that is own too.
func (in *intake) answers(n *ap.Note) (parent string, own bool) {
	return n.InReplyTo, n.InReplyTo != "" && strings.HasPrefix(n.InReplyTo, strings.TrimSuffix(in.actor, "/")+"/")
}

func (in *intake) countOutbox() error {
	posts, answers, threads, private, files := 0, 0, 0, 0, 0
	err := in.zip.items(in.zip.root+outboxMember, func(n int64, item json.RawMessage) error {
		if n%100 == 0 {
			if err := in.ctx.Err(); err != nil {
				return err
			}
			in.tell(Progress{Stage: "Your old posts", Done: int(n)})
		}
		in.part(partPosts, "Posts", 0, 1)
		j := in.judge(item)
		if j.why != "" {
			in.leave(j.why, 1)
			return nil
		}
		here, err := in.known(j.note)
		if err != nil {
			return err
		}
		if here {
			in.leave(whyHere, 1)
			return nil
		}
		posts++
		if parent, own := in.answers(j.note); own {
			threads++
		} else if parent != "" {
			answers++
		}
		if j.note.Visibility(in.follow, in.actor) == ap.VisDirect || j.note.Visibility(in.follow, in.actor) == ap.VisLimited {
			private++
		}
		for _, f := range j.files {
			if f.member == "" {
				in.leave(whyNoFile, 1)
			} else {
				files++
			}
		}
		return nil
	})
	in.part(partPosts, "Posts", posts, 0).Note = notes(
		some(files, "file", "files", "with their descriptions"), some(threads, "answer", "answers", "to yourself stay threads"),
		some(answers, "answer", "answers", "to others become posts with a link to what they answered"),
		some(private, "private mention", "private mentions", "only you will see"))
	if posts > 0 {
		in.plan.Words = append(in.plan.Words, "Old posts land under their own dates, without a word to anybody: nobody is notified, and no server gets them.",
			"They get new addresses here. The old ones are kept with them, and your search finds a post by its old address too.")
	}
	in.leave(whyPeople, 1)
	return err
}

// known says whether a post came before.
func (in *intake) known(n *ap.Note) (bool, error) {
	_, err := store.Get(in.ctx, in.Store, func(tx *store.Tx) (int64, error) { return tx.Imported(n.ID) })
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (in *intake) bringOutbox(from int64) error {
	return in.zip.items(in.zip.root+outboxMember, func(n int64, item json.RawMessage) error {
		if n < from {
			return nil
		}
		if err := in.ctx.Err(); err != nil {
			return err
		}
		return in.bringOld(n, item)
	})
}

// bringOld stores one post with its files.
func (in *intake) bringOld(n int64, item json.RawMessage) error {
	j := in.judge(item)
	if j.why == "" {
		here, err := in.known(j.note)
		if err != nil {
			return err
		}
		if here {
			j.why = whyHere
		}
	}
	if j.why != "" {
		return in.step(n+1, func(_ *store.Tx, r *Result) error { r.leave(j.why); return nil })
	}
	var lost []string
	t := federation.TakenPost{Import: in.row.ID, Origin: origins(j.note)}
	for _, f := range j.files {
		file, why, err := in.takeFile(f)
		if err != nil {
			return err
		}
		if why != "" {
			lost = append(lost, why)
		} else {
			t.Files = append(t.Files, file)
		}
	}
	parent, own := in.answers(j.note)
	t.Post = in.Service.OldPost(j.note, in.follow, in.actor)
	if own {
		t.Parent = parent
	} else {
		t.Post.Content = federation.AnswerWords(parent) + t.Post.Content
	}
	if t.Post.Content == "" && len(t.Files) == 0 {
		return in.step(n+1, func(_ *store.Tx, r *Result) error { r.leave(whySpoilt); return nil })
	}
	return in.takePosts(n+1, []federation.TakenPost{t}, partPosts, lost)
}

// takePosts stores posts and notes where the import stands, in one transaction.
func (in *intake) takePosts(place int64, list []federation.TakenPost, part string, lost []string) error {
	next := *in.row
	var result Result
	err := in.Service.TakePosts(in.ctx, list, func(tx *store.Tx, skipped int) (err error) {
		if result, err = in.result.copy(); err != nil {
			return err
		}
		result.Taken[part] += len(list) - skipped
		if skipped > 0 {
			result.Left = leave(result.Left, whyHere, skipped)
		}
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
}

// origins are the addresses of a post: its page, and its id.
func origins(n *ap.Note) []string {
	if n.URL == "" || n.URL == n.ID {
		return []string{n.ID}
	}
	return []string{n.URL, n.ID}
}

// takeFile brings a file of the archive into the media folder; why says why not.
func (in *intake) takeFile(f outFile) (file federation.TakenFile, why string, err error) {
	r, err := in.zip.open(f.member)
	if errors.Is(err, fs.ErrNotExist) {
		return file, whyNoFile, nil
	}
	if err != nil {
		return file, "", err
	}
	defer r.Close()
	file, err = in.Service.TakeFile(in.ctx, r, f.title, "")
	switch reply.CodeOf(err) {
	case reply.Invalid, reply.Unprocessable, reply.Unsupported, reply.TooLarge:
		if err != nil {
			return file, whyBadFile, nil
		}
	}
	if err != nil && errors.Is(err, io.ErrUnexpectedEOF) {
		err = torn(err)
	}
	file.Alt, file.FocalX, file.FocalY = federation.AltText(f.alt), f.focalX, f.focalY
	return file, "", err
}

// threadsAtOnce is how many answers are linked in one transaction.
const threadsAtOnce = 50

// bringThreads links answers that stood before what they answer.
func (in *intake) bringThreads(after int64) error {
	for {
		var last int64
		err := in.Store.Write(in.ctx, func(tx *store.Tx) (err error) {
			if last, err = in.Service.AdoptPosts(tx, in.row.ID, after, threadsAtOnce); err != nil {
				return err
			}
			return tx.ImportAt(*in.row)
		})
		if err != nil || last == 0 {
			return err
		}
		after = last
	}
}

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

// some is a number of things in words, "" for none.
func some(n int, one, many, then string) string {
	if n == 0 {
		return ""
	}
	if n == 1 {
		return "1 " + one + " " + then
	}
	return strconv.Itoa(n) + " " + many + " " + then
}

func notes(list ...string) string {
	var kept []string
	for _, s := range list {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, "; ")
}
