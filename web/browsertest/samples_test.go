package browsertest

import (
	"hash/fnv"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestEverySample looks at the sample of every page and state, also those that
// take days or other people's faults to come about, as TestEveryPage looks at
// the real ones. DASSIE_SAMPLES is a pattern of the names that it looks at.
func TestEverySample(t *testing.T) {
	if os.Getenv("DASSIE_LONG") == "" {
		t.Skip("DASSIE_LONG=1 looks at every sample")
	}
	t.Parallel()
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
			if strings.Contains(r.URL.Path, "/post-") || strings.Contains(r.URL.Path, "x.jpg") {
				drawn(w, r.URL.Path)
			} else {
				http.ServeFile(w, r, faces[0])
			}
			return
		}
		if strings.HasSuffix(r.URL.Path, "/qr") {
			drawn(w, r.URL.Path)
			return
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(site.Close)
	wanted := regexp.MustCompile(os.Getenv("DASSIE_SAMPLES")) // all, where it is empty
	list = slices.DeleteFunc(list, func(path string) bool { return !wanted.MatchString(sampleName(path)) })
	for shard := range sampleTabs {
		t.Run(strconv.Itoa(shard+1), func(t *testing.T) {
			t.Parallel()
			g := &gallery{T: t, dir: t.ArtifactDir(), samples: true}
			p := newTab(t, strings.Replace(site.URL, "127.0.0.1", "localhost", 1), desktop)
			for i := shard; i < len(list); i += sampleTabs {
				g.page(p, sampleName(list[i]), "/"+filepath.Base(list[i]))
			}
		})
	}
}

// sampleTabs is in how many tabs the samples are looked at side by side.
const sampleTabs = 3

func sampleName(path string) string { return strings.TrimSuffix(filepath.Base(path), ".html") }

// drawn answers with a picture that each address has its own of: sky, sun and land.
func drawn(w http.ResponseWriter, path string) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(path))
	seed := int(h.Sum32() % 1000)
	img := image.NewRGBA(image.Rect(0, 0, 600, 400))
	for y := range 400 {
		for x := range 600 {
			c := color.RGBA{uint8(120 + (seed+y/4)%110), uint8(140 + y/5), uint8(200 - (seed+y/3)%120), 255}
			if dx, dy := x-100-seed%400, y-150; dx*dx+dy*dy < 2500 {
				c = color.RGBA{250, 230, 180, 255}
			}
			if y > 250+(x*(seed%7-3))/20 {
				c = color.RGBA{uint8(60 + seed%60), uint8(90 - y/10), uint8(50 + x/12), 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	w.Header().Set("Content-Type", "image/jpeg")
	_ = jpeg.Encode(w, img, nil)
}
