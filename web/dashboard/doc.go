// Package dashboard is the owner's client under /me: home, writing, threads,
// follow requests, people, search, inbox, profile and settings, as pages made
// on the server that need no script.
//
// Each page is one file with a short handler: parse, check, one call of
// federation.Service, one reply. What changes something is a POST that is
// answered with 303 to the place it came from; what cannot be taken back has a
// page that asks first. A page is read in one transaction and never cached by
// anybody.
//
// It never speaks to other servers and never decides who may see what:
// federation does. It writes no files and no tables itself, except how far the
// inbox was read (settings).
package dashboard
