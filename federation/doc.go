// Package federation is what a person does and what arrives: one verb, one
// file, both directions.
//
// How a post arrives: inbox.go checks signature and origin and applies the verb
// at once if all it needs is known here, else it queues the raw activity as a
// job; jobs.go fetches what is missing and applies the same verb function.
//
// How a post leaves: publish.go turns a Draft into a row, its activity and one
// delivery per distinct inbox (audience.go) in one transaction; deliver.go
// signs and sends, and keeps the ledger of who holds a copy.
//
// notify tells the owner, and pushing.go the apps that asked to be told.
//
// serve.go and discovery.go answer what other servers ask. convert.go is the
// only place that turns wire objects (ap) into rows (store) and back.
//
// The package never writes HTML pages, never answers the client API, and never
// uses the network inside a transaction. It writes every table but sessions,
// apps and tokens, and files through store/media.
package federation
