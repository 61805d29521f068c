// Package auth decides who is asking: the owner in a browser, an app with a
// token, or nobody in particular.
//
// It owns the password and its hash, the second factor with its recovery codes,
// passkeys (what an answer is worth; package webauthn checks it), sessions, the
// delays after wrong passwords and codes, the form tokens against forged requests,
// the set-up code, apps and the owner's consent to them (OAuth 2), API tokens and
// their scopes, the client's address behind proxies, and the bodies of the commands
// "token" and "passwd". It never renders a page but the picture of the second
// factor, never stores a secret in clear (a cookie or token is kept as its SHA-256, the password
// as argon2id) and never logs an address, except in the owner's security log and
// as long as the owner's settings say.
//
// Tables written: sessions, apps, codes, tokens, second_factor, recovery_codes,
// passkeys, security_log, and the password in identity. Nothing is cached but the
// challenges of passkeys, which live for five minutes: sessions and
// tokens are read for each request, so that one which another process ended is
// over at once.
package auth
