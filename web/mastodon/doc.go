// Package mastodon is the Mastodon client API and nothing else: what apps ask
// under /api, in the shapes that Mastodon documents.
//
// routes.go is the table of what there is. adapter.go stands around each
// handler: token, scope, decoding, errors, rate headers, log. entity.go is the
// only place that turns rows into JSON; types.go holds the shapes. gather.go
// reads what a page of entities needs in as few queries as it has kinds.
// testdata/answers.txt and entities.txt have what each endpoint answers, and every
// answer in every test is held against them.
//
// streaming.go answers below /api/v1/streaming, as lines or by socket.go as a
// WebSocket; streamhub.go hands the service's events to whoever listens, and
// streamnews.go turns each into the entities of the streams that hold it.
//
// The package decides nothing about posts or follows: it calls
// federation.Service for what is done and reads the store for what is shown. It
// writes no tables and no files, and never answers HTML.
package mastodon
