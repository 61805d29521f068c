package browsertest

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestEverySample looks at the sample of every page and state, also those that
// take days or other people's faults to come about, as TestEveryPage looks at
// the real ones.
func TestEverySample(t *testing.T) {
	if os.Getenv("DASSIE_LONG") == "" {
		t.Skip("DASSIE_LONG=1 looks at every sample")
	}
	dir := t.TempDir()
	if out, err := goCommand(t, root(t), []string{"DASSIE_PREVIEW=" + dir}, "test", "-count=1", "-run", "^TestEveryPageRenders$", "./assets"); err != nil {
		t.Fatalf("render the samples: %v\n%s", err, out)
	}
	list, err := filepath.Glob(filepath.Join(dir, "*.html"))
	if err != nil || len(list) < 50 {
		t.Fatalf("%d samples, %v", len(list), err)
	}
	slices.Sort(list)
	faces, err := filepath.Glob(filepath.Join(dir, "static", "*-avatar.png"))
	if err != nil || len(faces) != 1 {
		t.Fatalf("the default picture: %v, %v", faces, err)
	}
	files := http.FileServer(http.Dir(dir))
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'")
		if strings.HasPrefix(r.URL.Path, "/media/") {
			http.ServeFile(w, r, faces[0])
			return
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(site.Close)
	g := &gallery{T: t, dir: t.ArtifactDir()}
	p := newTab(t, strings.Replace(site.URL, "127.0.0.1", "localhost", 1), desktop)
	for _, path := range list {
		name := strings.TrimSuffix(filepath.Base(path), ".html")
		g.page(p, name, "/"+name+".html")
	}
}

// axeRun has the rules that count: WCAG 2.2 AA and what axe holds for good practice.
const axeRun = `async () => {
	const found = await axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
	if (found.passes.length < 10) return ["axe looked at " + found.passes.length + " rules only"]
	return found.violations.flatMap(v => v.nodes.slice(0, 3).map(n => v.id + ": " + n.target.join(" ") + ": " + n.html.slice(0, 160) + " " + n.failureSummary.replace(/\s+/g, " ").slice(0, 300)))
}`

// accessible runs axe-core, the file that DASSIE_AXE names (axe.min.js of the npm
// package), over the page. A page has no scripts; this one comes by the inspector.
func (g *gallery) accessible(p *tab, name string) {
	g.Helper()
	path := os.Getenv("DASSIE_AXE")
	if path == "" {
		return
	}
	source, err := os.ReadFile(path)
	if err != nil {
		g.Fatal(err)
	}
	scripts := func(on bool) {
		call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
	}
	scripts(true)
	defer scripts(false)
	run(p, chromedp.Evaluate[bool]("(() => {"+string(source)+"\n})(), true"))
	dark := desktop
	dark.dark = true
	for _, l := range []look{narrow, desktop, dark} {
		p.wear(l)
		for _, w := range run(p, chromedp.Evaluate[[]string]("("+axeRun+")()", chromedp.EvalAwaitPromise)) {
			g.Errorf("%s, %d px, dark %v: %s", name, l.width, l.dark, w)
		}
	}
}
