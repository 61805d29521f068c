package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const startedKey = "started"

// Started is how the server was started last, for doctor.
type Started struct {
	At             time.Time `json:"at"`
	Version        string    `json:"version"`
	Listen         string    `json:"listen"`
	TLS            string    `json:"tls"`
	AllowNetworks  string    `json:"allow_networks,omitempty"`
	TrustedProxies string    `json:"trusted_proxies,omitempty"`

	Mail StartedMail `json:"mail,omitzero"`
}

// StartedMail is the mail server that it sends by, without the password.
type StartedMail struct {
	Host         string `json:"host"`
	Port         int    `json:"port,omitempty"`
	TLS          string `json:"tls"`
	User         string `json:"user,omitempty"`
	PasswordFile string `json:"password_file,omitempty"`
}

// Behind says whether something stands before the server at an origin: it was told of
// a proxy, or it answers for https without doing TLS itself.
func (s Started) Behind(o Origin) bool {
	return s.TrustedProxies != "" || s.TLS == "off" && !o.Loopback()
}

// SaveStarted notes how the server is started.
func (t *Tx) SaveStarted(s Started) error {
	s.At = t.Now().UTC()
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("note how the server is started: %w", err)
	}
	return t.SetSetting(startedKey, string(b))
}

// Started reads how the server was started last; the zero value if it never was.
func (t *Tx) Started() (s Started, err error) {
	text, err := t.Setting(startedKey)
	if errors.Is(err, ErrNotFound) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return s, fmt.Errorf("read how the server was started: %w", err)
	}
	return s, nil
}
