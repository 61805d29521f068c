package federation

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/federation/markup"
	"dassie/store"
)

// KnowPerson makes somebody known whom an archive of ours names, as far as they are
// not: nobody is asked. Their server is, when something of theirs is next needed. It
// is store.ErrNotFound for what cannot be somebody.
func (s *Service) KnowPerson(tx *store.Tx, a store.Actor) (int64, error) {
	id, err := tx.ActorIDByURI(a.URI)
	if !errors.Is(err, store.ErrNotFound) {
		return id, err
	}
	host := ap.Host(a.URI)
	if !s.elsewhere(a.URI) || a.Username == "" || a.Domain == "" || !ap.IsActorType(a.Kind) {
		return 0, store.ErrNotFound
	}
	// An archive may say what it wants: nothing of somebody is on another server.
	for _, at := range []*string{&a.URL, &a.Inbox, &a.SharedInbox, &a.Outbox, &a.FollowersURI, &a.FeaturedURI} {
		if *at != "" && (!s.elsewhere(*at) || ap.Host(*at) != host) {
			*at = ""
		}
	}
	if a.Inbox == "" {
		return 0, store.ErrNotFound
	}
	if _, _, err := ap.ParseHandle(a.Username + "@" + a.Domain); err != nil {
		return 0, store.ErrNotFound
	}
	if a.IconURL != "" && !s.elsewhere(a.IconURL) {
		a.IconURL = ""
	}
	if a.URL == "" {
		a.URL = a.URI
	}
	a.ID, a.Name = 0, markup.Inline(a.Name)
	if a.HostID, err = tx.EnsureHost(host); err != nil {
		return 0, err
	}
	err = tx.SaveActor(&a)
	return a.ID, err
}

// elsewhere says whether an address is one that another server may have.
func (s *Service) elsewhere(address string) bool {
	u, err := url.Parse(address)
	if err != nil || !ap.IsURL(address) || u.Scheme != s.origin.Scheme {
		return false
	}
	host := ap.Host(address)
	return host != s.origin.Host && host != s.origin.Domain
}

// KnowPost stores a post by somebody else that an archive of ours has, silently, as
// far as it is not here: for the owner to see, until its server says otherwise. It is
// store.ErrNotFound if its author is not known here, is blocked, or is on another
// server than the post.
func (s *Service) KnowPost(tx *store.Tx, p store.Post, author string) (int64, error) {
	id, err := tx.PostIDByURI(p.URI)
	if !errors.Is(err, store.ErrNotFound) {
		return id, err
	}
	if !s.elsewhere(p.URI) || ap.Host(p.URI) != ap.Host(author) {
		return 0, store.ErrNotFound
	}
	if blocked, err := Blocked(tx, author); err != nil || blocked {
		return 0, errors.Join(err, store.ErrNotFound)
	}
	if gone, err := tx.Buried(p.URI); err != nil || gone {
		return 0, errors.Join(err, store.ErrNotFound)
	}
	a, err := tx.ActorByURI(author)
	if err != nil {
		return 0, err
	}
	p.ID, p.ActorID, p.BoostOf, p.Source, p.Kept = 0, a.ID, 0, "", true
	if p.PublishedAt.IsZero() || p.PublishedAt.After(s.now()) {
		p.PublishedAt = s.now()
	}
	if err := s.cleanPost(tx, &p); err != nil {
		return 0, err
	}
	if err := tx.RestorePost(&p); err != nil {
		return 0, err
	}
	if err := s.noteMentions(tx, p); err != nil {
		return 0, err
	}
	if p.Visibility == store.Direct {
		if _, err := tx.FileConversation(store.Filing{Post: p, Author: a}); err != nil {
			return 0, err
		}
	}
	return p.ID, nil
}

// cleanPost makes of a post from an archive what may be shown: an archive is a file,
// and anybody may have written it.
func (s *Service) cleanPost(tx *store.Tx, p *store.Post) error {
	p.Title, p.Summary, p.Content = markup.Inline(p.Title), markup.Inline(p.Summary), markup.CleanHTML(p.Content)
	p.Language, p.Sensitive = language(p.Language), p.Sensitive || p.Summary != "" && p.Own()
	if !ap.IsURL(p.URL) {
		p.URL = p.URI
	}
	if !ap.IsURL(p.ParentURI) {
		p.ParentURI = ""
	}
	return s.cleanExtra(tx, &p.Extra, p.Own())
}

func (s *Service) cleanExtra(tx *store.Tx, x *store.PostExtra, own bool) error {
	if !ap.IsURL(x.AppURL) {
		x.AppURL = ""
	}
	x.App = markup.Inline(x.App)
	if !ap.IsURL(x.QuoteURI) {
		x.QuoteURI = ""
	}
	if !x.QuotePolicy.Valid() {
		x.QuotePolicy = ""
	}
	var files []store.Attachment
	for _, a := range x.Attachments {
		if a.Name = ""; own || ap.IsURL(a.URL) {
			a.Alt = AltText(a.Alt)
			files = append(files, a)
		}
	}
	var emojis []store.Emoji
	for _, e := range x.Emojis {
		if ap.IsURL(e.URL) {
			emojis = append(emojis, e)
		}
	}
	if x.Poll != nil {
		for i := range x.Poll.Options {
			if x.Poll.Options[i].Name = oneLine(x.Poll.Options[i].Name); !own { // ours are plain text
				x.Poll.Options[i].Name = markup.Inline(x.Poll.Options[i].Name)
			}
		}
	}
	x.Attachments, x.Emojis = files, emojis
	return s.knowMentions(tx, x)
}

// knowMentions says which of the people named are known here.
func (s *Service) knowMentions(tx *store.Tx, x *store.PostExtra) error {
	var kept []store.Mention
	for _, m := range x.Mentions {
		if !ap.IsURL(m.URI) {
			continue
		}
		m.ActorID, m.Handle = 0, markup.Inline(m.Handle)
		if !ap.IsURL(m.URL) {
			m.URL = m.URI
		}
		id, err := tx.ActorIDByURI(m.URI)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		m.ActorID = id
		kept = append(kept, m)
	}
	x.Mentions = kept
	return nil
}

// Restored is an own post of this very account, with all that an archive of ours
// knows of it.
type Restored struct {
	Post    store.Post // its URI says its id
	BoostOf string
	Files   []TakenFile
	Edits   []store.Edit
	Told    map[string]store.DeliveryState // inbox -> what became of it there
	Asked   map[string]time.Time           // server -> when it had it
	Quote   *store.Quote
	Import  int64
}

// OwnID is the number of an own post or boost in its address; 0 if that is none of
// this server.
func (s *Service) OwnID(uri string) int64 {
	at, ok := strings.CutPrefix(uri, s.origin.URL("/posts/"))
	if !ok {
		return 0
	}
	id, err := payloadID([]byte(strings.TrimSuffix(at, "/activity")))
	if err != nil || id <= 0 {
		return 0
	}
	return id
}

// restore stores it as it was.
func (s *Service) restore(tx *store.Tx, r Restored) error {
	p := r.Post
	p.ID, p.ActorID, p.Kept = s.OwnID(p.URI), store.OwnerID, true
	if p.ID == 0 || p.PublishedAt.IsZero() {
		return errNotOurs
	}
	if r.BoostOf != "" {
		of, err := tx.PostIDByURI(r.BoostOf)
		if errors.Is(err, store.ErrNotFound) {
			return errNoBoosted
		}
		if err != nil {
			return err
		}
		p.BoostOf = of
	}
	origin, content := p.Extra.Origin, p.Content
	if err := s.cleanPost(tx, &p); err != nil {
		return err
	}
	if same, err := s.writtenAs(tx, p.Source, p.Extra.Markdown, content); err != nil {
		return err
	} else if same {
		p.Content = content
	}
	if p.BoostOf != 0 {
		p.URL = "" // it has no page
	} else if !strings.HasPrefix(p.URL, s.origin.URL("/@")) {
		p.URL = ""
		p.URL = s.pageOf(p)
	}
	if err := s.takeIn(tx, TakenPost{Post: p, Files: r.Files, Origin: origin, Import: r.Import}); err != nil {
		return err
	}
	return s.restoreRest(tx, p, r)
}

// writtenAs says whether a text is what we make of that source: then it is safe as it
// is.
func (s *Service) writtenAs(tx *store.Tx, source string, markdown bool, content string) (bool, error) {
	if source == "" {
		return false, nil
	}
	people, err := knownIn(tx, source, markdown)
	if err != nil {
		return false, err
	}
	r, err := s.render(source, markdown, people)
	if err != nil {
		return false, nil // it cannot be rendered, so it was not
	}
	before, ok := strings.CutSuffix(content, r.HTML)
	link := quoteLink.FindStringSubmatch(before)
	return ok && (before == "" || link != nil && link[1] == link[2]), nil
}

// quoteLink is what stands before the text of a post that quotes another.
var quoteLink = regexp.MustCompile(`^<p class="quote-inline">RE: <a href="(https?://[^"<>\s]+)" rel="nofollow noopener">(https?://[^"<>\s]+)</a></p>$`)

var (
	errNotOurs   = errors.New("the post has no address of this server")
	errNoBoosted = errors.New("the boosted post is not here")
)

func (s *Service) restoreRest(tx *store.Tx, p store.Post, r Restored) error {
	for _, e := range r.Edits {
		content := e.Content
		e.Summary, e.Content = markup.Inline(e.Summary), markup.CleanHTML(e.Content)
		if same, err := s.writtenAs(tx, e.Source, e.Extra.Markdown, content); err != nil {
			return err
		} else if same {
			e.Content = content
		}
		if err := s.cleanExtra(tx, &e.Extra, true); err != nil {
			return err
		}
		if err := tx.RestoreEdit(p.ID, e); err != nil {
			return err
		}
	}
	if r.Quote != nil && ap.IsURL(r.Quote.QuotedURI) {
		q := *r.Quote
		q.PostID = p.ID
		if err := tx.SaveQuote(&q); err != nil {
			return err
		}
	}
	if q := p.Extra.Poll; q != nil && !q.Over(s.now()) { // what is over was told by the account that was
		if err := s.planEnd(tx, p); err != nil {
			return err
		}
	}
	return s.restoreLedger(tx, p.ID, r)
}

// restoreLedger writes which servers have a post. What had not gone out by then will
// not: an import sends nothing.
func (s *Service) restoreLedger(tx *store.Tx, postID int64, r Restored) error {
	states := map[int64]store.DeliveryState{}
	for at, state := range r.Told {
		if !s.elsewhere(at) {
			continue
		}
		host, err := tx.EnsureHost(ap.Host(at))
		if err != nil {
			return err
		}
		id, err := tx.EnsureInbox(store.InboxTarget{URL: at, HostID: host})
		if err != nil {
			return err
		}
		if state == store.DeliveryWaiting {
			state = store.DeliveryCancelled
		}
		states[id] = state
	}
	if len(states) > 0 {
		if err := tx.RestoreReceipts(postID, states); err != nil {
			return err
		}
	}
	for name, at := range r.Asked {
		if host, err := ap.ParseHost(name); err != nil || host != name {
			continue
		}
		id, err := tx.EnsureHost(name)
		if err == nil {
			err = tx.RestoreFetch(postID, id, at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// RestorePosts is TakePosts for posts of this very account. lost are boosts whose
// post is not here, and what has no address of this server.
func (s *Service) RestorePosts(ctx context.Context, list []Restored, done func(tx *store.Tx, skipped, lost int) error) error {
	s.filesLock.Lock()
	defer s.filesLock.Unlock()
	for _, r := range list {
		for _, f := range r.Files {
			if err := errors.Join(s.stillThere(f.File), s.stillThere(f.Preview)); err != nil {
				return err
			}
		}
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		skipped, lost := 0, 0
		for _, r := range list {
			err := s.restore(tx, r)
			switch {
			case errors.Is(err, ErrHere):
				skipped++
			case errors.Is(err, errNotOurs), errors.Is(err, errNoBoosted):
				lost++
			case err != nil:
				return err
			}
		}
		tx.After(s.documents.clear)
		return done(tx, skipped, lost)
	})
}

// followWish is what a follow of an archive asks for.
type followWish struct {
	Boosts, Notify bool
	Languages      []string
	Lists          []int64
	Recommend      bool
}

// WantFollow notes that somebody is to be followed again: slowly, one after the other.
func (s *Service) WantFollow(tx *store.Tx, importID int64, uri string, f store.Following, lists []int64, recommend bool) error {
	b, err := json.Marshal(followWish{f.Boosts, f.Notify, strings.Fields(f.Languages), lists, recommend})
	if err != nil {
		return err
	}
	return s.WantImported(tx, store.ImportWant{ImportID: importID, Kind: store.WantFollow, URI: uri, Detail: string(b)})
}

// followImported asks to follow somebody, and puts them where they were.
func (s *Service) followImported(ctx context.Context, w store.ImportWant, actorID int64) error {
	var wish followWish
	if err := json.Unmarshal([]byte(w.Detail), &wish); err != nil {
		return nil // nothing that was ever noted
	}
	c := FollowChoice{Boosts: &wish.Boosts, Notify: &wish.Notify, Languages: wish.Languages}
	if _, err := s.FollowAs(ctx, actorID, c); err != nil {
		return err
	}
	for _, list := range wish.Lists {
		if err := s.AddToList(ctx, list, actorID); err != nil && !errors.Is(err, store.ErrNotFound) {
			s.log.Debug("cannot list somebody again", "error", err)
		}
	}
	if !wish.Recommend {
		return nil
	}
	return s.store.Write(ctx, func(tx *store.Tx) error { // before they accept: it was so
		n, err := tx.CountEndorsements()
		if err != nil || n >= maxEndorsements {
			return err
		}
		return tx.Endorse(actorID)
	})
}

// RestoreRelation stores a mute, a block or a note about somebody. No server is told,
// unless a follow ends by it.
func (s *Service) RestoreRelation(tx *store.Tx, actorID int64, mute *store.Mute, block bool, note string) error {
	if mute != nil && (mute.Until.IsZero() || mute.Until.After(tx.Now())) {
		mute.ActorID = actorID
		if err := tx.SaveMute(*mute); err != nil {
			return err
		}
	}
	if block {
		a, err := tx.Actor(actorID)
		if err != nil {
			return err
		}
		if err := s.endFollows(tx, a); err != nil {
			return err
		}
		if err := tx.AddBlock(actorID, ""); err != nil {
			return err
		}
		s.blocksChanged(tx, a)
	}
	if note != "" {
		return tx.SetNote(actorID, cut(strings.ToValidUTF8(note, ""), maxNote))
	}
	return nil
}

// RestoreRules puts rules for servers in force again, of names that have none.
func (s *Service) RestoreRules(tx *store.Tx, rules []store.ServerRule) error {
	var list []ListedServer
	for _, r := range rules {
		host, err := ap.ParseHost(r.Name)
		if err != nil || host == s.origin.Host || host == s.origin.Domain {
			continue
		}
		list = append(list, ListedServer{Name: host, Bound: r.Bound, Comment: cut(oneLine(r.Comment), 500)})
	}
	return s.applySome(tx, list, time.Time{})
}

// RestoreSettings makes the choices of an archive those of this account.
func (s *Service) RestoreSettings(tx *store.Tx, set store.Settings) error {
	before, err := tx.Settings()
	if err != nil {
		return err
	}
	if _, err := time.LoadLocation(set.Timezone); err != nil {
		set.Timezone = before.Timezone
	}
	if set.Language = language(set.Language); set.Language == "" {
		set.Language = before.Language
	}
	tx.After(func() {
		if err := s.Reload(context.Background()); err != nil {
			s.log.Error("cannot read the settings", "error", err)
		}
	})
	return saveSettings(tx, before, set)
}

// RestoreUnsent stores a text that was not sent. What was to go out by a time that
// has passed becomes a draft.
func (s *Service) RestoreUnsent(tx *store.Tx, u store.Unsent, files []TakenFile) error {
	u.Draft.Media = nil
	if u.Kind == store.UnsentScheduled && !u.DueAt.After(tx.Now()) {
		u.Kind, u.DueAt = store.UnsentDraft, time.Time{}
		u.Draft.Problem = "Its time passed before it was imported. Nothing was sent."
	}
	ids := make([]int64, 0, len(files))
	known, err := tx.UnsentKnown(u)
	if err != nil || known {
		return err
	}
	for _, f := range files {
		m := f.Media
		ok := false
		if m.ID != 0 {
			if m.Name == "" {
				m.Name = store.Random(16)
			}
			if ok, err = tx.RestoreMedia(m); err != nil {
				return err
			}
		}
		if !ok {
			if err := tx.AddMedia(&m); err != nil {
				return err
			}
		}
		ids = append(ids, m.ID)
	}
	u.Draft.Media = ids
	if err := tx.RestoreUnsent(&u); err != nil || u.Kind != store.UnsentScheduled {
		return err
	}
	return s.planScheduled(tx, u)
}
