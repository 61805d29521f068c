package command

import (
	"context"
	"errors"

	"dassie/store"
)

// WithStore opens an existing database for a command, also beside a server. An
// account that is being deleted, or was, takes no command any more.
func WithStore(dir string, do func(*store.Store) error) error {
	return AnyStore(dir, func(st *store.Store) error {
		if err := st.Alive(context.Background()); err != nil {
			return err
		}
		return do(st)
	})
}

// AnyStore is WithStore for any account.
func AnyStore(dir string, do func(*store.Store) error) error {
	st, err := store.Open(dir, store.Options{Readers: 1})
	if err != nil {
		return err
	}
	return errors.Join(do(st), st.Close())
}
