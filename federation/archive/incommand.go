package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"dassie/federation"
	"dassie/store"
	"dassie/store/media"
)

// ImportCommand brings an archive in from the command line, with or without a server
// beside it. It says what comes, or would come on a dry run, and what does not. One
// that was ended goes on when it is called again: what came does not come twice.
func ImportCommand(ctx context.Context, st *store.Store, dir, file, version string, dry bool, tell func(string)) (report []string, err error) {
	p, err := openFile(ctx, file, filepath.Join(dir, "imports"))
	if err != nil {
		return nil, err
	}
	defer p.Close()
	id, err := store.Get(ctx, st, func(tx *store.Tx) (store.Identity, error) { return tx.Identity() })
	if err != nil {
		return nil, err
	}
	pictures, err := media.Open(filepath.Join(dir, "media"))
	if err != nil {
		return nil, err
	}
	svc, err := federation.New(ctx, federation.Config{Store: st, Media: pictures, Identity: id, Version: version}) // it asks nobody
	if err != nil {
		return nil, err
	}
	src := Source{Service: svc, Store: st, Media: pictures, Now: time.Now, Program: "dassie " + version}
	row := store.Import{State: store.ImportReading, Name: shortName(filepath.Base(file))}
	if err := takeIn(ctx, src, p, &row, stages(tell)); err != nil {
		return nil, err
	}
	plan, err := ReadPlan(row)
	if err != nil {
		return nil, err
	}
	report = append(report, fmt.Sprintf("an archive of @%s, made by %s", plan.Handle, Kinds[plan.Kind]))
	if dry {
		for _, part := range plan.Parts {
			line := fmt.Sprintf("comes: %s: %d", part.Name, part.Count)
			if part.Note != "" {
				line += " (" + part.Note + ")"
			}
			report = append(report, line)
		}
		return append(append(report, leftLines("does not come: ", plan.Left)...), "this was a dry run: nothing was changed"), nil
	}
	done, err := importNow(ctx, src, p, &row, plan, tell)
	return append(report, done...), err
}

// openFile opens what the command was given. dir is where there is room for what has to
// be packed anew; nothing stays there.
func openFile(ctx context.Context, file, dir string) (*packedFile, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s", file)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	start, err := startOf(f)
	if err != nil {
		return nil, err
	}
	switch {
	case isZip(start):
		return openPacked(file)
	case isTar(start):
		return openTar(ctx, io.MultiReader(bytes.NewReader(start), f), dir)
	}
	return nil, fmt.Errorf("%s is no archive: give it as it was downloaded", file)
}

// openTar opens a tar file as the zip file that it could be.
func openTar(ctx context.Context, in io.Reader, dir string) (*packedFile, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, "command-*") // where a server removes what is left by a command that was killed
	if err != nil {
		return nil, err
	}
	var p *packedFile
	if err = repack(ctx, in, &roomy{w: f, dir: dir}); err == nil {
		p, err = readPacked(f)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	p.temporary = true
	return p, nil
}

// importNow does the work and says what came of it.
func importNow(ctx context.Context, src Source, p *packedFile, row *store.Import, plan Plan, tell func(string)) (report []string, err error) {
	row.State, row.Total = store.ImportCommand, plan.total()
	if err := src.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.EndImportCommands(); err != nil {
			return err
		}
		if err := tx.LogSecurity("import", plan.Handle+", by a command", ""); err != nil {
			return err
		}
		row.Result = "{}"
		return tx.AddImport(row)
	}); err != nil {
		return nil, err
	}
	err = takeIn(ctx, src, p, row, stages(tell))
	result, readErr := ReadResult(*row)
	if readErr != nil {
		return nil, errors.Join(err, readErr)
	}
	row.State, row.EndedAt = store.ImportDone, src.Now()
	if err != nil {
		row.State, row.Error = store.ImportFailed, inWords(err)
	}
	stopped := false
	if err != nil && ctx.Err() == nil {
		now, gone := store.Get(ctx, src.Store, func(tx *store.Tx) (store.Import, error) { return tx.Import(row.ID) })
		stopped = errors.Is(gone, store.ErrNotFound) || gone == nil && now.State == store.ImportCancelled
	}
	if stopped {
		err = errors.New("the import was stopped in the browser; what came until then stays")
		if dead := src.Store.Alive(ctx); dead != nil {
			err = dead
		}
	}
	if stopped || ctx.Err() != nil {
		row.State, row.Error = store.ImportCancelled, ""
	}
	err = errors.Join(err, src.Store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.SaveImport(*row) }))
	for _, part := range plan.Parts {
		report = append(report, fmt.Sprintf("came: %s: %d", part.Name, result.Taken[part.Key]))
	}
	return append(report, leftLines("did not come: ", plan.Missing(result))...), err
}

// leftLines tell what does not come, a reason on each line.
func leftLines(begin string, list []Left) (lines []string) {
	for _, l := range list {
		if l.Count == 0 {
			lines = append(lines, begin+l.Why)
			continue
		}
		lines = append(lines, fmt.Sprintf("%s%d: %s", begin, l.Count, l.Why))
	}
	return lines
}

// stages tells of each stage once.
func stages(tell func(string)) func(Progress) {
	stage := ""
	return func(p Progress) {
		if p.Stage != stage && p.Stage != "" {
			stage = p.Stage
			tell(stage)
		}
	}
}
