package dashboard

import (
	"errors"
	"net/http"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
)

// clause is one clause of what a server owes its person, and how it is kept here
// now.
type clause struct {
	Number   int
	What     string
	Now      string
	URL, At  string // where it is seen or changed, and the name of that page
	Settable bool   // there is a choice there
}

type promisePage struct {
	assets.Owner
	Clauses []clause
}

// promise handles GET /me/data/promise: the clauses of the privacy promise that
// Mastodon's servers make, one by one.
func (d *Dashboard) promise(w http.ResponseWriter, r *http.Request) {
	policy, err := d.service.PrivacyPolicy(r.Context())
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.show(w, r, "promise", answer{}, func(v *view) (any, error) {
		n, err := v.promiseNumbers()
		if err != nil {
			return nil, err
		}
		page := promisePage{}
		for _, part := range [][]clause{v.promisedCollected(n), v.promisedUsed(n), v.promisedKept(policy, n)} {
			for _, c := range part {
				c.Number = len(page.Clauses) + 1
				page.Clauses = append(page.Clauses, c)
			}
		}
		page.Owner, err = v.frame("The promise", "data")
		return page, err
	})
}

// promiseNumbers are counted for the page.
type promiseNumbers struct {
	pinned, hosts, sessions, apps, archives int
	mail, mailed, factor                    bool // there is a mail server; and an address
}

// promiseNumbers counts them.
func (v *view) promiseNumbers() (n promiseNumbers, err error) {
	pins, err := v.tx.Pinned(store.OwnerID)
	if err != nil {
		return n, err
	}
	sessions, err := v.tx.Sessions()
	if err != nil {
		return n, err
	}
	apps, err := v.tx.AppsWithAccess()
	if err != nil {
		return n, err
	}
	archives, err := v.tx.Archives()
	if err != nil {
		return n, err
	}
	m, err := v.tx.Mail()
	if err != nil {
		return n, err
	}
	factor, err := v.tx.SecondFactor()
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return n, err
	}
	ready := 0
	for _, a := range archives {
		if a.State == store.ArchiveReady && v.d.service.Now().Sub(a.EndedAt) <= store.ArchiveLasts {
			ready++
		}
	}
	n = promiseNumbers{
		pinned: len(pins), sessions: len(sessions), apps: len(apps), archives: ready,
		mail: v.d.service.MailServer() != "", mailed: v.d.service.MailServer() != "" && m.Confirmed(), factor: factor.On(),
	}
	n.hosts, err = v.tx.CountFollowerHosts()
	return n, err
}

func either(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// promisedCollected are the clauses of what is collected.
func (v *view) promisedCollected(n promiseNumbers) []clause {
	set := v.set
	return []clause{
		{What: "Name, picture, text and links of the profile are public", Now: "Yours are what visitors see. Your mail address is not among them: it is shown to nobody.", URL: "/me/profile", At: "Profile", Settable: true},
		{What: "Who follows whom is public, unless you hide it", Now: either(set.ShowLists, "Visitors and other servers see the lists.", "Nobody but you sees the lists."), URL: "/me/reach#elsewhere", At: "What others see", Settable: true},
		{What: "Date and app are stored with each post", Now: "They are, also after the app is cut off. " + either(set.ShowApp, "Everybody sees the app’s name.", "Nobody but you sees the app’s name."), URL: "/me/reach#page", At: "What others see", Settable: true},
		{What: "Everyone, quietly, followers, people named: a post is for whom you chose", Now: "New posts are for " + newPostsWord(set.PostVisibility) + " unless you choose otherwise. An edit never makes it more.", URL: "/me/settings#new", At: "Settings", Settable: true},
		{What: "What you pin is public", Now: plural(n.pinned, "post is", "posts are") + " pinned.", URL: v.profileURL(), At: "Your page"},
		{What: "Deleting a post tells those who have it", Now: "Each server that got it or may have it is asked, and the post’s page says which accepted that.", URL: "/me/deliveries", At: "Deliveries"},
		{What: "Likes and boosts are public", Now: "There is no private like. The privacy page says so to everybody.", URL: "/privacy-policy", At: "Privacy page"},
		{What: "Operators can read messages to named people", Now: "Here that is you alone; at the other end it is theirs. Each conversation says so.", URL: "/me/messages", At: "Messages"},
		{What: "You can look through the servers of your followers", Now: "They are on " + plural(n.hosts, "server", "servers") + ". A whole server can be removed at once.", URL: "/me/followers", At: "Followers"},
		{What: "You can approve followers by hand", Now: either(set.ApproveFollowers, "You do.", "Whoever asks follows at once."), URL: "/me/settings#followers", At: "Settings", Settable: true},
		{What: "All log-ins are listed, and can be ended", Now: plural(n.sessions, "browser is", "browsers are") + " logged in.", URL: "/me/security", At: "Security"},
		{What: "Addresses of log-ins go after a year at most", Now: either(set.KeepAddressDays == 0, "None are kept.", "They go after "+plural(set.KeepAddressDays, "day", "days")+"."), URL: "/me/data/kept#addresses", At: "What is kept", Settable: true},
		{What: "Server logs with addresses go after 90 days at most", Now: either(set.KeepLogDays == 0, "Pages and posts are handed out without writing down who asked.", "Who asked for what is written down, and goes after "+plural(set.KeepLogDays, "day", "days")+"."), URL: "/me/data/kept#requests", At: "What is kept", Settable: true},
	}
}

func newPostsWord(v store.Visibility) string {
	switch v {
	case store.Unlisted:
		return "everyone, quietly"
	case store.Followers:
		return "followers"
	}
	return "everyone"
}

// promisedUsed are the clauses of what it is used for, how it is protected, kept and
// taken along.
func (v *view) promisedUsed(n promiseNumbers) []clause {
	tls := !v.d.service.Origin().Loopback()
	return []clause{
		{What: "Your mail address is for notices to you", Now: either(n.mailed, "You are told by mail of what you chose.", either(n.mail, "No mail goes out: no address is confirmed.", "No mail goes out: no mail server is named.")) + " Nobody but you is ever sent any, and no app is given the address.", URL: "/me/mail", At: "Mail", Settable: true},
		{What: "Addresses serve against abuse alone", Now: "They slow down who guesses passwords. Whom you keep away, you keep away by name or server.", URL: "/me/safety", At: "Safety"},
		{What: "Everything is encrypted on its way", Now: either(tls, "It is: this server answers over https alone.", "This server is a try-out on one machine and speaks plain http."), URL: "/privacy-policy", At: "Privacy page"},
		{What: "Passwords are kept as strong hashes", Now: "Yours is, with Argon2id. It is in no archive, log or answer.", URL: "/me/security", At: "Security"},
		{What: "A second factor can protect the log-in", Now: either(n.factor, "Yours is asked for beside the password; recovery codes are good once each.", "You have none yet. With one, a code is asked for beside the password."), URL: "/me/security", At: "Security", Settable: true},
		{What: "You can have an archive of everything", Now: either(n.archives == 0, "None is packed at the moment; there is no waiting time.", plural(n.archives, "archive is", "archives are")+" here to download."), URL: "/me/data", At: "Your data"},
		{What: "Your lists come as CSV", Now: "In Mastodon’s columns, each by itself.", URL: "/me/data#lists", At: "Your data"},
		{What: "You can delete the account for good", Now: "Every server that may hold something of yours is asked, for a week, and a report says what each answered.", URL: "/me/leaving", At: "Delete account"},
		{What: "Cookies are few and named", Now: "Visitors get none. Those of the log-in are listed by name.", URL: "/privacy-policy", At: "Privacy page"},
	}
}

// promisedKept are the clauses of disclosure and the rest.
func (v *view) promisedKept(policy federation.Privacy, n promiseNumbers) []clause {
	set := v.set
	changed := "It says since when it reads as it does: " + dayOf(policy.Changed) + "."
	return []clause{
		{What: "Nothing is sold; posts go to those who may have them", Now: "For each post you see which servers got it.", URL: "/me/deliveries", At: "Deliveries"},
		{What: "Apps see only what you allowed", Now: plural(n.apps, "app is", "apps are") + " let in. Never your mail address or password. Each says what it may, and can be revoked.", URL: "/me/apps", At: "Apps", Settable: true},
		{What: "What is public may be read by anybody", Now: either(set.SearchEngines, "Search engines are let in", "Search engines are asked to stay out") + either(set.AICrawlers, ", and so are collectors for AI.", ", collectors for AI are asked to stay away.") + " Asking is all a server can do.",
			URL: "/me/reach#robots", At: "What others see", Settable: true},
		{What: "You are in directories only if you want", Now: either(set.Discoverable, "You may be listed and suggested.", "Other servers are told not to list you."), URL: "/me/reach#elsewhere", At: "What others see", Settable: true},
		{What: "Posts in trends are looked through first", Now: "There are no trends here: nothing is ranked. " + either(set.Indexable, "Other servers may find your public posts in their search.", "Other servers are told to leave your posts out of their search."), URL: "/me/reach#elsewhere", At: "What others see", Settable: true},
		{What: "There is an age limit", Now: either(set.MinimumAge == "", "You say nothing of it. ", "The privacy page says your words on it. ") + "Nobody can sign up here.", URL: "/me/privacy#people", At: "Privacy page", Settable: true},
		{What: "A page says what is stored, and it is true", Now: "It is written from your settings. Others can ask for what is kept about them, and you answer.", URL: "/me/data/requests", At: "Requests"},
		{What: "Changes of it are dated", Now: changed, URL: "/me/privacy", At: "Your words there", Settable: true},
	}
}

func (v *view) profileURL() string { return "/@" + v.d.service.Identity().Name }
