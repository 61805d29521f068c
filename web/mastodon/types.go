package mastodon

// The shapes of Mastodon's documented entities. Every documented key is
// present; lists are never null, ids are texts. A pointer is null where the
// documentation allows it.

// Account is a person, group or bot.
type Account struct {
	ID             string         `json:"id"`
	Username       string         `json:"username"`
	Acct           string         `json:"acct"` // without domain for the owner
	DisplayName    string         `json:"display_name"`
	Locked         bool           `json:"locked"`
	Bot            bool           `json:"bot"`
	Discoverable   bool           `json:"discoverable"`
	Indexable      bool           `json:"indexable"`
	Group          bool           `json:"group"`
	NoIndex        bool           `json:"noindex"`
	HideLists      bool           `json:"hide_collections"`
	CreatedAt      string         `json:"created_at"`
	Note           string         `json:"note"` // HTML
	URL            string         `json:"url"`
	URI            string         `json:"uri"`
	Avatar         string         `json:"avatar"`
	AvatarStatic   string         `json:"avatar_static"`
	Header         string         `json:"header"`
	HeaderStatic   string         `json:"header_static"`
	FollowersCount int            `json:"followers_count"`
	FollowingCount int            `json:"following_count"`
	StatusesCount  int            `json:"statuses_count"`
	LastStatusAt   *string        `json:"last_status_at"` // a date without a time
	Emojis         []CustomEmoji  `json:"emojis"`
	Roles          []Role         `json:"roles"`
	Fields         []ProfileField `json:"fields"`
	Limited        bool           `json:"limited,omitempty"` // a stranger on a server that the owner silenced, for the owner's apps alone
	Moved          *Account       `json:"moved,omitempty"`   // where somebody went, if that account says so too
}

// ProfileField is a name and a value on a profile.
type ProfileField struct {
	Name       string  `json:"name"`
	Value      string  `json:"value"`
	VerifiedAt *string `json:"verified_at"`
}

// CustomEmoji is a picture that a text names by its shortcode.
type CustomEmoji struct {
	Shortcode string  `json:"shortcode"`
	URL       string  `json:"url"`
	StaticURL string  `json:"static_url"`
	Visible   bool    `json:"visible_in_picker"`
	Category  *string `json:"category"`
}

// CredentialAccount is the owner as the owner's apps see them.
type CredentialAccount struct {
	Account
	Source Source `json:"source"`
	Role   Role   `json:"role"`
}

// Source is the profile as it was typed, and the defaults of new posts.
type Source struct {
	Privacy             string         `json:"privacy"`
	Sensitive           bool           `json:"sensitive"`
	Language            string         `json:"language"`
	Note                string         `json:"note"`
	Fields              []ProfileField `json:"fields"`
	FollowRequestsCount int            `json:"follow_requests_count"`
	HideLists           bool           `json:"hide_collections"`
	Discoverable        bool           `json:"discoverable"`
	Indexable           bool           `json:"indexable"`
	AttributionDomains  []string       `json:"attribution_domains"`
	QuotePolicy         string         `json:"quote_policy"`
}

// Role is what somebody may do on the server.
type Role struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Color       string `json:"color"`
	Permissions string `json:"permissions"`
	Highlighted bool   `json:"highlighted"`
}

// Profile is what the owner can edit of the profile, as it was typed.
type Profile struct {
	ID                 string         `json:"id"`
	DisplayName        string         `json:"display_name"`
	Note               string         `json:"note"`
	Fields             []ProfileField `json:"fields"`
	Avatar             *string        `json:"avatar"` // null for the default
	AvatarStatic       *string        `json:"avatar_static"`
	AvatarDescription  string         `json:"avatar_description"`
	Header             *string        `json:"header"`
	HeaderStatic       *string        `json:"header_static"`
	HeaderDescription  string         `json:"header_description"`
	Locked             bool           `json:"locked"`
	Bot                bool           `json:"bot"`
	HideLists          bool           `json:"hide_collections"`
	Discoverable       bool           `json:"discoverable"`
	Indexable          bool           `json:"indexable"`
	ShowMedia          bool           `json:"show_media"`
	ShowMediaReplies   bool           `json:"show_media_replies"`
	ShowFeatured       bool           `json:"show_featured"`
	AttributionDomains []string       `json:"attribution_domains"`
	FeaturedTags       []FeaturedTag  `json:"featured_tags"`
}

// FeaturedTag is a hashtag on the owner's profile.
type FeaturedTag struct {
	ID            string  `json:"id"`
	Name          string  `json:"name"`
	URL           string  `json:"url"`
	StatusesCount string  `json:"statuses_count"` // a text, as Mastodon has it
	LastStatusAt  *string `json:"last_status_at"` // a date without a time
}

// FamiliarFollowers are people whom the owner follows and who follow somebody.
type FamiliarFollowers struct {
	ID       string     `json:"id"`
	Accounts []*Account `json:"accounts"`
}

// Status is a post; a boost is one whose Reblog is the boosted post.
type Status struct {
	ID               string         `json:"id"`
	CreatedAt        string         `json:"created_at"`
	InReplyToID      *string        `json:"in_reply_to_id"`
	InReplyToAccount *string        `json:"in_reply_to_account_id"`
	Sensitive        bool           `json:"sensitive"`
	SpoilerText      string         `json:"spoiler_text"`
	Visibility       string         `json:"visibility"`
	Language         *string        `json:"language"`
	URI              string         `json:"uri"`
	URL              string         `json:"url"`
	RepliesCount     int            `json:"replies_count"`
	ReblogsCount     int            `json:"reblogs_count"`
	FavouritesCount  int            `json:"favourites_count"`
	EditedAt         *string        `json:"edited_at"`
	Favourited       bool           `json:"favourited"`
	Reblogged        bool           `json:"reblogged"`
	Muted            bool           `json:"muted"`
	Bookmarked       bool           `json:"bookmarked"`
	Pinned           *bool          `json:"pinned,omitempty"` // own posts that can be
	Content          string         `json:"content"`          // HTML
	Text             *string        `json:"text,omitempty"`   // as typed; when it is deleted
	Filtered         []FilterResult `json:"filtered"`
	Reblog           *Status        `json:"reblog"`
	Application      *Application   `json:"application"`
	Account          *Account       `json:"account"`
	Media            []Media        `json:"media_attachments"`
	Mentions         []Mention      `json:"mentions"`
	Tags             []StatusTag    `json:"tags"`
	Emojis           []CustomEmoji  `json:"emojis"`
	Card             *PreviewCard   `json:"card"`
	Poll             *Poll          `json:"poll"`

	Quote         any           `json:"quote"` // *Quote, *ShallowQuote inside of one, or null
	QuoteApproval QuoteApproval `json:"quote_approval"`
	QuotesCount   int           `json:"quotes_count"`
}

// PreviewCard is what the first link of a post leads to.
type PreviewCard struct {
	URL              string       `json:"url"`
	Title            string       `json:"title"`
	Description      string       `json:"description"`
	Language         *string      `json:"language"`
	Type             string       `json:"type"` // link: nothing of another site is ever embedded
	AuthorName       string       `json:"author_name"`
	AuthorURL        string       `json:"author_url"`
	ProviderName     string       `json:"provider_name"`
	ProviderURL      string       `json:"provider_url"`
	HTML             string       `json:"html"`
	Width            int          `json:"width"`
	Height           int          `json:"height"`
	Image            *string      `json:"image"`
	ImageDescription string       `json:"image_description"`
	EmbedURL         string       `json:"embed_url"`
	Blurhash         *string      `json:"blurhash"`
	PublishedAt      *string      `json:"published_at"`
	Authors          []CardAuthor `json:"authors"`
}

// CardAuthor is who wrote what a link leads to.
type CardAuthor struct {
	Name    string   `json:"name"`
	URL     string   `json:"url"`
	Account *Account `json:"account"` // the person, if they vouch for the site
}

// Quote is what a post quotes.
type Quote struct {
	State  string  `json:"state"`
	Status *Status `json:"quoted_status"` // null unless it may be shown
}

// ShallowQuote is what a post quotes that is itself quoted.
type ShallowQuote struct {
	State    string  `json:"state"`
	StatusID *string `json:"quoted_status_id"`
}

// QuoteApproval says who may quote a post, and whether the owner may.
type QuoteApproval struct {
	Automatic   []string `json:"automatic"`
	Manual      []string `json:"manual"`
	CurrentUser string   `json:"current_user"` // automatic, manual, denied, unknown
}

// Application is the program a post was written with.
type Application struct {
	Name    string  `json:"name"`
	Website *string `json:"website"`
}

// Media is a picture, film or sound of a post.
type Media struct {
	ID          string    `json:"id"`
	Type        string    `json:"type"` // image, video, audio, unknown
	URL         string    `json:"url"`
	PreviewURL  *string   `json:"preview_url"`
	RemoteURL   *string   `json:"remote_url"`
	Meta        MediaMeta `json:"meta"`
	Description *string   `json:"description"`
	Blurhash    *string   `json:"blurhash"`
}

// MediaMeta holds what apps lay a picture out by.
type MediaMeta struct {
	Original *MediaSize  `json:"original,omitempty"`
	Small    *MediaSize  `json:"small,omitempty"`
	Focus    *MediaFocus `json:"focus,omitempty"`
	Duration *float64    `json:"duration,omitempty"` // seconds, of own films and sounds
}

// MediaSize is a size in pixels.
type MediaSize struct {
	Width  int     `json:"width"`
	Height int     `json:"height"`
	Size   string  `json:"size"`
	Aspect float64 `json:"aspect"`
}

// MediaFocus is the point of a picture that matters, from -1 to 1 each way.
type MediaFocus struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Mention is a person named in a post.
type Mention struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	URL      string `json:"url"`
	Acct     string `json:"acct"`
}

// StatusTag is a hashtag of a post.
type StatusTag struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// List is some of the people whom the owner follows.
type List struct {
	ID            string `json:"id"`
	Title         string `json:"title"`
	RepliesPolicy string `json:"replies_policy"` // none, list, followed
	Exclusive     bool   `json:"exclusive"`
}

// Tag is a hashtag on its own.
type Tag struct {
	ID        string       `json:"id"` // its name: one that nobody used is a hashtag all the same
	Name      string       `json:"name"`
	URL       string       `json:"url"`
	History   []TagHistory `json:"history"`
	Following bool         `json:"following"`
	Featuring *bool        `json:"featuring,omitempty"` // on the owner's profile; of one that is asked for alone
}

// TagHistory is the use of a hashtag on one day.
type TagHistory struct {
	Day      string `json:"day"`
	Uses     string `json:"uses"`
	Accounts string `json:"accounts"`
}

// Poll is a question with its counts as last told.
type Poll struct {
	ID          string        `json:"id"`
	ExpiresAt   *string       `json:"expires_at"`
	Expired     bool          `json:"expired"`
	Multiple    bool          `json:"multiple"`
	VotesCount  int           `json:"votes_count"`
	VotersCount *int          `json:"voters_count"`
	Voted       bool          `json:"voted"`
	OwnVotes    []int         `json:"own_votes"`
	Options     []PollOption  `json:"options"`
	Emojis      []CustomEmoji `json:"emojis"`
}

// PollOption is one answer and its votes.
type PollOption struct {
	Title      string `json:"title"`
	VotesCount *int   `json:"votes_count"` // null while it is kept back
}

// Relationship is how the owner and somebody stand to each other.
type Relationship struct {
	ID                  string   `json:"id"`
	Following           bool     `json:"following"`
	ShowingReblogs      bool     `json:"showing_reblogs"`
	Notifying           bool     `json:"notifying"`
	Languages           []string `json:"languages"`
	FollowedBy          bool     `json:"followed_by"`
	Blocking            bool     `json:"blocking"`
	BlockedBy           bool     `json:"blocked_by"`
	Muting              bool     `json:"muting"`
	MutingNotifications bool     `json:"muting_notifications"`
	Requested           bool     `json:"requested"`
	RequestedBy         bool     `json:"requested_by"`
	DomainBlocking      bool     `json:"domain_blocking"`
	Endorsed            bool     `json:"endorsed"`
	Note                string   `json:"note"`
}

// Notification is one thing that happened to the owner.
type Notification struct {
	ID        string   `json:"id"`
	Type      string   `json:"type"`
	CreatedAt string   `json:"created_at"`
	GroupKey  string   `json:"group_key"`
	Account   *Account `json:"account"`
	Status    *Status  `json:"status,omitempty"` // for the types that are about one
	Report    *Report  `json:"report,omitempty"` // for admin.report
}

// GroupedNotifications are groups with all that they name, each once.
type GroupedNotifications struct {
	Accounts []*Account           `json:"accounts"`
	Partial  []PartialAccount     `json:"partial_accounts,omitzero"` // if the app asked for them
	Statuses []*Status            `json:"statuses"`
	Groups   []*NotificationGroup `json:"notification_groups"`
}

// NotificationGroup is what several people did with one post on one day, or one
// notification that stands alone.
type NotificationGroup struct {
	Key        string   `json:"group_key"`
	Count      int      `json:"notifications_count"`
	Type       string   `json:"type"`
	NewestID   string   `json:"most_recent_notification_id"`
	PageMin    string   `json:"page_min_id,omitempty"` // in pages only, as the two below
	PageMax    string   `json:"page_max_id,omitempty"`
	PageLatest string   `json:"latest_page_notification_at,omitempty"`
	People     []string `json:"sample_account_ids"` // the last one first
	StatusID   string   `json:"status_id,omitempty"`
	Report     *Report  `json:"report,omitempty"`

	people   []*Account
	status   *Status
	newestAt string
}

// PartialAccount is somebody as a picture.
type PartialAccount struct {
	ID           string `json:"id"`
	Acct         string `json:"acct"`
	Locked       bool   `json:"locked"`
	Bot          bool   `json:"bot"`
	URL          string `json:"url"`
	Avatar       string `json:"avatar"`
	AvatarStatic string `json:"avatar_static"`
}

// Report is a complaint about somebody.
type Report struct {
	ID            string   `json:"id"`
	ActionTaken   bool     `json:"action_taken"`
	ActionTakenAt *string  `json:"action_taken_at"`
	Category      string   `json:"category"`
	Comment       string   `json:"comment"`
	Forwarded     bool     `json:"forwarded"`
	CreatedAt     string   `json:"created_at"`
	StatusIDs     []string `json:"status_ids"`
	RuleIDs       []string `json:"rule_ids"`
	TargetAccount *Account `json:"target_account"`
}

// Search is what was found.
type Search struct {
	Accounts []*Account `json:"accounts"`
	Statuses []*Status  `json:"statuses"`
	Hashtags []Tag      `json:"hashtags"`
}

// Marker is where the owner stopped reading a timeline.
type Marker struct {
	LastReadID string `json:"last_read_id"`
	Version    int64  `json:"version"`
	UpdatedAt  string `json:"updated_at"`
}
