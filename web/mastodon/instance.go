package mastodon

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/store/media"
	"dassie/web/reply"
)

const (
	activeWeeks = 12
	week        = 7 * 24 * time.Hour
	// charactersOfURL is what Mastodon counts for a link; here a link counts as it is
	// typed, and apps that count less let through what is refused with words.
	charactersOfURL = 23
)

// uploadTypes are what Service.Upload reads, as apps ask for them in file pickers.
var uploadTypes = []string{
	"image/jpeg", "image/png", "image/gif", "image/webp", "video/mp4", "video/webm", "video/quicktime",
	"audio/mpeg", "audio/mp3", "audio/ogg", "audio/flac", "audio/wav", "audio/x-wav", "audio/mp4", "audio/m4a", "audio/x-m4a",
}

// Rule is one of the house rules.
type Rule struct {
	ID           string   `json:"id"`
	Text         string   `json:"text"`
	Hint         string   `json:"hint"`
	Translations struct{} `json:"translations"` // there are none
}

// record is an answer whose keys are written out where it is made.
type record map[string]any

// about is what both versions of the instance are made from.
type about struct {
	set      store.Settings
	owner    *Account
	posts    int
	domains  int
	host     string
	title    string
	sentence string
}

func (a *API) readAbout(c *call) (about, error) {
	o := a.svc.Origin()
	at := about{set: a.svc.Settings(), host: o.Domain, title: o.Domain, sentence: "One person’s server on the social web."}
	err := a.st.Read(c.ctx, func(tx *store.Tx) error {
		m, err := a.gather(tx, nil, store.OwnerID)
		if err != nil {
			return err
		}
		at.owner = m.account(store.OwnerID)
		if at.set.ShowCounts {
			at.posts = m.counts.posts
		}
		if at.set.ShowLists {
			hosts, err := tx.FollowerHosts()
			at.domains = len(hosts)
			return err
		}
		return nil
	})
	return at, err
}

// instance: GET /api/v2/instance.
func (a *API) instance(c *call) (any, error) {
	at, err := a.readAbout(c)
	if err != nil {
		return nil, err
	}
	o := a.svc.Origin()
	thumbnail := a.noHeader
	if at.owner != nil {
		thumbnail = at.owner.Header
	}
	return record{
		"domain": at.host, "title": at.title, "version": a.version(), "source_url": o.URL("/about"), "description": at.sentence,
		"usage":        record{"users": record{"active_month": 1}},
		"thumbnail":    record{"url": thumbnail, "blurhash": nil, "versions": record{}},
		"icon":         []any{},
		"languages":    []string{at.set.Language},
		"rules":        a.ruleList(),
		"api_versions": record{"mastodon": a.claim.api},
		"registrations": record{
			"enabled": false, "approval_required": false, "reason_required": false, "message": nil, "min_age": nil, "url": nil,
		},
		"contact":       record{"email": contactMail(at.set.Contact), "account": at.owner},
		"configuration": a.configuration(record{"urls": a.urls(o), "translation": record{"enabled": false}, "vapid": record{"public_key": a.svc.PushKey()}, "limited_federation": false, "timelines_access": timelinesAccess(at.set)}),
	}, nil
}

// v1Instance: GET /api/v1/instance.
func (a *API) v1Instance(c *call) (any, error) {
	at, err := a.readAbout(c)
	if err != nil {
		return nil, err
	}
	thumbnail := a.noHeader
	if at.owner != nil {
		thumbnail = at.owner.Header
	}
	limits := federation.Limits()
	return record{
		"uri": at.host, "title": at.title, "short_description": at.sentence, "description": at.sentence, "email": contactMail(at.set.Contact), "version": a.version(),
		"urls":      record{"streaming_api": streamingURL(a.svc.Origin())},
		"stats":     record{"user_count": 1, "status_count": at.posts, "domain_count": at.domains},
		"thumbnail": thumbnail, "languages": []string{at.set.Language}, "registrations": false, "approval_required": false, "invites_enabled": false,
		"configuration": a.configuration(record{}), "contact_account": at.owner, "rules": a.ruleList(), "max_toot_chars": limits.Characters,
	}, nil
}

func streamingURL(o store.Origin) string { return "ws" + strings.TrimPrefix(o.URL(""), "http") }

func (a *API) urls(o store.Origin) record {
	return record{
		"streaming": streamingURL(o), "status": nil, "about": o.URL("/about"), "privacy_policy": o.URL("/privacy-policy"), "terms_of_service": nil,
	}
}

// timelinesAccess says which timelines are there without a token: the owner's posts,
// where the pages list them.
func timelinesAccess(set store.Settings) record {
	own := "authenticated"
	if set.PostsOnWeb {
		own = "public"
	}
	feeds := record{"local": own, "remote": "authenticated"}
	return record{"live_feeds": feeds, "hashtag_feeds": feeds, "trending_link_feeds": feeds}
}

// configuration is what both versions say of limits, put into more.
func (a *API) configuration(more record) record {
	l := federation.Limits()
	more["accounts"] = record{
		"max_featured_tags": 10, "max_pinned_statuses": l.Pins, "max_profile_fields": l.Fields, "max_display_name_length": l.Name, "max_note_length": l.Bio,
		"profile_field_name_limit": l.Field, "profile_field_value_limit": l.Field,
	}
	more["statuses"] = record{"max_characters": l.Characters, "max_media_attachments": l.Attached, "characters_reserved_per_url": charactersOfURL}
	more["media_attachments"] = record{
		"description_limit": l.Alt, "supported_mime_types": uploadTypes, "image_size_limit": media.OwnerPicture.MaxBytes, "image_matrix_limit": media.OwnerPicture.MaxPixels,
		"video_size_limit": media.OwnerFilm, "video_frame_rate_limit": 120, "video_matrix_limit": media.OwnerPicture.MaxPixels,
	}
	more["polls"] = record{
		"max_options": l.Options, "max_characters_per_option": l.Option, "min_expiration": int(l.PollMin / time.Second), "max_expiration": int(l.PollMax / time.Second),
	}
	return more
}

// contactMail is the address that the owner shows to visitors, if it is one for
// mail: never that of the log-in.
func contactMail(contact string) string {
	if strings.HasPrefix(contact, "https://") {
		return ""
	}
	return contact
}

func (a *API) ruleList() []Rule {
	rules := []Rule{}
	for line := range strings.Lines(a.svc.Settings().Rules) {
		if line = strings.TrimSpace(line); line != "" {
			rules = append(rules, Rule{ID: strconv.Itoa(len(rules) + 1), Text: line})
		}
	}
	return rules
}

// rules: GET /api/v1/instance/rules.
func (a *API) rules(*call) (any, error) { return a.ruleList(), nil }

// peers: GET /api/v1/instance/peers. The servers of those who follow, if visitors
// may see these: else nobody learns whom this server knows.
func (a *API) peers(c *call) (any, error) {
	names := []string{}
	if !a.svc.Settings().ShowLists {
		return names, nil
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]string, error) {
		hosts, err := tx.FollowerHosts()
		for _, h := range hosts {
			names = append(names, h.Host.Name)
		}
		return names, err
	})
}

// activity: GET /api/v1/instance/activity, of twelve weeks, as texts. The posts are
// those that lists show, and none where visitors see no numbers.
func (a *API) activity(c *call) (any, error) {
	now := a.svc.Now().UTC()
	monday := now.Truncate(24*time.Hour).AddDate(0, 0, -(int(now.Weekday())+6)%7)
	spans := make([][2]int64, activeWeeks)
	for i := range spans {
		from := monday.Add(-time.Duration(i) * week)
		spans[i] = [2]int64{store.IDAt(from), store.IDAt(from.Add(week))}
	}
	posts := make([]int, activeWeeks)
	if a.svc.Settings().ShowCounts {
		err := a.st.Read(c.ctx, func(tx *store.Tx) (err error) {
			posts, err = tx.CountWritten(store.Public, spans)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	list := make([]record, activeWeeks)
	for i := range list {
		list[i] = record{
			"week": strconv.FormatInt(monday.Add(-time.Duration(i)*week).Unix(), 10), "statuses": strconv.Itoa(posts[i]), "logins": "1", "registrations": "0",
		}
	}
	return list, nil
}

// blockedServers: GET /api/v1/instance/domain_blocks, if the page about this server
// names them.
func (a *API) blockedServers(c *call) (any, error) {
	if !a.svc.Settings().ShowBlocked {
		return nil, errNotFound
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]record, error) {
		hosts, err := tx.BlockedHosts()
		list := make([]record, len(hosts))
		for i, h := range hosts {
			digest := sha256.Sum256([]byte(h.Name))
			list[i] = record{"domain": h.Name, "digest": hex.EncodeToString(digest[:]), "severity": "suspend", "comment": ""}
		}
		return list, err
	})
}

// extendedDescription: GET /api/v1/instance/extended_description, as the page about
// this server begins.
func (a *API) extendedDescription(*call) (any, error) {
	return record{
		"updated_at": date(a.svc.Identity().CreatedAt),
		"content":    "<p>One person’s server on the social web. It speaks ActivityPub with Mastodon and others, and nobody else has an account here.</p>",
	}, nil
}

// terms: GET /api/v1/instance/terms_of_service. There are none: nobody signs up here.
func (a *API) terms(*call) (any, error) {
	return nil, reply.Errorf(reply.NotFound, "This server has no terms of service: nobody can sign up here.")
}

// instanceLanguages: GET /api/v1/instance/languages, which a post may be in.
func (a *API) instanceLanguages(*call) (any, error) {
	list := []record{}
	for _, l := range assets.Languages("") {
		list = append(list, record{"code": l.Value, "name": l.Label})
	}
	return list, nil
}

// translationLanguages: GET /api/v1/instance/translation_languages: nothing is translated here.
func (a *API) translationLanguages(*call) (any, error) { return record{}, nil }

// preferences: GET /api/v1/preferences. The keys hold colons.
func (a *API) preferences(*call) (any, error) {
	set := a.svc.Settings()
	return record{
		"posting:default:visibility": visibilityName(set.PostVisibility), "posting:default:sensitive": set.PostSensitive,
		"posting:default:language": textOrNull(set.Language), "posting:default:quote_policy": string(set.QuotePolicy),
		"reading:expand:media": map[string]string{"": "default", "all": "hide_all", "none": "show_all"}[set.CoverMedia], "reading:expand:spoilers": set.OpenWarnings,
		"reading:autoplay:gifs": false,
	}, nil
}

// customEmojis: GET /api/v1/custom_emojis: the owner's.
func (a *API) customEmojis(c *call) (any, error) {
	list, err := a.svc.OwnEmojis(c.ctx)
	if err != nil {
		return nil, err
	}
	out := make([]CustomEmoji, 0, len(list))
	for _, e := range list {
		moving, still, _ := federation.OwnEmojiPaths(e.Emoji())
		out = append(out, CustomEmoji{Shortcode: e.Shortcode, URL: a.svc.Origin().URL(moving), StaticURL: a.svc.Origin().URL(still), Visible: true})
	}
	return out, nil
}

// announcements: GET /api/v1/announcements: nobody here has to announce anything to
// the owner.
func (a *API) announcements(*call) (any, error) { return []struct{}{}, nil }

// privacyPolicy: GET /api/v1/instance/privacy_policy, in the words of its page.
func (a *API) privacyPolicy(c *call) (any, error) {
	policy, err := a.svc.PrivacyPolicy(c.ctx)
	if err != nil {
		return nil, err
	}
	set, err := a.words()
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	if err := set.Policy(&b, policy); err != nil {
		return nil, err
	}
	return record{"updated_at": date(policy.Changed), "content": b.String()}, nil
}
