package dashboard

import (
	"context"
	"net/http"

	"dassie/store"
	"dassie/web/reply"
)

// boost handles POST /me/post/ID/boost: to everyone, or as quietly as the post.
func (d *Dashboard) boost(w http.ResponseWriter, r *http.Request) {
	d.touch(w, r, func(ctx context.Context, id int64) (store.Post, error) { return d.service.Boost(ctx, id, store.Public) })
}

// unboost handles POST /me/post/ID/unboost.
func (d *Dashboard) unboost(w http.ResponseWriter, r *http.Request) { d.touch(w, r, d.service.Unboost) }

// like handles POST /me/post/ID/like.
func (d *Dashboard) like(w http.ResponseWriter, r *http.Request) { d.touch(w, r, d.service.Like) }

// unlike handles POST /me/post/ID/unlike.
func (d *Dashboard) unlike(w http.ResponseWriter, r *http.Request) { d.touch(w, r, d.service.Unlike) }

// touch does something with a post and goes back to the card it was asked from.
func (d *Dashboard) touch(w http.ResponseWriter, r *http.Request, do func(context.Context, int64) (store.Post, error)) {
	id := idOf(r)
	if _, err := do(r.Context(), id); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, backTo(r, postPath(id)))
}
