package dashboard

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"dassie/assets"
	"dassie/federation/archive"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
)

const importPath = "/me/data/import"

// arrival is what came of the file of the form of an import.
type arrival struct {
	page string // that shows it
	err  error
}

type arrivalKey struct{}

type importsPage struct {
	assets.Owner
	Error string
	Rows  []importRow
	Lists []csvRow
}

// importRow is one import in the list.
type importRow struct {
	ID, Name, What, Error string
	Size                  int64
	At                    time.Time
	Waits, Busy, Failed   bool
}

// imports handles GET /me/data/import: what comes in, and the form for more.
func (d *Dashboard) imports(w http.ResponseWriter, r *http.Request) {
	d.showImports(w, r, http.StatusOK, "")
}

func (d *Dashboard) showImports(w http.ResponseWriter, r *http.Request, status int, problem string) {
	d.show(w, r, "imports", answer{status: status}, func(v *view) (any, error) {
		page := importsPage{Error: problem}
		all, err := v.tx.Imports()
		if err != nil {
			return nil, err
		}
		for _, row := range all {
			page.Rows = append(page.Rows, importRow{
				ID: decimal(row.ID), Name: row.Name, What: importWords[row.State], Error: row.Error, Size: row.Size, At: v.local(row.At),
				Waits: row.State == store.ImportLooked, Failed: row.State == store.ImportFailed,
				Busy: row.State == store.ImportReading || row.State == store.ImportRunning,
			})
		}
		if page.Lists, err = v.csvRows(); err != nil {
			return nil, err
		}
		page.Owner, err = v.frame("Import", "data")
		return page, err
	})
}

// importWords say where an import stands.
var importWords = map[store.ImportState]string{
	store.ImportReading: "Being read", store.ImportLooked: "Waits for you", store.ImportRunning: "Coming in",
	store.ImportDone: "Imported", store.ImportFailed: "Could not be imported.", store.ImportCancelled: "Stopped",
	store.ImportCommand: "Coming in by a command",
}

// takeImport stores the file of the form while it arrives: an archive, or a list.
func (d *Dashboard) takeImport(r *http.Request, field, filename string, body io.Reader) {
	if field != "file" {
		return
	}
	var a arrival
	in := bufio.NewReader(body)
	start, _ := in.Peek(archive.StartBytes) // what is shorter is read again below
	if archive.IsArchive(start) {
		a.page, a.err = d.takeArchive(r, filename, in)
	} else {
		a.page, a.err = d.takeText(r, filename, in)
	}
	if a.err != nil {
		// The rest lets a browser finish the form that is around it.
		_, _ = io.Copy(io.Discard, in)
	}
	*r = *r.WithContext(context.WithValue(r.Context(), arrivalKey{}, a))
}

func (d *Dashboard) takeArchive(r *http.Request, filename string, body io.Reader) (page string, err error) {
	up, err := d.incoming.Receive(r.Context(), body, filename)
	if err != nil {
		return "", err
	}
	id, err := up.Keep(r.Context())
	return importPath + "/" + decimal(id), err
}

// importUpload handles POST /me/data/import, when its file has been stored.
func (d *Dashboard) importUpload(w http.ResponseWriter, r *http.Request) {
	a, came := r.Context().Value(arrivalKey{}).(arrival)
	err := errors.Join(auth.Broken(r), a.err)
	if err == nil && !came {
		err = reply.Errorf(reply.Unprocessable, "Choose a file first.")
	}
	if words, ok := refused(err); ok {
		d.showImports(w, r, refusedStatus(err), words)
		return
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, a.page)
}

type importPage struct {
	assets.Owner
	ID, Name, Kind, From, Error string
	Reading, Preview, Running   bool
	Command                     bool // it runs by a command beside the server
	Done, Failed, Stopped       bool
	Stage, Left                 string
	Items, Total, Percent       int
	Parts                       []archive.Part
	Missing                     []archive.Left
	Words                       []string
	Wanted                      int // yet to be fetched from other servers
}

// importShow handles GET /me/data/import/ID: the preview of one, how far it is, or
// what came of it.
func (d *Dashboard) importShow(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "import", answer{}, func(v *view) (any, error) {
		row, err := v.tx.Import(idOf(r))
		if err != nil {
			return nil, notFound(err)
		}
		page, err := d.importPage(v, row)
		if err != nil {
			return nil, err
		}
		page.Owner, err = v.frame("Import", "data")
		return page, err
	})
}

func (d *Dashboard) importPage(v *view, row store.Import) (importPage, error) {
	page := importPage{
		ID: decimal(row.ID), Name: row.Name, Error: row.Error, Total: row.Total, Items: row.Done,
		Reading: row.State == store.ImportReading, Preview: row.State == store.ImportLooked, Running: row.State == store.ImportRunning || row.State == store.ImportCommand, Command: row.State == store.ImportCommand,
		Done: row.State == store.ImportDone, Failed: row.State == store.ImportFailed, Stopped: row.State == store.ImportCancelled,
	}
	plan, err := archive.ReadPlan(row)
	if err != nil {
		return page, err
	}
	page.Kind, page.Words = archive.Kinds[plan.Kind], plan.Words
	if plan.Handle != "" {
		page.From = "@" + plan.Handle
	}
	page.Parts, page.Missing = plan.Parts, plan.Left
	if !page.Reading && !page.Preview {
		result, err := archive.ReadResult(row)
		if err != nil {
			return page, err
		}
		for i := range page.Parts {
			page.Parts[i].Count, page.Parts[i].Note = result.Taken[page.Parts[i].Key], ""
		}
		page.Missing = plan.Missing(result)
	}
	if page.Wanted, err = v.tx.CountImportWants(row.ID); err != nil {
		return page, err
	}
	d.importProgress(&page, row)
	return page, nil
}

// importProgress says how far it is, and how long it takes yet.
func (d *Dashboard) importProgress(page *importPage, row store.Import) {
	at, since, begun, busy := d.incoming.Progress(row.ID)
	page.Stage = at.Stage
	if busy && page.Reading {
		page.Items = at.Done
	}
	if row.Total > 0 {
		page.Items = min(row.Done, row.Total)
		page.Percent = 100 * page.Items / row.Total
	}
	spent, did := d.service.Now().Sub(since), row.Done-begun
	if busy && page.Running && did > 0 && spent > 2*time.Second {
		page.Left = roughly(time.Duration(float64(spent) / float64(did) * float64(row.Total-row.Done)))
	}
}

// importBegin handles POST /me/data/import/ID: what the preview showed comes in, as
// far as it is ticked.
func (d *Dashboard) importBegin(w http.ResponseWriter, r *http.Request) {
	row, err := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) (store.Import, error) { return tx.Import(idOf(r)) })
	var plan archive.Plan
	if err == nil {
		plan, err = archive.ReadPlan(row)
	}
	if err == nil {
		var leave []string
		for _, part := range plan.Parts {
			if r.PostForm.Get("part-"+part.Key) == "" {
				leave = append(leave, part.Key)
			}
		}
		err = d.incoming.Begin(r.Context(), row.ID, leave, assets.BrowserName(r.UserAgent()))
	}
	if err != nil {
		d.fail(w, r, notFound(err))
		return
	}
	reply.Redirect(w, r, r.URL.Path)
}

// importStop handles POST /me/data/import/ID/stop: a preview is forgotten with its
// file; what came in until now stays.
func (d *Dashboard) importStop(w http.ResponseWriter, r *http.Request) {
	if err := d.incoming.Cancel(r.Context(), idOf(r)); err != nil && !errors.Is(err, store.ErrNotFound) {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, importPath)
}
