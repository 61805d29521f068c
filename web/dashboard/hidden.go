package dashboard

import (
	"net/http"
	"slices"
	"strings"

	"dassie/store"
	"dassie/web/reply"
)

// hush handles POST /me/post/ID/mute: its conversation is not notified any more, and
// left out of Home and lists. Where the card is gone by that, a line says how to
// bring it back.
func (d *Dashboard) hush(w http.ResponseWriter, r *http.Request) {
	p, err := d.service.MuteThread(r.Context(), idOf(r))
	if err != nil {
		d.fail(w, r, err)
		return
	}
	to := backTo(r, postPath(p.ID))
	if page, _, _ := strings.Cut(to, "#"); placeOf(page) == store.FilterHome && !p.Own() {
		to = withDone(page, "hidden") + "&n=" + decimal(p.ID)
	}
	reply.Redirect(w, r, to)
}

// unhush handles POST /me/post/ID/unmute.
func (d *Dashboard) unhush(w http.ResponseWriter, r *http.Request) {
	d.touch(w, r, d.service.UnmuteThread)
}

// unhushed leaves out of Home and lists what others wrote in conversations that the
// owner hid.
func (v *view) unhushed(posts []store.Post) ([]store.Post, error) {
	if v.filtersAt != store.FilterHome {
		return posts, nil
	}
	in, err := v.tx.InMutedThread(postIDs(posts)...)
	if err != nil || len(in) == 0 {
		return posts, err
	}
	return slices.DeleteFunc(slices.Clone(posts), func(p store.Post) bool { return in[p.ID] && !p.Own() }), nil
}

// unhushedEntries is unhushed for lines.
func (v *view) unhushedEntries(list []entry) ([]entry, error) {
	ids := make([]int64, len(list))
	for i, e := range list {
		ids[i] = e.post.ID
	}
	in, err := v.tx.InMutedThread(ids...)
	if err != nil || len(in) == 0 {
		return list, err
	}
	return slices.DeleteFunc(list, func(e entry) bool { return in[e.post.ID] && !e.post.Own() }), nil
}
