// Package ap holds the wire shapes of ActivityPub: it turns a stranger's bytes
// into a tree (Parse), the tree into plain structs cut to our limits
// (ReadActivity, ReadNote, ReadActor, ReadCollection), and our own structs into
// the bytes that other servers understand (Encode, NewActivity, Marshal). It
// also knows what an id, a handle and an audience mean.
//
// Reading is plain JSON with a tolerant reader: a property may be a string, an
// object or an array wherever it stands, and a few well-known prefixes are
// mapped by table. JSON-LD is never processed and no context is ever fetched.
//
// The package is pure: it never touches network, clock, disk or store, and it
// never judges whether a claim is true. Who may say what (FEP-fe34) is decided
// by its callers, with SameOrigin from here. HTML is handed on as it came and
// must pass through package markup before anybody sees it.
package ap
