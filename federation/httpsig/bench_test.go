package httpsig

import (
	"crypto"
	"testing"
)

func BenchmarkSign(b *testing.B) {
	for name, key := range map[string]crypto.Signer{"RSA2048": rsaKey(), "Ed25519": edKey()} {
		s := Signer{KeyID: keyID, Key: key}
		r := post()
		r.URL.Scheme = "https"
		b.Run("Cavage/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := s.SignCavage(r, body, now); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("RFC9421/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := s.SignRFC9421(r, body, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	for name, key := range map[string]crypto.Signer{"RSA2048": rsaKey(), "Ed25519": edKey()} {
		for _, scheme := range []Scheme{Cavage, RFC9421} {
			r := signed(b, post(), scheme, key, body)
			b.Run(scheme.String()+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := check(r, us(body), key.Public()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
