package federation

import (
	"context"
	"fmt"
	"strings"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

const cutSlice = 50 // follows that end in one transaction

// ServerName reads the name of a server that a person or an app typed: a domain, a
// handle or an address.
func ServerName(text string) (string, error) {
	name := strings.TrimSpace(text)
	for _, begin := range [...]string{"https://", "http://"} {
		name = strings.TrimPrefix(name, begin)
	}
	name, _, _ = strings.Cut(name, "/")
	name = name[strings.LastIndexByte(name, '@')+1:]
	host, err := ap.ParseHost(strings.TrimSuffix(name, "."))
	if err != nil || !strings.Contains(host, ".") && !strings.HasPrefix(host, "localhost") {
		return "", reply.Errorf(reply.Unprocessable, "“%s” is not the name of a server, such as social.example.", printable(text, 80))
	}
	return host, nil
}

// BlockServer refuses everything from a server, and from the domains below it:
// the follows with the people there end both ways, which their servers are told.
// It returns the name as it is kept.
func (s *Service) BlockServer(ctx context.Context, text string) (string, error) {
	name, err := ServerName(text)
	if err != nil {
		return "", err
	}
	if own := ap.Host(s.actorURI); name == own || strings.HasSuffix(own, "."+name) || name == s.origin.Domain {
		return "", reply.Errorf(reply.Unprocessable, "%s is your own server.", name)
	}
	ids, err := store.Put(ctx, s.store, func(tx *store.Tx) ([]int64, error) {
		if err := tx.BlockHost(name); err != nil {
			return nil, err
		}
		if err := tx.LogSecurity("block", "server "+name, ""); err != nil {
			return nil, err
		}
		s.serversChanged(tx)
		return tx.HostsUnder(name)
	})
	if err != nil {
		return "", fmt.Errorf("block server %s: %w", name, err)
	}
	ctx = context.WithoutCancel(ctx) // it is blocked: what is left to do is to tell
	for _, id := range ids {
		if err := s.cutSlices(ctx, id); err != nil {
			return "", fmt.Errorf("end the follows with server %d: %w", id, err)
		}
	}
	return name, nil
}

// cutSlices is cutHost in slices, so that the writer is never held for long.
func (s *Service) cutSlices(ctx context.Context, hostID int64) error {
	for {
		left, err := store.Put(ctx, s.store, func(tx *store.Tx) (bool, error) { return s.cutSome(tx, hostID, cutSlice) })
		if err != nil || !left {
			return err
		}
	}
}

// serversChanged drops what is in memory of keys and documents, and tells pages.
func (s *Service) serversChanged(tx *store.Tx) {
	tx.After(s.documents.clear)
	s.emit(tx, EventProfile, 0)
}
