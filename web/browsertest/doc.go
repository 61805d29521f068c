// Package browsertest holds tests that use the real program as people and other
// servers do: Chromium with scripts switched off walks through the demo and
// through set-up, and two servers with public names talk over https.
//
// It has no code of its own and writes nothing outside of the tests' temporary
// directories, but for two lines in /etc/hosts while the https test runs as root.
//
// Variables: CHROME names the browser; DASSIE_CHROMIUM=required makes a missing one a
// failure; without DASSIE_LONG=1 a first post, a visitor, set-up and https are walked
// through, with it every way, and every page and every sample of one is looked at in
// four looks, by keyboard, from right to left and with spaced text; their pictures
// are kept by go test -artifacts -outputdir DIR; DASSIE_WIDTHS=all walks each journey
// on a phone and on a desktop. DASSIE_CHECKS names a folder in which "npm ci" was run
// on checks/package.json: axe-core and html-validate then check each page too.
package browsertest
