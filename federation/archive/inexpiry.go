package archive

import "fmt"

// warnOfExpiry says that old posts may not stay long: they come under their own dates.
// An archive of dassie brings settings of its own, of which the same is said.
func (in *intake) warnOfExpiry() {
	if e := in.Service.Settings().Expiry; e.Days != 0 && !e.Paused {
		in.plan.Words = append(in.plan.Words, fmt.Sprintf("Your settings delete your posts once they are %d days old, and these are dated as they were written. That begins a day after the import; pause or switch it off before if you want them to stay.", e.Days))
	}
}

// spare is a stage of its own before the first of the posts: it gives the owner that day.
func (in *intake) spare(from int64) error {
	if from > 0 {
		return nil
	}
	return in.Service.SpareOldPosts(in.ctx)
}
