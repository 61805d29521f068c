package archive

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// ownFiles brings the files of a post of ours into the media folder, in the order in
// which it shows them, with what is said of them.
func (in *intake) ownFiles(v post) (files []federation.TakenFile, lost []string, err error) {
	order := slices.Clone(v.Files)
	shown := v.Extra.Attachments
	if len(shown) == len(order) { // members are named by their content, and so are these by what they are called
		slices.SortStableFunc(order, func(a, b file) int { return rank(shown, a) - rank(shown, b) })
	}
	for i, f := range order {
		t, why, err := in.ownFile(f)
		if err != nil {
			return nil, nil, err
		}
		if why != "" {
			lost = append(lost, why)
			continue
		}
		if len(shown) == len(order) && in.plan.Same {
			a := shown[i]
			t.ID, t.Name = a.ID, strings.TrimPrefix(a.URL, "/media/")
			if !media128(t.Name) {
				t.ID, t.Name = 0, ""
			}
			if t.File == sumOf(f) && federation.IsBlurhash(a.Blurhash) { // made of the picture as it was uploaded
				t.Blurhash = a.Blurhash
			}
		}
		files = append(files, t)
	}
	return files, lost, nil
}

// rank is where a file stands among those that a post shows.
func rank(shown []store.Attachment, f file) int {
	return slices.IndexFunc(shown, func(a store.Attachment) bool { return a.ID == f.ID })
}

// media128 says whether a name is one that store.Random(16) draws.
func media128(name string) bool {
	return len(name) == len(store.Random(16)) && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
	})
}

// sumOf is the hash of a file of ours, which is its name.
func sumOf(f file) string { return strings.TrimSuffix(path.Base(f.Member), path.Ext(f.Member)) }

// ownFile takes a file out of the archive; why says in words why it does not come.
func (in *intake) ownFile(f file) (t federation.TakenFile, why string, err error) {
	r, err := in.zip.open(in.zip.root + f.Member)
	if errors.Is(err, fs.ErrNotExist) {
		return t, whyNoFile, nil
	}
	if err != nil {
		return t, "", err
	}
	defer r.Close()
	t, err = in.Service.TakeFile(in.ctx, r, f.Title, sumOf(f))
	switch reply.CodeOf(err) {
	case reply.Invalid, reply.Unprocessable, reply.Unsupported, reply.TooLarge:
		if err != nil {
			return t, whyBadFile, nil
		}
	}
	t.Was, t.Alt, t.FocalX, t.FocalY = f.ID, federation.AltText(f.Alt), unit(f.FocalX), unit(f.FocalY)
	return t, "", err
}
