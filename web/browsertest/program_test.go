package browsertest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var scratch string // removed when all tests are over

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "dassie-browsertest-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	closeBrowser()
	os.RemoveAll(scratch)
	os.Exit(status)
}

// build makes the program, once for all tests.
var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "dassie")
	out, err := exec.Command("go", "build", "-o", path, "dassie").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
})

func program(t testing.TB) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// running is the program while it runs; what it says is read line by line.
type running struct {
	t     testing.TB
	cmd   *exec.Cmd
	lines chan string
	said  strings.Builder
	ended sync.Once
}

// start runs the program with what it says on both outputs in one stream. At
// the end of the test it is ended as Ctrl-C does, and must then end well.
func start(t testing.TB, env []string, args ...string) *running {
	t.Helper()
	return startCommand(t, exec.Command(program(t), args...), env)
}

func startCommand(t testing.TB, cmd *exec.Cmd, env []string) *running {
	t.Helper()
	r := &running{t: t, cmd: cmd, lines: make(chan string, 1000)}
	r.cmd.Env = append(os.Environ(), env...)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.cmd.Stdout, r.cmd.Stderr = write, write
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	go r.read(read)
	t.Cleanup(r.stop)
	return r
}

func (r *running) read(from io.ReadCloser) {
	defer from.Close()
	defer close(r.lines)
	for s := bufio.NewScanner(from); s.Scan(); {
		select {
		case r.lines <- s.Text():
		default: // nobody waits for more than the first lines
		}
	}
}

// until returns the first match in what the program says.
func (r *running) until(pattern string) []string {
	r.t.Helper()
	re, late := regexp.MustCompile(pattern), time.After(30*time.Second)
	for {
		select {
		case line, more := <-r.lines:
			if !more {
				r.t.Fatalf("the program ended before it said %q:\n%s", pattern, r.said.String())
			}
			r.said.WriteString(line + "\n")
			if m := re.FindStringSubmatch(line); m != nil {
				return m
			}
		case <-late:
			r.t.Fatalf("the program did not say %q:\n%s", pattern, r.said.String())
		}
	}
}

func (r *running) stop() { r.ended.Do(r.interrupt) }

func (r *running) interrupt() {
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		r.t.Errorf("interrupt the program: %v", err)
	}
	force := time.AfterFunc(10*time.Second, func() { r.cmd.Process.Signal(syscall.SIGKILL) })
	defer force.Stop()
	if err := r.cmd.Wait(); err != nil {
		for line := range r.lines {
			r.said.WriteString(line + "\n")
		}
		r.t.Errorf("the program did not end well: %v\n%s", err, r.said.String())
	}
}

// house is one server of the demo.
type house struct{ name, host, password string }

func (h house) handle() string { return "@" + h.name + "@" + h.host }

func (h house) url(path string) string { return "http://" + h.host + path }

// demo starts the three servers and reads where they are.
func demo(t testing.TB) map[string]house {
	t.Helper()
	houses, _ := demoProgram(t)
	return houses
}

// demoProgram is demo, for a test that ends it itself.
func demoProgram(t testing.TB) (map[string]house, *running) {
	t.Helper()
	temp := t.TempDir()
	t.Cleanup(func() { // runs once the program has ended
		if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
			t.Errorf("the demo left %v behind (%v)", left, err)
		}
	})
	r := start(t, []string{"TMPDIR=" + temp}, "demo")
	houses := map[string]house{}
	for range 3 {
		m := r.until(`http://(\S+)/ +log in as (\w+) +with the password (\S+)`)
		houses[m[2]] = house{m[2], m[1], m[3]}
	}
	r.until("Ctrl-C")
	return houses, r
}
