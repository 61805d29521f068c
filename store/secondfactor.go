package store

import (
	"errors"
	"time"
)

// ErrSecondFactorOn is returned where a second factor would be put in another's place.
var ErrSecondFactorOn = errors.New("a second factor is on already")

// SecondFactor is what the owner's app makes codes from (RFC 6238).
type SecondFactor struct {
	Secret      string // base32, without padding
	BegunAt     time.Time
	ConfirmedAt time.Time // zero until a first code was right: then it is asked for at each log-in
	LastStep    int64     // time step of the last code that was used; none up to it counts again
}

// On says that a log-in needs a code.
func (f SecondFactor) On() bool { return !f.ConfirmedAt.IsZero() }

// SecondFactor reads it; the zero value if there is none.
func (t *Tx) SecondFactor() (SecondFactor, error) {
	var f SecondFactor
	err := t.one(func(r scanner) error {
		var begun int64
		var confirmed *int64
		err := r.Scan(&f.Secret, &begun, &confirmed, &f.LastStep)
		f.BegunAt = fromMS(begun)
		if confirmed != nil {
			f.ConfirmedAt = fromMS(*confirmed)
		}
		return err
	}, `
		select secret, begun_at, confirmed_at, last_step
		from second_factor
		where id = 1`)
	if errors.Is(err, ErrNotFound) {
		return SecondFactor{}, nil
	}
	return f, err
}

// BeginSecondFactor stores a secret that is not asked for yet, in place of one
// that never was; ErrSecondFactorOn if there is one that is asked for.
func (t *Tx) BeginSecondFactor(secret string) error {
	n, err := t.changed(`
		insert into second_factor (id, secret, begun_at)
		values (1, ?1, ?2)
		on conflict (id) do update
		set secret = ?1, begun_at = ?2, last_step = 0
		where confirmed_at is null`, secret, ms(t.Now()))
	if err == nil && n == 0 {
		err = ErrSecondFactorOn
	}
	return err
}

// UseStep notes that the code of a time step was used, and says whether it may
// be: a code counts once.
func (t *Tx) UseStep(step int64) (bool, error) {
	n, err := t.changed(`
		update second_factor
		set last_step = ?1
		where last_step < ?1`, step)
	return n > 0, err
}

// ConfirmSecondFactor switches it on, with the hashes of new recovery codes.
func (t *Tx) ConfirmSecondFactor(codes [][]byte) error {
	if _, err := t.exec(`
		update second_factor
		set confirmed_at = ?
		where confirmed_at is null`, ms(t.Now())); err != nil {
		return err
	}
	return t.SetRecoveryCodes(codes)
}

// DropSecondFactor switches it off: its secret and its recovery codes go.
func (t *Tx) DropSecondFactor() error {
	for _, table := range []string{"second_factor", "recovery_codes"} {
		if _, err := t.exec(`delete from ` + table); err != nil {
			return err
		}
	}
	return nil
}

// SetRecoveryCodes puts new ones in the place of all there were.
func (t *Tx) SetRecoveryCodes(hashes [][]byte) error {
	if _, err := t.exec(`delete from recovery_codes`); err != nil {
		return err
	}
	for _, hash := range hashes {
		if _, err := t.exec(`
			insert into recovery_codes (hash)
			values (?)`, hash); err != nil {
			return err
		}
	}
	return nil
}

// UseRecoveryCode says whether a code stood unused, and uses it up.
func (t *Tx) UseRecoveryCode(hash []byte) (bool, error) {
	n, err := t.changed(`
		update recovery_codes
		set used_at = ?
		where hash = ?
		and used_at is null`, ms(t.Now()), hash)
	return n > 0, err
}

// RecoveryCodesLeft counts those that can still be used.
func (t *Tx) RecoveryCodesLeft() (int, error) {
	return value[int](t, `
		select count(*)
		from recovery_codes
		where used_at is null`)
}
