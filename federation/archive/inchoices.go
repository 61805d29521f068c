package archive

import (
	"slices"

	"dassie/federation"
	"dassie/store"
)

func (in *intake) countFilters() error {
	var list []filter
	_, err := in.zip.value(in.zip.root+filtersMember, &list)
	if len(list) > 0 {
		in.part(partFilters, "Filters", len(list), len(list))
	}
	return err
}

func (in *intake) bringFilters(from int64) error {
	var list []filter
	if _, err := in.zip.value(in.zip.root+filtersMember, &list); err != nil {
		return err
	}
	for i := from; i < int64(len(list)); i++ {
		f := list[i]
		out := store.Filter{Title: f.Title, ExpiresAt: f.Expires, Action: store.FilterAction(max(slices.Index(filterActions[:], f.Action), 0))}
		for _, p := range filterPlaces {
			if slices.Contains(f.Where, p.name) {
				out.Context |= p.at
			}
		}
		for _, w := range f.Words {
			out.Words = append(out.Words, store.FilterWord{Word: w.Word, Whole: w.Whole})
		}
		err := in.step(i+1, func(tx *store.Tx, r *Result) error {
			taken, err := in.Service.RestoreFilter(tx, out, f.Posts)
			if taken {
				r.Taken[partFilters]++
			} else if err == nil {
				r.leave("Filters that are here already, or are too many.")
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (in *intake) countDrafts() error {
	var list []unsent
	_, err := in.zip.value(in.zip.root+draftsMember, &list)
	if len(list) > 0 {
		in.part(partDrafts, "Drafts and scheduled posts", len(list), len(list)).Note = "scheduled ones go out at their time; those whose time has passed become drafts"
	}
	return err
}

func (in *intake) bringDrafts(from int64) error {
	var list []unsent
	if _, err := in.zip.value(in.zip.root+draftsMember, &list); err != nil {
		return err
	}
	for i := from; i < int64(len(list)); i++ {
		v := list[i]
		var files []federation.TakenFile
		for n, f := range v.Files {
			t, why, err := in.ownFile(f)
			if err != nil {
				return err
			}
			if why == "" {
				if in.plan.Same && n < len(v.Text.Media) && len(v.Files) == len(v.Text.Media) {
					t.ID = v.Text.Media[n]
				}
				files = append(files, t)
			}
		}
		err := in.step(i+1, func(tx *store.Tx, r *Result) (err error) {
			u := store.Unsent{Draft: v.Text, DueAt: v.Due, EditedAt: v.Edited}
			if v.Kind == unsentKinds[1].name {
				u.Kind = store.UnsentScheduled
			} else if v.Kind == unsentKinds[2].name {
				u.Draft.Problem = "It was about to go out when the archive was made. Nothing was sent from here."
			}
			if !in.plan.Same {
				u.Draft.EditID = 0
			}
			for uri, id := range map[string]*int64{v.Parent: &u.Draft.ParentID, v.Quote: &u.Draft.QuoteID} {
				if uri == "" {
					continue
				}
				if *id, err = tx.PostWithAddress(uri); noMatter(err) != nil {
					return err
				}
			}
			r.Taken[partDrafts]++
			return in.Service.RestoreUnsent(tx, u, files)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (in *intake) countLog() error {
	if in.plan.Same {
		return counted[event](in, securityMember, partLog, "Lines of the security log", nil)
	}
	n := 0
	err := in.zip.lines(in.zip.root+securityMember, func(int64, []byte) error { n++; return nil })
	in.leave(whyOldLog, n)
	return err
}

func (in *intake) bringLog(from int64) error {
	if !in.plan.Same {
		return nil
	}
	return batched(in, securityMember, from, postsAtOnce, func(list []event, place int64) error {
		return in.step(place, func(tx *store.Tx, r *Result) error {
			for _, v := range list {
				if err := in.Service.RestoreSecurity(tx, v.At, v.What, v.Detail); err != nil {
					return err
				}
				r.Taken[partLog]++
			}
			return nil
		})
	})
}
