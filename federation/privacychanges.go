package federation

import (
	"slices"
	"strconv"

	"dassie/store"
)

// policyWords are the settings that the privacy policy speaks of, in the words of its
// list of changes. A test flips each of them and reads the policy.
var policyWords = []struct {
	name, words string
	value       func(store.Settings) string
}{
	{"approve_followers", "Followers are approved by hand", yesNo(func(s store.Settings) bool { return s.ApproveFollowers })},
	{"discoverable", "Other servers may suggest the profile", yesNo(func(s store.Settings) bool { return s.Discoverable })},
	{"indexable", "Public posts may be found by the search of other servers", yesNo(func(s store.Settings) bool { return s.Indexable })},
	{"search_engines", "Web search engines may list these pages", yesNo(func(s store.Settings) bool { return s.SearchEngines })},
	{"ai_crawlers", "Programs that collect texts for AI are let in", yesNo(func(s store.Settings) bool { return s.AICrawlers })},
	{"show_lists", "Others see who follows whom", yesNo(func(s store.Settings) bool { return s.ShowLists })},
	{"show_counts", "Visitors see numbers", yesNo(func(s store.Settings) bool { return s.ShowCounts })},
	{"show_app", "Others see which app a post was written with", yesNo(func(s store.Settings) bool { return s.ShowApp })},
	{"visitor_search", "Visitors can search public posts", yesNo(visitorSearch)},
	{"authorized_fetch", "Only servers that say who they are get posts", yesNo(func(s store.Settings) bool { return s.AuthorizedFetch })},
	{"link_previews", "Previews of links are fetched", yesNo(func(s store.Settings) bool { return s.LinkPreviews })},
	{"keep_address_days", "Days for which addresses of log-ins are kept", inWords(func(s store.Settings) int { return s.KeepAddressDays })},
	{"keep_log_days", "Days for which a log of requests is kept, with addresses", inWords(func(s store.Settings) int { return s.KeepLogDays })},
	{"keep_security_days", "Days for which the log of what concerns safety is kept", inWords(func(s store.Settings) int { return s.KeepSecurityDays })},
	{"keep_notice_days", "Days for which notices are kept", inWords(func(s store.Settings) int { return s.KeepNoticeDays })},
	{"keep_job_days", "Days for which work that failed is set aside", inWords(func(s store.Settings) int { return s.KeepJobDays })},
	{"keep_picture_days", "Days for which others’ pictures are kept that nobody looks at", inWords(func(s store.Settings) int { return s.KeepPictureDays })},
	{"keep_remote_days", "Days for which posts of others are kept that nobody touched", inWords(func(s store.Settings) int { return s.KeepRemoteDays })},
	{"media_cache_mb", "Room for copies of others’ pictures, in MB", inWords(func(s store.Settings) int { return s.MediaCacheMB })},
	{"expiry", "Days after which own posts are deleted", func(s store.Settings) string {
		if s.Expiry.Days == 0 {
			return "never"
		}
		return strconv.Itoa(s.Expiry.Days)
	}},
	{behindSetting, "Another program stands before this server", elsewhere},
	{mailSetting, "What happens is told by mail", elsewhere},
	{mailPrivateSetting, "Such mail has the words of private messages", elsewhere},
	{"proxy_operator", "Who else sees traffic", func(s store.Settings) string { return s.ProxyOperator }},
	{"backup_days", "Days for which backups are kept", inWords(func(s store.Settings) int { return s.BackupDays })},
	{"minimum_age", "What is said of age", func(s store.Settings) string { return s.MinimumAge }},
	{ownWordsSetting, "The owner’s own words", func(s store.Settings) string { return s.PolicyWords }},
	{"contact", "Where to write to", func(s store.Settings) string { return s.Contact }},
}

const ownWordsSetting = "policy_words"

// unsaid are noted without their values: whoever took an address off the page does
// not want it to stand below it, and whole texts are no line of a list.
var unsaid = []string{"contact", "minimum_age", "proxy_operator", ownWordsSetting}

// What is set on the page of mail, whose changes are noted there.
const (
	mailSetting        = "mail"
	mailPrivateSetting = "mail_private_text"
)

// behindSetting is no setting: it hangs on how the server is started.
const behindSetting = "behind"

func elsewhere(store.Settings) string { return "" }

func visitorSearch(s store.Settings) bool { return s.PostsOnWeb && s.VisitorSearch }

func yesNo(of func(store.Settings) bool) func(store.Settings) string {
	return func(s store.Settings) string {
		if of(s) {
			return "yes"
		}
		return "no"
	}
}

func inWords(of func(store.Settings) int) func(store.Settings) string {
	return func(s store.Settings) string { return strconv.Itoa(of(s)) }
}

// saveSettings stores the owner's choices, and notes what changes in the privacy
// policy by them.
func saveSettings(tx *store.Tx, before, set store.Settings) error {
	set.Clamp()
	for _, p := range policyWords {
		was, now := p.value(before), p.value(set)
		if was == now {
			continue
		}
		if p.name == ownWordsSetting {
			if err := tx.AddPolicyText(now); err != nil {
				return err
			}
		}
		if slices.Contains(unsaid, p.name) {
			was, now = "", ""
		}
		if err := tx.AddPrivacyChange(store.PrivacyChange{What: p.name, Was: was, Now: now}); err != nil {
			return err
		}
	}
	return tx.SaveSettings(set)
}

// NoteStarted notes how the server is started, and what changes in the privacy policy
// by it.
func NoteStarted(tx *store.Tx, now store.Started) error {
	before, err := tx.Started()
	if err != nil {
		return err
	}
	id, err := tx.Identity()
	if err != nil {
		return err
	}
	o, words := id.Origin(), map[bool]string{false: "no", true: "yes"}
	if was, is := before.Behind(o), now.Behind(o); was != is && !before.At.IsZero() {
		if err := tx.AddPrivacyChange(store.PrivacyChange{What: behindSetting, Was: words[was], Now: words[is]}); err != nil {
			return err
		}
	}
	return tx.SaveStarted(now)
}

// policyChanges are the newest changes in words. What an older program noted and this
// one does not know keeps its name.
func policyChanges(tx *store.Tx) ([]store.PrivacyChange, error) {
	list, err := tx.PrivacyChanges(policyChangesShown)
	for i := range list {
		for _, p := range policyWords {
			if list[i].What == p.name {
				list[i].What = p.words
			}
		}
	}
	return list, err
}
