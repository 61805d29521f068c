// Package webpush makes the messages that push services carry to apps: encrypted
// for the app alone (RFC 8291), and before that RFC by the draft that many apps
// still read, and signed by this server (RFC 8292, VAPID).
//
// It owns the two encodings and the token of the signature. It never sends
// anything, keeps nothing, and knows no notification. It writes no tables and no
// files.
package webpush
