package federation

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/federation/remote"
	"dassie/store"
	"dassie/web/reply"
)

// Found is what a look-up led to: a person or a post.
type Found struct {
	Actor *store.Actor
	Post  *store.Post
}

// Lookup finds a person by handle (with or without @) or a person or post by
// address, asking their server if need be, for at most 10 seconds. What is found
// is stored. Errors are *reply.Error in plain words that name the server.
func (s *Service) Lookup(ctx context.Context, query string) (Found, error) {
	query = strings.TrimSpace(query)
	asked, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	query, host, err := s.readQuery(query)
	if err != nil {
		return Found{}, err
	}
	found, err := within(asked, func() (Found, error) { return s.lookup(asked, query) })
	if ctx.Err() != nil {
		return Found{}, ctx.Err()
	}
	if err != nil {
		return Found{}, lookupError(host, err)
	}
	if a := found.Actor; a != nil && a.ID != store.OwnerID {
		err = s.store.Write(ctx, func(tx *store.Tx) error { return s.lookedAt(tx, *a) })
	}
	return found, err
}

// lookedAt queues what makes a person's page complete: pictures, what their server
// runs, and posts if there are none yet.
func (s *Service) lookedAt(tx *store.Tx, a store.Actor) error {
	if err := s.wantSeenPictures(tx, a); err != nil {
		return err
	}
	if err := s.wantHostInfo(tx, a.HostID); err != nil {
		return err
	}
	posts, err := tx.PostsBy(a.ID, store.Page{Limit: 1})
	if err != nil || len(posts) > 0 {
		return err
	}
	tx.After(s.work.pokeJobs)
	return tx.AddJobOnce("backfill", idKey("backfill", a.ID), idPayload(a.ID), time.Time{})
}

// readQuery brings what was typed into a form that lookup takes, and says which
// server it speaks of.
func (s *Service) readQuery(text string) (query, host string, err error) {
	if name, ok := strings.CutPrefix(text, "@"); ok && strings.EqualFold(name, s.me.Name) {
		text = s.origin.Handle(s.me.Name)
	}
	res, err := ap.ParseResource(text)
	if err != nil && looksLikeAddress(text) {
		text = s.origin.Scheme + "://" + text
		res, err = ap.ParseResource(text)
	}
	if err != nil {
		return "", "", reply.Errorf(reply.Unprocessable, "That is neither a handle such as @name@server.example nor an address.")
	}
	if res.URL != "" {
		return text, ap.Host(res.URL), nil
	}
	return text, res.Host, nil
}

func (s *Service) lookup(ctx context.Context, query string) (Found, error) {
	res, err := ap.ParseResource(query)
	if err != nil {
		return Found{}, err
	}
	if res.URL == "" {
		return s.lookupHandle(ctx, res.User, res.Host)
	}
	u, err := url.Parse(res.URL)
	if err != nil {
		return Found{}, reply.Errorf(reply.Unprocessable, "That is not an address that can be looked up.")
	}
	if host := ap.Host(res.URL); host == s.origin.Host || host == s.origin.Domain {
		return s.lookupOwn(ctx, u)
	}
	return s.lookupURL(ctx, res.URL, u)
}

// looksLikeAddress: an address that was copied without its scheme.
func looksLikeAddress(query string) bool {
	host, _, ok := strings.Cut(query, "/")
	return ok && (strings.Contains(host, ".") || strings.Contains(host, ":"))
}

func (s *Service) lookupHandle(ctx context.Context, user, host string) (Found, error) {
	if host == s.origin.Domain || host == s.origin.Host {
		if !s.isOwner(user, host) {
			return Found{}, reply.Errorf(reply.NotFound, "There is nobody called @%s here.", user)
		}
		return s.foundOwner(ctx)
	}
	blocked, err := store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) { return tx.HostBlocked(host) })
	if err != nil {
		return Found{}, err
	}
	if blocked {
		return Found{}, errBlocked
	}
	a, err := s.fetchHandle(ctx, user, host)
	if err != nil {
		return Found{}, err
	}
	return Found{Actor: &a}, nil
}

func (s *Service) foundOwner(ctx context.Context) (Found, error) {
	me, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(store.OwnerID) })
	return Found{Actor: &me}, err
}

// lookupOwn answers for an address of this server from the store.
func (s *Service) lookupOwn(ctx context.Context, u *url.URL) (Found, error) {
	path := strings.TrimSuffix(u.Path, "/")
	page := "/@" + s.me.Name
	if path == "" || strings.EqualFold(path, page) || path == "/users/"+s.me.ActorKey {
		return s.foundOwner(ctx)
	}
	number, ok := strings.CutPrefix(path, "/posts/")
	if !ok && len(path) > len(page)+1 && strings.EqualFold(path[:len(page)+1], page+"/") {
		number = path[len(page)+1:]
	}
	id, err := strconv.ParseInt(strings.TrimSuffix(number, "/activity"), 10, 64)
	if err != nil {
		return Found{}, reply.Errorf(reply.NotFound, "There is no person and no post at this address of your server.")
	}
	p, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Post, error) { return tx.Post(id) })
	if errors.Is(err, store.ErrNotFound) || err == nil && !p.Own() {
		return Found{}, reply.Errorf(reply.NotFound, "There is no such post of yours; it may have been deleted.")
	}
	return Found{Post: &p}, err
}

// lookupURL finds what an address names: by its id here, else at its server. Pages
// for people lead there too if the server answers them with the object.
func (s *Service) lookupURL(ctx context.Context, address string, u *url.URL) (Found, error) {
	if err := s.notBlocked(ctx, address); err != nil {
		return Found{}, err
	}
	if f, ok, err := s.storedAt(ctx, address); err != nil || ok {
		return f, err
	}
	u.Fragment, u.RawFragment = "", ""
	obj, err := s.fetchObject(ctx, u.String())
	if err != nil {
		user := profileName(u)
		if user == "" || errors.Is(err, remote.ErrTimeout) || ctx.Err() != nil {
			return Found{}, err
		}
		f, other := s.lookupHandle(ctx, user, ap.Host(address))
		if other != nil {
			return Found{}, err // what the page itself said tells more
		}
		return f, nil
	}
	return s.takeFound(ctx, obj)
}

// storedAt finds a person or post by its id in the store.
func (s *Service) storedAt(ctx context.Context, uri string) (f Found, ok bool, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		a, err := tx.ActorByURI(uri)
		if err == nil && a.GoneAt.IsZero() {
			f, ok = Found{Actor: &a}, true
			return nil
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		p, err := tx.PostByURI(uri)
		if errors.Is(err, store.ErrNotFound) {
			p, err = importedFrom(tx, uri)
		}
		if err == nil && p.BoostOf == 0 {
			f, ok = Found{Post: &p}, true
			if _, err := tx.BlockOf(p.ActorID); !errors.Is(err, store.ErrNotFound) {
				return cmp.Or(err, errBlockedPerson)
			}
		}
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	return f, ok, err
}

// importedFrom finds an own post by an address that it had elsewhere.
func importedFrom(tx *store.Tx, uri string) (store.Post, error) {
	id, err := tx.Imported(uri)
	if err != nil {
		return store.Post{}, err
	}
	return tx.Post(id)
}

// takeFound stores a fetched object. It has proved to be of its own server.
func (s *Service) takeFound(ctx context.Context, obj ap.Object) (Found, error) {
	if ap.IsActorType(obj.Type()) {
		doc, err := ap.ReadActor(obj)
		if err != nil {
			return Found{}, err
		}
		a, err := s.saveActor(ctx, doc)
		return Found{Actor: &a}, err
	}
	note, err := s.noteFrom(obj)
	if err != nil {
		return Found{}, err
	}
	author, err := s.fetchActor(ctx, note.AttributedTo)
	if err != nil {
		return Found{}, err
	}
	p, err := store.Put(ctx, s.store, func(tx *store.Tx) (store.Post, error) {
		p, err := s.storeWithQuote(tx, note, author, 0)
		if err != nil {
			return p, err
		}
		return p, s.wantSeenPictures(tx, author)
	})
	return Found{Post: &p}, err
}

// profileName guesses the user name in the address of a profile page, as the
// servers in use write them; "" for anything else.
func profileName(u *url.URL) string {
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	name := ""
	switch {
	case len(parts) == 1:
		name, _ = strings.CutPrefix(parts[0], "@")
		if name == parts[0] {
			return ""
		}
	case len(parts) == 2 && strings.Contains(" users user u profile channel c m a accounts author authors video-channels ", " "+parts[0]+" "):
		name = strings.TrimPrefix(parts[1], "@")
	}
	if user, host, err := ap.ParseHandle(name + "@" + u.Host); err == nil && host != "" {
		return user
	}
	return ""
}

// lookupError says in plain words why nothing was found, and names the server.
func lookupError(host string, err error) error {
	code, words := reply.Unavailable, "could not be reached."
	var status *remote.StatusError
	var plain *reply.Error
	switch {
	case errors.As(err, &plain):
		return err
	case errors.Is(err, errBlockedPerson):
		return &reply.Error{Code: reply.Unprocessable, Message: "You blocked whoever wrote this. Unblock them to see it.", Err: err}
	case errors.Is(err, errBlocked):
		return &reply.Error{Code: reply.Unprocessable, Message: "You blocked " + host + ". Unblock the server to look somebody up there.", Err: err}
	case errors.Is(err, remote.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		words = "did not answer within 10 seconds. Try again, or open the address there."
	case errors.As(err, &status):
		code, words = statusWords(status.Code)
	case errors.Is(err, remote.ErrResolve):
		return &reply.Error{Code: reply.NotFound, Message: "There is no server called " + host + ".", Err: err}
	case errors.Is(err, remote.ErrContentType):
		code, words = reply.Unprocessable, "answered with a web page or a file: this address is not a page of the fediverse. Open it there, or look for the person by handle."
	case errors.Is(err, remote.ErrAddress), errors.Is(err, remote.ErrURL), errors.Is(err, remote.ErrOwnHost):
		code, words = reply.Unprocessable, "cannot be asked: its address is not one of the public internet."
	case errors.Is(err, remote.ErrTooLarge), errors.Is(err, remote.ErrRedirect), errors.Is(err, ap.ErrSyntax), errors.Is(err, ap.ErrShape), errors.Is(err, ap.ErrHandle):
		code, words = reply.Unprocessable, "answered with something that is neither a person nor a post."
	case errors.Is(err, errForeign):
		code, words = reply.Unprocessable, "answered for somebody on another server, so it is not believed."
	case errors.Is(err, store.ErrNotFound):
		code, words = reply.NotFound, "has deleted this."
	}
	if host == "" {
		return err
	}
	return &reply.Error{Code: code, Message: host + " " + words, Err: err}
}

func statusWords(status int) (reply.Code, string) {
	switch {
	case status == 404:
		return reply.NotFound, "knows no such person or post, or does not show it to everybody."
	case status == 410:
		return reply.NotFound, "says that this was deleted."
	case status == 401 || status == 403 || status == 451:
		return reply.NotFound, "refused to show this."
	case status == 429 || status >= 500:
		return reply.Unavailable, "is busy or broken at the moment (it answered " + strconv.Itoa(status) + "). Try again later."
	}
	return reply.NotFound, "did not give an answer that is of use (it answered " + strconv.Itoa(status) + ")."
}
