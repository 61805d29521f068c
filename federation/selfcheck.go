package federation

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"dassie/store"
)

const (
	// SelfCheckHeader carries the secret by which a server knows its own doctor.
	SelfCheckHeader = "Dassie-Doctor"

	selfCheckKey = "doctor" // internal setting: hash of the secret, and until when it is good
	selfCheckAge = 2 * time.Minute
)

// SelfCheck is what a server saw of a request that its own doctor sent over the
// way that other servers take.
type SelfCheck struct {
	Version   string `json:"version"`
	Host      string `json:"host"`      // header as it arrived
	Scheme    string `json:"scheme"`    // as the server believes it
	Client    string `json:"client"`    // address that the request counts against
	Forwarded bool   `json:"forwarded"` // a proxy said for whom it asks
	Signature string `json:"signature"` // why it does not hold; "" if it does
}

// BeginSelfCheck leaves a secret in the database that the server beside this
// process knows its doctor by. It is good for a short while and replaces the
// last one.
func BeginSelfCheck(ctx context.Context, st *store.Store, now time.Time) (secret string, err error) {
	secret = store.Random(16)
	err = st.Write(ctx, func(tx *store.Tx) error {
		return tx.SetSetting(selfCheckKey, hashOf(secret)+" "+strconv.FormatInt(now.Add(selfCheckAge).Unix(), 10))
	})
	if err != nil {
		return "", fmt.Errorf("leave the doctor's secret: %w", err)
	}
	return secret, nil
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// IsSelfCheck says whether a request comes from our own doctor. Only who can
// write our database knows the secret.
func (s *Service) IsSelfCheck(r *http.Request) bool {
	secret := r.Header.Get(SelfCheckHeader)
	if secret == "" {
		return false
	}
	text, err := store.Get(r.Context(), s.store, func(tx *store.Tx) (string, error) { return tx.Setting(selfCheckKey) })
	if err != nil {
		return false // nobody asked a doctor yet, or the answer that follows says what is wrong with the store
	}
	hash, until, _ := strings.Cut(text, " ")
	sec, err := strconv.ParseInt(until, 10, 64)
	if err != nil || s.now().Unix() > sec {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(hash), []byte(hashOf(secret))) == 1
}

// JudgeSelfCheck says why the signature of a doctor's request does not hold,
// with the same eyes that look at other servers' requests; "" if it does.
func (s *Service) JudgeSelfCheck(r *http.Request) string {
	if !signed(r) {
		return "the signature did not arrive"
	}
	sig, err := s.parseSignature(r, nil)
	if err != nil {
		return printable(err.Error(), 300)
	}
	if sig.KeyID != s.signers().instance.KeyID {
		return "it is signed by another key, " + printable(sig.KeyID, 200)
	}
	if err := sig.Verify(s.signers().instance.Key.Public()); err != nil {
		return strings.TrimPrefix(err.Error(), "httpsig: ")
	}
	return ""
}
