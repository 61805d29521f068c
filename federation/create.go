package federation

import (
	"context"
	"errors"

	"dassie/federation/ap"
	"dassie/federation/markup"
	"dassie/store"
)

// onCreate takes a post that its author delivered (AP 7.2), or votes.
func (s *Service) onCreate(tx *store.Tx, in *incoming) (outcome, error) {
	if err := s.takeVotes(tx, in.act.Votes(maxOptions), in.sender); err != nil {
		return done, err
	}
	if in.act.Object == nil { // only the id came
		p, err := tx.PostByURI(in.act.ObjectID)
		if errors.Is(err, store.ErrNotFound) {
			return needsMore, nil
		}
		if err != nil {
			return done, err
		}
		return done, s.takePost(tx, p, in.sender)
	}
	note, err := s.embeddedNote(in)
	if err != nil || note == nil {
		return done, err
	}
	return done, s.takeNote(tx, note, in.sender)
}

func (s *Service) caresForCreate(tx *store.Tx, in *incoming) (bool, error) {
	return s.caresForCreated(tx, in.act, in.sender)
}

func (s *Service) createByStranger(tx *store.Tx, act *ap.Activity) (bool, error) {
	return s.caresForCreated(tx, act, store.Actor{})
}

func (s *Service) caresForCreated(tx *store.Tx, act *ap.Activity, author store.Actor) (bool, error) {
	if votes := act.Votes(maxOptions); len(votes) > 0 && len(votes) >= min(len(act.Objects), maxOptions) {
		return s.caresForVotes(tx, votes, author)
	}
	return s.caresForPost(tx, act, author)
}

// resolveCreate fetches a post of which only the id came. What is fetched must
// obey the same origin rules as what is embedded.
func (s *Service) resolveCreate(ctx context.Context, in *incoming) error {
	if in.act.Object != nil || in.act.ObjectID == "" {
		return nil
	}
	obj, err := s.fetchObject(ctx, in.act.ObjectID)
	if err != nil {
		return err
	}
	if err := checkAuthor(obj, in.act.Actor); err != nil {
		return err
	}
	in.act.Object = obj
	return nil
}

// caresForPost: a post is kept only if its author is followed, it is for the
// owner, it bears a followed hashtag, or it answers a kept post.
func (s *Service) caresForPost(tx *store.Tx, act *ap.Activity, author store.Actor) (bool, error) {
	for _, list := range [][]string{act.To, act.CC} {
		for _, id := range list {
			if id == s.actorURI {
				return true, nil
			}
		}
	}
	if act.Object == nil {
		// Only its id came: without a follow nothing says that it is for us.
		return author.ID != 0 && follows(tx, author.ID), nil
	}
	for _, key := range []string{"to", "cc"} {
		for _, id := range act.Object.IDs(key) {
			if id == s.actorURI {
				return true, nil
			}
		}
	}
	for _, tag := range act.Object.Objs("tag") {
		if tag.Type() == "Mention" && tag.Str("href") == s.actorURI {
			return true, nil
		}
	}
	if author.ID != 0 && follows(tx, author.ID) {
		return true, nil
	}
	if bears, err := s.bearsFollowed(tx, act); err != nil || bears {
		return bears, err
	}
	parent := act.Object.FirstID("inReplyTo")
	if parent == "" {
		return false, nil
	}
	return postKnown(tx, parent)
}

// prepare does what needs no transaction before there is one: the post inside a
// Create or Update is read and its texts made safe.
func (s *Service) prepare(in *incoming) {
	if in.act.Object == nil || in.act.Type != "Create" && in.act.Type != "Update" || ap.IsActorType(in.act.Object.Type()) {
		return
	}
	note, err := s.embeddedNote(in)
	in.note, in.prepared = note, err == nil
}

// embeddedNote reads the post inside a Create or Update; nil for what is none,
// such as a vote or a thing with nothing to show. The origin rules have been checked.
func (s *Service) embeddedNote(in *incoming) (*ap.Note, error) {
	if in.prepared {
		return in.note, nil
	}
	note, err := ap.ReadNote(in.act.Object)
	if err != nil {
		s.log.Debug("ignored a post", "actor", in.sender.URI, "error", err)
		return nil, nil
	}
	if !note.Shown() || note.IsVote() {
		return nil, nil
	}
	if note.AttributedTo != in.sender.URI {
		// PeerTube attributes a video to a channel and a person; the sender has been found among them.
		note.AttributedTo = in.sender.URI
	}
	if len(note.To)+len(note.CC) == 0 { // Discourse tells the audience in the activity alone
		note.To, note.CC = in.act.To, in.act.CC
	}
	shape(note)
	return note, nil
}

// takeNote stores a post and puts it where it belongs: home, notices. What it
// answers is fetched later if it is not here.
func (s *Service) takeNote(tx *store.Tx, note *ap.Note, author store.Actor) error {
	p, _, err := s.storeNote(tx, note, author)
	if errors.Is(err, store.ErrNotFound) {
		return nil // deleted before it arrived, or blocked
	}
	if err != nil {
		return err
	}
	return s.takePost(tx, p, author)
}

// takePost does what the arrival of a stored post from its author calls for. It
// may have been here before, with a conversation, a boost or a look-up, or come
// once more.
func (s *Service) takePost(tx *store.Tx, p store.Post, author store.Actor) error {
	if p.ActorID != author.ID || p.BoostOf != 0 { // T12: an id that something else has
		return nil
	}
	if p.Extra.QuoteURI != "" {
		if err := s.wantQuote(tx, quoteJob{Post: p.ID}); err != nil {
			return err
		}
	}
	if err := s.placePost(tx, p); err != nil {
		return err
	}
	return s.wantParents(tx, p)
}

// placePost puts a post where it belongs, once: one that was fetched with a
// conversation before its author delivered it is in no timeline yet.
func (s *Service) placePost(tx *store.Tx, p store.Post) error {
	f, err := tx.Following(p.ActorID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	followed := err == nil && f.State == store.FollowAccepted
	if followed && speaks(f, p) {
		if err := s.enterHomeOnce(tx, p); err != nil {
			return err
		}
	}
	if p.Kept {
		return nil // the owner was told, or did something with it
	}
	if followed && f.Notify {
		return s.notifyPost(tx, p)
	}
	return s.notifyMention(tx, p)
}

// notifyPost tells the owner of a post by somebody whose posts are to be notified,
// unless it answers somebody else. Where it names the owner, that is what is told.
func (s *Service) notifyPost(tx *store.Tx, p store.Post) error {
	named, err := tx.Mentioned(p.ID, store.OwnerID)
	if err != nil {
		return err
	}
	if named {
		return s.notifyMention(tx, p)
	}
	if p.ParentURI != "" {
		parent, err := tx.Post(p.ParentID)
		if errors.Is(err, store.ErrNotFound) || err == nil && parent.ActorID != p.ActorID {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return s.notify(tx, store.Notification{Kind: "status", ActorID: p.ActorID, PostID: p.ID})
}

// enterHomeOnce is enterHome for a post that may be there.
func (s *Service) enterHomeOnce(tx *store.Tx, p store.Post) error {
	there, err := tx.InHome(p.ID)
	if err != nil || there {
		return err
	}
	return s.enterHome(tx, p)
}

// enterHome puts a post into the home timeline, and into the lists that its author
// is in, one of which may keep it out of home; below the place marker it is noted
// as arrived late.
func (s *Service) enterHome(tx *store.Tx, p store.Post) error {
	apart, err := enterLists(tx, p)
	if err != nil {
		return err
	}
	if apart {
		s.emit(tx, EventListed, p.ID)
		return nil
	}
	marker, err := tx.HomeMarker()
	if err != nil {
		return err
	}
	if err := tx.AddHome(p.ID, marker != 0 && p.ID < marker); err != nil {
		return err
	}
	if in, err := tx.InHome(p.ID); err != nil || !in { // a boost of somebody blocked
		return err
	}
	s.emit(tx, EventPost, p.ID)
	return s.wantShownCard(tx, p)
}

// notifyMention tells the owner of a post that names them or answers them.
func (s *Service) notifyMention(tx *store.Tx, p store.Post) error {
	named, err := tx.Mentioned(p.ID, store.OwnerID)
	if err != nil {
		return err
	}
	if !named {
		return nil
	}
	if err := tx.KeepPost(p.ID); err != nil {
		return err
	}
	return s.notify(tx, store.Notification{Kind: "mention", ActorID: p.ActorID, PostID: p.ID})
}

// postText is what the search index holds of a post.
func postText(p store.Post) string {
	text := markup.Text(p.Content)
	for _, more := range []string{p.Title, p.Summary} {
		if more != "" {
			text = more + "\n" + text
		}
	}
	for _, a := range p.Extra.Attachments {
		if a.Alt != "" {
			text += "\n" + a.Alt
		}
	}
	return text
}
