// Package archive packs everything that is the owner's into one zip file: what
// Mastodon's archives hold, in the same places and forms, so that other programs
// read it; the lists as Mastodon's CSV files; what Mastodon leaves out as JSON
// below dassie/; and a page, index.html, that shows and searches it all without a
// server.
//
// It reads the store a page at a time, holds no more than a page in memory, and
// writes nothing but the file it is given. No private key, password hash, session,
// token or e-mail address goes into an archive: backups are for that.
//
// It also brings archives in, those of dassie and of Mastodon: what comes is counted
// and shown first, then stored a slice at a time, so that a restart goes on where it
// was. A file from elsewhere is hostile: it is read as a stream, within bounds on its
// members, depth and size, and nothing of it is written under a name of its own.
package archive
