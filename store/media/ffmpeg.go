package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	filmTime   = 2 * time.Minute // for one run of ffmpeg
	filmOutput = 64 << 10        // of its words that are looked through
)

// screening holds the film that ffmpeg works on: one at a time in the process.
var screening = make(chan struct{}, 1)

// improve lets ffmpeg copy a film without what its maker wrote into it, and take
// a still. It fills in what is known by then, and returns the copy, nil if there is
// none: a film that ffmpeg cannot read is kept as it came. The errors are ctx's own
// and ErrNoSpace.
func (s *Store) improve(ctx context.Context, kind filmKind, path string, out *File) (*newFile, error) {
	select {
	case screening <- struct{}{}:
		defer func() { <-screening }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for another film: %w", ctx.Err())
	}
	copied, err := s.strip(ctx, kind, path, out)
	if err != nil || out.Kind == "audio" {
		return copied, err
	}
	if err := s.still(ctx, kind, path, out); err != nil {
		if copied != nil {
			copied.abandon()
		}
		return nil, err
	}
	return copied, nil
}

// strip copies the first pictures and the first sound of a film, and nothing else:
// cameras write the place into streams of their own.
func (s *Store) strip(ctx context.Context, kind filmKind, path string, out *File) (*newFile, error) {
	muxer := kind.muxer
	if out.Kind == "audio" && muxer == "mp4" {
		muxer = "ipod"
	}
	var words string
	w, err := s.produce(ctx, func(to string) (err error) {
		words, err = s.ffmpeg(ctx, kind, path, "", "-map", "0:v:0?", "-map", "0:a:0?", "-c", "copy",
			"-map_metadata", "-1", "-map_metadata:s:v", "-1", "-map_metadata:s:a", "-1", "-map_chapters", "-1",
			"-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-movflags", "+faststart", "-f", muxer, to)
		return err
	})
	out.read(words)
	return w, err
}

// still takes one picture of a film: not the first, which is black as often as not.
func (s *Store) still(ctx context.Context, kind filmKind, path string, out *File) error {
	at := "0"
	if out.Seconds > 2 {
		at = "1"
	}
	w, err := s.produce(ctx, func(to string) error {
		_, err := s.ffmpeg(ctx, kind, path, at, "-map", "0:v:0", "-frames:v", "1",
			"-vf", "scale=w='min(1600,iw)':h='min(1600,ih)':force_original_aspect_ratio=decrease",
			"-q:v", "3", "-f", "mjpeg", to)
		return err
	})
	if err != nil || w == nil {
		return err
	}
	defer w.abandon()
	pics, err := s.Picture(ctx, io.NewSectionReader(w.f, 0, w.size), RemotePicture, OwnPreview)
	if errors.Is(err, ErrNoSpace) || ctx.Err() != nil {
		return err
	}
	if err != nil {
		return nil // it made no picture that we can read: the film has none then
	}
	out.Preview, out.Blurhash = pics[0].Name, pics[0].Blurhash
	if out.Width == 0 {
		out.Width, out.Height = pics[0].Width, pics[0].Height
	}
	return nil
}

// produce runs make with the path of a new file and takes that file in; nil if
// make failed.
func (s *Store) produce(ctx context.Context, make func(path string) error) (*newFile, error) {
	w, err := s.create()
	if err != nil {
		return nil, err
	}
	if err = make(w.f.Name()); err == nil {
		w.size, err = io.Copy(w.hash, io.NewSectionReader(w.f, 0, 2*OwnerFilm))
	}
	if err == nil && w.size > 0 && w.size <= OwnerFilm {
		return w, nil
	}
	w.abandon()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		slog.Warn("ffmpeg made nothing of a film", "error", err)
	}
	return nil, diskErrorOnly(err)
}

// diskErrorOnly keeps a full disk, the one failure here that is not the file's.
func diskErrorOnly(err error) error {
	if err = diskError(err); errors.Is(err, ErrNoSpace) {
		return err
	}
	return nil
}

// ffmpeg runs that program on a file of a known kind: it reads that file and
// nothing else, by the one reader that the first bytes asked for, and asks nobody.
// at is where it begins, in seconds.
func (s *Store) ffmpeg(ctx context.Context, kind filmKind, path, at string, args ...string) (words string, err error) {
	ctx, cancel := context.WithTimeout(ctx, filmTime)
	defer cancel()
	to := args[len(args)-1]
	for _, p := range []*string{&path, &to} { // it runs in another folder
		if *p, err = filepath.Abs(*p); err != nil {
			return "", err
		}
	}
	all := []string{"-nostdin", "-hide_banner", "-protocol_whitelist", "file", "-threads", "1", "-f", kind.demuxer}
	if at != "" {
		all = append(all, "-ss", at)
	}
	all = append(all, "-i", "file:"+path, "-threads", "1", "-y")
	args[len(args)-1] = "file:" + to
	cmd := exec.CommandContext(ctx, s.FFmpeg, append(all, args...)...)
	said := &listener{}
	cmd.Dir, cmd.Stderr, cmd.WaitDelay = os.TempDir(), said, 5*time.Second
	cmd.Env = []string{"LC_ALL=C", "MALLOC_ARENA_MAX=1"}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start ffmpeg: %w", err)
	}
	bound(cmd.Process.Pid)
	if err := cmd.Wait(); err != nil {
		return said.String(), fmt.Errorf("ffmpeg: %w: %s", err, said.last())
	}
	return said.String(), nil
}

var (
	saidLength = regexp.MustCompile(`Duration: (\d+):(\d+):(\d+\.\d+)`)
	saidSize   = regexp.MustCompile(`Stream #.*Video: .* (\d{2,5})x(\d{2,5})[, ]`)
)

// read takes from ffmpeg's words what the file's own structure did not tell.
func (f *File) read(words string) {
	words, _, _ = strings.Cut(words, "Output #0")
	if m := saidLength.FindStringSubmatch(words); m != nil && f.Seconds == 0 {
		h, _ := strconv.Atoi(m[1])
		min, _ := strconv.Atoi(m[2])
		sec, _ := strconv.ParseFloat(m[3], 64)
		if sec += float64(h*3600 + min*60); sec < longest {
			f.Seconds = sec
		}
	}
	if m := saidSize.FindStringSubmatch(words); m != nil && f.Width == 0 && f.Kind == "video" {
		f.Width, _ = strconv.Atoi(m[1])
		f.Height, _ = strconv.Atoi(m[2])
	}
}

// A listener keeps the first bytes that are written to it, and lets the rest go.
type listener struct{ bytes.Buffer }

func (t *listener) Write(p []byte) (int, error) {
	if room := filmOutput - t.Len(); room > 0 {
		t.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (t *listener) last() string {
	lines := strings.Split(strings.TrimSpace(t.String()), "\n")
	return lines[len(lines)-1]
}
