package archive

import (
	"archive/zip"
	"encoding/json"
	"io"
)

// create begins a member. Pictures and films are packed already.
func (e *export) create(name string, packed bool) (io.Writer, error) {
	method := zip.Deflate
	if packed {
		method = zip.Store
	}
	return e.zip.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: e.Now().UTC()})
}

// json writes a member that is one value.
func (e *export) json(name string, v any) error {
	w, err := e.create(name, false)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// bytes writes a member that is there already.
func (e *export) bytes(name string, b []byte) error {
	w, err := e.create(name, false)
	if err == nil {
		_, err = w.Write(b)
	}
	return err
}

// lines writes a member with one JSON value on each line: it can be read without
// holding all of it.
type lines struct{ enc *json.Encoder }

func (e *export) lines(name string) (lines, error) {
	w, err := e.create(name, false)
	if err != nil {
		return lines{}, err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return lines{enc}, nil
}

func (l lines) add(v any) error { return l.enc.Encode(v) }
