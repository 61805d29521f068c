package federation

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

// publicMedia is how what everybody may see is kept by others: the bytes behind a
// name never change, but a deleted post's should not live on in caches for long.
const publicMedia = "public, max-age=86400, immutable"

// ownName is how the names of uploads look; those of contents are longer.
var ownName = regexp.MustCompile(`^[0-9a-f]{32}(` + store.PreviewEnd + `)?$`)

// IsOwnMedia says whether a name could be that of an upload of the owner.
func IsOwnMedia(name string) bool { return ownName.MatchString(name) }

// mediaFileNames are the endings that browsers save files with, and all types that
// are ever told.
var mediaFileNames = map[string]string{
	"image/jpeg": ".jpg", "image/png": ".png", "video/mp4": ".mp4", "video/quicktime": ".mov", "video/webm": ".webm", "video/ogg": ".ogv",
	"audio/mp4": ".m4a", "audio/ogg": ".ogg", "audio/flac": ".flac", "audio/wav": ".wav", "audio/mpeg": ".mp3", "audio/aac": ".aac",
}

// ServeOwnMedia answers for a file of an own post under its name, or for its
// preview. Whoever knows the name may have it, because other servers fetch files
// unsigned (DECISIONS 24); what is not posted yet only the owner may see, whom
// isOwner knows. Everything else is answered as a name that never was.
func (s *Service) ServeOwnMedia(w http.ResponseWriter, r *http.Request, name string, isOwner func(*http.Request) bool) {
	base, small := strings.CutSuffix(name, store.PreviewEnd)
	m, v, shown, err := s.OwnMedia(r.Context(), base)
	if err == nil && !shown && !isOwner(r) || small && m.Preview == "" {
		err = store.ErrNotFound
	}
	file := m.File
	if small {
		file = m.Preview
	}
	var f *os.File
	if err == nil {
		f, _, err = s.media.Open(file)
	}
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		reply.Text(w, r, http.StatusNotFound, "There is nothing at this address.")
		return
	}
	if err != nil {
		reply.FailText(w, r, err, s.log)
		return
	}
	defer f.Close()
	mime, tag := m.MIME, ""
	if small {
		mime = pictureType(f)
	}
	if shown && v.Open() {
		tag = name
	}
	mediaHeaders(w.Header(), m, mime, tag)
	http.ServeContent(w, r, "", time.Time{}, f)
}

// mediaHeaders say what the bytes are and who may keep them. No stranger decides
// the type, and a browser that is led here directly gets a sandbox.
//
// tag names the bytes of what everybody may see, and is "" for all else.
func mediaHeaders(h http.Header, m store.Media, mime, tag string) {
	reply.SecurityHeaders(h, false)
	if !strings.HasPrefix(mime, "image/") {
		reply.FilmHeaders(h)
	}
	reply.AnyOrigin(h)                                    // apps in browsers read pixels
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // other servers' pages show our files
	h.Set("Cache-Control", reply.NoStore)
	if tag != "" {
		h.Set("Cache-Control", publicMedia)
		h.Set("ETag", `"`+tag+`"`)
	}
	ending, known := mediaFileNames[mime]
	if !known {
		mime = "application/octet-stream"
	}
	h.Set("Content-Type", mime)
	h.Set("Content-Disposition", `inline; filename="`+m.Kind+"-"+strconv.FormatInt(m.ID, 10)+ending+`"`)
}

// pictureType tells our own two kinds of pictures apart.
func pictureType(f io.ReaderAt) string {
	var start [8]byte
	n, _ := f.ReadAt(start[:], 0)
	if string(start[:n]) == "\x89PNG\r\n\x1a\n" {
		return "image/png"
	}
	return "image/jpeg"
}
