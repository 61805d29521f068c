package mastodon

import (
	"net/http"
	"strings"

	"github.com/julienschmidt/httprouter"

	"dassie/web/reply"
)

// anyone stands for the scopes of what needs no token, and answers the owner's
// apps and those that ask for themselves alike.
const anyone = "none"

// client stands for the scopes of what an app does before it has a token: it
// proves itself by its secret. anyApp stands for those of what any token may.
const (
	client = "client"
	anyApp = "app"
)

// route is one endpoint. Any one of the scopes is enough.
type route struct {
	method, path string
	scopes       string // separated by spaces, or anyone, client, anyApp
	answer       func(*API, *call) (any, error)
}

// routes is all there is.
var routes = []route{
	{"POST", "/api/v1/apps", client, (*API).registerApp},
	{"GET", "/api/v1/apps/verify_credentials", anyApp, (*API).verifyApp},
	{"POST", "/oauth/token", client, (*API).redeemToken},
	{"POST", "/oauth/revoke", client, (*API).revokeToken},
	{"GET", "/oauth/userinfo", "profile read:accounts", (*API).userInfo},
	{"POST", "/oauth/userinfo", "profile read:accounts", (*API).userInfo},

	{"GET", "/api/v1/accounts/verify_credentials", "profile read:accounts", (*API).verifyCredentials},
	{"PATCH", "/api/v1/accounts/update_credentials", "write:accounts", (*API).updateCredentials},
	{"GET", "/api/v1/profile", "profile read:accounts", (*API).ownProfile},
	{"PATCH", "/api/v1/profile", "write:accounts", (*API).updateProfile},
	{"PUT", "/api/v1/profile", "write:accounts", (*API).updateProfile},
	{"DELETE", "/api/v1/profile/avatar", "write:accounts", (*API).removeAvatar},
	{"DELETE", "/api/v1/profile/header", "write:accounts", (*API).removeHeader},
	{"GET", "/api/v1/accounts", "read:accounts", (*API).accountsByID},
	{"GET", "/api/v1/accounts/lookup", "read:accounts", (*API).lookupAccount},
	{"GET", "/api/v1/accounts/search", "read:accounts", (*API).searchAccounts},
	{"GET", "/api/v1/accounts/familiar_followers", "read:follows", (*API).familiarFollowers},
	{"GET", "/api/v1/accounts/relationships", "read:follows", (*API).relationships},
	{"GET", "/api/v1/accounts/:id", "read:accounts", (*API).account},
	{"POST", "/api/v1/accounts/:id/follow", "write:follows", (*API).follow},
	{"POST", "/api/v1/accounts/:id/unfollow", "write:follows", (*API).unfollow},
	{"GET", "/api/v1/accounts/:id/statuses", "read:statuses", (*API).accountStatuses},
	{"POST", "/api/v1/accounts/:id/remove_from_followers", "write:follows", (*API).removeFollower},
	{"POST", "/api/v1/accounts/:id/block", "write:blocks", (*API).block},
	{"POST", "/api/v1/accounts/:id/unblock", "write:blocks", (*API).unblock},
	{"GET", "/api/v1/accounts/:id/followers", "read:accounts", (*API).accountFollowers},
	{"GET", "/api/v1/accounts/:id/following", "read:accounts", (*API).accountFollowing},
	{"GET", "/api/v1/accounts/:id/featured_tags", "read:accounts", (*API).accountFeaturedTags},
	{"GET", "/api/v1/accounts/:id/endorsements", "read:accounts", (*API).accountEndorsements},
	{"GET", "/api/v1/accounts/:id/identity_proofs", "read:accounts", (*API).identityProofs},
	{"POST", "/api/v1/accounts/:id/pin", "write:accounts", (*API).endorse},
	{"POST", "/api/v1/accounts/:id/unpin", "write:accounts", (*API).disendorse},
	{"POST", "/api/v1/accounts/:id/endorse", "write:accounts", (*API).endorse},
	{"POST", "/api/v1/accounts/:id/unendorse", "write:accounts", (*API).disendorse},
	{"GET", "/api/v1/accounts/:id/lists", "read:lists", (*API).accountLists},
	{"GET", "/api/v1/blocks", "read:blocks", (*API).blocks},
	{"POST", "/api/v1/accounts/:id/mute", "write:mutes", (*API).mute},
	{"POST", "/api/v1/accounts/:id/unmute", "write:mutes", (*API).unmute},
	{"GET", "/api/v1/mutes", "read:mutes", (*API).mutes},
	{"POST", "/api/v1/accounts/:id/note", "write:accounts", (*API).note},
	{"GET", "/api/v1/endorsements", "read:accounts", (*API).endorsements},
	{"GET", "/api/v1/follow_requests", "read:follows", (*API).followRequests},
	{"POST", "/api/v1/follow_requests/:id/authorize", "write:follows", (*API).authorizeRequest},
	{"POST", "/api/v1/follow_requests/:id/reject", "write:follows", (*API).rejectRequest},
	{"GET", "/api/v1/domain_blocks", "read:blocks", (*API).domainBlocks},
	{"POST", "/api/v1/domain_blocks", "write:blocks", (*API).blockDomain},
	{"DELETE", "/api/v1/domain_blocks", "write:blocks", (*API).unblockDomain},
	{"GET", "/api/v1/featured_tags", "read:accounts", (*API).featuredTags},
	{"POST", "/api/v1/featured_tags", "write:accounts", (*API).addFeaturedTag},
	{"DELETE", "/api/v1/featured_tags/:id", "write:accounts", (*API).dropFeaturedTag},
	{"GET", "/api/v1/featured_tags/suggestions", "read:accounts", (*API).suggestedTags},
	{"GET", "/api/v1/suggestions", "read", (*API).none},
	{"GET", "/api/v2/suggestions", "read", (*API).none},
	{"DELETE", "/api/v1/suggestions/:id", "write", (*API).dropSuggestion},
	{"GET", "/api/v1/directory", "read:accounts", (*API).directory},
	{"POST", "/api/v1/reports", "write:reports", (*API).report},

	{"POST", "/api/v1/media", "write:media", (*API).uploaded},
	{"POST", "/api/v2/media", "write:media", (*API).uploaded},
	{"GET", "/api/v1/media/:id", "write:media", (*API).upload},
	{"PUT", "/api/v1/media/:id", "write:media", (*API).describeUpload},
	{"DELETE", "/api/v1/media/:id", "write:media", (*API).dropUpload},

	{"POST", "/api/v1/statuses", "write:statuses", (*API).publish},
	{"GET", "/api/v1/statuses", "read:statuses", (*API).statusList},
	{"GET", "/api/v1/statuses/:id", "read:statuses", (*API).status},
	{"PUT", "/api/v1/statuses/:id", "write:statuses", (*API).edit},
	{"DELETE", "/api/v1/statuses/:id", "write:statuses", (*API).deleteStatus},
	{"GET", "/api/v1/statuses/:id/source", "read:statuses", (*API).source},
	{"GET", "/api/v1/statuses/:id/history", "read:statuses", (*API).history},
	{"GET", "/api/v1/statuses/:id/card", "read:statuses", (*API).statusCard},
	{"POST", "/api/v1/statuses/:id/translate", "read:statuses", (*API).translate},
	{"POST", "/api/v1/statuses/:id/favourite", "write:favourites", (*API).favourite},
	{"POST", "/api/v1/statuses/:id/unfavourite", "write:favourites", (*API).unfavourite},
	{"POST", "/api/v1/statuses/:id/reblog", "write:statuses", (*API).reblog},
	{"POST", "/api/v1/statuses/:id/unreblog", "write:statuses", (*API).unreblog},
	{"GET", "/api/v1/statuses/:id/favourited_by", "read:accounts", (*API).favouritedBy},
	{"GET", "/api/v1/statuses/:id/reblogged_by", "read:accounts", (*API).rebloggedBy},
	{"GET", "/api/v1/favourites", "read:favourites", (*API).favourites},
	{"POST", "/api/v1/statuses/:id/bookmark", "write:bookmarks", (*API).bookmark},
	{"POST", "/api/v1/statuses/:id/unbookmark", "write:bookmarks", (*API).unbookmark},
	{"GET", "/api/v1/bookmarks", "read:bookmarks", (*API).bookmarks},
	{"POST", "/api/v1/statuses/:id/pin", "write:accounts", (*API).pin},
	{"POST", "/api/v1/statuses/:id/unpin", "write:accounts", (*API).unpin},
	{"POST", "/api/v1/statuses/:id/mute", "write:mutes", (*API).muteThread},
	{"POST", "/api/v1/statuses/:id/unmute", "write:mutes", (*API).unmuteThread},
	{"GET", "/api/v1/statuses/:id/quotes", "read:statuses", (*API).quotes},
	{"POST", "/api/v1/statuses/:id/quotes/:quoting_status_id/revoke", "write:statuses", (*API).revokeQuote},
	{"PUT", "/api/v1/statuses/:id/interaction_policy", "write:statuses", (*API).interactionPolicy},
	{"GET", "/api/v1/scheduled_statuses", "read:statuses", (*API).scheduledList},
	{"GET", "/api/v1/scheduled_statuses/:id", "read:statuses", (*API).scheduled},
	{"PUT", "/api/v1/scheduled_statuses/:id", "write:statuses", (*API).reschedule},
	{"DELETE", "/api/v1/scheduled_statuses/:id", "write:statuses", (*API).cancelScheduled},

	{"GET", "/api/v1/polls/:id", "read:statuses", (*API).poll},
	{"POST", "/api/v1/polls/:id/votes", "write:statuses", (*API).vote},
	{"GET", "/api/v1/statuses/:id/context", "read:statuses", (*API).context},
	{"GET", "/api/v1_alpha/async_refreshes/:id", "read", (*API).asyncRefresh},

	{"GET", "/api/v1/lists", "read:lists", (*API).lists},
	{"POST", "/api/v1/lists", "write:lists", (*API).createList},
	{"GET", "/api/v1/lists/:id", "read:lists", (*API).list},
	{"PUT", "/api/v1/lists/:id", "write:lists", (*API).updateList},
	{"DELETE", "/api/v1/lists/:id", "write:lists", (*API).deleteList},
	{"GET", "/api/v1/lists/:id/accounts", "read:lists", (*API).listAccounts},
	{"POST", "/api/v1/lists/:id/accounts", "write:lists", (*API).addListed},
	{"DELETE", "/api/v1/lists/:id/accounts", "write:lists", (*API).removeListed},
	{"GET", "/api/v1/timelines/list/:id", "read:lists", (*API).listTimeline},

	{"GET", "/api/v2/instance", anyone, (*API).instance},
	{"GET", "/api/v1/instance", anyone, (*API).v1Instance},
	{"GET", "/api/v1/instance/rules", anyone, (*API).rules},
	{"GET", "/api/v1/instance/peers", anyone, (*API).peers},
	{"GET", "/api/v1/instance/activity", anyone, (*API).activity},
	{"GET", "/api/v1/instance/domain_blocks", anyone, (*API).blockedServers},
	{"GET", "/api/v1/instance/privacy_policy", anyone, (*API).privacyPolicy},
	{"GET", "/api/v1/instance/extended_description", anyone, (*API).extendedDescription},
	{"GET", "/api/v1/instance/terms_of_service", anyone, (*API).terms},
	{"GET", "/api/v1/instance/languages", anyone, (*API).instanceLanguages},
	{"GET", "/api/v1/instance/translation_languages", anyone, (*API).translationLanguages},
	{"GET", "/api/v1/custom_emojis", anyone, (*API).customEmojis},
	{"GET", "/api/v1/announcements", "read", (*API).announcements},
	{"GET", "/api/v1/preferences", "read:accounts", (*API).preferences},

	{"GET", "/api/v2/filters", "read:filters", (*API).filters},
	{"POST", "/api/v2/filters", "write:filters", (*API).createFilter},
	{"GET", "/api/v2/filters/:id", "read:filters", (*API).filter},
	{"PUT", "/api/v2/filters/:id", "write:filters", (*API).updateFilter},
	{"DELETE", "/api/v2/filters/:id", "write:filters", (*API).deleteFilter},
	{"GET", "/api/v2/filters/:id/keywords", "read:filters", (*API).filterKeywordsOf},
	{"POST", "/api/v2/filters/:id/keywords", "write:filters", (*API).addKeyword},
	{"GET", "/api/v2/filters/keywords/:id", "read:filters", (*API).keyword},
	{"PUT", "/api/v2/filters/keywords/:id", "write:filters", (*API).updateKeyword},
	{"DELETE", "/api/v2/filters/keywords/:id", "write:filters", (*API).deleteKeyword},
	{"GET", "/api/v2/filters/:id/statuses", "read:filters", (*API).filterStatusesOf},
	{"POST", "/api/v2/filters/:id/statuses", "write:filters", (*API).addFilterStatus},
	{"GET", "/api/v2/filters/statuses/:id", "read:filters", (*API).filterStatus},
	{"DELETE", "/api/v2/filters/statuses/:id", "write:filters", (*API).deleteFilterStatus},
	{"GET", "/api/v1/filters", "read:filters", (*API).v1Filters},
	{"POST", "/api/v1/filters", "write:filters", (*API).v1CreateFilter},
	{"GET", "/api/v1/filters/:id", "read:filters", (*API).v1Filter},
	{"PUT", "/api/v1/filters/:id", "write:filters", (*API).v1UpdateFilter},
	{"DELETE", "/api/v1/filters/:id", "write:filters", (*API).v1DeleteFilter},

	{"GET", "/api/v1/tags/:tag", "read", (*API).tag},
	{"POST", "/api/v1/tags/:tag/follow", "write:follows", (*API).followTag},
	{"POST", "/api/v1/tags/:tag/unfollow", "write:follows", (*API).unfollowTag},
	{"POST", "/api/v1/tags/:tag/feature", "write:accounts", (*API).featureTag},
	{"POST", "/api/v1/tags/:tag/unfeature", "write:accounts", (*API).unfeatureTag},
	{"GET", "/api/v1/followed_tags", "read:follows", (*API).followedTags},
	{"GET", "/api/v1/timelines/tag/:tag", "read:statuses", (*API).tagTimeline},
	{"GET", "/api/v1/timelines/public", "read:statuses", (*API).publicTimeline},

	{"GET", "/api/v1/timelines/link", "read:statuses", (*API).linkTimeline},
	{"GET", "/api/v1/trends", "read:statuses", (*API).nothing},
	{"GET", "/api/v1/trends/tags", "read:statuses", (*API).nothing},
	{"GET", "/api/v1/trends/statuses", "read:statuses", (*API).nothing},
	{"GET", "/api/v1/trends/links", "read:statuses", (*API).nothing},

	{"GET", "/api/v1/timelines/home", "read:statuses", (*API).home},
	{"GET", "/api/v1/markers", "read:statuses", (*API).markers},
	{"POST", "/api/v1/markers", "write:statuses", (*API).moveMarkers},

	{"GET", "/api/v1/notifications", "read:notifications", (*API).notifications},
	{"GET", "/api/v1/notifications/unread_count", "read:notifications", (*API).unreadNotifications},
	{"POST", "/api/v1/notifications/clear", "write:notifications", (*API).clearNotifications},
	{"GET", "/api/v1/notifications/policy", "read:notifications", (*API).noticePolicyV1},
	{"PUT", "/api/v1/notifications/policy", "write:notifications", (*API).setNoticePolicyV1},
	{"PATCH", "/api/v1/notifications/policy", "write:notifications", (*API).setNoticePolicyV1},
	{"GET", "/api/v1/notifications/requests", "read:notifications", (*API).noticeRequests},
	{"POST", "/api/v1/notifications/requests/accept", "write:notifications", (*API).acceptNoticeRequests},
	{"POST", "/api/v1/notifications/requests/dismiss", "write:notifications", (*API).dismissNoticeRequests},
	{"GET", "/api/v1/notifications/requests/merged", "read:notifications", (*API).noticesMerged},
	{"GET", "/api/v1/notifications/requests/:id", "read:notifications", (*API).noticeRequest},
	{"POST", "/api/v1/notifications/requests/:id/accept", "write:notifications", (*API).acceptNoticeRequest},
	{"POST", "/api/v1/notifications/requests/:id/dismiss", "write:notifications", (*API).dismissNoticeRequest},
	{"GET", "/api/v1/notifications/:id", "read:notifications", (*API).notification},
	{"POST", "/api/v1/notifications/:id/dismiss", "write:notifications", (*API).dismissNotification},
	{"GET", "/api/v2/notifications", "read:notifications", (*API).noticeGroups},
	{"GET", "/api/v2/notifications/unread_count", "read:notifications", (*API).unreadNoticeGroups},
	{"GET", "/api/v2/notifications/policy", "read:notifications", (*API).noticePolicy},
	{"PATCH", "/api/v2/notifications/policy", "write:notifications", (*API).setNoticePolicy},
	{"PUT", "/api/v2/notifications/policy", "write:notifications", (*API).setNoticePolicy},
	{"GET", "/api/v2/notifications/:group_key", "read:notifications", (*API).noticeGroup},
	{"POST", "/api/v2/notifications/:group_key/dismiss", "write:notifications", (*API).dismissNoticeGroup},
	{"GET", "/api/v2/notifications/:group_key/accounts", "read:notifications", (*API).noticeGroupPeople},
	{"GET", "/api/v1/conversations", "read:statuses", (*API).conversations},
	{"POST", "/api/v1/conversations/:id/read", "write:conversations", (*API).readConversation},
	{"POST", "/api/v1/conversations/:id/unread", "write:conversations", (*API).unreadConversation},
	{"DELETE", "/api/v1/conversations/:id", "write:conversations", (*API).dropConversation},

	{"GET", "/api/v2/search", "read:search", (*API).search},

	{"POST", "/api/v1/push/subscription", "push", (*API).subscribePush},
	{"GET", "/api/v1/push/subscription", "push", (*API).pushSubscription},
	{"PUT", "/api/v1/push/subscription", "push", (*API).changePush},
	{"DELETE", "/api/v1/push/subscription", "push", (*API).endPush},
}

// router finds the endpoint of a request. Paths without parameters come first, then
// those that have a fixed word where another has a parameter, because httprouter
// cannot hold "/filters/keywords/:id" beside "/filters/:id/keywords".
func (a *API) router() http.Handler {
	fixed := map[string]map[string]http.Handler{}
	worded, named := httprouter.New(), httprouter.New()
	for _, tree := range []*httprouter.Router{worded, named} {
		tree.RedirectTrailingSlash, tree.RedirectFixedPath, tree.HandleOPTIONS = false, false, false
	}
	worded.HandleMethodNotAllowed, worded.NotFound = false, named
	named.NotFound = a.refusal(reply.NotFound, "There is no such endpoint on this server.")
	wrongMethod := a.refusal(reply.NotFound, "This endpoint does not take that method.")
	named.MethodNotAllowed = wrongMethod
	for _, rt := range routes {
		h := a.adapter(rt)
		methods := []string{rt.method}
		if rt.method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
		for _, method := range methods {
			switch {
			case !strings.Contains(rt.path, ":"):
				if fixed[rt.path] == nil {
					fixed[rt.path] = map[string]http.Handler{}
				}
				fixed[rt.path][method] = h
			case hasWord(rt.path):
				worded.Handler(method, rt.path, h)
			default:
				named.Handler(method, rt.path, h)
			}
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		if len(path) > 1 {
			path = strings.TrimSuffix(path, "/")
		}
		byMethod, ok := fixed[path]
		if !ok {
			worded.ServeHTTP(w, r)
			return
		}
		h, ok := byMethod[r.Method]
		if !ok {
			h = wrongMethod
		}
		h.ServeHTTP(w, r)
	})
}

// hasWord says whether another endpoint has a parameter where this one has a word.
func hasWord(path string) bool {
	before := func(path string) string { fixed, _, _ := strings.Cut(path, ":"); return fixed }
	for _, rt := range routes {
		if other := before(rt.path); other != rt.path && len(other) < len(before(path)) && strings.HasPrefix(path, other) {
			return true
		}
	}
	return false
}

func (a *API) refusal(code reply.Code, words string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reply.FailJSON(w, r, reply.Errorf(code, "%s", words), a.log)
	})
}
