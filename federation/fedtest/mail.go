package fedtest

import (
	"context"
	"testing"

	"dassie/assets"
)

// Letter is one that the mail server took, with the address it went to.
type Letter struct {
	To string
	assets.Letter
}

// MailBy gives the letters to the server's owner to a function; without one they are
// all taken.
func (s *Server) MailBy(f func(ctx context.Context, to string, l assets.Letter) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.post = f
}

// RestartMailless restarts the server without a mail server, or with one again.
func (s *Server) RestartMailless(tb testing.TB, without bool) {
	tb.Helper()
	s.mailless = without
	s.Restart(tb)
}

// Letters are those that were taken since they were last asked for.
func (s *Server) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.sent
	s.sent = nil
	return list
}

func (s *Server) mail(ctx context.Context, to string, l assets.Letter) error {
	s.mu.Lock()
	post := s.post
	s.mu.Unlock()
	if post != nil {
		if err := post(ctx, to, l); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, Letter{to, l})
	return nil
}

// Proves has the owner give an address and the code that is sent there.
func (s *Server) Proves(tb testing.TB, address string) {
	tb.Helper()
	if err := s.AskMail(context.Background(), address); err != nil {
		tb.Fatal(err)
	}
	s.cluster.Settle()
	for _, l := range s.Letters() {
		if l.Code != "" {
			if err := s.ConfirmMail(context.Background(), l.Code); err != nil {
				tb.Fatal(err)
			}
			return
		}
	}
	tb.Fatal("no code came")
}
