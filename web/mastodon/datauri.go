package mastodon

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"dassie/web/reply"
)

// maxWritten is how long a form of the profile may be, with pictures written out in it.
const maxWritten = 8 << 20

// bodyLimit is how long the body of a request may be that brings no files.
func bodyLimit(r *http.Request) int64 {
	if profileForms[r.Method+" "+strings.TrimSuffix(r.URL.Path, "/")] {
		return maxWritten
	}
	return maxBody
}

// takeWritten takes the pictures of a profile that a form brings as data: addresses
// (RFC 2397), as programs send them that know no files. Any other text is passed over,
// like the address of a picture that an app got here.
func (a *API) takeWritten(c *call) error {
	for _, kind := range [2]string{"avatar", "header"} {
		head, data, ok := strings.Cut(c.params.get(kind), ",")
		if !ok || c.pics[kind] != "" || len(head) < 5 || !strings.EqualFold(head[:5], "data:") {
			continue
		}
		picture, err := decodeData(head, data)
		if err != nil {
			return reply.Errorf(reply.Unprocessable, "Validation failed: the %s cannot be read.", kind)
		}
		name, err := a.svc.TakePicture(c.ctx, kind, strings.NewReader(picture))
		if err != nil {
			return err
		}
		if c.pics == nil {
			c.pics = map[string]string{}
		}
		c.pics[kind] = name
	}
	return nil
}

// decodeData reads what stands behind the comma of a data: address.
func decodeData(head, data string) (string, error) {
	if !strings.HasSuffix(strings.ToLower(head), ";base64") {
		return url.PathUnescape(data)
	}
	data = strings.ReplaceAll(data, " ", "+") // what becomes of a + in a form that was not escaped
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(data, "="))
	return string(b), err
}
