package dashboard

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

const (
	csvPath     = "/me/data/csv"
	missedShown = 100
)

type csvPage struct {
	assets.Owner
	ID, File, Title                 string
	Preview, Running, Done, Stopped bool
	Overwrite                       bool
	Warning                         string // what the owner should know before anything else
	Lead                            string // what is lost for good
	Facts                           []assets.Fact
	Going                           []string // names of what goes
	MoreGoing                       int
	Wrong                           int
	Problems                        []store.CSVProblem
	Nothing                         bool // it would do nothing
	Button                          string
	Ways                            []assets.Tab // add, or in place
	Through, Total, Percent         int
	Left                            string
	Missed                          []csvMissed
	MissedAll                       int
	Begun, Ended                    time.Time
}

// csvMissed is a line that did not take effect.
type csvMissed struct {
	Line      int
	What, Why string
}

// csvRow is one list in the list of imports.
type csvRow struct {
	ID, File, Title, What string
	At                    time.Time
	Waits, Busy           bool
}

// takeText is what becomes of a file that is no archive, while it arrives: the
// address of the page that shows what it would do, or a *reply.Error in plain words.
// The fields of the form that stand before the file are in r.PostForm.
func (d *Dashboard) takeText(r *http.Request, name string, body io.Reader) (page string, err error) {
	i, err := d.service.ReadCSV(r.Context(), body, name, federation.CSVKindOf(r.PostForm.Get("kind")))
	if errors.Is(err, federation.ErrCSVKind) {
		err = reply.Errorf(reply.Unprocessable, "%s is no archive, and neither its name nor its first line says what it holds. If it is a list, choose above what it holds.", i.File)
	} else if words, ok := refused(err); ok {
		err = reply.Errorf(reply.CodeOf(err), "%s: %s", i.File, words)
	}
	return csvPath + "/" + decimal(i.ID), err
}

// csvRows lists the lists that come in, for the page of imports.
func (v *view) csvRows() ([]csvRow, error) {
	all, err := v.tx.CSVImports()
	if err != nil {
		return nil, err
	}
	var rows []csvRow
	for _, i := range all {
		if i.State == store.CSVReading {
			continue
		}
		row := csvRow{ID: decimal(i.ID), File: i.File, Title: csvWords[i.Kind].title, At: v.local(i.AskedAt), Waits: i.State == store.CSVRead, Busy: i.State == store.CSVRunning}
		row.What = map[store.CSVState]string{store.CSVRead: "Waits for you", store.CSVRunning: "Coming in", store.CSVDone: "Imported", store.CSVStopped: "Stopped"}[i.State]
		rows = append(rows, row)
	}
	return rows, nil
}

// csvShow handles GET /me/data/csv/ID: what a list would do, how far it is, or what
// came of it. With mode=overwrite, what it would do in place of what is here.
func (d *Dashboard) csvShow(w http.ResponseWriter, r *http.Request) {
	d.show(w, r, "csv", answer{cache: reply.Private}, func(v *view) (any, error) {
		i, err := v.tx.CSVImport(idOf(r))
		if err == nil && i.State == store.CSVReading {
			err = store.ErrNotFound
		}
		if err != nil {
			return nil, notFound(err)
		}
		page := csvPage{
			ID: decimal(i.ID), File: i.File, Title: csvWords[i.Kind].title, Wrong: i.Notes.Wrong, Problems: i.Notes.Problems,
			Preview: i.State == store.CSVRead, Running: i.State == store.CSVRunning, Done: i.State == store.CSVDone, Stopped: i.State == store.CSVStopped,
			Overwrite: i.Overwrite, Begun: v.local(i.BegunAt), Ended: v.local(i.EndedAt),
		}
		if page.Preview {
			page.Overwrite = r.URL.Query().Get("mode") == "overwrite"
			err = v.csvPreview(&page, i)
		} else {
			err = v.csvProgress(&page, i)
		}
		if err != nil {
			return nil, err
		}
		page.Owner, err = v.frame("Import a list", "data")
		return page, err
	})
}

func (v *view) csvPreview(page *csvPage, i store.CSVImport) error {
	p, err := federation.PreviewCSV(v.tx, i, page.Overwrite)
	if err != nil {
		return err
	}
	words := csvWords[i.Kind]
	switch {
	case i.Notes.Unlike != 0:
		page.Warning = "This file looks like another list: " + csvWords[i.Notes.Unlike].title + ". Look at it again before you begin."
	case i.Notes.Encoding == "Windows-1252":
		page.Warning = "The file is not in UTF-8. It was read as Windows-1252; look whether the letters of titles are right."
	}
	page.Facts = previewFacts(words, i, p)
	if i.Kind == store.CSVDomains && p.New > 0 {
		page.Lead = lossWords(p.Cost.ServerCost)
		page.Facts = append(page.Facts, costLines(p.Cost.ServerCost, "", "")...)
	}
	for _, r := range p.Leaving {
		page.Going = append(page.Going, leavingName(r))
	}
	page.MoreGoing = p.Going - len(page.Going)
	page.Nothing = p.New+p.Changed+p.Going == 0
	page.Button = "Take in " + plural(p.New+p.Changed, words.one, words.many)
	if page.Overwrite && p.Going > 0 {
		page.Button = "Take in " + strconv.Itoa(p.New+p.Changed) + ", remove " + strconv.Itoa(p.Going)
	}
	here := csvPath + "/" + page.ID
	page.Ways = []assets.Tab{{URL: here, Text: "Add to what is here", Current: !page.Overwrite}, {URL: here + "?mode=overwrite", Text: "In place of what is here", Current: page.Overwrite}}
	return nil
}

func leavingName(r store.CSVRow) string {
	switch {
	case r.Key != "" && r.Title != "":
		return r.Key + " from " + r.Title
	case r.Key != "":
		return r.Key
	}
	return r.Title
}

func (v *view) csvProgress(page *csvPage, i store.CSVImport) error {
	p, err := federation.ProgressOfCSV(v.tx, i)
	if err != nil {
		return err
	}
	page.Total = p.Total + p.Gone + p.Leaving
	page.Through = page.Total - p.Waiting - p.Leaving
	if page.Total > 0 {
		page.Percent = 100 * page.Through / page.Total
	}
	if p.Left > 0 {
		page.Left = roughly(p.Left)
	}
	page.Facts = progressFacts(csvWords[i.Kind], i, p)
	page.MissedAll = p.NotFound + p.Silent + p.Refused
	missed, err := v.tx.CSVLeft(i.ID, 0, missedShown)
	for _, r := range missed {
		page.Missed = append(page.Missed, csvMissed{r.Line, leavingName(r), r.Reason})
	}
	return err
}

// csvBegin handles POST /me/data/csv/ID/begin: what the preview showed is done.
func (d *Dashboard) csvBegin(w http.ResponseWriter, r *http.Request) {
	d.csvDo(w, r, d.service.BeginCSV(r.Context(), idOf(r), r.PostForm.Get("mode") == "overwrite"), csvPath+"/"+decimal(idOf(r)))
}

// csvStop handles POST /me/data/csv/ID/stop: it ends, or with on=yes goes on.
func (d *Dashboard) csvStop(w http.ResponseWriter, r *http.Request) {
	d.csvDo(w, r, d.service.StopCSV(r.Context(), idOf(r), r.PostForm.Get("on") == "yes"), csvPath+"/"+decimal(idOf(r)))
}

// csvDelete handles POST /me/data/csv/ID/delete: it is forgotten, and what took effect
// stays.
func (d *Dashboard) csvDelete(w http.ResponseWriter, r *http.Request) {
	d.csvDo(w, r, d.service.DropCSV(r.Context(), idOf(r)), importPath)
}

func (d *Dashboard) csvDo(w http.ResponseWriter, r *http.Request, err error, to string) {
	if err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, to)
}

// csvLeft handles GET /me/data/csv/ID/left.csv: the lines that did not take effect,
// with the reasons.
func (d *Dashboard) csvLeft(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	err := d.service.Store().Read(r.Context(), func(tx *store.Tx) error {
		if _, err := tx.CSVImport(idOf(r)); err != nil {
			return err
		}
		if err := out.Write([]string{"Line", "What", "Title", "Why"}); err != nil {
			return err
		}
		for after := 0; ; {
			rows, err := tx.CSVLeft(idOf(r), after, 500)
			if err != nil || len(rows) == 0 {
				return err
			}
			for _, row := range rows {
				after = row.Line
				cells := []string{strconv.Itoa(row.Line), federation.CSVCell(row.Key), federation.CSVCell(row.Title), federation.CSVCell(row.Reason)}
				if err := out.Write(cells); err != nil {
					return fmt.Errorf("write what did not take effect: %w", err)
				}
			}
		}
	})
	if err != nil {
		d.fail(w, r, notFound(err))
		return
	}
	out.Flush()
	reply.Download(w, r, bytes.NewReader(b.Bytes()), "left.csv", time.Time{})
}
