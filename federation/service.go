package federation

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"dassie/assets"
	"dassie/federation/remote"
	"dassie/federation/webpush"
	"dassie/store"
	"dassie/store/logs"
	"dassie/store/media"
)

// Config is what a Service stands on. All fields but Log and Now are needed.
type Config struct {
	Store    *store.Store
	Media    *media.Store
	Remote   *remote.Client
	Identity store.Identity
	Version  string           // of the program, for NodeInfo
	Log      *slog.Logger     // nil: slog.Default
	Now      func() time.Time // nil: time.Now; the same clock as the store's

	// ClientAddr names the address that a request counts against, as throttles
	// know it, or "" for none; nil means none at all.
	ClientAddr func(*http.Request) string

	// Mail sends a letter to an address; nil where there is no mail server. Its errors
	// name no address; one that has a method Refused is final. MailServer is its name,
	// for the privacy policy.
	Mail       func(ctx context.Context, to string, l assets.Letter) error
	MailServer string
}

// Service is what the owner does and what arrives from other servers. It is
// safe for use by many goroutines.
type Service struct {
	store   *store.Store
	media   *media.Store
	remote  *remote.Client
	me      store.Identity
	origin  store.Origin
	version string
	log     *slog.Logger
	now     func() time.Time

	clientAddr func(*http.Request) string
	paces      importPace
	filesLock  sync.Mutex // held while files become, or cease to be, somebody's

	actorURI  string
	own       atomic.Pointer[signers]
	settings  atomic.Pointer[store.Settings]
	filters   atomic.Pointer[Filters]
	ending    atomic.Pointer[store.Farewell] // nil while the account lives
	endPoke   chan struct{}
	called    atomic.Pointer[time.Time] // when servers were asked for the last time before the account is wiped
	ways      ways
	keys      *keyCache
	replays   *replayMemory
	budget    *budget
	events    hub
	documents documentCache
	rendered  renderedCache
	work      workState
	flights   flights
	polls     *lru.Cache[int64, time.Time] // post id -> when its poll was last asked for
	lists     listMemory
	mediaKey  []byte
	addresses *lru.Cache[addressOf, address]
	pictures  *mediaCache
	seenHosts *lru.Cache[int64, time.Time] // host id -> until when it is not noted that it spoke

	mail       func(ctx context.Context, to string, l assets.Letter) error // nil for none
	mailServer string
	lines      chan struct{} // a line came into the security log
	presence   presence

	requests  *logs.Log
	purging   sync.Mutex    // held while house-keeping runs
	answering chan struct{} // full while a request for data is answered

	pushKey    *webpush.Key
	seenTokens *lru.Cache[int64, string] // token id -> the token, for push messages
}

// New makes the service of one account. It reads keys and settings, and starts
// nothing: Run does.
func New(ctx context.Context, c Config) (*Service, error) {
	s := &Service{
		store: c.Store, media: c.Media, remote: c.Remote, me: c.Identity, origin: c.Identity.Origin(),
		version: c.Version, log: c.Log, now: c.Now, clientAddr: c.ClientAddr, endPoke: make(chan struct{}, 1),
		mail: c.Mail, mailServer: c.MailServer, lines: make(chan struct{}, 1), answering: make(chan struct{}, 1),
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.now == nil {
		s.now = time.Now
	}
	var err error
	s.actorURI = s.me.ActorURI(s.origin)
	s.requests = logs.Open(filepath.Join(s.store.Dir(), logs.Folder))
	s.keys = newKeyCache()
	s.replays = newReplayMemory()
	s.budget = newBudget(s.now)
	if s.seenHosts, err = lru.New[int64, time.Time](seenHostsKept); err != nil {
		return nil, err
	}
	if s.seenTokens, err = lru.New[int64, string](seenTokens); err != nil {
		return nil, err
	}
	if s.addresses, err = lru.New[addressOf, address](maxAddresses); err != nil {
		return nil, err
	}
	if s.polls, err = lru.New[int64, time.Time](pollsKept); err != nil {
		return nil, err
	}
	if s.lists, err = newListMemory(); err != nil {
		return nil, err
	}
	if s.media != nil { // a command that only sends has none
		if s.pictures, err = newMediaCache(s.media); err != nil {
			return nil, err
		}
		if err := s.loadMediaKey(ctx); err != nil {
			return nil, err
		}
		if err := s.loadPushKey(ctx); err != nil {
			return nil, err
		}
	}
	s.ways.init()
	s.work.init()
	s.flights.sending.init()
	if s.mail != nil {
		s.store.OnSecurityLine(func() { poke(s.lines) })
	}
	return s, s.Reload(ctx)
}

// Reload reads again what is cached from the database; it is called when a
// command beside the server has written.
func (s *Service) Reload(ctx context.Context) error {
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		set, err := tx.Settings()
		if err != nil {
			return fmt.Errorf("read settings: %w", err)
		}
		own, err := readSigners(tx)
		if err != nil {
			return err
		}
		if err := s.readEnding(tx); err != nil {
			return err
		}
		filters, err := readFilters(tx)
		if err != nil {
			return fmt.Errorf("read filters: %w", err)
		}
		s.filters.Store(&filters)
		s.settings.Store(&set)
		s.own.Store(own)
		return nil
	})
	if err != nil {
		return err
	}
	s.documents.clear()
	s.work.pokeJobs()
	s.work.pokeDeliveries()
	poke(s.lines)
	return nil
}

// Settings are the owner's choices as they are now.
func (s *Service) Settings() store.Settings { return *s.settings.Load() }

// SaveSettings stores the owner's choices; those that others see go out with
// the profile.
func (s *Service) SaveSettings(ctx context.Context, set store.Settings) error {
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		before, err := tx.Settings()
		if err != nil {
			return err
		}
		if err := saveSettings(tx, before, set); err != nil {
			return err
		}
		if !shownDiffers(before, set) {
			return nil
		}
		return s.announceProfile(tx)
	})
	if err != nil {
		return fmt.Errorf("save settings: %w", err)
	}
	return s.Reload(ctx)
}

// Store is where everything is kept; surfaces read from it.
func (s *Service) Store() *store.Store { return s.store }

// Media holds the pictures.
func (s *Service) Media() *media.Store { return s.media }

// Origin is where this server lives.
func (s *Service) Origin() store.Origin { return s.origin }

// Identity is the owner's account.
func (s *Service) Identity() store.Identity { return s.me }

// Version is that of the program.
func (s *Service) Version() string { return s.version }

// Now is the clock.
func (s *Service) Now() time.Time { return s.now() }

// ActorURI is the owner's ActivityPub id.
func (s *Service) ActorURI() string { return s.actorURI }
