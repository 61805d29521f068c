package auth

import (
	"errors"
	"fmt"
	"net/http"

	"dassie/store"
	"dassie/web/reply"
)

// EndSession ends a session by its name. Errors: NotFound.
func (g *Guard) EndSession(r *http.Request, name string) error {
	addr := g.ClientAddr(r)
	err := g.st.Write(r.Context(), func(tx *store.Tx) error {
		list, err := tx.Sessions()
		if err != nil {
			return err
		}
		for _, s := range list {
			if s.Name() == name {
				if err := tx.DropSession(s.Hash); err != nil {
					return err
				}
				return logEvent(tx, EventEnded, s.Agent, addr)
			}
		}
		return store.ErrNotFound
	})
	if errors.Is(err, store.ErrNotFound) {
		return &reply.Error{Code: reply.NotFound, Message: "This session has ended already.", Err: err}
	}
	if err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// EndOtherSessions ends all sessions but the request's own, and says how many.
func (g *Guard) EndOtherSessions(r *http.Request) (n int, err error) {
	session, err := g.owner(r)
	if err != nil {
		return 0, err
	}
	addr := g.ClientAddr(r)
	err = g.st.Write(r.Context(), func(tx *store.Tx) error {
		if n, err = tx.DropOtherSessions(session.Hash); err != nil || n == 0 {
			return err
		}
		return logEvent(tx, EventEnded, fmt.Sprintf("all but one: %d", n), addr)
	})
	if err != nil {
		return 0, fmt.Errorf("end the other sessions: %w", err)
	}
	return n, nil
}

// ChangePassword sets a new password and ends all sessions; this browser goes on
// under a new one. With revokeApps all apps lose their access too. Errors:
// Unauthorized for a wrong current password, RateLimited, those of
// CheckNewPassword.
func (g *Guard) ChangePassword(w http.ResponseWriter, r *http.Request, current, password string, revokeApps bool) error {
	if _, err := g.owner(r); err != nil {
		return err
	}
	if err := CheckNewPassword(password); err != nil {
		return err
	}
	who, err := g.rightPassword(r, current)
	if err != nil {
		return err
	}
	hash, err := HashPassword(r.Context(), password)
	if err != nil {
		return err
	}
	value, s := g.newSession(r)
	addr := g.ClientAddr(r)
	err = g.st.Write(r.Context(), func(tx *store.Tx) error {
		id, err := tx.Identity()
		if err != nil {
			return err
		}
		if id.PasswordHash != who.PasswordHash {
			return reply.Errorf(reply.Conflict, "The password was changed meanwhile.")
		}
		s := s
		if s.Address, err = keptAddress(tx, addr); err != nil {
			return err
		}
		if err := setPassword(tx, hash, revokeApps); err != nil {
			return err
		}
		if err := tx.AddSession(s); err != nil {
			return err
		}
		return tx.LogSecurity(EventPassword, endedWith(s.Agent+Ended+" other sessions ended", revokeApps), s.Address)
	})
	if err != nil {
		return fmt.Errorf("change the password: %w", err)
	}
	g.welcome(w, value)
	return nil
}

// setPassword is what each change of the password does.
func setPassword(tx *store.Tx, hash string, revokeApps bool) error {
	if err := tx.SetPassword(hash); err != nil {
		return err
	}
	if err := tx.DropSessions(); err != nil || !revokeApps {
		return err
	}
	return tx.DropTokens()
}

// Ended is how the log goes on, after the browser, about a change of the password.
const Ended = "; all"

func endedWith(detail string, revokeApps bool) string {
	if revokeApps {
		detail += ", all apps revoked"
	}
	return detail
}

// RevokeApp takes all that an app holds away from it. Errors: NotFound.
func (g *Guard) RevokeApp(r *http.Request, id int64) error {
	addr := g.ClientAddr(r)
	err := g.st.Write(r.Context(), func(tx *store.Tx) error {
		app, err := tx.AppWithAccess(id)
		if err != nil {
			return err
		}
		if _, err := tx.RevokeApp(id); err != nil {
			return err
		}
		return logEvent(tx, EventRevoked, app.Name, addr)
	})
	if errors.Is(err, store.ErrNotFound) {
		return &reply.Error{Code: reply.NotFound, Message: "This app has no access any more.", Err: err}
	}
	if err != nil {
		return fmt.Errorf("revoke an app: %w", err)
	}
	return nil
}

// RevokeApps takes all access away from all apps.
func (g *Guard) RevokeApps(r *http.Request) error {
	addr := g.ClientAddr(r)
	err := g.st.Write(r.Context(), func(tx *store.Tx) error {
		if err := tx.DropTokens(); err != nil {
			return err
		}
		return logEvent(tx, EventRevoked, "all of them", addr)
	})
	if err != nil {
		return fmt.Errorf("revoke all apps: %w", err)
	}
	return nil
}
