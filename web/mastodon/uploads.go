package mastodon

import (
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// uploads are the endpoints whose body is read as it arrives.
var uploads = map[string]bool{"POST /api/v1/media": true, "POST /api/v2/media": true}

const maxUpload = 128 << 20 // bytes of such a request; the file itself has limits of its own

// readUpload takes the file of a multipart request while it arrives, and the fields
// before and behind it.
func (a *API) readUpload(w http.ResponseWriter, c *call) error {
	reply.LimitTime(w, reply.UploadTime)
	c.params = params{v: url.Values{}}
	kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return nil // the endpoint says that it has no file
	}
	c.r.Body = http.MaxBytesReader(w, c.r.Body, maxUpload)
	parts, err := c.r.MultipartReader()
	if err != nil {
		return bodyError(err)
	}
	left := int64(maxBody)
	for n := 0; n < maxParams; n++ {
		part, err := parts.NextPart()
		if err == io.EOF { // not errors.Is: a torn form ends with one that wraps it
			return nil
		}
		if err == nil {
			left, err = a.readPart(c, part, left)
		}
		if err != nil {
			return bodyError(err)
		}
	}
	return errBody
}

// readPart takes a file, the first that is called so, or a field. Thumbnails of an
// app's own are passed over.
func (a *API) readPart(c *call, part *multipart.Part, left int64) (int64, error) {
	name := part.FormName()
	if c.pics != nil {
		if done, err := a.readPicture(c, name, part); done {
			return left, err
		}
	}
	if name == "file" && c.file == nil {
		m, err := a.svc.Upload(c.ctx, part, part.FileName())
		if err == nil {
			c.file = &m
		}
		return left, err
	}
	if part.FileName() != "" || name == "file" {
		return left, nil
	}
	value, err := io.ReadAll(io.LimitReader(part, left+1))
	if left -= int64(len(value)); err == nil && left < 0 {
		err = reply.Errorf(reply.TooLarge, "The fields beside the file are too large.")
	}
	if err == nil {
		err = c.params.add(name, string(value))
	}
	return left, err
}

// uploaded: POST /api/v1/media, POST /api/v2/media. The file is ready when the
// answer comes.
func (a *API) uploaded(c *call) (any, error) {
	if c.file == nil {
		return nil, reply.Errorf(reply.Unprocessable, "Validation failed: File can't be blank")
	}
	about, err := describedBy(c.params)
	if err != nil {
		return nil, err
	}
	m, err := a.svc.Describe(c.ctx, about(c.file.ID))
	if err != nil {
		return nil, err
	}
	return a.ownMedia(m.Attachment()), nil
}

// upload: GET /api/v1/media/:id.
func (a *API) upload(c *call) (any, error) {
	m, err := store.Get(c.ctx, a.st, func(tx *store.Tx) (store.Media, error) { return tx.Media(c.id) })
	if err != nil {
		return nil, err
	}
	return a.ownMedia(m.Attachment()), nil
}

// describeUpload: PUT /api/v1/media/:id, with description and focus.
func (a *API) describeUpload(c *call) (any, error) {
	about, err := describedBy(c.params)
	if err != nil {
		return nil, err
	}
	m, err := a.svc.Describe(c.ctx, about(c.id))
	if err != nil {
		return nil, err
	}
	return a.ownMedia(m.Attachment()), nil
}

// dropUpload: DELETE /api/v1/media/:id.
func (a *API) dropUpload(c *call) (any, error) {
	return struct{}{}, a.svc.DropUpload(c.ctx, c.id)
}

// describedBy reads what a request says of an upload. An empty description that
// was sent takes the one before away.
func describedBy(p params) (func(id int64) federation.Attached, error) {
	about := federation.Attached{}
	if values, ok := p.v["description"]; ok {
		about.Alt = &values[0]
	}
	if text := p.get("focus"); text != "" {
		across, up, ok := strings.Cut(text, ",")
		x, errX := strconv.ParseFloat(strings.TrimSpace(across), 64)
		y, errY := strconv.ParseFloat(strings.TrimSpace(up), 64)
		if !ok || errX != nil || errY != nil {
			return nil, reply.Errorf(reply.Unprocessable, "Validation failed: focus is two numbers from -1 to 1 with a comma between them.")
		}
		about.Focal = &[2]float64{x, y}
	}
	return func(id int64) federation.Attached { about.ID = id; return about }, nil
}

// ownMedia is one file of the owner, posted or not.
func (a *API) ownMedia(at store.Attachment) Media {
	out := Media{
		ID: id(at.ID), Type: mediaType(at.MediaType), URL: a.svc.Origin().URL(at.URL),
		Description: textOrNull(at.Alt), Blurhash: textOrNull(at.Blurhash), Meta: mediaMeta(at),
	}
	if at.Preview != "" {
		out.PreviewURL = new(a.svc.Origin().URL(at.Preview))
	}
	if w, h := at.PreviewSize(); w > 0 {
		out.Meta.Small = mediaSize(w, h)
	}
	return out
}
