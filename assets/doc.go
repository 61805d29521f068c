// Package assets holds what the pages are made of: templates, the style sheet,
// icons, pictures, and the files for running the program (deploy/), all inside
// the binary.
//
// It owns the table of pages (pages.go), the parts of view data that many
// pages share (view.go), and pure template helpers (helpers.go, icons.go). It
// never reads the store or the clock, never decides who may see what, and
// writes no tables and no files. Handlers hand it finished view structs; the
// comment at the top of each page's template says which fields it reads.
package assets
