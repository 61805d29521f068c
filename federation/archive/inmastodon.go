package archive

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"path"
	"strconv"
	"strings"

	"dassie/federation/ap"
	"dassie/store"
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
	whyProfile = "The profile with its pictures: the one that you have here stays."
	whyLists   = "Whom you follow, lists, mutes and blocks: Mastodon keeps them in files of their own. Import those too."
)

// Keys of parts.
const (
	partPosts     = "posts"
	partLikes     = "likes"
	partBookmarks = "bookmarks"
)

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
		{partPosts, "Your old posts", nil, (*intake).spare},
		{partPosts, "Your old posts", (*intake).countOutbox, (*intake).bringOutbox},
		{partPosts, "Threads", nil, (*intake).bringThreads},
		{partLikes, "Likes", (*intake).countLikes, (*intake).bringLikes},
		{partBookmarks, "Bookmarks", (*intake).countBookmarks, (*intake).bringBookmarks},
	}
	return nil
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
