package dashboard

import (
	"net/http"
	"strconv"

	"github.com/julienschmidt/httprouter"

	"dassie/federation/archive"
	"dassie/web/auth"
	"dassie/web/reply"
)

const (
	writeBytes   = 1 << 20  // of the form of a post, so that a text far too long still comes back
	uploadBytes  = 1 << 30  // of the same form with files: what is too large is read to its end, so that the text comes back
	profileBytes = 34 << 20 // of the form of the profile: two pictures and the text
)

// route is one line of the table below.
type route struct {
	method, path string
	do           http.HandlerFunc
	body         int64       // how large its form may be, in bytes
	files        bool        // its form has files, which are stored as they arrive
	shared       bool        // it comes from the device, and not from a page of ours
	take         auth.Intake // what becomes of its files; nil: they are those of a post
	whole        int64       // how large it may be with its files; 0: as that of a post
}

// routes is everything there is under /me.
func (d *Dashboard) routes() []route {
	get := func(path string, do http.HandlerFunc) route {
		return route{method: "GET", path: path, do: do, body: auth.FormBytes}
	}
	post := func(path string, do http.HandlerFunc) route {
		return route{method: "POST", path: path, do: do, body: auth.FormBytes}
	}
	large := func(path string, body int64, do http.HandlerFunc) route {
		return route{method: "POST", path: path, do: do, body: body}
	}
	files := func(path string, do http.HandlerFunc) route {
		return route{method: "POST", path: path, do: do, body: writeBytes, files: true}
	}
	return []route{
		get("/me", d.home),
		post("/me/read", d.homeRead),
		get("/me/catchup", d.catchup),
		get("/me/keys", d.keys),
		post("/me/keys", d.keysSave),
		get("/me/events", d.events),
		get("/me/news", d.news),
		get("/me/write", d.write),
		files("/me/write", d.writeSend),
		get("/me/share", d.share),
		get("/me/suggest", d.suggest),
		{method: "POST", path: "/me/share", do: d.shared, body: writeBytes, files: true, shared: true},
		get("/me/drafts", d.drafts),
		get("/me/drafts/:id/delete", d.draftAsk),
		post("/me/drafts/:id/delete", d.draftDelete),
		post("/me/drafts/:id/unschedule", d.unschedule),
		post("/me/drafts/:id/send", d.draftSend),
		get("/me/sending/:id", d.sendingShow),
		post("/me/sending/:id", d.sendingDo),

		get("/me/post/:id", d.post),
		get("/me/post/:id/card", d.postCard),
		post("/me/post/:id/thread", d.postLook),
		get("/me/post/:id/delivery", d.delivery),
		get("/me/post/:id/edits", d.edits),
		get("/me/post/:id/likes", d.likes),
		get("/me/post/:id/boosts", d.boosts),
		get("/me/post/:id/react", d.reactAsk),
		post("/me/post/:id/react", d.react),
		post("/me/post/:id/delivery/retry", d.deliveryRetry),
		post("/me/post/:id/vote", d.vote),
		get("/me/post/:id/delete", d.postAsk),
		post("/me/post/:id/delete", d.postDelete),
		get("/me/post/:id/redraft", d.redraftAsk),
		post("/me/post/:id/redraft", d.redraft),
		post("/me/post/:id/boost", d.boost),
		post("/me/post/:id/unboost", d.unboost),
		post("/me/post/:id/like", d.like),
		post("/me/post/:id/unlike", d.unlike),
		post("/me/post/:id/save", d.save),
		post("/me/post/:id/unsave", d.unsave),
		get("/me/post/:id/filter", d.filterPostAsk),
		post("/me/post/:id/filter", d.filterPostSave),
		post("/me/post/:id/mute", d.hush),
		post("/me/post/:id/unmute", d.unhush),
		get("/me/post/:id/trouble", d.trouble),
		get("/me/post/:id/quotes", d.quoteAsk),
		post("/me/post/:id/quotes", d.quoteRevoke),

		post("/me/post/:id/pin", d.pin),
		post("/me/post/:id/unpin", d.unpin),

		get("/me/inbox", d.inbox),
		post("/me/inbox/read", d.inboxRead),
		get("/me/held", d.held),
		post("/me/held", d.heldDecide),
		post("/me/held/again", d.heldAgain),
		post("/me/held/rules", d.heldRulesSave),
		post("/me/held/quarantine", d.quarantine),
		get("/me/messages", d.messages),
		post("/me/messages", d.messagesRead),
		get("/me/messages/:id", d.message),
		post("/me/messages/:id/read", d.messageRead),
		get("/me/messages/:id/delete", d.messageAsk),
		post("/me/messages/:id/delete", d.messageDelete),
		get("/me/search", d.search),

		get("/me/saved", d.saved),
		get("/me/lists", d.lists),
		post("/me/lists", d.listNew),
		get("/me/lists/:id", d.list),
		get("/me/lists/:id/members", d.listPeople),
		post("/me/lists/:id/members", d.listPeopleChange),
		get("/me/lists/:id/edit", d.listEdit),
		post("/me/lists/:id/edit", d.listSave),
		get("/me/lists/:id/delete", d.listDeleteAsk),
		post("/me/lists/:id/delete", d.listDelete),
		get("/me/person/:id/lists", d.personLists),
		post("/me/person/:id/lists", d.personListsSave),
		get("/me/tags", d.tags),
		post("/me/tags", d.tagChange),
		get("/me/tags/:tag", d.tag),

		get("/me/requests", d.requests),
		post("/me/requests", d.requestsDecide),
		get("/me/requests/:id/block", d.blockAsk),
		post("/me/requests/:id/block", d.block),

		get("/me/followers", d.followers),
		get("/me/followers.csv", d.followersCSV),
		post("/me/followers/ask", d.followersAsk),
		get("/me/followers/remove", d.removeSomeAsk),
		post("/me/followers/remove", d.removeSome),
		get("/me/followers/server/:id", d.server),
		get("/me/followers/server/:id/remove", d.removeServerAsk),
		post("/me/followers/server/:id/remove", d.removeServer),
		get("/me/following", d.following),
		get("/me/person/:id", d.person),
		post("/me/person/:id/follow", d.follow),
		get("/me/person/:id/unfollow", d.unfollowAsk),
		post("/me/person/:id/unfollow", d.unfollow),
		get("/me/person/:id/remove", d.removeAsk),
		post("/me/person/:id/remove", d.remove),
		get("/me/person/:id/block", d.blockPersonAsk),
		post("/me/person/:id/block", d.blockPerson),
		post("/me/person/:id/unblock", d.unblockPerson),
		get("/me/person/:id/report", d.reportAsk),
		post("/me/person/:id/report", d.reportSend),
		post("/me/person/:id/mute", d.mute),
		post("/me/person/:id/unmute", d.unmute),
		post("/me/person/:id/note", d.noteSave),
		get("/me/person/:id/kept", d.personKept),
		get("/me/person/:id/kept/copy", d.personCopy),
		get("/me/person/:id/kept/erase", d.eraseAsk),
		post("/me/person/:id/kept/erase", d.erase),
		post("/me/person/:id/choose", d.choose),
		post("/me/person/:id/recommend", d.recommend),
		get("/me/safety", d.safety),
		get("/me/blocked", d.blocked),
		get("/me/muted", d.muted),
		get("/me/blocked/servers", d.blockedServers),
		get("/me/blocked/servers.csv", d.serversCSV),
		get("/me/blocked/servers/block", d.blockServerAsk),
		post("/me/blocked/servers/block", d.blockServer),
		post("/me/blocked/servers/unblock", d.unblockServer),
		post("/me/blocked/servers/silence", d.silenceServer),
		post("/me/blocked/servers/unsilence", d.unsilenceServer),
		get("/me/blocked/servers/list", d.serverList),
		large("/me/blocked/servers/list", listBytes, d.serverListLook),
		large("/me/blocked/servers/list/apply", 3*listBytes, d.serverListApply),
		get("/me/blocked/servers/list/undo", d.serverListUndoAsk),
		post("/me/blocked/servers/list/undo", d.serverListUndo),
		get("/me/filters", d.filterList),
		post("/me/filters", d.filterNew),
		get("/me/filters/:id", d.filterEdit),
		post("/me/filters/:id", d.filterSave),
		post("/me/filters/:id/posts", d.filterPostDrop),
		get("/me/filters/:id/delete", d.filterDeleteAsk),
		post("/me/filters/:id/delete", d.filterDelete),
		get("/me/deliveries", d.deliveriesList),
		post("/me/deliveries/:id/retry", d.deliveriesRetry),
		get("/me/deliveries/:id/drop", d.deliveriesAsk),
		post("/me/deliveries/:id/drop", d.deliveriesDrop),
		get("/me/reports", d.reports),
		post("/me/reports/:id/answer", d.reportAnswer),

		get("/me/profile", d.profile),
		large("/me/profile", profileBytes, d.profileSave),
		post("/me/profile/links", d.profileLinks),
		get("/me/media", d.ownMedia),
		post("/me/media/:id", d.mediaDescribe),
		get("/me/emojis", d.ownEmojis),
		large("/me/emojis", emojiBytes, d.emojiAdd),
		post("/me/emojis/:id/rename", d.emojiRename),
		get("/me/emojis/:id/remove", d.emojiAsk),
		post("/me/emojis/:id/remove", d.emojiRemove),
		get("/me/security", d.security),
		post("/me/security/password", d.passwordSave),
		get("/me/security/log", d.securityLog),
		get("/me/security/check", d.checkAsk),
		post("/me/security/check", d.check),
		get("/me/security/factor", d.factor),
		post("/me/security/factor", d.factorBegin),
		get("/me/security/factor/qr", d.factorPicture),
		post("/me/security/factor/confirm", d.factorConfirm),
		get("/me/security/factor/off", d.offAsk),
		post("/me/security/factor/off", d.off),
		get("/me/security/codes", d.codesAsk),
		post("/me/security/codes", d.codesMake),
		post("/me/security/check/passkey", d.checkPasskey),
		get(addPasskeyPath, d.passkeyNew),
		post(addPasskeyPath, d.passkeyBegin),
		post("/me/security/passkeys", d.passkeyAdd),
		get("/me/security/passkey/:id", d.passkeyEdit),
		post("/me/security/passkey/:id", d.passkeyRename),
		get("/me/security/passkey/:id/remove", d.passkeyRemoveAsk),
		post("/me/security/passkey/:id/remove", d.passkeyRemove),
		get("/me/security/sessions/:name/end", d.sessionAsk),
		post("/me/security/sessions/:name/end", d.sessionEnd),
		get("/me/security/others", d.othersAsk),
		post("/me/security/others", d.othersEnd),
		get("/me/apps", d.apps),
		get("/me/apps/:id/revoke", d.appAsk),
		post("/me/apps/:id/revoke", d.appRevoke),
		get("/me/revoke-apps", d.appsAsk),
		post("/me/revoke-apps", d.appsRevoke),
		get("/me/data", d.data),
		get("/me/data/archive", d.archiveAsk),
		post("/me/data/archive", d.archiveMake),
		get("/me/data/archive/:id", d.archiveGet),
		post("/me/data/archive/:id/delete", d.archiveDrop),
		get("/me/data/lists/:name", d.dataTable),
		get("/me/data/expiry", d.expiry),
		post("/me/data/expiry", d.expirySave),
		get("/me/data/expiry/preview", d.expiryAsk),
		get(keptPath, d.kept),
		post(keptPath, d.keptSave),
		post(keptPath+"/purge", d.purge),
		get("/me/data/promise", d.promise),
		get("/me/data/requests", d.asked),
		get("/me/data/requests/:id/copy", d.askedCopy),
		post("/me/data/requests/:id/answer", d.askedAnswer),
		post("/me/data/requests/:id/done", d.askedDone),
		post("/me/data/requests/:id/aside", d.askedAside),
		get("/me/privacy", d.privacy),
		post("/me/privacy", d.privacySave),
		get("/me/data/import", d.imports),
		{method: "POST", path: "/me/data/import", do: d.importUpload, body: writeBytes, files: true, take: d.takeImport, whole: archive.MaxUpload + writeBytes},
		get("/me/data/import/:id", d.importShow),
		post("/me/data/import/:id", d.importBegin),
		post("/me/data/import/:id/stop", d.importStop),
		get("/me/data/csv/:id", d.csvShow),
		get("/me/data/csv/:id/left.csv", d.csvLeft),
		post("/me/data/csv/:id/begin", d.csvBegin),
		post("/me/data/csv/:id/stop", d.csvStop),
		post("/me/data/csv/:id/delete", d.csvDelete),

		get("/me/move", d.move),
		post("/me/move/aliases", d.moveAliases),
		post("/me/move/away", d.moveAway),
		post("/me/move/back", d.moveBack),
		get("/me/reach", d.reach),
		post("/me/reach", d.reachSave),
		get("/me/settings", d.settings),
		post("/me/settings", d.settingsSave),
		get(mailPath, d.mail),
		post(mailPath, d.mailSave),
		post(mailPath+"/address", d.mailAsk),
		post(mailPath+"/confirm", d.mailConfirm),
		post(mailPath+"/test", d.mailTest),
		get(mailPath+"/forget", d.mailForgetAsk),
		post(mailPath+"/forget", d.mailForget),
		post(mailPath+"/letters/:id/retry", d.letterRetry),
		post(mailPath+"/letters/:id/drop", d.letterDrop),
		get("/me/push", d.pushes),
		post("/me/push", d.pushSave),
		post("/me/push/test", d.pushTest),
		post("/me/push/off", d.pushOff),
		get("/me/offline", d.offline),
		get("/me/worker.js", d.worker),
		get("/me/appearance", d.appearance),
		post("/me/appearance", d.appearanceSave),
		get("/me/more", d.more),
	}
}

// Handler answers /me and everything below it, for the owner alone.
func (d *Dashboard) Handler() http.Handler {
	router := httprouter.New()
	router.RedirectTrailingSlash, router.RedirectFixedPath = false, false
	router.HandleMethodNotAllowed, router.HandleOPTIONS = false, false
	router.NotFound = d.only(auth.FormBytes, func(w http.ResponseWriter, r *http.Request) {
		d.fail(w, r, reply.Errorf(reply.NotFound, "There is nothing at this address."))
	})
	for _, at := range d.routes() {
		handler := d.only(at.body, at.do)
		if at.files {
			handler = d.onlyFiles(at)
		}
		router.Handler(at.method, at.path, handler)
		if at.method == http.MethodGet {
			router.Handler(http.MethodHead, at.path, handler)
		}
	}
	return router
}

// only lets the owner through, with forms of our own making.
func (d *Dashboard) only(body int64, do http.HandlerFunc) http.Handler {
	return d.guard.Owner(d.guard.ProtectBody(body, d.seen(do)))
}

// seen notes that the owner is there.
func (d *Dashboard) seen(do http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		d.service.Seen()
		do(w, r)
	}
}

// onlyFiles is only for forms with files; the body of the route is for the fields beside them.
func (d *Dashboard) onlyFiles(at route) http.Handler {
	if at.shared {
		protected := d.guard.ProtectShare(uploadBytes, at.body, d.takeFile, at.do)
		return d.guard.Owner(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { protected.ServeHTTP(w, withIntake(r)) }))
	}
	take, whole := at.take, at.whole
	if take == nil {
		take, whole = d.takeFile, uploadBytes
	}
	protected := d.guard.ProtectUpload(whole, at.body, take, at.do)
	return d.guard.OwnerOr(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protected.ServeHTTP(w, withIntake(r))
	}), d.ended)
}

// idOf reads the id in the path; 0 for one that cannot be.
func idOf(r *http.Request) int64 {
	return number(httprouter.ParamsFromContext(r.Context()).ByName("id"))
}

// number reads an id as our pages write it; anything else is 0, which nothing has.
func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0
	}
	return n
}
