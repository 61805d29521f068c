package store

import "errors"

// RotateKeys replaces the owner's signing keys. The RSA key before stays as
// KeyOld, with the time of this rotation; who knew it has to be told. ErrConflict
// while an earlier rotation is under way.
func (t *Tx) RotateKeys(keys []PrivateKey) error {
	now, err := t.PrivateKeys()
	if err != nil {
		return err
	}
	for _, k := range now {
		if k.Name == KeyOld {
			return ErrRotating
		}
	}
	for _, k := range now {
		if k.Name == KeyMain {
			k.Name = KeyOld
			keys = append(keys, k)
		}
	}
	for _, k := range keys {
		if err := t.SavePrivateKey(k); err != nil {
			return err
		}
	}
	_, err = t.exec(`delete from key_rotation`)
	return err
}

// ErrRotating says that servers are still being told of the last new key.
var ErrRotating = errors.New("the keys were changed less than a week ago, and the key before is still in use")

// RotationTold lists the servers that know the new key while one rotates.
func (t *Tx) RotationTold() ([]int64, error) {
	return many(t, func(r scanner) (int64, error) {
		var id int64
		err := r.Scan(&id)
		return id, err
	}, `
		select host_id
		from key_rotation`)
}

// TellRotation notes that a server knows the new key.
func (t *Tx) TellRotation(hostID int64) error {
	_, err := t.exec(`
		insert or ignore into key_rotation (host_id, told_at)
		values (?, ?)`, hostID, ms(t.Now()))
	return err
}
