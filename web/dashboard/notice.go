package dashboard

import (
	"net/url"
	"strconv"

	"dassie/assets"
)

// doneNotice is the sentence about what a form has just done. The redirect
// after it carries a word, never the sentence: an address that somebody else
// made can show nothing but these.
func doneNotice(query url.Values) *assets.Notice {
	done := func(strong, text string) *assets.Notice {
		return &assets.Notice{Kind: "done", Strong: strong, Text: text}
	}
	switch query.Get("done") {
	case "posted":
		return done("Posted.", "The servers of those who may see it are being told.")
	case "changed":
		return done("Saved.", "The servers that have the post are being told.")
	case "deleted":
		n, err := strconv.ParseUint(query.Get("n"), 10, 24)
		if err != nil || n == 0 {
			return done("Deleted.", "No other server has a copy, as far as we know.")
		}
		said := done("Deleted.", plural(int(n), "server is", "servers are")+" being asked to delete it too.")
		if id := number(query.Get("gone")); id != 0 {
			said.URL, said.LinkText = postPath(id)+"/delivery", "Which servers did"
		}
		return said
	case "revoked":
		return done("Taken back.", "Their server and those that have your post are being told.")
	case "expiry":
		return done("Saved.", "")
	case "expiry-pause":
		return done("Paused.", "Nothing goes until you say so.")
	case "expiry-resume":
		return done("It goes on.", "")
	case "expiry-stop":
		return done("Switched off.", "Your posts stay until you delete them.")
	case "erasing":
		return done("It is being erased.", "It goes on after a restart. The request says when it is done.")
	case "answered":
		return done("Sent.", "The link went to their handle as a private mention.")
	case "list-deleted":
		return done("List deleted.", "")
	case "filter-deleted":
		return done("Filter deleted.", "")
	case "conversation":
		return done("Conversation deleted.", "It left this list and nothing else.")
	case "emoji":
		return done("Added.", "Write its word between colons.")
	case "described":
		return done("Saved.", "If it is part of a post, the servers that have it are being told.")
	case "removed-emoji":
		return done("Removed.", "Posts that have it keep it.")
	case "draft":
		return done("Draft deleted.", "")
	case "unsent":
		return done("Taken back.", "Nobody got it. It is a draft now.")
	case "editing":
		return done("Held back while you change it.", "Once you post it, its time begins anew.")
	case "redrafted":
		return done("Deleted, and here to write anew.", "The servers that have it are being asked to delete it too.")
	case "too-late":
		return &assets.Notice{Kind: "warn", Strong: "It went out a moment ago.", Text: "You can edit or delete it here."}
	case "scheduled":
		return done("Scheduled.", "It goes out by itself, and can be changed here until then.")
	case "unscheduled":
		return &assets.Notice{Kind: "info", Strong: "It does not go out by itself now.", Text: "Post it to schedule it again."}
	case "kept":
		return done("Your text is here.", "It was kept while you logged in. Nothing was sent.")
	case "accepted":
		return done("Accepted.", "Their servers are being told.")
	case "rejected":
		return done("Rejected.", "")
	case "followed-back":
		return done("Accepted.", "You asked to follow them too.")
	case "blocked":
		return done("Rejected and blocked.", "Nothing from that server is taken any more.")
	case "person-blocked":
		return done("Blocked.", "Nothing they send is taken any more.")
	case "let-through":
		return done("Let through.", "What they did stands in the inbox, each at its time.")
	case "all-through":
		return done("Let through.", "All that waited stands in the inbox, each at its time. Your rules hold as before.")
	case "quarantined":
		return done("The quarantine is on for 24 hours.", "Mentions by new accounts wait here, those of the last hour too. Nothing is lost.")
	case "quarantine-ended":
		return done("The quarantine for a wave is over.", "What it held back still waits here.")
	case "put-aside":
		return done("Put aside.", "It stays here, under Put aside.")
	case "hushed":
		return done("Muted.", "Nothing in this conversation is told any more.")
	case "muted":
		return done("Muted.", "They are not told.")
	case "hidden":
		n := done("Conversation hidden.", "Nothing in it is notified, and it is left out of Home, Catch up and lists.")
		if id := number(query.Get("n")); id != 0 {
			n.URL, n.LinkText = postPath(id), "Open it, to show it again"
		}
		return n
	case "reported":
		return done("Reported.", "The report is kept here, under Reports.")
	case "report-sent":
		return done("Reported.", "Their server is being told.")
	case "server-blocked":
		return done("Blocked.", "Nothing from that server is taken any more.")
	case "server-silenced":
		return done("Silenced.", "Its strangers stay out of timelines, and their notices are held back.")
	case "list-taken":
		n, err := strconv.ParseUint(query.Get("n"), 10, 24)
		if err != nil || n == 0 {
			return &assets.Notice{Kind: "info", Strong: "Nothing was changed.", Text: "Everything in this list is in force already."}
		}
		return done("Taken.", plural(int(n), "server is", "servers are")+" being worked off, also if this page is closed.")
	case "undone":
		return done("Taken back.", "")
	case "moved":
		return done("Moved.", "The servers of your followers are being told.")
	case "back":
		return done("You are back.", "The servers of your followers are being told.")
	case "removed":
		return done("Removed.", "They get nothing new from you.")
	case "server-removed":
		n, err := strconv.ParseUint(query.Get("n"), 10, 24)
		if err != nil || n == 0 {
			return done("Removed.", "")
		}
		return done("Removed.", plural(int(n), "person follows", "people follow")+" you no longer. Their server is being told.")
	case "nobody":
		return &assets.Notice{Kind: "info", Strong: "Nobody was chosen.", Text: "Tick somebody first."}
	case "asking":
		return done("Asking.", "Their servers are asked one after the other; open this page again later.")
	case "retrying":
		return done("Trying now.", "Open this page again in a moment.")
	case "dropped":
		n, err := strconv.ParseUint(query.Get("n"), 10, 24)
		if err != nil || n == 0 {
			return &assets.Notice{Kind: "info", Strong: "Nothing was dropped.", Text: "Nothing waited any more."}
		}
		return done("Dropped.", plural(int(n), "delivery was", "deliveries were")+" given up.")
	case "links":
		return done("Checked.", "")
	case "password":
		return done("Password changed.", "All other log-ins have ended.")
	case "session-ended":
		return done("Ended.", "Whoever sits there needs your password to come back.")
	case "factor-off":
		return done("The second factor is off.", "The recovery codes are void.")
	case "passkey-added":
		return done("The passkey is added.", "It opens your account from now on. The password still does too.")
	case "passkey-removed":
		return done("Removed.", "That passkey opens nothing here any more.")
	case "app-revoked":
		return done("Revoked.", "It is cut off.")
	case "unfollowed":
		return done("Unfollowed.", "")
	case "asked":
		return done("Asked.", "They appear in Home once they accept.")
	case "ages":
		return done("Saved.", "It counts from the next purge on.")
	case "purge":
		return done("Purging begins.", "It runs beside everything else; what it removed stands below once it is through.")
	case "saved":
		return done("Saved.", "")
	case "push-test":
		return done("Sent.", "It should appear within seconds, unless the system holds notices back.")
	case "push-off":
		return done("Switched off.", "That browser is told nothing any more.")
	case "mail-asked":
		return done("A code was sent.", "It should be there within a minute; look into the folder for spam too.")
	case "mail-confirmed":
		return done("Confirmed.", "Mail comes to this address from now on.")
	case "mail-test":
		return done("Sent.", "The mail server took it.")
	case "mail-forgotten":
		return done("Taken off.", "")
	case "letter-dropped":
		return done("Forgotten.", "It is not sent.")
	case "looking":
		return done("Looking.", "The servers of this conversation are being asked. Open this page again in a minute.")
	case "looked":
		return &assets.Notice{Kind: "info", Strong: "Nobody was asked.", Text: "This was looked for less than a minute ago, or there is nobody to ask."}
	case "none":
		return &assets.Notice{Kind: "info", Strong: "Nothing was done.", Text: "Tick at least one request first."}
	}
	return nil
}
