package auth

import (
	"context"
	"fmt"

	"dassie/store"
)

// TokenCommand makes an access token of its own app for the owner's scripts and
// returns it; only its hash is kept. It may run beside a server. Errors are
// those of ParseScopes, or store.ErrNoAccount.
func TokenCommand(ctx context.Context, st *store.Store, scopes, name string) (string, error) {
	list, err := ParseScopes(scopes)
	if err != nil {
		return "", err
	}
	if name == "" {
		name = "Command line"
	}
	token, secret := newSecret(), newSecret()
	err = st.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Identity(); err != nil {
			return err
		}
		app := store.App{ClientID: store.Random(16), SecretHash: hashSecret(secret), Name: name, Scopes: list.String()}
		if err := tx.AddApp(&app); err != nil {
			return err
		}
		if err := tx.AddToken(&store.Token{Hash: hashSecret(token), AppID: app.ID, Scopes: list.String()}); err != nil {
			return err
		}
		return tx.LogSecurity(EventToken, fmt.Sprintf("%s (%s), on the command line", name, list), "")
	})
	if err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	return token, nil
}

// PasswdCommand sets a new password and ends all sessions; with revokeApps it
// revokes all tokens too. A server beside which it runs obeys at once. Errors
// are those of CheckNewPassword, or store.ErrNoAccount.
func PasswdCommand(ctx context.Context, st *store.Store, newPassword string, revokeApps bool) error {
	hash, err := HashPassword(ctx, newPassword)
	if err != nil {
		return err
	}
	err = st.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Identity(); err != nil {
			return err
		}
		if err := tx.SetPassword(hash); err != nil {
			return err
		}
		if err := tx.DropSessions(); err != nil {
			return err
		}
		detail := "on the command line; all sessions ended"
		if revokeApps {
			if err := tx.DropTokens(); err != nil {
				return err
			}
			detail += ", all apps revoked"
		}
		return tx.LogSecurity(EventPassword, detail, "")
	})
	if err != nil {
		return fmt.Errorf("set the password: %w", err)
	}
	return nil
}
