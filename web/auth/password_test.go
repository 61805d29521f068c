package auth

import (
	"context"
	"errors"
	"strings"
	"testing"

	"dassie/web/reply"
)

func TestPasswordHash(t *testing.T) {
	hash, err := HashPassword(ctx, ownerPassword)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("not in PHC form: %s", hash)
	}
	if again, _ := HashPassword(ctx, ownerPassword); again == hash {
		t.Error("two hashes share a salt")
	}
	if !CheckPassword(ctx, hash, ownerPassword) || CheckPassword(ctx, hash, ownerPassword+" ") || CheckPassword(ctx, hash, "") {
		t.Error("only the right password is right")
	}
	if needsRehash(hash) {
		t.Error("a new hash is up to date")
	}
}

// The reference implementation's own example: argon2 -id -v 13 -t 2 -m 16 -p 1.
func TestHashOfAnotherProgramIsRead(t *testing.T) {
	const hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if !CheckPassword(ctx, hash, "password") || CheckPassword(ctx, hash, "passwore") {
		t.Error("the known answer differs")
	}
	if !needsRehash(hash) {
		t.Error("other costs call for a new hash")
	}
}

func TestPasswordLengths(t *testing.T) {
	for pw, ok := range map[string]bool{
		"":                         false,
		"123456789":                false,
		"1234567890":               true,
		"ééééééééé":                false, // nine characters in 18 bytes
		"éééééééééé":               true,
		strings.Repeat("x", 1000):  true,
		strings.Repeat("x", 1001):  false,
		strings.Repeat("ab ", 333): true,
	} {
		if err := CheckNewPassword(pw); (err == nil) != ok || err != nil && reply.CodeOf(err) != reply.Unprocessable {
			t.Errorf("%.20q (%d bytes): %v", pw, len(pw), err)
		}
	}
}

func TestHashThatCannotBeRead(t *testing.T) {
	good, err := HashPassword(ctx, ownerPassword)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"", "plain", "$2a$10$abcdefghijklmnopqrstuv", strings.Replace(good, "m=19456", "m=4194304", 1),
		strings.Replace(good, "t=2", "t=4000000", 1), strings.Replace(good, "p=1", "p=0", 1), strings.Replace(good, "v=19", "v=16", 1),
		good[:len(good)-30], good + "$x", strings.Replace(good, "argon2id", "argon2i", 1),
	} {
		if ok, err := verify(ctx, bad, ownerPassword); ok || err == nil {
			t.Errorf("%s: %v %v", bad, ok, err)
		}
	}
}

// One hash at a time, and nobody waits for it longer than they want to.
func TestHashWaitsItsTurn(t *testing.T) {
	slot <- struct{}{}
	defer func() { <-slot }()
	over, cancel := context.WithCancel(ctx)
	done := make(chan error)
	go func() {
		_, err := HashPassword(over, ownerPassword)
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("did not wait: %v", err)
	default:
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkArgon2id(b *testing.B) {
	hash, err := HashPassword(ctx, ownerPassword)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !CheckPassword(ctx, hash, ownerPassword) {
			b.Fatal("wrong")
		}
	}
}
