package store

import (
	"database/sql"
	"time"
)

// Kinds of uploads.
const (
	MediaImage = "image"
	MediaVideo = "video"
	MediaAudio = "audio"
)

// What was done to an upload that its owner should know of.
const (
	MediaFirstFrame = "first"   // an animation of which the first picture was kept
	MediaAsSent     = "as sent" // stored byte by byte, with whatever its maker wrote into it
)

// Media is one file that the owner uploaded.
type Media struct {
	ID             int64
	Name           string // 128 random bits: whoever knows it may see what a post shows (DECISIONS 24)
	Kind           string // MediaImage, MediaVideo, MediaAudio
	MIME           string
	File           string // in the media folder
	Preview        string // a smaller picture there; "" for none
	Title          string // the file's name where it came from, for the owner alone
	Note           string // MediaFirstFrame, MediaAsSent or ""
	Alt            string
	FocalX, FocalY float64 // -1 to 1, 0 is the middle
	Width, Height  int     // 0 if unknown
	Seconds        float64 // 0 if unknown
	Blurhash       string
	Size           int64
	PostID         int64 // 0 until it is posted
	At             time.Time
}

// Attachment is the copy of an upload that a post keeps.
func (m Media) Attachment() Attachment {
	a := Attachment{
		ID: m.ID, MediaType: m.MIME, URL: "/media/" + m.Name, Alt: m.Alt, Width: m.Width, Height: m.Height,
		Blurhash: m.Blurhash, FocalX: m.FocalX, FocalY: m.FocalY, Size: m.Size, Seconds: m.Seconds, Title: m.Title,
	}
	if m.Preview != "" {
		a.Preview = a.URL + PreviewEnd
	}
	return a
}

// previewSide is how long a preview is at most; store/media makes them.
const previewSide = 800

// PreviewSize is how large the preview of an upload is, 0 if there is none.
func (a Attachment) PreviewSize() (w, h int) {
	if a.Preview == "" || a.Width < 1 || a.Height < 1 {
		return 0, 0
	}
	scale := min(1, previewSide/float64(max(a.Width, a.Height)))
	return max(1, int(float64(a.Width)*scale+0.5)), max(1, int(float64(a.Height)*scale+0.5))
}

// PreviewEnd stands after the name of an upload in the address of its preview.
const PreviewEnd = "-small"

const mediaColumns = `m.id, m.name, m.kind, m.mime, m.file, m.preview, m.title, m.note, m.alt, m.focal_x, m.focal_y,
	m.width, m.height, m.seconds, m.blurhash, m.size, m.post_id, m.at`

func scanMedia(r scanner) (Media, error) {
	var m Media
	var post sql.NullInt64
	var at int64
	err := r.Scan(&m.ID, &m.Name, &m.Kind, &m.MIME, &m.File, &m.Preview, &m.Title, &m.Note, &m.Alt, &m.FocalX, &m.FocalY,
		&m.Width, &m.Height, &m.Seconds, &m.Blurhash, &m.Size, &post, &at)
	m.PostID, m.At = post.Int64, fromMS(at)
	return m, err
}

// AddMedia stores a new upload and sets its id, its name and its time.
func (t *Tx) AddMedia(m *Media) error {
	m.ID, m.Name, m.At = t.NewID(), Random(16), fromMS(ms(t.Now()))
	_, err := t.exec(`
		insert into media (id, name, kind, mime, file, preview, title, note, alt, focal_x, focal_y,
			width, height, seconds, blurhash, size, post_id, at)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		m.ID, m.Name, m.Kind, m.MIME, m.File, m.Preview, m.Title, m.Note, m.Alt, m.FocalX, m.FocalY,
		m.Width, m.Height, m.Seconds, m.Blurhash, m.Size, nullInt(m.PostID), ms(m.At))
	return err
}

// Media reads one upload.
func (t *Tx) Media(id int64) (Media, error) {
	var m Media
	err := t.one(func(r scanner) (err error) { m, err = scanMedia(r); return }, `
		select `+mediaColumns+`
		from media m
		where m.id = ?`, id)
	return m, err
}

// MediaByName reads the upload that an address names.
func (t *Tx) MediaByName(name string) (Media, error) {
	var m Media
	err := t.one(func(r scanner) (err error) { m, err = scanMedia(r); return }, `
		select `+mediaColumns+`
		from media m
		where m.name = ?`, name)
	return m, err
}

// MediaList reads several uploads by id in one query, in that order; missing ones
// are left out.
func (t *Tx) MediaList(ids []int64) ([]Media, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := many(t, scanMedia, `
		select `+mediaColumns+`
		from json_each(?) j
		cross join media m on m.id = j.value`, idList(distinct(ids)))
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]Media, len(list))
	for _, m := range list {
		byID[m.ID] = m
	}
	out := make([]Media, 0, len(list))
	for _, id := range ids {
		if m, ok := byID[id]; ok {
			out = append(out, m)
			delete(byID, id)
		}
	}
	return out, nil
}

// MediaOf lists the uploads of a post, in no order that means anything.
func (t *Tx) MediaOf(postID int64) ([]Media, error) {
	return many(t, scanMedia, `
		select `+mediaColumns+`
		from media m
		where m.post_id = ?`, postID)
}

// MediaOfPosts is MediaOf for several posts at once.
func (t *Tx) MediaOfPosts(postIDs []int64) (map[int64][]Media, error) {
	list, err := many(t, scanMedia, `
		select `+mediaColumns+`
		from json_each(?) j
		cross join media m on m.post_id = j.value`, idList(distinct(postIDs)))
	of := make(map[int64][]Media, len(list))
	for _, m := range list {
		of[m.PostID] = append(of[m.PostID], m)
	}
	return of, err
}

// DescribeMedia changes what is said of an upload.
func (t *Tx) DescribeMedia(id int64, alt string, focalX, focalY float64) error {
	_, err := t.exec(`
		update media
		set alt = ?, focal_x = ?, focal_y = ?
		where id = ?`, alt, focalX, focalY, id)
	return err
}

// AttachMedia gives an upload that no post has to a post, and says whether it did.
func (t *Tx) AttachMedia(id, postID int64) (bool, error) {
	n, err := t.changed(`
		update media
		set post_id = ?
		where id = ?
		and post_id is null`, postID, id)
	return n > 0, err
}

// LooseMedia takes an upload off its post, as if it had been made now: a new post may
// show it within a day. Its old address is nobody's.
func (t *Tx) LooseMedia(id int64) error {
	_, err := t.exec(`
		update media
		set post_id = null, at = ?, name = ?
		where id = ?`, ms(t.Now()), Random(16), id)
	return err
}

// DropMedia forgets an upload. Its files may belong to others as well.
func (t *Tx) DropMedia(id int64) error {
	_, err := t.exec(`
		delete from media
		where id = ?`, id)
	return err
}

// RenameMedia draws another name for an upload, so that the old address is nobody's.
func (t *Tx) RenameMedia(id int64) error {
	_, err := t.exec(`
		update media
		set name = ?
		where id = ?`, Random(16), id)
	return err
}

// InDraft says whether a saved text names an upload.
func (t *Tx) InDraft(mediaID int64) (bool, error) {
	return t.exists(`
		select 1
		from unsent u, json_each(u.draft, '$.media') j
		where j.value = ?`, mediaID)
}

// GoingOut says whether a text that is scheduled or held names an upload.
func (t *Tx) GoingOut(mediaID int64) (bool, error) {
	return t.exists(`
		select 1
		from unsent u, json_each(u.draft, '$.media') j
		where u.due_at is not null
		and j.value = ?`, mediaID)
}

// PostsWithPrivateMedia lists own followers-only posts with uploads, and direct
// ones that name somebody, from the oldest after an id on.
func (t *Tx) PostsWithPrivateMedia(named, after int64, limit int) ([]Post, error) {
	return many(t, scanPost, `
		select `+postColumns+`
		from (
			select distinct post_id
			from media
			where post_id > ?2) m
		cross join posts p on p.id = m.post_id
		where p.visibility = 2
		or (p.visibility = 3 and exists (
			select 1
			from mentions n
			where n.post_id = p.id
			and n.actor_id = ?1))
		order by p.id
		limit ?3`, named, after, limit)
}

// SetAttachments writes what a post shows and when it changed. The version before
// it is not kept: nothing that was said changed.
func (t *Tx) SetAttachments(p *Post) error {
	extra, err := p.extraJSON()
	if err != nil {
		return err
	}
	_, err = t.exec(`
		update posts
		set edited_at = ?, extra = ?
		where id = ?`, msOrNull(p.EditedAt), extra, p.ID)
	return err
}
