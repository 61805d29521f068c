package federation

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"syscall"

	"dassie/federation/remote"
	"dassie/store"
)

// judge tells permanent from passing failures; unknown stands for the passing ones.
func judge(answer *remote.Answer, err error) (store.DeliveryState, string) {
	if err != nil {
		for _, final := range []error{remote.ErrAddress, remote.ErrOwnHost, remote.ErrURL} {
			if errors.Is(err, final) {
				return store.DeliveryRefused, words(err)
			}
		}
		return store.DeliveryUnknown, words(err)
	}
	reason := "answered " + strconv.Itoa(answer.Status)
	if snippet := strings.TrimSpace(answer.Snippet); snippet != "" && answer.Status >= 400 {
		reason += ": " + printable(snippet, 160)
	}
	switch c := answer.Status; {
	case c >= 200 && c < 300:
		return store.DeliveryAccepted, ""
	case c == 401, c == 408, c == 429, c >= 500 && c != http.StatusNotImplemented, c >= 300 && c < 400 && c != 301 && c != 308:
		return store.DeliveryUnknown, reason
	}
	return store.DeliveryRefused, reason
}

// words is a failure in the owner's words.
func words(err error) string {
	switch {
	case errors.Is(err, remote.ErrLookup): // also when it took too long
		return store.NameUnclear
	case errors.Is(err, context.Canceled): // errCut
		return "did not answer in time; others went first"
	case errors.Is(err, remote.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return "did not answer in time"
	case errors.Is(err, remote.ErrAddress), errors.Is(err, remote.ErrURL):
		return "its address cannot be reached from here by rule"
	case errors.Is(err, remote.ErrResolve):
		return store.NameNotFound
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens at its address"
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return "its certificate is not valid"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return "broke the connection off"
	}
	return printable(err.Error(), 200)
}
