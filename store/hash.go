package store

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// hash is the keyed 64-bit hash by which uris are looked up: an index of eight
// bytes instead of eighty. The key is drawn per installation, so that nobody
// can craft collisions; the uri beside it is always compared.
func (s *Store) hash(uri string) int64 {
	m := hmac.New(sha256.New, s.hashKey)
	m.Write([]byte(uri))
	var sum [sha256.Size]byte
	return int64(binary.BigEndian.Uint64(m.Sum(sum[:0])))
}

func (t *Tx) hash(uri string) int64 { return t.s.hash(uri) }

func (s *Store) loadHashKey() error {
	tx := &Tx{s: s, c: s.wconn}
	text, err := tx.Setting("hash_key")
	if errors.Is(err, ErrNotFound) {
		key := make([]byte, 16)
		rand.Read(key)
		text = hex.EncodeToString(key)
		// Two processes may open a new database at once: the first one's key stays.
		if _, err := tx.exec(`
			insert into settings (key, value)
			values ('hash_key', ?)
			on conflict do nothing`, text); err != nil {
			return err
		}
		text, err = tx.Setting("hash_key")
	}
	if err != nil {
		return fmt.Errorf("read the hash key: %w", err)
	}
	s.hashKey, err = hex.DecodeString(text)
	return err
}
