package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"dassie/web/reply"
)

// Lengths of a password.
const (
	MinPasswordChars = 10
	MaxPasswordBytes = 1000
)

// work is what one hash costs. The values are OWASP's for argon2id: 19 MiB and
// two passes, 20 ms on a PC and 60 on a Pi.
type work struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

var currentWork = work{memory: 19 * 1024, time: 2, threads: 1}

const (
	saltBytes = 16
	hashBytes = 32
)

// slot admits one hash at a time: its 19 MiB are most of what a small machine
// has to spare.
var slot = make(chan struct{}, 1)

// CheckNewPassword says in plain words why a password cannot be chosen.
func CheckNewPassword(password string) error {
	if utf8.RuneCountInString(password) < MinPasswordChars {
		return reply.Errorf(reply.Unprocessable, "The password needs at least %d characters.", MinPasswordChars)
	}
	if len(password) > MaxPasswordBytes {
		return reply.Errorf(reply.Unprocessable, "The password may have at most 1,000 bytes.")
	}
	return nil
}

// HashPassword returns the argon2id hash of a new password in PHC form. Errors
// are those of CheckNewPassword, or the context's if it ends while another
// hash is being worked on.
func HashPassword(ctx context.Context, password string) (string, error) {
	if err := CheckNewPassword(password); err != nil {
		return "", err
	}
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	sum, err := derive(ctx, password, salt, currentWork, hashBytes)
	if err != nil {
		return "", fmt.Errorf("hash the password: %w", err)
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		currentWork.memory, currentWork.time, currentWork.threads, b64.EncodeToString(salt), b64.EncodeToString(sum)), nil
}

// CheckPassword says whether password is the one that was hashed. It is false
// also for a hash it cannot read and when the context ends first.
func CheckPassword(ctx context.Context, hash, password string) bool {
	ok, err := verify(ctx, hash, password)
	return ok && err == nil
}

// verify is CheckPassword that tells a wrong password from an error.
func verify(ctx context.Context, hash, password string) (bool, error) {
	if len(password) > MaxPasswordBytes {
		return false, nil
	}
	w, salt, want, err := parseHash(hash)
	if err != nil {
		return false, err
	}
	got, err := derive(ctx, password, salt, w, len(want))
	if err != nil {
		return false, fmt.Errorf("check the password: %w", err)
	}
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// needsRehash says that a hash was made with other costs than today's.
func needsRehash(hash string) bool {
	w, salt, sum, err := parseHash(hash)
	return err != nil || w != currentWork || len(salt) != saltBytes || len(sum) != hashBytes
}

func derive(ctx context.Context, password string, salt []byte, w work, size int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case slot <- struct{}{}:
		defer func() { <-slot }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, w.time, w.memory, w.threads, uint32(size)), nil
}

// parseHash reads the PHC form. Costs far beyond ours are refused: an imported
// hash must not be able to take the machine's memory.
func parseHash(hash string) (w work, salt, sum []byte, err error) {
	fail := func(why string) (work, []byte, []byte, error) {
		return work{}, nil, nil, fmt.Errorf("read the password's hash: %s", why)
	}
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return fail("not argon2id in PHC form")
	}
	if parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return fail("another version of argon2")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &w.memory, &w.time, &w.threads); err != nil {
		return fail("unreadable costs")
	}
	if w.memory < 8 || w.memory > 64*1024 || w.time < 1 || w.time > 10 || w.threads < 1 || w.threads > 4 {
		return fail("costs out of range")
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil || len(salt) < 8 || len(salt) > 64 {
		return fail("unreadable salt")
	}
	if sum, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(sum) < 16 || len(sum) > 64 {
		return fail("unreadable sum")
	}
	return w, salt, sum, nil
}
