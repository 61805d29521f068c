package archive

import (
	"archive/zip"
	"encoding/csv"
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

// csv writes a table. A cell that a spreadsheet would run as a formula cannot come
// from us: handles, addresses and words begin otherwise, but for the titles of
// lists, which the owner typed.
func (e *export) csv(name string, head []string, fill func(add func(cells ...string) error) error) error {
	w, err := e.create(name, false)
	if err != nil {
		return err
	}
	c := csv.NewWriter(w)
	if head != nil {
		if err := c.Write(head); err != nil {
			return err
		}
	}
	if err := fill(func(cells ...string) error { return c.Write(cells) }); err != nil {
		return err
	}
	c.Flush()
	return c.Error()
}
