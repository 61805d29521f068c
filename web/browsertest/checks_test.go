package browsertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
)

// axeRun has the rules that count: WCAG 2.2 AA and what axe holds for good practice,
// or the one about colours.
const axeRun = `async colours => {
	const rules = colours ? { type: "rule", values: ["color-contrast"] } : ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
	const found = await axe.run(document, { resultTypes: ["violations"], runOnly: rules })
	if (found.passes.length < (colours ? 1 : 10)) return ["axe looked at " + found.passes.length + " rules only"]
	return found.violations.flatMap(v => v.nodes.slice(0, 3).map(n => v.id + ": " + n.target.join(" ") + ": " + n.html.slice(0, 160) + " " + n.failureSummary.replace(/\s+/g, " ").slice(0, 300)))
}`

// checked has axe-core look at the page, and html-validate at what the server
// sent. DASSIE_CHECKS names the folder in which "npm ci" was run on
// checks/package.json; without it this does nothing.
func (g *gallery) checked(p *tab, name string) {
	g.Helper()
	modules := os.Getenv("DASSIE_CHECKS")
	if modules == "" {
		return
	}
	g.keepSource(p, name)
	source, err := os.ReadFile(filepath.Join(modules, "node_modules/axe-core/axe.min.js"))
	if err != nil {
		g.Fatal(err)
	}
	// The page has been loaded as it is; axe comes by the inspector.
	p.scripts(true)
	defer p.scripts(false)
	run(p, chromedp.Evaluate[bool]("(() => {"+string(source)+"\n})(), true"))
	type pass struct {
		width   look
		dark    bool
		colours string
	}
	// All rules at each width and in each theme, those about colours in all four.
	passes := []pass{{narrow, false, "false"}, {desktop, true, "false"}, {narrow, true, "true"}, {desktop, false, "true"}}
	if !g.thorough(name) {
		passes = passes[:1]
	}
	for _, at := range passes {
		at.width.dark = at.dark
		p.wear(at.width)
		for _, w := range run(p, chromedp.Evaluate[[]string]("("+axeRun+")("+at.colours+")", chromedp.EvalAwaitPromise)) {
			g.Errorf("%s, %d px, dark %v: %s", name, at.width.width, at.dark, w)
		}
	}
}

// keepSource puts the page with those that html-validate reads when the test is
// over, because it takes a second to start.
func (g *gallery) keepSource(p *tab, name string) {
	g.Helper()
	if g.sources == "" {
		g.sources = g.TempDir()
		g.Cleanup(g.validate)
	}
	if err := os.WriteFile(filepath.Join(g.sources, name+".html"), []byte(p.source()), 0o600); err != nil {
		g.Fatal(err)
	}
}

func (g *gallery) validate() {
	program := filepath.Join(os.Getenv("DASSIE_CHECKS"), "node_modules/.bin/html-validate")
	out, err := exec.Command(program, "--preset", "standard", "--formatter", "text", g.sources).CombinedOutput()
	if err != nil {
		g.Errorf("html-validate: %v\n%s", err, strings.ReplaceAll(string(out), g.sources+"/", ""))
	}
	if list, err := os.ReadDir(g.sources); err != nil || len(list) == 0 {
		g.Error(fmt.Errorf("html-validate read %d pages only (%w)", len(list), err))
	}
}
