package auth

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"dassie/web/reply"
)

const (
	keptBytes  = 128 << 10 // of the fields of a form that came without a session
	keptFields = 80
	keptPrefix = "kept-"
	drained    = 64 << 20 // of files that came along, so that the browser reads the answer
)

// LoginBytes is how large the form of the log-in may be: a text goes along with it.
const LoginBytes = 4 * keptBytes // as written in a form, it grows

// Field is one field of a form.
type Field struct{ Name, Value string }

// Kept reads the fields of a form that came from a page of ours, but without a
// session, under names that the form of the log-in carries along; files are not kept.
// It is nil for what came from elsewhere, is too large, or is no such form.
func (g *Guard) Kept(w http.ResponseWriter, r *http.Request) (list []Field) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || sameSite(r, g.cross) != nil {
		return nil
	}
	reply.LimitTime(w, reply.UploadTime)
	r.Body = http.MaxBytesReader(w, r.Body, drained)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil
	}
	for left := keptBytes; ; {
		part, err := parts.NextPart()
		if err != nil {
			return list // what came before it broke off is worth as much
		}
		if part.FileName() != "" {
			continue // read past by the next one
		}
		value, err := io.ReadAll(io.LimitReader(part, int64(left)+1))
		if left -= len(value); err != nil || left < 0 || len(list) == keptFields {
			return nil
		}
		switch name := part.FormName(); name {
		case formField, "do", "":
		default:
			list = append(list, Field{keptPrefix + name, string(value)})
		}
	}
}

// KeptIn are those fields in the form of the log-in.
func KeptIn(form url.Values) (list []Field) {
	for name, values := range form {
		if !strings.HasPrefix(name, keptPrefix) {
			continue
		}
		for _, value := range values {
			list = append(list, Field{name, value})
		}
	}
	return list
}

// Restored is the form as it was sent first.
func Restored(list []Field) url.Values {
	form := url.Values{}
	for _, f := range list {
		form.Add(strings.TrimPrefix(f.Name, keptPrefix), f.Value)
	}
	return form
}

// FormToken is the token for the form of the log-in in an answer outside Protect.
func (g *Guard) FormToken(w http.ResponseWriter, r *http.Request) string {
	return g.formCookie().token(w, r)
}
