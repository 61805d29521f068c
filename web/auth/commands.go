package auth

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"dassie/store"
	"dassie/web/reply"
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

// PasswdOptions are what "passwd" does beside the password.
type PasswdOptions struct {
	RevokeApps        bool // revoke the tokens of all apps
	ResetSecondFactor bool // switch the second factor off
	RemovePasskeys    bool // remove all passkeys
}

// Flags are those of the command "passwd".
func (o *PasswdOptions) Flags(set *flag.FlagSet) {
	set.BoolVar(&o.RevokeApps, "revoke-apps", false, "revoke the tokens of all apps too")
	set.BoolVar(&o.ResetSecondFactor, "reset-second-factor", false, "switch the second factor off, such as after the telephone was lost")
	set.BoolVar(&o.RemovePasskeys, "remove-passkeys", false, "remove all passkeys, so that nothing but the new password opens the account")
}

// PasswdCommand sets a new password and ends all sessions. A server beside which it
// runs obeys at once. Errors are those of CheckNewPassword, or store.ErrNoAccount.
func PasswdCommand(ctx context.Context, st *store.Store, newPassword string, o PasswdOptions) error {
	hash, err := HashPassword(ctx, newPassword)
	if err != nil {
		return err
	}
	err = st.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Identity(); err != nil {
			return err
		}
		if err := setPassword(tx, hash, o.RevokeApps); err != nil {
			return err
		}
		if err := tx.LogSecurity(EventPassword, endedWith("on the command line"+Ended+" sessions ended", o.RevokeApps), ""); err != nil {
			return err
		}
		if o.RemovePasskeys {
			if err := removePasskeys(tx); err != nil {
				return err
			}
		}
		if !o.ResetSecondFactor {
			return nil
		}
		was, err := resetSecondFactor(tx)
		if err != nil || !was {
			return err
		}
		return tx.LogSecurity(EventFactorOff, "on the command line", "")
	})
	if err != nil {
		return fmt.Errorf("set the password: %w", err)
	}
	return nil
}

// resetSecondFactor switches the second factor off for whoever holds the machine.
func resetSecondFactor(tx *store.Tx) (was bool, err error) {
	f, err := tx.SecondFactor()
	if err != nil {
		return false, err
	}
	return f.On(), tx.DropSecondFactor()
}

// ProveOptions say how the owner proves to be the owner on the command line.
type ProveOptions struct {
	PasswordFile string // without it, the password is asked for
	Code         string // of the second factor, or a recovery code
	AtTheMachine bool   // the second factor is not asked for: it is lost, and who has the machine has everything
}

// Flags are those of commands that ask for it.
func (o *ProveOptions) Flags(set *flag.FlagSet) {
	set.StringVar(&o.PasswordFile, "password-file", "", "`file` with the password; without it you are asked")
	set.StringVar(&o.Code, "code", "", "`code` of the second factor, or a recovery code")
	set.BoolVar(&o.AtTheMachine, "at-the-machine", false, "do not ask for the second factor, such as after it was lost")
}

// ProveCommand asks for the password as ReadPassword does, and checks it and, while
// it is on, the second factor. Errors: Unauthorized, or store.ErrNoAccount.
func ProveCommand(ctx context.Context, st *store.Store, o ProveOptions, in *os.File, out io.Writer) error {
	password, err := ReadPassword(o.PasswordFile, in, out)
	if err != nil {
		return err
	}
	id, err := store.Get(ctx, st, func(tx *store.Tx) (store.Identity, error) { return tx.Identity() })
	if err != nil {
		return err
	}
	if !CheckPassword(ctx, id.PasswordHash, password) {
		return reply.Errorf(reply.Unauthorized, "The password is wrong. Nothing was done.")
	}
	if o.AtTheMachine {
		return nil
	}
	g := New(st, id.Origin(), nil, Options{})
	return st.Write(ctx, func(tx *store.Tx) error {
		f, err := tx.SecondFactor()
		if err != nil || !f.On() {
			return err
		}
		ok, err := g.useCode(tx, f, o.Code)
		if err == nil && !ok {
			err = reply.Errorf(reply.Unauthorized, "The code is missing, wrong, or was used before: give one with -code, or say -at-the-machine if the second factor is lost. Nothing was done.")
		}
		return err
	})
}
