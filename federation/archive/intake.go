package archive

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"dassie/store"
	"dassie/store/media"
	"dassie/web/reply"
)

const (
	// MaxUpload is how large an archive may be that is imported, in bytes.
	MaxUpload = 64 << 30
	// Waits is how long an archive lies here whose preview nobody answers.
	Waits = 7 * 24 * time.Hour

	roomKept  = 512 << 20 // what an upload leaves free on the disk
	checkRoom = 64 << 20  // how often that is looked at while it arrives
)

// Taker takes archives in, one at a time. Its folder holds nothing else. It is safe
// for use by many goroutines.
type Taker struct {
	src  Source
	dir  string
	log  *slog.Logger
	poke chan struct{}

	mu    sync.Mutex
	id    int64 // of the one it works on; 0: none
	at    Progress
	from  time.Time
	begun int // what was done when it began
	stop  context.CancelFunc
	files map[string]bool // that are on their way in
}

// NewTaker keeps what comes in in dir, which is made when it is needed.
func NewTaker(src Source, dir string, log *slog.Logger) *Taker {
	return &Taker{src: src, dir: dir, log: log, poke: make(chan struct{}, 1), files: map[string]bool{}}
}

// Run works until ctx ends. What a restart interrupted goes on where it was.
func (k *Taker) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		busy, err := k.RunDue(ctx)
		if err != nil && ctx.Err() == nil {
			k.log.Error("cannot look after the imports", "error", err)
		}
		if busy && err == nil {
			continue
		}
		timer := time.NewTimer(lookAgain)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-k.poke:
		}
		timer.Stop()
	}
	return nil
}

// RunDue tidies up and works on one import, the oldest; it says whether there was
// one.
func (k *Taker) RunDue(ctx context.Context) (bool, error) {
	all, err := store.Get(ctx, k.src.Store, func(tx *store.Tx) ([]store.Import, error) { return tx.Imports() })
	if err != nil {
		return false, err
	}
	var next *store.Import
	used := map[string]bool{}
	for i, row := range all {
		switch row.State {
		case store.ImportReading, store.ImportRunning:
			next = &all[i]
		case store.ImportLooked:
			if k.src.Now().Sub(row.At) > Waits {
				if err := k.drop(ctx, row); err != nil {
					return false, err
				}
				continue
			}
		default:
			continue // its file is not needed any more
		}
		used[row.File] = true
	}
	k.clean(used)
	if next == nil {
		return false, nil
	}
	return true, k.work(ctx, *next)
}

// clean removes what no import needs: what a crash left half arrived, too.
func (k *Taker) clean(used map[string]bool) {
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		return // there is no folder yet
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, e := range entries {
		if !used[e.Name()] && !k.files[e.Name()] {
			os.Remove(k.path(e.Name())) // what cannot be removed is tried again
		}
	}
}

func (k *Taker) path(name string) string { return filepath.Join(k.dir, filepath.Base(name)) }

// Upload is a file that arrived and is nobody's yet: Keep or Drop it.
type Upload struct {
	File string // in the folder of imports
	Name string // where the owner had it, as it can be shown
	Size int64
	k    *Taker
}

// Receive writes a file to the disk as it arrives. What cannot be taken is a
// *reply.Error in plain words, and nothing of it stays.
func (k *Taker) Receive(r io.Reader, name string) (*Upload, error) {
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep an upload: %w", err)
	}
	b := make([]byte, 16)
	rand.Read(b)
	up := &Upload{File: "import-" + hex.EncodeToString(b), Name: shortName(filepath.Base(strings.ReplaceAll(name, `\`, "/"))), k: k}
	k.hold(up.File, true)
	err := up.write(r)
	if err != nil {
		up.Drop()
		return nil, err
	}
	return up, nil
}

func (k *Taker) hold(file string, is bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if is {
		k.files[file] = true
	} else {
		delete(k.files, file)
	}
}

func (u *Upload) write(r io.Reader) (err error) {
	f, err := os.OpenFile(u.k.path(u.File), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("keep an upload: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for {
		if free, err := media.FreeIn(u.k.dir); err == nil && free < roomKept {
			return reply.Errorf(reply.Unavailable, "There is too little room on the disk for this file: %d MB are free, and %d MB must stay free. Make room and try again.", free>>20, roomKept>>20)
		}
		n, err := io.CopyN(f, r, checkRoom)
		u.Size += n
		switch {
		case err == io.EOF:
			return f.Sync()
		case errors.Is(err, syscall.ENOSPC):
			return reply.Errorf(reply.Unavailable, "The disk is full. Make room and try again.")
		case errors.Is(err, io.ErrUnexpectedEOF):
			return &reply.Error{Code: reply.Invalid, Message: "The upload was cut off. Choose the file again.", Err: err}
		case err != nil:
			return fmt.Errorf("keep an upload: %w", err)
		case u.Size > MaxUpload:
			return reply.Errorf(reply.TooLarge, "The file is larger than %d GB, which is the most there can be.", MaxUpload>>30)
		}
	}
}

// Drop removes it.
func (u *Upload) Drop() {
	u.k.hold(u.File, false)
	os.Remove(u.k.path(u.File)) // clean removes what could not be
}

// Keep takes it for an archive whose preview is made next, and says which import
// that is.
func (u *Upload) Keep(ctx context.Context) (int64, error) {
	row := store.Import{State: store.ImportReading, Name: u.Name, File: u.File, Size: u.Size}
	err := u.k.src.Store.Write(ctx, func(tx *store.Tx) error { return tx.AddImport(&row) })
	if err != nil {
		u.Drop()
		return 0, fmt.Errorf("keep an upload: %w", err)
	}
	u.k.hold(u.File, false)
	u.k.wake()
	return row.ID, nil
}

func (k *Taker) wake() {
	select {
	case k.poke <- struct{}{}:
	default: // it will look anyway
	}
}

// Progress is how far the import is that is being worked on, since when, and how
// much was done then; false if it is not this one.
func (k *Taker) Progress(id int64) (at Progress, since time.Time, begun int, busy bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.at, k.from, k.begun, k.id == id
}

// Begin imports what a preview showed, but for the parts that are left out. Errors:
// store.ErrNotFound, and a *reply.Error if it began already.
func (k *Taker) Begin(ctx context.Context, id int64, leave []string, agent string) error {
	err := k.src.Store.Write(ctx, func(tx *store.Tx) error {
		row, err := tx.Import(id)
		if err != nil {
			return err
		}
		if row.State != store.ImportLooked {
			return reply.Errorf(reply.Conflict, "This import has begun already, or it was taken back.")
		}
		plan, err := ReadPlan(row)
		if err != nil {
			return err
		}
		plan.Leave = leave
		row.State, row.Total = store.ImportRunning, plan.total()
		if row.Plan, err = writeJSON(plan); err != nil {
			return err
		}
		if err := tx.LogSecurity("import", plan.Handle+", "+agent, ""); err != nil {
			return err
		}
		return tx.SaveImport(row)
	})
	if err == nil {
		k.wake()
	}
	return err
}

// Cancel ends an import. What came until then stays; a preview is forgotten. Errors:
// store.ErrNotFound.
func (k *Taker) Cancel(ctx context.Context, id int64) error {
	var file string
	err := k.src.Store.Write(ctx, func(tx *store.Tx) error {
		row, err := tx.Import(id)
		if err != nil {
			return err
		}
		file = row.File
		if row.State != store.ImportRunning && row.State != store.ImportCommand {
			return tx.DropImport(id)
		}
		row.State, row.File, row.EndedAt = store.ImportCancelled, "", tx.Now()
		return tx.SaveImport(row)
	})
	if err != nil {
		return err
	}
	k.mu.Lock()
	if k.id == id && k.stop != nil {
		k.stop()
	}
	k.mu.Unlock()
	k.remove(file)
	return nil
}

func (k *Taker) remove(file string) {
	if file != "" {
		os.Remove(k.path(file)) // clean removes what could not be
	}
}

func (k *Taker) drop(ctx context.Context, row store.Import) error {
	k.remove(row.File)
	return k.src.Store.Write(ctx, func(tx *store.Tx) error { return tx.DropImport(row.ID) })
}

// work makes the preview of an import, or brings it in, and notes how that ended. One
// that ends because the server does goes on at the next start.
func (k *Taker) work(ctx context.Context, row store.Import) error {
	ctx2, stop := context.WithCancel(ctx)
	defer stop()
	k.mu.Lock()
	k.id, k.at, k.from, k.stop, k.begun = row.ID, Progress{Done: row.Done, Total: row.Total}, k.src.Now(), stop, row.Done
	k.mu.Unlock()
	defer func() {
		k.mu.Lock()
		k.id, k.stop = 0, nil
		k.mu.Unlock()
	}()
	err := k.run(ctx2, &row)
	if ctx2.Err() != nil || errors.Is(err, store.ErrNotFound) && row.State == store.ImportRunning && !k.wanted(ctx, row.ID) {
		return nil // the owner does not want it any more, or the server ends
	}
	reading := row.State == store.ImportReading
	switch {
	case err != nil:
		row.State, row.Error = store.ImportFailed, inWords(err)
		if reply.CodeOf(err) == reply.Internal {
			k.log.Error("cannot import an archive", "error", err)
		}
	case reading:
		row.State = store.ImportLooked
	default:
		row.State, row.Done = store.ImportDone, row.Total
	}
	file := row.File
	if row.State != store.ImportLooked {
		row.File, row.EndedAt = "", k.src.Now()
	}
	err = k.src.Store.Write(ctx, func(tx *store.Tx) error {
		if now, err := tx.Import(row.ID); err != nil || now.State == store.ImportCancelled {
			return noMatter(err)
		}
		return tx.SaveImport(row)
	})
	if err == nil && row.File == "" {
		k.remove(file)
	}
	return err
}

// noMatter passes over what is gone.
func noMatter(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

func (k *Taker) wanted(ctx context.Context, id int64) bool {
	row, err := store.Get(ctx, k.src.Store, func(tx *store.Tx) (store.Import, error) { return tx.Import(id) })
	return err == nil && row.State == store.ImportRunning
}

// run does the work itself.
func (k *Taker) run(ctx context.Context, row *store.Import) error {
	p, err := openPacked(k.path(row.File))
	if errors.Is(err, fs.ErrNotExist) {
		return reply.Errorf(reply.NotFound, "The uploaded file is gone. Upload it again: what came already does not come twice.")
	}
	if err != nil {
		return err
	}
	defer p.Close()
	tell := func(at Progress) {
		k.mu.Lock()
		k.at = at
		k.mu.Unlock()
	}
	return takeIn(ctx, k.src, p, row, tell)
}

// takeIn works on an import that is open: the preview, or all that it brings.
func takeIn(ctx context.Context, src Source, p *packedFile, row *store.Import, tell func(Progress)) error {
	in := &intake{Source: src, ctx: ctx, zip: p, row: row, tell: tell}
	if err := in.know(); err != nil {
		return err
	}
	if row.State == store.ImportReading {
		if err := in.look(); err != nil {
			return err
		}
		plan, err := writeJSON(in.plan)
		row.Kind, row.Plan, row.Total = in.plan.Kind, plan, in.plan.total()
		return err
	}
	return in.bring()
}

func writeJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// Plan is what an archive brings, and what it does not.
type Plan struct {
	Kind   string   `json:"kind"`   // a key of Kinds
	Handle string   `json:"handle"` // of whom it is, without the leading @
	Same   bool     `json:"same"`   // of this very account: posts keep their addresses
	Parts  []Part   `json:"parts"`
	Left   []Left   `json:"left"`  // what does not come
	Words  []string `json:"words"` // what the owner should know besides
	Leave  []string `json:"leave"` // keys of parts that the owner does not want
}

// Part is one kind of what comes.
type Part struct {
	Key   string `json:"key"`
	Name  string `json:"name"`
	Count int    `json:"count"`
	Items int    `json:"items"` // that are read for it: the measure of progress
	Note  string `json:"note,omitempty"`
}

// Left is why something does not come, and how many there are.
type Left struct {
	Why   string `json:"why"`
	Count int    `json:"count"`
}

// Result is what came of an import.
type Result struct {
	Taken map[string]int `json:"taken"` // by key of the part
	Left  []Left         `json:"left"`
}

// ReadPlan is the preview of an import.
func ReadPlan(row store.Import) (Plan, error) {
	var p Plan
	if err := json.Unmarshal([]byte(row.Plan), &p); err != nil {
		return p, fmt.Errorf("read the preview of an import: %w", err)
	}
	return p, nil
}

// ReadResult is what came of an import until now.
func ReadResult(row store.Import) (Result, error) {
	r := Result{}
	if err := json.Unmarshal([]byte(row.Result), &r); err != nil {
		return r, fmt.Errorf("read the result of an import: %w", err)
	}
	if r.Taken == nil {
		r.Taken = map[string]int{}
	}
	return r, nil
}

func (p Plan) wants(key string) bool { return !slices.Contains(p.Leave, key) }

func (p Plan) total() (n int) {
	for _, part := range p.Parts {
		if p.wants(part.Key) {
			n += part.Items
		}
	}
	return n
}

// Kinds of archives, as they are called.
var Kinds = map[string]string{kindOwn: "dassie", kindMastodon: "Mastodon"}

const (
	kindOwn      = "dassie"
	kindMastodon = "mastodon"
)

// intake is one archive on its way in.
type intake struct {
	Source
	ctx  context.Context
	zip  *packedFile
	row  *store.Import
	plan Plan
	tell func(Progress)

	result Result
	own    manifest // of an archive of ours
	actor  string   // id of whom it is of
	follow string   // id of the collection of followers there
	stages []stage
}

// stage is one step of an import. It begins at item from, and notes in the very
// transaction that stores an item that it has been stored.
type stage struct {
	part  string // key of the part that it belongs to; "" for what always comes
	name  string // in words
	count func(in *intake) error
	bring func(in *intake, from int64) error
}

// know finds out what kind of archive it is.
func (in *intake) know() error {
	switch {
	case in.zip.find(manifestMember):
		return in.knowOwn()
	case in.zip.find(outboxMember):
		return in.knowMastodon()
	}
	return refuse("This zip file is no archive that is known here: there is neither %s nor %s in it. Choose the archive as it was downloaded.", outboxMember, manifestMember)
}

// look makes the preview.
func (in *intake) look() error {
	for _, s := range in.stages {
		if err := in.ctx.Err(); err != nil {
			return err
		}
		in.tell(Progress{Stage: s.name})
		if s.count == nil {
			continue
		}
		if err := s.count(in); err != nil {
			return err
		}
	}
	return nil
}

// bring runs what is left to be done of the stages.
func (in *intake) bring() error {
	plan, err := ReadPlan(*in.row)
	if err != nil {
		return err
	}
	in.plan = plan
	if in.result, err = ReadResult(*in.row); err != nil {
		return err
	}
	for i := in.row.Stage; i < len(in.stages); i++ {
		s := in.stages[i]
		if in.row.Stage != i {
			in.row.Stage, in.row.Place = i, 0
		}
		in.told()
		if s.part != "" && !in.plan.wants(s.part) {
			continue
		}
		if err := s.bring(in, in.row.Place); err != nil {
			return err
		}
		next := *in.row
		next.Stage, next.Place = i+1, 0
		if err := in.Store.Write(in.ctx, func(tx *store.Tx) error { return tx.ImportAt(next) }); err != nil {
			return err
		}
		*in.row = next
	}
	return nil
}

func (in *intake) told() {
	name := ""
	if in.row.Stage < len(in.stages) {
		name = in.stages[in.row.Stage].name
	}
	in.tell(Progress{Stage: name, Done: in.row.Done, Total: in.row.Total})
}

// step stores something and notes, in one transaction, that items of the present
// stage are done with until place. do may run twice; what it counts counts once.
func (in *intake) step(place int64, do func(tx *store.Tx, r *Result) error) error {
	next := *in.row
	var result Result
	err := in.Store.Write(in.ctx, func(tx *store.Tx) (err error) {
		if result, err = in.result.copy(); err != nil {
			return err
		}
		if do != nil {
			if err := do(tx, &result); err != nil {
				return err
			}
		}
		next.Done = in.row.Done + int(place-in.row.Place)
		next.Place = place
		if next.Result, err = writeJSON(result); err != nil {
			return err
		}
		return tx.ImportAt(next)
	})
	if err != nil {
		return err
	}
	*in.row, in.result = next, result
	in.told()
	return nil
}

func (r Result) copy() (Result, error) {
	out := Result{Taken: make(map[string]int, len(r.Taken)), Left: slices.Clone(r.Left)}
	for k, v := range r.Taken {
		out.Taken[k] = v
	}
	return out, nil
}

// leave counts what does not come, by the reason.
func leave(list []Left, why string, n int) []Left {
	for i := range list {
		if list[i].Why == why {
			list[i].Count += n
			return list
		}
	}
	return append(list, Left{why, n})
}

func (r *Result) leave(why string) { r.Left = leave(r.Left, why, 1) }

// part counts what comes.
func (in *intake) part(key, name string, count, items int) *Part {
	for i := range in.plan.Parts {
		if p := &in.plan.Parts[i]; p.Key == key {
			p.Count, p.Items = p.Count+count, p.Items+items
			return p
		}
	}
	in.plan.Parts = append(in.plan.Parts, Part{Key: key, Name: name, Count: count, Items: items})
	return &in.plan.Parts[len(in.plan.Parts)-1]
}

func (in *intake) leave(why string, n int) {
	if n > 0 {
		in.plan.Left = leave(in.plan.Left, why, n)
	}
}
