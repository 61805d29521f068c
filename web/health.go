package web

import (
	"context"
	"net/http"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

const healthTime = 5 * time.Second

// health answers "ok" if the store can be read and takes writes. The write is
// empty: asking writes nothing to the disk.
func (d *door) health(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), healthTime)
	defer cancel()
	err := d.store.Read(ctx, func(tx *store.Tx) error {
		_, err := tx.Settings()
		return err
	})
	if err == nil {
		err = d.store.Write(ctx, func(*store.Tx) error { return nil })
	}
	if err != nil {
		d.log.Error("health check failed", "err", err)
		reply.Text(w, r, http.StatusServiceUnavailable, "The database cannot be read or written.")
		return
	}
	reply.Text(w, r, http.StatusOK, "ok")
}
