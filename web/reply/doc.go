// Package reply writes every HTTP answer of this server: it is the only place
// that sets a status or a header.
//
// It owns the error type with a code and a sentence that is safe for a
// stranger, the security headers, caching with ETag, and the judge of local
// redirect targets. It never reads the store, never renders a template (the
// caller hands it bytes) and never shows the cause of an error to anybody but
// the log. It writes no tables and no files.
package reply
