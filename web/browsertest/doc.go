// Package browsertest holds tests that use the real program as people and other
// servers do: Chromium with scripts switched off walks through the demo and
// through set-up, and two servers with public names talk over https.
//
// It has no code of its own and writes nothing outside of the tests' temporary
// directories, but for two lines in /etc/hosts while the https test runs as root.
//
// Variables: CHROME names the browser; DASSIE_CHROMIUM=required makes a missing
// one a failure; DASSIE_LONG=1 adds every page and every sample of one in four
// looks, whose pictures are kept by go test -artifacts -outputdir DIR; with them,
// DASSIE_AXE names axe.min.js of the npm package axe-core, which checks each page.
package browsertest
