package archive

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"

	"dassie/federation"
	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// outItem is one entry of an outbox, judged.
type outItem struct {
	note  *ap.Note
	files []outFile
	why   string // why it does not come; "" if it does
}

type outFile struct {
	member         string // "" if the archive does not have it
	alt, title     string
	focalX, focalY float64
}

// judge reads an entry of the outbox.
func (in *intake) judge(item json.RawMessage) outItem {
	o, err := ap.Parse(item)
	if err != nil {
		return outItem{why: whySpoilt}
	}
	switch o.Type() {
	case "Announce":
		return outItem{why: whyBoost}
	case "Create":
	default:
		return outItem{why: whyStrange}
	}
	post, ok := o.Obj("object")
	if !ok {
		return outItem{why: whyStrange}
	}
	if by := post.FirstID("attributedTo"); by != in.actor && by != "" {
		return outItem{why: whyForeign}
	}
	post["attributedTo"] = in.actor
	files := in.filesOf(post)
	delete(post, "attachment") // their addresses are places in the archive
	n, err := ap.ReadNote(post)
	if err != nil || !n.Shown() && len(files) == 0 {
		return outItem{why: whySpoilt}
	}
	if ap.Host(n.ID) != ap.Host(in.actor) {
		return outItem{why: whyForeign}
	}
	if n.Published.IsZero() {
		n.Published = o.Time("published")
	}
	return outItem{note: n, files: files}
}

func (in *intake) filesOf(post ap.Object) (list []outFile) {
	for _, a := range post.Objs("attachment") {
		at := a.Str("url")
		if at == "" {
			if link, ok := a.Obj("url"); ok {
				at = link.Str("href")
			}
		}
		if at == "" || a.Type() == "Link" || a.Type() == "PropertyValue" {
			continue
		}
		f := outFile{member: in.zip.member(at), alt: a.Str("name"), title: path.Base(at)}
		if f.alt == "" {
			f.alt = a.Str("summary")
		}
		if p, ok := a["focalPoint"].([]any); ok && len(p) == 2 {
			f.focalX, f.focalY = unit(p[0]), unit(p[1])
		}
		list = append(list, f)
	}
	return list
}

// answers says what a post answers: its address, and whether that is own too.
func (in *intake) answers(n *ap.Note) (parent string, own bool) {
	return n.InReplyTo, n.InReplyTo != "" && strings.HasPrefix(n.InReplyTo, strings.TrimSuffix(in.actor, "/")+"/")
}

func (in *intake) countOutbox() error {
	posts, answers, threads, private, files := 0, 0, 0, 0, 0
	err := in.zip.items(in.zip.root+outboxMember, func(n int64, item json.RawMessage) error {
		if n%100 == 0 {
			if err := in.ctx.Err(); err != nil {
				return err
			}
			in.tell(Progress{Stage: "Your old posts", Done: int(n)})
		}
		in.part(partPosts, "Posts", 0, 1)
		j := in.judge(item)
		if j.why != "" {
			in.leave(j.why, 1)
			return nil
		}
		here, err := in.known(j.note)
		if err != nil {
			return err
		}
		if here {
			in.leave(whyHere, 1)
			return nil
		}
		posts++
		if parent, own := in.answers(j.note); own {
			threads++
		} else if parent != "" {
			answers++
		}
		if j.note.Visibility(in.follow, in.actor) == ap.VisDirect || j.note.Visibility(in.follow, in.actor) == ap.VisLimited {
			private++
		}
		for _, f := range j.files {
			if f.member == "" {
				in.leave(whyNoFile, 1)
			} else {
				files++
			}
		}
		return nil
	})
	in.part(partPosts, "Posts", posts, 0).Note = notes(
		some(files, "file", "files", "with their descriptions"), some(threads, "answer", "answers", "to yourself stay threads"),
		some(answers, "answer", "answers", "to others become posts with a link to what they answered"),
		some(private, "private mention", "private mentions", "only you will see"))
	if posts > 0 {
		in.plan.Words = append(in.plan.Words, "Old posts land under their own dates, without a word to anybody: nobody is notified, and no server gets them.",
			"They get new addresses here. The old ones are kept with them, and your search finds a post by its old address too.")
		in.warnOfExpiry()
	}
	for _, why := range []string{whyProfile, whyPeople, whyLists} {
		in.plan.Left = append(in.plan.Left, Left{Why: why}) // nobody knows how many
	}
	return err
}

// known says whether a post came before.
func (in *intake) known(n *ap.Note) (bool, error) {
	_, err := store.Get(in.ctx, in.Store, func(tx *store.Tx) (int64, error) { return tx.Imported(n.ID) })
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (in *intake) bringOutbox(from int64) error {
	return in.zip.items(in.zip.root+outboxMember, func(n int64, item json.RawMessage) error {
		if n < from {
			return nil
		}
		if err := in.ctx.Err(); err != nil {
			return err
		}
		return in.bringOld(n, item)
	})
}

// bringOld stores one post with its files.
func (in *intake) bringOld(n int64, item json.RawMessage) error {
	j := in.judge(item)
	if j.why == "" {
		here, err := in.known(j.note)
		if err != nil {
			return err
		}
		if here {
			j.why = whyHere
		}
	}
	if j.why != "" {
		return in.step(n+1, func(_ *store.Tx, r *Result) error { r.leave(j.why); return nil })
	}
	var lost []string
	t := federation.TakenPost{Import: in.row.ID, Origin: origins(j.note)}
	for _, f := range j.files {
		file, why, err := in.takeFile(f)
		if err != nil {
			return err
		}
		if why != "" {
			lost = append(lost, why)
		} else {
			t.Files = append(t.Files, file)
		}
	}
	parent, own := in.answers(j.note)
	t.Post = in.Service.OldPost(j.note, in.follow, in.actor)
	if own {
		t.Parent = parent
	} else {
		t.Post.Content = federation.AnswerWords(parent) + t.Post.Content
	}
	if t.Post.Content == "" && len(t.Files) == 0 {
		return in.step(n+1, func(_ *store.Tx, r *Result) error { r.leave(whySpoilt); return nil })
	}
	return in.takePosts(n+1, []federation.TakenPost{t}, partPosts, lost)
}

// takePosts stores posts and notes where the import stands, in one transaction.
func (in *intake) takePosts(place int64, list []federation.TakenPost, part string, lost []string) error {
	return in.noted(place, func(end ending) error {
		return in.Service.TakePosts(in.ctx, list, func(tx *store.Tx, skipped int) error {
			return end(tx, func(r *Result) error {
				r.Taken[part] += len(list) - skipped
				r.count(whyHere, skipped)
				for _, why := range lost {
					r.leave(why)
				}
				return nil
			})
		})
	})
}

// origins are the addresses of a post: its page, and its id.
func origins(n *ap.Note) []string {
	if n.URL == "" || n.URL == n.ID {
		return []string{n.ID}
	}
	return []string{n.URL, n.ID}
}

// takeFile brings a file of the archive into the media folder; why says why not.
func (in *intake) takeFile(f outFile) (file federation.TakenFile, why string, err error) {
	r, err := in.zip.open(f.member)
	if errors.Is(err, fs.ErrNotExist) {
		return file, whyNoFile, nil
	}
	if err != nil {
		return file, "", err
	}
	defer r.Close()
	file, err = in.Service.TakeFile(in.ctx, r, f.title, "")
	switch reply.CodeOf(err) {
	case reply.Invalid, reply.Unprocessable, reply.Unsupported, reply.TooLarge:
		if err != nil {
			return file, whyBadFile, nil
		}
	}
	if err != nil && errors.Is(err, io.ErrUnexpectedEOF) {
		err = torn(err)
	}
	file.Alt, file.FocalX, file.FocalY = federation.AltText(f.alt), f.focalX, f.focalY
	return file, "", err
}
