package browsertest

import (
	"crypto/sha256"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the top of the project.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// goCommand runs the go command in a directory and returns what it says.
func goCommand(t *testing.T, dir string, env []string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestT66_ModulesAreWhatWasPinned: every module has one version, its bytes are
// those of go.sum, none is replaced, and none brings C.
func TestT66_ModulesAreWhatWasPinned(t *testing.T) {
	if out, err := goCommand(t, root(t), nil, "mod", "verify"); err != nil || !strings.Contains(out, "all modules verified") {
		t.Errorf("go mod verify: %v\n%s", err, out)
	}
	mod, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if m := regexp.MustCompile(`(?m)^\s*(replace|exclude)\b.*`).Find(mod); m != nil {
		t.Errorf("go.mod: %s", m)
	}
	out, err := goCommand(t, root(t), []string{"CGO_ENABLED=1"}, "list", "-deps", "-f", `{{if and (not .Standard) .CgoFiles}}{{.ImportPath}}{{end}}`, ".")
	if err != nil || strings.TrimSpace(out) != "" {
		t.Errorf("packages with C: %v\n%s", err, out)
	}
}

// TestT66_TheProgramSaysWhatIsInIt: `go version -m` lists every module with
// version and hash, which is the list of materials that scanners read.
func TestT66_TheProgramSaysWhatIsInIt(t *testing.T) {
	out, err := goCommand(t, root(t), nil, "version", "-m", program(t))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sums, err := os.ReadFile(filepath.Join(root(t), "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	listed := 0
	for line := range strings.Lines(out) {
		word := strings.Fields(line)
		if len(word) == 0 || word[0] != "dep" {
			continue
		}
		if listed++; len(word) != 4 || !strings.Contains(string(sums), word[1]+" "+word[2]+" "+word[3]+"\n") {
			t.Errorf("not as in go.sum: %s", line)
		}
	}
	if listed < 10 {
		t.Errorf("only %d modules are listed:\n%s", listed, out)
	}
}

// TestT66_TwoBuildsAreTheSame: the same source in two places makes the same
// bytes, so that anybody can check a program that was published.
func TestT66_TwoBuildsAreTheSame(t *testing.T) {
	if os.Getenv("DASSIE_LONG") == "" {
		t.Skip("DASSIE_LONG=1 builds the program twice, and all that it is made of")
	}
	var sums [2][32]byte
	for i, dir := range []string{root(t), filepath.Join(t.TempDir(), "elsewhere")} {
		if i == 1 {
			copySource(t, root(t), dir)
		}
		path := filepath.Join(t.TempDir(), "dassie")
		if out, err := goCommand(t, dir, []string{"CGO_ENABLED=0"}, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", path, "."); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sums[i] = sha256.Sum256(b)
		if strings.Contains(string(b), root(t)) {
			t.Error("the program names the place where it was built")
		}
	}
	if sums[0] != sums[1] {
		t.Errorf("%x and %x", sums[0], sums[1])
	}
}

// copySource copies the files of the project, but for what git keeps.
func copySource(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() == ".git" {
			if err == nil {
				err = fs.SkipDir
			}
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestT66_NoKnownVulnerability asks the Go vulnerability database, or the copy
// that DASSIE_VULNDB names (a file:// address), about what the program calls.
func TestT66_NoKnownVulnerability(t *testing.T) {
	if os.Getenv("DASSIE_LONG") == "" {
		t.Skip("takes a minute: set DASSIE_LONG=1")
	}
	args := []string{"tool", "govulncheck"}
	if db := os.Getenv("DASSIE_VULNDB"); db != "" {
		args = append(args, "-db", db)
	}
	out, err := goCommand(t, root(t), nil, append(args, ".")...)
	switch {
	case err == nil:
	case strings.Contains(out, "fetching vulnerabilities"):
		t.Skipf("the vulnerability database is not within reach: set DASSIE_VULNDB to a copy\n%s", out)
	case strings.Contains(out, "Standard library") && !strings.Contains(out, "Module: "):
		// What is published is built with the toolchain that go.mod names; this
		// machine's own may be older.
		t.Logf("only Go itself, which go.mod asks for in a newer version:\n%s", out)
	default:
		t.Errorf("%v\n%s", err, out)
	}
}

// T60: go.mod names a toolchain that has the fixes of net/http, crypto/tls,
// crypto/x509 and html/template up to November 2026 (GO-2026-6599 to GO-2026-6809).
func TestT60_ToolchainIsPinned(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^toolchain go1\.(\d+)\.(\d+)$`).FindStringSubmatch(string(mod))
	if m == nil || len(m[1]) < 2 || m[1] < "26" || m[1] == "26" && (len(m[2]) < 2 || m[2] < "10") {
		t.Errorf("go.mod names the toolchain %q", m)
	}
}
