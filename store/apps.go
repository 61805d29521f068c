package store

import "time"

// App is a program that may act for the owner.
type App struct {
	ID           int64
	ClientID     string
	SecretHash   []byte
	Name         string
	Website      string
	RedirectURIs string // one a line
	Scopes       string // separated by spaces
	CreatedAt    time.Time
}

const appColumns = `id, client_id, secret_hash, name, website, redirect_uris, scopes, created_at`

func scanApp(r scanner) (App, error) {
	var a App
	var at int64
	err := r.Scan(&a.ID, &a.ClientID, &a.SecretHash, &a.Name, &a.Website, &a.RedirectURIs, &a.Scopes, &at)
	a.CreatedAt = fromMS(at)
	return a, err
}

// AddApp stores an app and sets its id.
func (t *Tx) AddApp(a *App) error {
	a.ID, a.CreatedAt = t.NewID(), t.Now()
	_, err := t.exec(`
		insert into apps (`+appColumns+`)
		values (?, ?, ?, ?, ?, ?, ?, ?)`, a.ID, a.ClientID, a.SecretHash, a.Name, a.Website, a.RedirectURIs, a.Scopes, ms(a.CreatedAt))
	return err
}

// App reads one.
func (t *Tx) App(id int64) (App, error) {
	var a App
	err := t.one(func(r scanner) (err error) { a, err = scanApp(r); return }, `
		select `+appColumns+`
		from apps
		where id = ?`, id)
	return a, err
}

// AppByClientID reads one by the name that it was given.
func (t *Tx) AppByClientID(clientID string) (App, error) {
	var a App
	err := t.one(func(r scanner) (err error) { a, err = scanApp(r); return }, `
		select `+appColumns+`
		from apps
		where client_id = ?`, clientID)
	return a, err
}

// Token is a right to use the client API. Only its hash is stored.
type Token struct {
	ID        int64
	Hash      []byte
	AppID     int64
	Scopes    string // separated by spaces
	Client    bool   // of the app for itself: it is not the owner
	CreatedAt time.Time
	UsedAt    time.Time // by the day
}

const tokenColumns = `id, hash, app_id, scopes, client, created_at, used_at`

func scanToken(r scanner) (Token, error) {
	var k Token
	var created, used int64
	err := r.Scan(&k.ID, &k.Hash, &k.AppID, &k.Scopes, &k.Client, &created, &used)
	k.CreatedAt, k.UsedAt = fromMS(created), fromMS(used)
	return k, err
}

// clientTokens is how many tokens an app may hold for itself.
const clientTokens = 5

// AddToken stores a token and sets its id. Of an app's tokens for itself the
// oldest go beyond five, since anybody can ask for them.
func (t *Tx) AddToken(k *Token) error {
	k.ID, k.CreatedAt = t.NewID(), t.Now()
	if _, err := t.exec(`
		insert into tokens (id, hash, app_id, scopes, client, created_at)
		values (?, ?, ?, ?, ?, ?)`, k.ID, k.Hash, k.AppID, k.Scopes, k.Client, ms(k.CreatedAt)); err != nil || !k.Client {
		return err
	}
	_, err := t.exec(`
		delete from tokens
		where app_id = ?1
		and client = 1
		and id not in (
			select id
			from tokens
			where app_id = ?1
			and client = 1
			order by id desc
			limit ?2)`, k.AppID, clientTokens)
	return err
}

// TokenAndApp reads a token by its hash with the app that holds it, in one query:
// every request of an app begins so.
func (t *Tx) TokenAndApp(hash []byte) (k Token, a App, err error) {
	err = t.one(func(r scanner) error {
		var created, used, made int64
		err := r.Scan(&k.ID, &k.Hash, &k.AppID, &k.Scopes, &k.Client, &created, &used,
			&a.ID, &a.ClientID, &a.SecretHash, &a.Name, &a.Website, &a.RedirectURIs, &a.Scopes, &made)
		k.CreatedAt, k.UsedAt, a.CreatedAt = fromMS(created), fromMS(used), fromMS(made)
		return err
	}, `
		select k.id, k.hash, k.app_id, k.scopes, k.client, k.created_at, k.used_at,
			a.id, a.client_id, a.secret_hash, a.name, a.website, a.redirect_uris, a.scopes, a.created_at
		from tokens k
		cross join apps a on a.id = k.app_id
		where k.hash = ?`, hash)
	return k, a, err
}

// Tokens lists those that act for the owner, the newest first.
func (t *Tx) Tokens() ([]Token, error) {
	return many(t, scanToken, `
		select `+tokenColumns+`
		from tokens
		where client = 0
		order by id desc`)
}

// TouchToken notes the day of use.
func (t *Tx) TouchToken(id int64) error {
	now := t.Now()
	_, err := t.exec(`
		update tokens
		set used_at = ?
		where id = ?
		and used_at < ?`, ms(now), id, ms(now.Add(-24*time.Hour)))
	return err
}

// DropToken revokes one token, and says whether it stood.
func (t *Tx) DropToken(id int64) (bool, error) {
	res, err := t.exec(`
		delete from tokens
		where id = ?`, id)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// AppAccess is an app that may act for the owner, and how far.
type AppAccess struct {
	App
	Granted string    // scopes of all its tokens, separated by spaces
	Since   time.Time // of its first token
	UsedAt  time.Time // by the day; zero for never
	LastID  int64     // of its newest token
}

const appAccess = `
	select a.id, a.client_id, a.secret_hash, a.name, a.website, a.redirect_uris, a.scopes, a.created_at,
		group_concat(t.scopes, ' '), min(t.created_at), max(t.used_at), max(t.id)
	from tokens t
	cross join apps a on a.id = t.app_id
	where t.client = 0`

func scanAppAccess(r scanner) (AppAccess, error) {
	var a AppAccess
	var created, since, used int64
	err := r.Scan(&a.ID, &a.ClientID, &a.SecretHash, &a.Name, &a.Website, &a.RedirectURIs, &a.Scopes, &created, &a.Granted, &since, &used, &a.LastID)
	a.CreatedAt, a.Since, a.UsedAt = fromMS(created), fromMS(since), fromMS(used)
	return a, err
}

// AppsWithAccess lists the apps that act for the owner, the newest access first.
func (t *Tx) AppsWithAccess() ([]AppAccess, error) {
	return many(t, scanAppAccess, appAccess+`
		group by a.id
		order by max(t.id) desc`)
}

// AppWithAccess reads one of them; ErrNotFound if it has no access.
func (t *Tx) AppWithAccess(id int64) (AppAccess, error) {
	var a AppAccess
	err := t.one(func(r scanner) (err error) { a, err = scanAppAccess(r); return }, appAccess+`
		and a.id = ?
		group by a.id`, id)
	return a, err
}

// RevokeApp revokes all that an app holds: its tokens, and consent that it did
// not redeem yet. It says whether it could act for the owner.
func (t *Tx) RevokeApp(id int64) (bool, error) {
	tokens, err := many(t, scanToken, `
		select `+tokenColumns+`
		from tokens
		where app_id = ?`, id)
	if err != nil {
		return false, err
	}
	for _, k := range tokens {
		if _, err := t.DropToken(k.ID); err != nil {
			return false, err
		}
	}
	_, err = t.exec(`
		delete from codes
		where app_id = ?`, id)
	return len(tokens) > 0, err
}

// DropTokens revokes all tokens and forgets their apps, and what these want to be told.
func (t *Tx) DropTokens() error {
	for _, table := range []string{"push", "tokens", "codes", "apps"} {
		if _, err := t.exec(`delete from ` + table); err != nil {
			return err
		}
	}
	return nil
}

// Code is what the owner's consent gives an app, to be redeemed for a token.
type Code struct {
	Hash        []byte
	AppID       int64
	Scopes      string
	RedirectURI string
	Challenge   string // of PKCE, by S256; "" for none
	At          time.Time
	UsedAt      time.Time // zero if it was not
	TokenID     int64     // that it was redeemed for
}

// AddCode stores a code.
func (t *Tx) AddCode(c Code) error {
	_, err := t.exec(`
		insert into codes (hash, app_id, scopes, redirect_uri, challenge, at)
		values (?, ?, ?, ?, ?, ?)`, c.Hash, c.AppID, c.Scopes, c.RedirectURI, c.Challenge, ms(t.Now()))
	return err
}

// UseCode reads a code as it was, and marks it as used: whatever comes of it, it
// works once.
func (t *Tx) UseCode(hash []byte) (Code, error) {
	var c Code
	err := t.one(func(r scanner) error {
		var at int64
		var used, token *int64
		err := r.Scan(&c.Hash, &c.AppID, &c.Scopes, &c.RedirectURI, &c.Challenge, &at, &used, &token)
		c.At = fromMS(at)
		if used != nil {
			c.UsedAt = fromMS(*used)
		}
		if token != nil {
			c.TokenID = *token
		}
		return err
	}, `
		select hash, app_id, scopes, redirect_uri, challenge, at, used_at, token_id
		from codes
		where hash = ?`, hash)
	if err != nil || !c.UsedAt.IsZero() {
		return c, err
	}
	_, err = t.exec(`
		update codes
		set used_at = ?
		where hash = ?`, ms(t.Now()), hash)
	return c, err
}

// SetCodeToken notes which token a code was redeemed for.
func (t *Tx) SetCodeToken(hash []byte, tokenID int64) error {
	_, err := t.exec(`
		update codes
		set token_id = ?
		where hash = ?`, tokenID, hash)
	return err
}
