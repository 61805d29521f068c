package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Settings are the owner's choices, kept as one JSON value. A field's comment
// is what the settings page and the manual say about it.
type Settings struct {
	ApproveFollowers bool   `json:"approve_followers"`  // every follower waits until you accept them
	Discoverable     bool   `json:"discoverable"`       // you may be suggested and listed on other servers
	Indexable        bool   `json:"indexable"`          // your public posts may appear in other servers' search
	SearchEngines    bool   `json:"search_engines"`     // web search engines may list your pages
	ShowLists        bool   `json:"show_lists"`         // visitors and other servers see whom you follow and who follows you
	AuthorizedFetch  bool   `json:"authorized_fetch"`   // other servers must sign what they fetch, and blocked ones get nothing; pages stay open
	UnlistedOnWeb    bool   `json:"unlisted_on_web"`    // "Everyone, quietly" posts appear on your public page
	PostsOnWeb       bool   `json:"posts_on_web"`       // your public page lists your posts; off, each is read by its address only
	ShowCounts       bool   `json:"show_counts"`        // visitors see how many replies, boosts and likes you have, and how many followers
	ShowApp          bool   `json:"show_app"`           // others see which app a post of yours was written with
	Feeds            bool   `json:"feeds"`              // your public posts can be read as Atom, RSS and JSON Feed
	VisitorSearch    bool   `json:"visitor_search"`     // visitors can search your public posts
	AICrawlers       bool   `json:"ai_crawlers"`        // programs that collect texts for AI are let in
	ShowBlocked      bool   `json:"show_blocked"`       // the page about this server names the servers you blocked
	Contact          string `json:"contact"`            // shown to visitors: a mail address or an https address; "" is your handle
	Rules            string `json:"rules"`              // shown to visitors on the page about this server, one on each line
	Language         string `json:"language"`           // language of your posts unless one is chosen, as a BCP 47 code
	Timezone         string `json:"timezone"`           // zone in which times are shown, as an IANA name
	Theme            string `json:"theme"`              // "", "light" or "dark"
	MoreContrast     bool   `json:"more_contrast"`      // your pages have stronger lines and no grey words, also where the system does not ask for it
	TextSize         int    `json:"text_size"`          // size of the text of your pages, in percent of the browser's: one of TextSizes
	LessMotion       bool   `json:"less_motion"`        // nothing on your pages fades or moves, also where the system does not ask for it
	Keys             bool   `json:"keys"`               // single keys move and act on your pages: j and k, f, b and others
	KeyMap           string `json:"key_map"`            // other keys in the place of the usual ones, such as "j:l k:h"
	Dense            bool   `json:"dense"`              // less space on your pages, so that more fits on a screen
	CoverMedia       string `json:"cover_media"`        // apps cover pictures: "" those marked as sensitive, "all" of them, "none"
	OpenWarnings     bool   `json:"open_warnings"`      // content warnings stand open, in apps that ask
	MarkdownAPI      bool   `json:"markdown_api"`       // posts made by apps are read as Markdown
	KeepRemoteDays   int    `json:"keep_remote_days"`   // days that other people's posts stay when you did nothing with them; at most 90
	KeepAddressDays  int    `json:"keep_address_days"`  // days that the addresses of your log-ins are kept; at most 365
	KeepPictureDays  int    `json:"keep_picture_days"`  // days that pictures in other people's posts stay when nobody looks at them; at most 7
	MediaCacheMB     int    `json:"media_cache_mb"`     // room for other people's pictures, in megabytes; at most 512
	KeepNoticeDays   int    `json:"keep_notice_days"`   // days that notifications stay; at most 180
	KeepSecurityDays int    `json:"keep_security_days"` // days that the security log keeps its lines; at most 180
	KeepLogDays      int    `json:"keep_log_days"`      // days that a log of requests keeps its lines; 0 writes none, at most 90
	KeepJobDays      int    `json:"keep_job_days"`      // days that background work which failed is kept; at most 30
	LinkPreviews     bool   `json:"link_previews"`      // this server asks for the page that a post links to, for its title and picture

	ProxyOperator string `json:"proxy_operator"` // who runs a proxy, tunnel or network before this server and so sees its traffic; "" for nobody
	BackupDays    int    `json:"backup_days"`    // days for which you keep backups of this server elsewhere; 0 says nothing of them
	MinimumAge    string `json:"minimum_age"`    // what the privacy page says of the age of those who write to you
	PolicyWords   string `json:"policy_words"`   // your own words on the privacy page, as Markdown

	QuotePolicy QuotePolicy `json:"quote_policy"` // who may quote your posts: public, followers or nobody

	PostVisibility Visibility `json:"post_visibility"` // for whom new posts are unless you choose; never for people named alone
	PostSensitive  bool       `json:"post_sensitive"`  // pictures of new posts made by apps are covered unless you choose

	UndoSeconds   int    `json:"undo_seconds"`   // seconds for which a post waits before it goes out, so that you can take it back: one of UndoWindows
	UndoApps      bool   `json:"undo_apps"`      // posts made by apps wait as well
	LateScheduled string `json:"late_scheduled"` // a scheduled post whose time passed while this server was off: "" goes out late, "ask" waits for you

	Expiry Expiry `json:"expiry"` // when your own posts are deleted because of their age
}

// DefaultSettings are those of a new account.
func DefaultSettings() Settings {
	return Settings{
		ApproveFollowers: true,
		ShowLists:        true,
		TextSize:         100,
		PostsOnWeb:       true,
		ShowCounts:       true,
		Feeds:            true,
		Keys:             true,
		Language:         "en",
		Timezone:         "UTC",
		KeepRemoteDays:   90,
		KeepAddressDays:  365,
		KeepPictureDays:  7,
		MediaCacheMB:     512,
		KeepNoticeDays:   180,
		KeepSecurityDays: 180,
		KeepJobDays:      30,
		LinkPreviews:     true,
		MinimumAge:       "You should be at least 13 years old to write to or follow somebody here, in the European Union 16, or as old as the law where you live asks.",
		QuotePolicy:      QuotePublic,
		UndoSeconds:      15,
	}
}

// UndoWindows are the times on offer for which a post waits, in seconds; 0 sends at once.
var UndoWindows = []int{0, 5, 15, 30, 60}

// TextSizes are the sizes of text on offer, in percent.
var TextSizes = []int{88, 100, 112, 125, 150}

// MediaCovers are the choices of which pictures are covered until they are opened.
var MediaCovers = []string{"", "all", "none"}

// Clamp holds the settings within the promised ceilings, whatever was stored.
func (s *Settings) Clamp() {
	if !s.QuotePolicy.Valid() {
		s.QuotePolicy = QuotePublic
	}
	if !slices.Contains(MediaCovers, s.CoverMedia) {
		s.CoverMedia = ""
	}
	if !slices.Contains(TextSizes, s.TextSize) {
		s.TextSize = 100
	}
	if s.PostVisibility < Public || s.PostVisibility > Followers {
		s.PostVisibility = Public
	}
	if !slices.Contains(UndoWindows, s.UndoSeconds) {
		s.UndoSeconds = DefaultSettings().UndoSeconds
	}
	if s.LateScheduled != "ask" {
		s.LateScheduled = ""
	}
	s.Expiry.Clamp()
	s.clampAges()
	s.BackupDays = clamp(s.BackupDays, 0, 3650)
}

// Settings reads the owner's choices; defaults before an account is made.
func (t *Tx) Settings() (Settings, error) {
	set := DefaultSettings()
	text, err := t.Setting("owner")
	if errors.Is(err, ErrNotFound) {
		return set, nil
	}
	if err != nil {
		return set, err
	}
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return set, fmt.Errorf("read settings: %w", err)
	}
	set.Clamp()
	return set, nil
}

// SaveSettings writes the owner's choices.
func (t *Tx) SaveSettings(set Settings) error {
	set.Clamp()
	b, err := json.Marshal(set)
	if err != nil {
		return fmt.Errorf("save settings: %w", err)
	}
	return t.SetSetting("owner", string(b))
}

// Setting reads one internal value, such as a watermark; ErrNotFound without one.
func (t *Tx) Setting(key string) (string, error) {
	return value[string](t, `
		select value
		from settings
		where key = ?`, key)
}

// SetSetting writes one internal value.
func (t *Tx) SetSetting(key, val string) error {
	_, err := t.exec(`
		insert into settings (key, value)
		values (?, ?)
		on conflict (key) do update
		set value = excluded.value`, key, val)
	return err
}
