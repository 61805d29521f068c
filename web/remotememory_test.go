//go:build linux && !race

package web

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

// resident is how much memory this process holds, in bytes.
func resident(t *testing.T) int64 {
	status, err := os.ReadFile("/proc/self/status")
	must(t, err)
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			must(t, err)
			return n << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}

// T37: a page full of photographs of 12 megapixels, opened at once, takes the
// memory of one (LIMITS 0).
func TestT37_ManyLargePicturesAtOnceTakeTheMemoryOfOne(t *testing.T) {
	pictures := 6
	if os.Getenv("DASSIE_LONG") != "" {
		pictures = 20
	}
	g := newGallery(t)
	photo := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	for i := range photo.Y {
		photo.Y[i] = byte(i*7 ^ i>>9)
	}
	var b bytes.Buffer
	must(t, jpeg.Encode(&b, photo, &jpeg.Options{Quality: 60}))
	photo = nil
	var paths []string
	for i := range pictures {
		path := fmt.Sprintf("/%d.jpg", i)
		g.eve.Serve(path, fedtest.Doc{Type: "image/jpeg", Body: b.Bytes()})
		paths = append(paths, path)
	}
	files := g.files(federation.ForOwner, g.showing(store.Public, paths...))
	debug.FreeOSMemory()
	before, peak := resident(t), int64(0)
	stop, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		for tick := time.NewTicker(3 * time.Millisecond); ; {
			select {
			case <-tick.C:
				peak = max(peak, resident(t))
			case <-stop:
				tick.Stop()
				return
			}
		}
	}()
	start := time.Now()
	var wg sync.WaitGroup
	for _, m := range files {
		wg.Go(func() {
			// On a slow machine the last ones are told to come again, and do.
			for try := 0; try < 20; try++ {
				if w := g.get(m.Preview); w.Code == http.StatusOK {
					return
				} else if w.Code != http.StatusServiceUnavailable {
					t.Errorf("%d %s", w.Code, w.Body)
					return
				}
			}
			t.Error("not had in 20 tries")
		})
	}
	wg.Wait()
	took := time.Since(start)
	close(stop)
	<-watched
	t.Logf("%d pictures of 12 megapixels, %d KB each: %v, %d MB over the %d MB before", pictures, b.Len()>>10, took, (peak-before)>>20, before>>20)
	if peak-before > 128<<20 {
		t.Errorf("%d MB more than before", (peak-before)>>20)
	}
}
