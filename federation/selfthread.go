package federation

import (
	"context"
	"time"

	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

// maxThread is how many posts may follow a first one at once.
const maxThread = 24

// checkThread refuses posts of a thread that cannot be, and names which it is: the
// first post of the draft is number 1.
func checkThread(d *Draft) error {
	if len(d.Thread) > maxThread {
		return reply.Errorf(reply.Unprocessable, "The thread has %d posts; %d is the most there can be at once.", len(d.Thread)+1, maxThread+1)
	}
	for i, text := range d.Thread {
		n := markup.CountCharacters(text) + markup.CountCharacters(d.Summary)
		if n > maxCharacters || len(text) > markup.MaxSource {
			return reply.Errorf(reply.Unprocessable, "Post %d has %d characters; %d is the most there can be.", i+2, n, maxCharacters)
		}
	}
	return nil
}

// writeThread turns the posts that follow the first into HTML.
func (s *Service) writeThread(ctx context.Context, d Draft) (list []written, err error) {
	for i, text := range d.Thread {
		w, err := s.writeText(ctx, text, d.Markdown)
		if err != nil {
			return nil, err
		}
		if w.empty {
			return nil, reply.Errorf(reply.Unprocessable, "Post %d is empty. Write something in it, or remove it.", i+2)
		}
		list = append(list, w)
	}
	return list, nil
}

// following is the draft of a post of a thread, whose first post and whom that
// names are given: as the first, but for its own text and what belongs to one post
// alone. What is for people named stays with those named first.
func (d Draft) following(i int, first store.Post, people []store.Actor) Draft {
	next := Draft{
		Text: d.Thread[i], Markdown: d.Markdown, Summary: d.Summary, Visibility: first.Visibility, Language: d.Language,
		ParentID: first.ID, QuotePolicy: d.QuotePolicy, App: d.App, AppURL: d.AppURL, early: time.Duration(len(d.Thread)-1-i) * time.Second,
	}
	if first.Visibility == store.Direct {
		next.with = people
	}
	return next
}

// publishThread publishes what follows a first post, each answering the one before.
func (s *Service) publishThread(tx *store.Tx, d Draft, first store.Post, people []store.Actor, rest []written) error {
	parent := first
	for i, w := range rest {
		next := d.following(i, first, people)
		next.ParentID = parent.ID
		p, _, err := s.publishOne(tx, next, w)
		if err != nil {
			return err
		}
		parent = p
	}
	return nil
}
