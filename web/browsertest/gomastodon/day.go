package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-mastodon"
)

func (d *day) signIn() {
	server := "https://" + d.host
	app := get(mastodon.RegisterApp(d.ctx, &mastodon.AppConfig{Server: server, ClientName: "A day in Go", Scopes: "read write follow push", Website: "https://app.example", RedirectURIs: "urn:ietf:wg:oauth:2.0:oob"}))
	fmt.Println("consent " + app.AuthURI)
	d.lines.Scan()
	led := get(url.Parse(d.lines.Text()))
	c := mastodon.NewClient(&mastodon.Config{Server: server, ClientID: app.ClientID, ClientSecret: app.ClientSecret})
	must(c.GetAppAccessToken(d.ctx, app.RedirectURI))
	d.same(get(c.VerifyAppCredentials(d.ctx)).Name, "A day in Go", "the app's name")
	_, err := c.GetAccountCurrentUser(d.ctx)
	d.ok(err != nil, "an app for itself is nobody")
	must(c.GetUserAccessToken(d.ctx, led.Query().Get("code"), app.RedirectURI))
	d.me = get(c.GetAccountCurrentUser(d.ctx))
	d.same([]string{d.me.Acct, *d.me.Source.Privacy}, []string{"hana", "public"}, "who signed in")
	d.away = mastodon.NewClient(&mastodon.Config{Server: "https://" + d.awayHost, AccessToken: os.Getenv("AWAY_TOKEN")})
	d.home = c
}

func (d *day) server() {
	i := get(d.home.GetInstance(d.ctx))
	d.same([]string{i.URI, i.URLs["streaming_api"]}, []string{d.host, "wss://" + d.host}, "the server")
	d.ok(i.GetConfig().Statuses != nil && i.ContactAccount.ID == d.me.ID && i.Stats.UserCount == 1, "what it says of itself", i)
	get(d.home.GetInstanceActivity(d.ctx))
	get(d.home.GetInstancePeers(d.ctx))
	d.same(len(get(d.home.GetTrendingStatuses(d.ctx, nil))), 0, "trends")
	d.socket = get(d.home.NewWSClient().StreamingWSUser(d.ctx))
}

func (d *day) follow() {
	get(d.away.AccountUpdate(d.ctx, &mastodon.Profile{Locked: new(true)}))
	found := get(d.home.Search(d.ctx, "@awe@"+d.awayHost, true))
	d.same(len(found.Accounts), 1, "how many are found")
	d.them = found.Accounts[0]
	rel := get(d.home.AccountFollow(d.ctx, d.them.ID))
	d.ok(rel.Requested && !rel.Following, "a follow that waits", rel)
	d.theirs = eventually("the request arrives", func() (*mastodon.Account, bool) {
		list := get(d.away.GetFollowRequests(d.ctx, nil))
		if len(list) == 0 {
			return nil, false
		}
		return list[0], true
	})
	must(d.away.FollowRequestAuthorize(d.ctx, d.theirs.ID))
	d.following()
	get(d.away.AccountUpdate(d.ctx, &mastodon.Profile{Locked: new(false)}))
	get(d.away.AccountFollow(d.ctx, d.theirs.ID))
	told := next(d.socket, "a follow", func(e *mastodon.NotificationEvent) bool { return e.Notification.Type == "follow" })
	d.same(told.Notification.Account.ID, d.them.ID, "who followed")
	d.same(ids(get(d.home.GetAccountFollowers(d.ctx, d.me.ID, nil)), accountID), []mastodon.ID{d.them.ID}, "followers")
	d.same(ids(get(d.home.GetAccountFollowing(d.ctx, d.me.ID, nil)), accountID), []mastodon.ID{d.them.ID}, "followed")
	d.same(get(d.home.AccountLookup(d.ctx, "hana")).ID, d.me.ID, "lookup")
	d.same(ids(get(d.home.AccountsSearch(d.ctx, "awe", 5)), accountID), []mastodon.ID{d.them.ID}, "search")
	d.same(get(d.home.GetAccount(d.ctx, d.them.ID)).Acct, "awe@"+d.awayHost, "an account")
}

// following waits until they are followed.
func (d *day) following() {
	eventually("they are followed", func() (bool, bool) {
		list := get(d.home.GetAccountRelationships(d.ctx, []string{string(d.them.ID)}))
		return true, len(list) == 1 && list[0].Following
	})
}

func (d *day) write() {
	d.post = get(d.home.PostStatus(d.ctx, &mastodon.Toot{Status: "Up early #gophers", Visibility: mastodon.VisibilityPublic, Language: "en"}))
	d.same([]string{text(d.post.Content), d.post.Visibility, d.post.Tags[0].Name}, []string{"Up early #gophers", "public", "gophers"}, "the post")
	next(d.socket, "my own post", func(e *mastodon.UpdateEvent) bool { return e.Status.ID == d.post.ID })
	file := get(os.Open(os.Getenv("PICTURE")))
	defer file.Close()
	media := get(d.home.UploadMediaFromMedia(d.ctx, &mastodon.Media{File: file, Description: "A gradient", Focus: "0.5,0.25"}))
	must(d.home.GetMediaStatus(d.ctx, media))
	shown := get(d.home.PostStatus(d.ctx, &mastodon.Toot{Status: "Look", MediaIDs: []mastodon.ID{media.ID}, Sensitive: true, SpoilerText: "Colours", Visibility: mastodon.VisibilityUnlisted}))
	a := shown.MediaAttachments[0]
	d.ok(a.Description == "A gradient" && a.Meta.Focus.X == 0.5 && a.Meta.Original.Width == 300 && a.BlurHash != "" && shown.SpoilerText == "Colours", "the picture", a)
	get(d.home.UploadMedia(d.ctx, os.Getenv("PICTURE")))
	asked := get(d.home.PostStatus(d.ctx, &mastodon.Toot{Status: "Tabs?", Poll: &mastodon.TootPoll{Options: []string{"Yes", "No"}, ExpiresInSeconds: 600, Multiple: true}}))
	poll := get(d.home.GetPoll(d.ctx, asked.Poll.ID))
	d.ok(len(poll.Options) == 2 && poll.Multiple && !poll.Expired, "the poll", poll)
	for _, v := range []string{mastodon.VisibilityFollowersOnly, mastodon.VisibilityDirectMessage} {
		d.same(get(d.home.PostStatus(d.ctx, &mastodon.Toot{Status: "@awe@" + d.awayHost + " psst", Visibility: v})).Visibility, v, "the visibility")
	}
	at := time.Now().Add(time.Hour)
	get(d.home.PostStatus(d.ctx, &mastodon.Toot{Status: "Tomorrow", ScheduledAt: &at}))
	_, err := d.home.PostStatus(d.ctx, &mastodon.Toot{})
	d.refused(err, 422, "an empty post")
}

func (d *day) change() {
	id := d.post.ID
	d.same(get(d.home.GetStatusSource(d.ctx, id)).Text, "Up early #gophers", "the source")
	get(d.home.UpdateStatus(d.ctx, &mastodon.Toot{Status: "Up late #gophers"}, id))
	next(d.socket, "the edit", func(e *mastodon.UpdateEditEvent) bool { return e.Status.ID == id })
	d.same(len(get(d.home.GetStatusHistory(d.ctx, id))), 2, "versions")
	d.ok(get(d.home.Favourite(d.ctx, id)).Favourited == true, "favourited")
	d.same(ids(get(d.home.GetFavourites(d.ctx, nil)), statusID), []mastodon.ID{id}, "favourites")
	d.same(ids(get(d.home.GetFavouritedBy(d.ctx, id, nil)), accountID), []mastodon.ID{d.me.ID}, "who favourited")
	d.ok(get(d.home.Unfavourite(d.ctx, id)).Favourited == false, "no longer favourited")
	d.ok(get(d.home.Bookmark(d.ctx, id)).Bookmarked == true, "bookmarked")
	d.same(ids(get(d.home.GetBookmarks(d.ctx, nil)), statusID), []mastodon.ID{id}, "bookmarks")
	d.ok(get(d.home.Unbookmark(d.ctx, id)).Bookmarked == false, "no longer bookmarked")
	d.same(get(d.home.Reblog(d.ctx, id)).Reblog.ID, id, "a boost")
	d.same(ids(get(d.home.GetRebloggedBy(d.ctx, id, nil)), accountID), []mastodon.ID{d.me.ID}, "who boosted")
	d.ok(get(d.home.Unreblog(d.ctx, id)).Reblogged == false, "no longer boosted")
	get(d.home.GetStatusCard(d.ctx, id))
	d.same(len(get(d.home.GetAccountPinnedStatuses(d.ctx, d.me.ID))), 0, "pinned")
	gone := get(d.home.PostStatus(d.ctx, &mastodon.Toot{Status: "Not for long"}))
	must(d.home.DeleteStatus(d.ctx, gone.ID))
	next(d.socket, "the deletion", func(e *mastodon.DeleteEvent) bool { return e.ID == gone.ID })
	_, err := d.home.GetStatus(d.ctx, gone.ID)
	d.refused(err, 404, "a deleted post")
}

// streams: by server-sent events, what a server far away writes, in order.
func (d *day) streams() {
	user := get(d.home.StreamingUser(d.ctx))
	time.Sleep(500 * time.Millisecond) // the library asks the server where its streams are first
	said := get(d.away.PostStatus(d.ctx, &mastodon.Toot{Status: "Hello from afar, @hana@" + d.host}))
	for _, stream := range []chan mastodon.Event{user, d.socket} {
		d.heard = next(stream, "their post", func(e *mastodon.UpdateEvent) bool { return e.Status.URI == said.URI }).Status
		next(stream, "a mention", func(e *mastodon.NotificationEvent) bool {
			return e.Notification.Type == "mention" && e.Notification.Status.ID == d.heard.ID
		})
	}
	time.Sleep(50 * time.Millisecond)
	get(d.away.UpdateStatus(d.ctx, &mastodon.Toot{Status: "Hello again, @hana@" + d.host}, said.ID))
	for _, stream := range []chan mastodon.Event{user, d.socket} {
		next(stream, "their edit", func(e *mastodon.UpdateEditEvent) bool { return e.Status.ID == d.heard.ID })
	}
	brief := get(d.away.PostStatus(d.ctx, &mastodon.Toot{Status: "A moment"}))
	for _, stream := range []chan mastodon.Event{user, d.socket} {
		seen := next(stream, "their other post", func(e *mastodon.UpdateEvent) bool { return e.Status.URI == brief.URI }).Status
		if stream == user {
			must(d.away.DeleteStatus(d.ctx, brief.ID))
		}
		next(stream, "their deletion", func(e *mastodon.DeleteEvent) bool { return e.ID == seen.ID })
	}
	go func() { // the library sends until somebody takes it
		for range user {
		}
	}()
}

func (d *day) timelines() {
	answer := get(d.home.PostStatus(d.ctx, &mastodon.Toot{Status: "@awe@" + d.awayHost + " Good to hear you", InReplyToID: d.heard.ID}))
	d.same(ids(get(d.home.GetStatusContext(d.ctx, answer.ID)).Ancestors, statusID), []mastodon.ID{d.heard.ID}, "the context")
	var all []mastodon.ID
	pg := &mastodon.Pagination{Limit: 3}
	for range 20 {
		page := get(d.home.GetTimelineHome(d.ctx, pg))
		all = append(all, ids(page, statusID)...)
		if pg.MaxID == "" {
			break
		}
		pg.SinceID, pg.MinID = "", ""
	}
	whole := ids(get(d.home.GetTimelineHome(d.ctx, &mastodon.Pagination{Limit: 40})), statusID)
	d.same(all, whole, "home in pages")
	d.same(ids(get(d.home.GetTimelineHome(d.ctx, &mastodon.Pagination{Limit: 2, MinID: whole[4]})), statusID), whole[2:4], "just above")
	d.ok(len(get(d.home.GetTimelinePublic(d.ctx, true, nil))) > 0 && len(get(d.home.GetTimelinePublic(d.ctx, false, nil))) > 0, "public timelines")
	d.same(ids(get(d.home.GetTimelineHashtag(d.ctx, "gophers", false, nil)), statusID), []mastodon.ID{d.post.ID}, "posts with a hashtag")
	d.same(len(get(d.home.GetTimelineHashtagMultiple(d.ctx, "gophers", false, &mastodon.TagData{None: []string{"gophers"}}, nil))), 0, "posts with a hashtag and without it")
	get(d.home.GetTimelineMedia(d.ctx, false, nil))
	mine := 0
	for s, err := range d.home.AccountStatuses(d.ctx, d.me.ID, nil) {
		must(err)
		d.same(s.Account.ID, d.me.ID, "whose post it is")
		mine++
	}
	d.ok(mine >= 6, "my posts", mine)
	talks := get(d.home.GetConversations(d.ctx, nil))
	d.ok(len(talks) > 0 && talks[0].Accounts[0].ID == d.them.ID, "conversations", talks)
	must(d.home.MarkConversationAsRead(d.ctx, talks[0].ID))
	d.ok(len(get(d.home.GetTimelineDirect(d.ctx, nil))) > 0, "direct messages")
	must(d.home.DeleteConversation(d.ctx, talks[0].ID))
}

func (d *day) notifications() {
	all := get(d.home.GetNotifications(d.ctx, nil))
	d.ok(len(all) >= 2 && all[0].Type == "mention", "notifications", len(all))
	d.ok(len(get(d.home.GetNotificationsExclude(d.ctx, &[]string{"mention"}, nil))) < len(all), "but for mentions")
	for n, err := range d.home.Notifications(d.ctx, &mastodon.NotificationFilter{Includes: []string{"follow"}}, nil) {
		must(err)
		d.same(n.Type, "follow", "the kind")
	}
	d.same(get(d.home.GetNotification(d.ctx, all[0].ID)).ID, all[0].ID, "one")
	must(d.home.DismissNotification(d.ctx, all[0].ID))
	_, err := d.home.GetNotification(d.ctx, all[0].ID)
	d.refused(err, 404, "one dismissed")
	must(d.home.ClearNotifications(d.ctx))
	d.same(len(get(d.home.GetNotifications(d.ctx, nil))), 0, "notifications")
}

func (d *day) listsAndFilters() {
	list := get(d.home.CreateList(d.ctx, "Near ones"))
	must(d.home.AddToList(d.ctx, list.ID, d.them.ID))
	d.same(ids(get(d.home.GetListAccounts(d.ctx, list.ID)), accountID), []mastodon.ID{d.them.ID}, "who is on it")
	d.same(len(get(d.home.GetAccountLists(d.ctx, d.them.ID))), 1, "on which lists they are")
	d.same(get(d.home.RenameList(d.ctx, list.ID, "Dear ones")).Title, "Dear ones", "the list's name")
	get(d.home.GetTimelineList(d.ctx, list.ID, nil))
	must(d.home.RemoveFromList(d.ctx, list.ID, d.them.ID))
	must(d.home.DeleteList(d.ctx, list.ID))
	d.same(len(get(d.home.GetLists(d.ctx))), 0, "lists")
	f := get(d.home.CreateFilter(d.ctx, &mastodon.Filter{Phrase: "weather", Context: []string{"home", "thread"}, WholeWord: true, ExpiresAt: time.Now().Add(time.Hour)}))
	d.same([]any{f.Phrase, f.Context, f.WholeWord}, []any{"weather", []string{"home", "thread"}, true}, "the filter")
	f.Phrase = "storm"
	get(d.home.UpdateFilter(d.ctx, f.ID, f))
	d.same(get(d.home.GetFilter(d.ctx, f.ID)).Phrase, "storm", "the filter's phrase")
	must(d.home.DeleteFilter(d.ctx, f.ID))
	d.same(len(get(d.home.GetFilters(d.ctx))), 0, "filters")
	d.ok(get(d.home.TagFollow(d.ctx, "gophers")).Following, "a hashtag followed")
	d.same(get(d.home.TagsFollowed(d.ctx, nil))[0].Name, "gophers", "hashtags followed")
	d.same(get(d.home.TagInfo(d.ctx, "gophers")).Name, "gophers", "a hashtag")
	d.ok(!get(d.home.TagUnfollow(d.ctx, "gophers")).Following, "a hashtag unfollowed")
}

func (d *day) people() {
	id := d.them.ID
	d.ok(get(d.home.AccountMute(d.ctx, id)).Muting, "muted")
	d.same(ids(get(d.home.GetMutes(d.ctx, nil)), accountID), []mastodon.ID{id}, "mutes")
	d.ok(!get(d.home.AccountUnmute(d.ctx, id)).Muting, "unmuted")
	get(d.home.Report(d.ctx, id, []mastodon.ID{d.heard.ID}, "Too friendly"))
	d.same(len(get(d.home.GetEndorsements(d.ctx, nil))), 0, "endorsed")
	d.ok(get(d.home.AccountBlock(d.ctx, id)).Blocking, "blocked")
	d.same(ids(get(d.home.GetBlocks(d.ctx, nil)), accountID), []mastodon.ID{id}, "blocks")
	d.ok(!get(d.home.AccountUnblock(d.ctx, id)).Blocking, "unblocked")
	get(d.home.AccountFollow(d.ctx, id))
	d.following()
	d.ok(!get(d.home.AccountUnfollow(d.ctx, id)).Following, "unfollowed")
}

func (d *day) profile() {
	avatar := get(mastodon.Base64EncodeFileName(os.Getenv("PICTURE")))
	p := get(d.home.AccountUpdate(d.ctx, &mastodon.Profile{
		DisplayName: new("Hana"), Note: new("Two\nlines"), Locked: new(true), Avatar: avatar, Header: avatar,
		Fields: &[]mastodon.Field{{Name: "Home", Value: "https://" + d.host}, {Name: "Drink", Value: "Tea"}},
		Source: &mastodon.AccountSource{Privacy: new("unlisted"), Sensitive: new(false), Language: new("de")},
	}))
	d.ok(p.DisplayName == "Hana" && p.Locked && *p.Source.Note == "Two\nlines" && *p.Source.Privacy == "unlisted" && len(*p.Source.Fields) == 2, "the profile", p)
	for _, at := range []string{p.Avatar, p.Header} {
		d.ok(strings.Contains(at, "/media/"), "the picture", at)
		res := get(d.home.Get(at))
		res.Body.Close()
		d.same(res.StatusCode, 200, "the picture's answer")
	}
}

func (d *day) pushed() {
	key := get(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	yes := mastodon.Sbool(true)
	s := get(d.home.AddPushSubscription(d.ctx, os.Getenv("PUSH"), key.PublicKey, make([]byte, 16), mastodon.PushAlerts{Mention: &yes}))
	d.same(s.Endpoint, os.Getenv("PUSH"), "where it is pushed to")
	get(d.home.UpdatePushSubscription(d.ctx, &mastodon.PushAlerts{Mention: &yes, Follow: &yes}))
	get(d.home.GetPushSubscription(d.ctx))
	get(d.away.PostStatus(d.ctx, &mastodon.Toot{Status: "@hana@" + d.host + " Are you there?"}))
	next(d.socket, "the mention that is pushed", func(e *mastodon.NotificationEvent) bool { return e.Notification.Type == "mention" })
	fmt.Println("pushed")
	d.lines.Scan()
}

func (d *day) signOut() {
	at := time.Now()
	must(d.home.RevokeToken(d.ctx))
	next(d.socket, "the end", func(e *mastodon.ErrorEvent) bool { return true })
	d.ok(time.Since(at) < time.Second, "the stream ends within a second", time.Since(at))
	_, err := d.home.GetTimelineHome(d.ctx, nil)
	d.refused(err, 401, "home after signing out")
}
