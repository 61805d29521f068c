package store

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
)

// openCopy opens a database file that nobody else uses, in one file: no log
// stays beside it. Its caller syncs it.
func openCopy(file string) (*sql.DB, error) {
	q := url.Values{"_pragma": {"journal_mode(memory)", "synchronous(off)", "trusted_schema(off)", "cache_size(-1000)", "temp_store(memory)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// describe reads what identifies a database: its owner and the public half of
// the key that other servers know them by.
func describe(ctx context.Context, db *sql.DB, b *Backup) error {
	id, err := readIdentity(ctx, db)
	if err != nil {
		return err
	}
	o := id.Origin()
	b.Handle, b.Host, b.Actor = o.Handle(id.Name), o.Host, id.ActorURI(o)
	b.Note = "This file holds the private keys: whoever has it can speak as @" + b.Handle + ". Keep it where only you can read it."
	var der []byte
	if err := db.QueryRowContext(ctx, `select key_id, pkcs8 from keys where name = 'main'`).Scan(&b.KeyID, &der); err != nil {
		return fmt.Errorf("read the signing key: %w", err)
	}
	b.KeyHash, err = publicHash(der)
	return err
}

// publicHash is the SHA-256 of the public half of a private key.
func publicHash(pkcs8 []byte) (string, error) {
	key, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return "", fmt.Errorf("read a signing key: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return "", errors.New("read a signing key: it cannot sign")
	}
	der, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return "", fmt.Errorf("read a signing key: %w", err)
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:]), nil
}

// ownMedia lists the files of the owner's profile, of their uploads and of their
// emojis. A backup is made of whatever schema there is, which may lack the later
// tables.
func ownMedia(ctx context.Context, db *sql.DB) ([]string, error) {
	query := `
		select avatar
		from actors
		where id = 1
		union
		select header
		from actors
		where id = 1`
	for _, later := range []struct{ table, files string }{
		{"media", `
		union
		select file
		from media
		union
		select preview
		from media`},
		{"own_emojis", `
		union
		select file
		from own_emojis
		union
		select still
		from own_emojis`},
	} {
		var there bool
		err := db.QueryRowContext(ctx, `
			select exists (
				select 1
				from sqlite_master
				where type = 'table'
				and name = ?)`, later.table).Scan(&there)
		if err != nil {
			return nil, fmt.Errorf("look for uploads: %w", err)
		}
		if there {
			query += later.files
		}
	}
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("list your pictures: %w", err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		if memberOf(name) != "" {
			list = append(list, name)
		}
	}
	return list, rows.Err()
}
