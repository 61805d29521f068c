package auth

import (
	"context"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"time"

	"dassie/web/reply"
)

// maxParts is how many fields and files a form may have.
const maxParts = 200

// An Intake takes in one file of a form while it arrives; what it leaves unread is
// skipped. The fields that stand before the file are in r.PostForm.
type Intake func(r *http.Request, field, filename string, body io.Reader)

// ProtectUpload is Protect for a route whose form has files: each is handed to take
// as it arrives, so that it is written to disk once and never waits in memory. In
// the form the token must stand before the files. limit is for the whole form, text
// for its fields, both in bytes. A form that breaks off behind its token still goes
// to next, with the fields that arrived and Broken saying why; so does one with the
// token of a session before this one, without its files: nothing may be done then, but
// the text comes back. Put Owner around it.
func (g *Guard) ProtectUpload(limit, text int64, take Intake, next http.Handler) http.Handler {
	return g.protect(next, func(w http.ResponseWriter, r *http.Request, token string) error {
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if harmless(r) || err != nil || kind != "multipart/form-data" {
			return checkForm(w, r, g.cross, token, text)
		}
		if err := sameSite(r, g.cross); err != nil {
			return err
		}
		return readFiles(w, r, limit, fileForm{r: r, take: take, token: token, left: text})
	})
}

// ProtectShare is ProtectUpload for what the device shares with this site. That comes
// from no page of ours and has no token; instead the browser must say that no site
// sent it (Fetch Metadata 2.3: a user's own doing is "none"). What next does with it
// must be harmless: files that go after a day, and a form that is not sent.
func (g *Guard) ProtectShare(limit, text int64, take Intake, next http.Handler) http.Handler {
	return g.protect(next, func(w http.ResponseWriter, r *http.Request, token string) error {
		if harmless(r) {
			return nil
		}
		if site := r.Header.Get("Sec-Fetch-Site"); site != "none" && site != "same-origin" {
			return reply.Errorf(reply.Forbidden, "This was not shared by your device, so nothing was done.")
		}
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "multipart/form-data" {
			return reply.Errorf(reply.Unsupported, "This address takes what a device shares, and nothing else.")
		}
		return readFiles(w, r, limit, fileForm{r: r, take: take, left: text, trusted: true})
	})
}

// slowestUpload is how many bytes a second are waited for.
const slowestUpload = 1 << 20

// readFiles reads a form with files to its end, as far as it goes.
func readFiles(w http.ResponseWriter, r *http.Request, limit int64, f fileForm) error {
	reply.LimitTime(w, max(reply.UploadTime, time.Duration(limit/slowestUpload)*time.Second))
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	broken := f.read()
	if broken == nil {
		broken = f.stale
	}
	switch {
	case broken != nil && !f.trusted:
		return broken
	case !f.trusted:
		return rightToken("", f.token)
	case broken != nil:
		*r = *r.WithContext(context.WithValue(r.Context(), brokenKey{}, broken))
	}
	return nil
}

type brokenKey struct{}

// Broken says why the form of a request did not arrive whole; nil if it did.
func Broken(r *http.Request) error {
	err, _ := r.Context().Value(brokenKey{}).(error)
	return err
}

// fileForm is a form with files on its way in.
type fileForm struct {
	r       *http.Request
	take    Intake
	token   string
	left    int64 // bytes of fields that may still come
	trusted bool  // a token was seen, the right one unless …
	stale   error // … says that it was another session's
}

func (f *fileForm) read() error {
	parts, err := f.r.MultipartReader()
	if err != nil {
		return &reply.Error{Code: reply.Invalid, Message: "This form could not be read.", Err: err}
	}
	f.r.PostForm = url.Values{}
	f.r.Form = f.r.PostForm
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if err == io.EOF { // not errors.Is: a torn form ends with one that wraps it
			return nil
		}
		if err == nil && n == maxParts {
			err = reply.Errorf(reply.TooLarge, "This form has too many parts.")
		}
		if err == nil {
			err = f.part(part)
		}
		if err != nil {
			return formError(err)
		}
	}
}

func (f *fileForm) part(part *multipart.Part) error {
	name := part.FormName()
	if part.FileName() == "" { // so are file fields in which nothing was chosen
		value, err := io.ReadAll(io.LimitReader(part, f.left+1))
		if f.left -= int64(len(value)); err == nil && f.left < 0 {
			err = reply.Errorf(reply.TooLarge, "That is larger than this form takes.")
		}
		if err != nil {
			return err
		}
		f.r.PostForm.Add(name, string(value))
		if name == formField && !f.trusted {
			if err = rightToken(string(value), f.token); err != nil && looksSecret(string(value)) {
				f.stale, err = reply.Errorf(reply.Forbidden, "This form was of an earlier log-in, so nothing was done. Your text is here: send it again."), nil
			}
			f.trusted = err == nil
		}
		return err
	}
	if !f.trusted {
		return rightToken("", f.token)
	}
	if f.stale != nil {
		return nil // read past
	}
	f.take(f.r, name, part.FileName(), part)
	return nil
}

// formError gives words to a form that could not be read to its end.
func formError(err error) error {
	switch reply.CodeOf(err) {
	case reply.Internal:
		return &reply.Error{Code: reply.Invalid, Message: "This form could not be read.", Err: err}
	case reply.TooLarge:
		return &reply.Error{Code: reply.TooLarge, Message: "That is larger than this form takes.", Err: err}
	}
	return err
}
