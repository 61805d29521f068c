package assets

import (
	"strings"
	"time"
)

// passkeys is the list under Security.
type passkeys struct {
	Host      string
	Full      bool
	Here, Old []passkeyRow
	OldHost   string
}

type passkeyRow struct {
	ID, Name             string
	Synced               bool
	Added, Used, Doubted time.Time
}

func somePasskeys() passkeys {
	return passkeys{Host: "veldkamp.example", Here: []passkeyRow{
		{"1", "Nora’s phone", true, ago(200 * 24 * time.Hour), ago(3 * time.Hour), time.Time{}},
		{"2", "Key on the key ring", false, ago(90 * 24 * time.Hour), time.Time{}, ago(26 * time.Hour)},
		{"3", strings.Repeat("Llanfairpwllgwyngyll", 3), true, ago(time.Hour), time.Time{}, time.Time{}},
	}}
}

// samplePasskeys has the pages where a passkey is added and named.
func samplePasskeys(pages map[string]any) {
	type adding struct {
		Owner
		Host, Name string
		Code       bool
		Options    string
		Max        int
		Error      string
	}
	path := "/me/security/passkeys/new"
	pages["passkey"] = adding{Owner: owner("Add a passkey", "security", path), Host: "veldkamp.example", Name: "Firefox on Linux", Max: 60}
	pages["passkey.code"] = adding{Owner: owner("Add a passkey", "security", path), Host: "veldkamp.example", Name: "Phone", Code: true, Max: 60, Error: "The password is wrong."}
	pages["passkey.next"] = adding{Owner: owner("Add a passkey", "security", path), Host: "veldkamp.example", Name: "Phone", Options: `{"rp":{"id":"veldkamp.example"}}`, Max: 60}
	pages["passkey_name"] = struct {
		Owner
		ID, Name string
		Max      int
		Error    string
	}{owner("Rename a passkey", "security", "/me/security/passkey/1"), "1", "Phone", 60, ""}
}
