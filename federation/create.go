package federation

import (
	"dassie/federation/ap"
	"dassie/federation/markup"
	"dassie/store"
)

// onCreate takes a post that its author delivered (AP 7.2).
func (s *Service) onCreate(tx *store.Tx, in *incoming) (outcome, error) {
	if in.act.Object == nil {
		if known, err := postKnown(tx, in.act.ObjectID); err != nil || known {
			return done, err
		}
		return needsMore, nil // only the id came
	}
	note, err := s.embeddedNote(in)
	if err != nil || note == nil {
		return done, err
	}
	return done, s.takeNote(tx, note, in.sender)
}

// embeddedNote reads the post inside a Create or Update; nil for what is none,
// such as a vote or a type nobody shows. The origin rules have been checked.
func (s *Service) embeddedNote(in *incoming) (*ap.Note, error) {
	note, err := ap.ReadNote(in.act.Object)
	if err != nil {
		s.log.Debug("ignored a post", "actor", in.sender.URI, "error", err)
		return nil, nil
	}
	if !ap.IsPostType(note.Kind) || note.IsVote() {
		return nil, nil
	}
	if note.AttributedTo != in.sender.URI {
		// PeerTube attributes a video to a channel and a person; the sender has been found among them.
		note.AttributedTo = in.sender.URI
	}
	return note, nil
}

// takeNote stores a post and puts it where it belongs: home, notices.
func (s *Service) takeNote(tx *store.Tx, note *ap.Note, author store.Actor) error {
	p, fresh, err := s.storeNote(tx, note, author)
	if err == store.ErrNotFound {
		return nil // deleted before it arrived
	}
	if err != nil || !fresh {
		return err
	}
	followed, err := tx.Follows(author.ID)
	if err != nil {
		return err
	}
	if followed {
		if err := s.enterHome(tx, p); err != nil {
			return err
		}
	}
	return s.notifyMention(tx, p)
}

// enterHome puts a post into the home timeline; below the place marker it is
// noted as arrived late.
func (s *Service) enterHome(tx *store.Tx, p store.Post) error {
	marker, err := tx.HomeMarker()
	if err != nil {
		return err
	}
	if err := tx.AddHome(p.ID, marker != 0 && p.ID < marker); err != nil {
		return err
	}
	s.emit(tx, EventPost, p.ID)
	return nil
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

// notify stores a notification and tells whoever listens.
func (s *Service) notify(tx *store.Tx, n store.Notification) error {
	if err := tx.Notify(&n); err != nil || n.ID == 0 {
		return err
	}
	s.emit(tx, EventNotification, n.ID)
	return nil
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
