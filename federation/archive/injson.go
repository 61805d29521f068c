package archive

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"dassie/web/reply"
)

const (
	maxItem  = 2 << 20 // bytes of one item of a list
	maxValue = 4 << 20 // bytes of a file that is read whole
)

// errTooLong is of an item that is longer than anything that is meant.
var errTooLong = errors.New("longer than anything in an archive may be")

// spoilt is what is said of a member that is not what it should be.
func spoilt(name string, err error) error {
	if errors.Is(err, errTooLong) {
		return refuse("Something in %s is longer than %d MB, so the archive is not read.", name, maxItem>>20)
	}
	words := fmt.Sprintf("The file %s in the archive cannot be read: it is not what such a file holds, or it is damaged.", name)
	return &reply.Error{Code: reply.Unprocessable, Message: words, Err: err}
}

// rationed hands out only so many bytes until it is filled up again: what is decoded
// item by item can hold no more than that in memory.
type rationed struct {
	r    io.Reader
	left int
}

func (r *rationed) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, errTooLong
	}
	n, err := r.r.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}

// items calls do with each item of a collection, such as outbox.json, one at a time.
// A member that is not there has none.
func (p *packedFile) items(name string, do func(n int64, item json.RawMessage) error) error {
	f, err := p.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	in := &rationed{r: f, left: maxItem}
	dec := json.NewDecoder(in)
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return spoilt(name, errors.Join(err, fs.ErrInvalid))
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return spoilt(name, err)
		}
		if key != "orderedItems" && key != "items" {
			var skipped json.RawMessage
			if err := dec.Decode(&skipped); err != nil {
				return spoilt(name, err)
			}
			in.left = maxItem
			continue
		}
		if t, err := dec.Token(); err == nil && t == nil {
			continue // null
		} else if err != nil || t != json.Delim('[') {
			return spoilt(name, errors.Join(err, fs.ErrInvalid))
		}
		for n := int64(0); dec.More(); n++ {
			in.left = maxItem
			var item json.RawMessage
			if err := dec.Decode(&item); err != nil {
				return spoilt(name, err)
			}
			if err := do(n, item); err != nil {
				return err
			}
		}
		in.left = maxItem
		if _, err := dec.Token(); err != nil {
			return spoilt(name, err)
		}
	}
	if _, err := dec.Token(); err != nil {
		return spoilt(name, err)
	}
	// To its end, where the sum is checked.
	if _, err := io.Copy(io.Discard, io.LimitReader(f, maxItem)); err != nil {
		return torn(err)
	}
	return nil
}

// lines calls do with each line of a member, one at a time.
func (p *packedFile) lines(name string, do func(n int64, line []byte) error) error {
	f, err := p.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(make([]byte, 64<<10), maxItem)
	for n := int64(0); sc.Scan(); n++ {
		if err := do(n, sc.Bytes()); err != nil {
			return err
		}
	}
	if errors.Is(sc.Err(), bufio.ErrTooLong) {
		return spoilt(name, errTooLong)
	}
	if sc.Err() != nil {
		return torn(sc.Err())
	}
	return nil
}

// eachLine is lines with a value of JSON on each.
func eachLine[T any](p *packedFile, name string, do func(n int64, v T) error) error {
	return p.lines(name, func(n int64, line []byte) error {
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return spoilt(name, fmt.Errorf("line %d: %w", n+1, err))
		}
		return do(n, v)
	})
}

// value reads a member that is one value; false if there is none.
func (p *packedFile) value(name string, v any) (bool, error) {
	b, err := p.whole(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		if err = json.Unmarshal(b, v); err != nil {
			err = spoilt(name, err)
		}
	}
	return err == nil, err
}

// whole reads a member at once.
func (p *packedFile) whole(name string) ([]byte, error) {
	f, err := p.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxValue+1))
	if err != nil {
		return nil, torn(err)
	}
	if len(b) > maxValue {
		return nil, refuse("The file %s in the archive is larger than %d MB, so the archive is not read.", name, maxValue>>20)
	}
	return b, nil
}
