package web

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"dassie/federation"
	"dassie/store"
	"dassie/web/auth"
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

// healthOrCheck tells our own doctor what came of its request, and everybody
// else the health.
func (w *Web) healthOrCheck(rw http.ResponseWriter, r *http.Request) {
	if !w.svc.IsSelfCheck(r) {
		w.health(rw, r)
		return
	}
	body, err := json.Marshal(federation.SelfCheck{
		Version: w.svc.Version(), Host: r.Host, Scheme: auth.ForwardedProto(r, w.trusted), Client: auth.ClientAddr(r, w.trusted).String(),
		Forwarded: r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("X-Forwarded-Proto") != "",
		Signature: w.svc.JudgeSelfCheck(r),
	})
	if err != nil {
		w.Fail(rw, r, err)
		return
	}
	reply.PrivateAnswer(rw.Header())
	reply.Activity(rw, r, http.StatusOK, body)
}
