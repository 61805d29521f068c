package store

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// subjectArgs are what the queries ask for. Who is not known here has the id 0, and
// only what is filed by handle.
func (t *Tx) subjectArgs(actorID int64, handle string) ([]any, error) {
	a := Actor{ID: actorID}
	if actorID != 0 {
		var err error
		if a, err = t.Actor(actorID); err != nil {
			return nil, err
		}
		handle = a.Handle()
	}
	inbox := a.Inbox
	if inbox == a.SharedInbox {
		inbox = "" // everybody's there
	}
	return []any{a.ID, a.URI, handle, `author : "` + authorWord(a.ID) + `"`, inbox, t.hash(inbox)}, nil
}

// SubjectCount is how much of one kind is kept about somebody.
type SubjectCount struct {
	SubjectPart
	Count int
}

// toThem are the words for those kinds whose own speak to the owner.
var toThem = map[string][2]string{
	"follows_you":             {"follow of the owner by you", "follows of the owner by you"},
	"followed":                {"follow of you by the owner", "follows of you by the owner"},
	"named_by_others":         {"post of somebody else that names you", "posts of others that name you"},
	"named_by_owner":          {"post of the owner that names you", "posts of the owner that name you"},
	"conversations_of_others": {"private conversation with words of others", "private conversations with words of others"},
	"notices":                 {"notice of what you did", "notices of what you did"},
	"never_held_back":         {"permission to notify the owner", "permissions to notify the owner"},
	"imported_lists":          {"line of a list that the owner brought in", "lines of lists that the owner brought in"},
	"recommended":             {"recommendation on the owner’s profile", "recommendations on the owner’s profile"},
	"note":                    {"note of the owner about you", "notes of the owner about you"},
	"blocked_by":              {"block of the owner by you", "blocks of the owner by you"},
	"reports":                 {"report by or about you", "reports by or about you"},
	"consents":                {"consent of the owner to a quote or the like", "consents of the owner to quotes and the like"},
	"bylines":                 {"preview of a link that names you as author", "previews of links that name you as author"},
	"deliveries":              {"delivery to an inbox of yours alone", "deliveries to an inbox of yours alone"},
	"inbox":                   {"address of an inbox of yours alone", "addresses of an inbox of yours alone"},
}

// Words say what it is, to the owner.
func (c SubjectCount) Words() string {
	if c.Count == 1 {
		return c.One
	}
	return c.Many
}

// WordsToThem say what it is, to who it is about.
func (c SubjectCount) WordsToThem() string {
	words, ok := toThem[c.Name]
	switch {
	case !ok:
		return c.Words()
	case c.Count == 1:
		return words[0]
	}
	return words[1]
}

// SubjectCounts says how much is kept about somebody, kinds of which there is nothing
// left out. handle is for who is not known here, whose id is 0.
func (t *Tx) SubjectCounts(actorID int64, handle string) ([]SubjectCount, error) {
	args, err := t.subjectArgs(actorID, handle)
	if err != nil {
		return nil, err
	}
	var list []SubjectCount
	for _, p := range subjectParts {
		n, err := value[int64](t, `select count(*) `+p.from, args...)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			list = append(list, SubjectCount{p, int(n)})
		}
	}
	return list, nil
}

// byHandle are the kinds that name somebody whom nobody here knows, beside requests.
var byHandle = []string{"imported_lists", "log"}

// SubjectsByHandle says how much is filed under the handles of some requests alone, by
// the request, in a query for each kind.
func (t *Tx) SubjectsByHandle(list []SubjectRequest) (map[int64][]SubjectCount, error) {
	ids := make([]int64, len(list))
	for i, q := range list {
		ids[i] = q.ID
	}
	out := map[int64][]SubjectCount{}
	for _, p := range subjectParts {
		if !slices.Contains(byHandle, p.Name) {
			continue
		}
		if err := t.each(func(r scanner) error {
			var id int64
			c := SubjectCount{SubjectPart: p}
			if err := r.Scan(&id, &c.Count); err != nil {
				return err
			}
			if c.Count > 0 {
				out[id] = append(out[id], c)
			}
			return nil
		}, `
			select q.id, (select count(*) `+strings.ReplaceAll(p.from, "?3", "q.handle")+`)
			from json_each(?) j
			cross join subject_requests q on q.id = j.value`, idList(ids)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// EraseHandle removes what is filed under a handle alone, of somebody whom nobody here
// knows. The statements of EraseSubject are not for them: to many tables the id 0 means
// nobody in particular.
func (t *Tx) EraseHandle(handle string) error {
	args, err := t.subjectArgs(0, handle)
	if err != nil {
		return err
	}
	_, err = t.exec(eraseLines, args...)
	return err
}

// SubjectRows hands over everything of one kind that is kept about somebody, a row
// at a time, as JSON.
func (t *Tx) SubjectRows(p SubjectPart, actorID int64, handle string, each func(json.RawMessage) error) error {
	args, err := t.subjectArgs(actorID, handle)
	if err != nil {
		return err
	}
	return t.each(func(r scanner) error {
		var text string
		if err := r.Scan(&text); err != nil {
			return err
		}
		return each(json.RawMessage(text))
	}, `select `+p.copy+` `+p.from, args...)
}

// SubjectPictures lists the pictures here that are of somebody: those of the profile,
// and those in a page of their posts.
func (t *Tx) SubjectPictures(a Actor, posts []Post) ([]RemoteMedia, error) {
	var urls []string
	for _, url := range []string{a.IconURL, a.ImageURL} {
		if url != "" {
			urls = append(urls, url)
		}
	}
	for _, p := range posts {
		for _, m := range p.Extra.Attachments {
			urls = append(urls, m.URL)
			if m.Preview != "" {
				urls = append(urls, m.Preview)
			}
		}
	}
	if len(urls) == 0 {
		return nil, nil
	}
	hashes := make([]int64, len(urls))
	for i, url := range urls {
		hashes[i] = t.hash(url)
	}
	list, err := many(t, scanRemoteMedia, `
		select `+remoteMediaColumns+`
		from json_each(?) j
		cross join remote_media m on m.url_hash = j.value`, idList(distinct(hashes)))
	return slices.DeleteFunc(list, func(m RemoteMedia) bool { return !slices.Contains(urls, m.URL) }), err
}

// EraseSubject removes what single statements can of what is kept about somebody; what
// hangs on posts and reactions goes with them. EraseActor follows at the end.
func (t *Tx) EraseSubject(actorID int64) error {
	args, err := t.subjectArgs(actorID, "")
	if err != nil {
		return err
	}
	for _, p := range subjectParts {
		if p.erase == "" {
			continue
		}
		if _, err := t.exec(p.erase, args...); err != nil {
			return err
		}
	}
	return nil
}

// ErasePictures forgets pictures and says which files nothing shows any more.
func (t *Tx) ErasePictures(list []RemoteMedia) ([]RemoteMedia, error) {
	var unused []RemoteMedia
	for _, m := range list {
		if _, err := t.exec(`
			delete from remote_media
			where url_hash = ?
			and shape = ?
			and url = ?`, t.hash(m.URL), m.Shape, m.URL); err != nil {
			return nil, err
		}
	}
	for _, m := range list {
		if m.Name == "" {
			continue
		}
		used, err := t.exists(`
			select 1
			from remote_media indexed by remote_media_name
			where name = ?
			and name != ''`, m.Name)
		if err != nil {
			return nil, err
		}
		if !used {
			unused = append(unused, m)
		}
	}
	return unused, nil
}

// EraseActor removes the profile of somebody. Where a post of the owner names them, a
// conversation stays or they are blocked, their address alone stays, and everything
// else in it is emptied; kept says so.
func (t *Tx) EraseActor(actorID int64) (kept bool, err error) {
	for _, q := range []string{
		`select 1 from mentions where actor_id = ?`,
		`select 1 from blocks where actor_id = ?`,
		`select 1 from conversation_people where actor_id = ?`,
	} {
		in, err := t.exists(q, actorID)
		if err != nil {
			return false, err
		}
		kept = kept || in
	}
	a, err := t.Actor(actorID)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !kept {
		_, err = t.exec(`
			delete from actors
			where id = ?`, actorID)
		return false, err
	}
	return true, t.SaveActor(&Actor{
		ID: a.ID, URI: a.URI, HostID: a.HostID, Username: a.Username, Domain: a.Domain, Kind: a.Kind, URL: a.URL, Inbox: a.Inbox, SharedInbox: a.SharedInbox,
		FetchedAt: a.FetchedAt, GoneAt: a.GoneAt,
	})
}
