package archive

import (
	"slices"
	"strings"

	"dassie/federation/ap"
	"dassie/store"
)

// Keys of the parts of an archive of ours, beside those of any other.
const (
	partEmojis    = "emojis"
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
	whyBoosted   = "Boosts whose post is not in the archive or is not for everybody, and posts whose address is none of this server."
	whyEmoji     = "Emojis whose word another one has here, or whose picture cannot be kept."
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
	in.stages = []stage{
		{"", "People", (*intake).countPeople, (*intake).bringPeople},
		{"", "Posts of others", (*intake).countOthers, (*intake).bringOthers},
		{partEmojis, "Custom emojis", (*intake).countEmojis, (*intake).bringEmojis}, // before what shows them
		{partProfile, "Profile and settings", (*intake).countProfile, (*intake).bringProfile},
		{partPosts, "Your posts", nil, (*intake).spare},
		{partPosts, "Your posts", (*intake).countOwn, (*intake).bringOwn},
		{partPosts, "Threads", nil, (*intake).bringThreads},
		{partPosts, "Pins", nil, (*intake).bringPins},
		{"", "Likes and bookmarks", (*intake).countMarks, (*intake).bringMarks},
		{partVotes, "Votes", (*intake).countVotes, (*intake).bringVotes},
		{partChoices, "Choices of mail, notices and conversations", (*intake).countChoices, (*intake).bringChoices},
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

// renamed lets posts that name the owner name the account of now.
func (in *intake) renamed(x *store.PostExtra) {
	for i := range x.Mentions {
		if x.Mentions[i].URI == in.actor {
			x.Mentions[i].URI = in.Service.ActorURI()
		}
	}
}

// visibilityCalled is the audience of that name, and the narrowest for a name that is none.
func visibilityCalled(name string) store.Visibility {
	if i := slices.Index(visibilities[:], name); i >= 0 {
		return store.Visibility(i)
	}
	return store.Direct
}
