package archive

import (
	"context"

	"dassie/store"
)

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
	return refuse("This file is no archive that is known here: there is neither %s nor %s in it. Choose the archive as it was downloaded.", outboxMember, manifestMember)
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

// told says how far it is.
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
	return in.noted(place, func(end ending) error {
		return in.Store.Write(in.ctx, func(tx *store.Tx) error { return end(tx, func(r *Result) error { return do(tx, r) }) })
	})
}

// ending notes how far an import is, with what it counts, in the transaction of what
// it brought in.
type ending func(tx *store.Tx, count func(r *Result) error) error

// noted is step for what the service stores: do calls end last in its transaction.
func (in *intake) noted(place int64, do func(end ending) error) error {
	next := *in.row
	var result Result
	err := do(func(tx *store.Tx, count func(r *Result) error) (err error) {
		if result, err = in.result.copy(); err != nil {
			return err
		}
		if err := count(&result); err != nil {
			return err
		}
		next.Done, next.Place = in.row.Done+int(place-in.row.Place), place
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

// leave notes how many of something do not come, and why.
func (in *intake) leave(why string, n int) {
	if n > 0 {
		in.plan.Left = leave(in.plan.Left, why, n)
	}
}
