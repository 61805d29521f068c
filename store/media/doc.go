// Package media keeps pictures and other files on disk under the hash of
// their content, and is the only place where a stranger's picture is decoded.
//
// It owns one folder: two levels of shards named after the first four digits
// of the hash (ab/cd/abcd….jpg) and tmp/ for files that are being written.
// Files are 0600, folders 0700. A file is complete and on disk before its name
// exists: it is written under tmp/, synced, and renamed.
//
// A picture's way: the bytes are spooled (never held whole in memory), the
// type is decided by content, the header alone is read and judged against
// the limits, then one picture at a time in the process is decoded, made
// smaller by a box filter on the planes that the decoder gives, turned upright
// and encoded anew. What is stored is always our own encoding, so no metadata,
// no trailing bytes and no second meaning of a file survive.
//
// Films and sounds of the owner (File) are stored as they are sent. If ffmpeg is
// on the machine it copies them without what their maker wrote into them, and
// takes a still picture, which is encoded anew like any other. It runs with
// limits, and never on anything that others made.
//
// It never trusts a name or a declared type, never stores a picture's bytes as
// they came, never takes a path, never enlarges, and writes no table: which
// name belongs to what is the caller's to remember, and Sweep asks for it.
package media
