package mastodon

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"dassie/store"
	"dassie/web/auth"
)

const pushKeys = `id endpoint standard alerts server_key policy`

func TestPushSubscriptionOfAnApp(t *testing.T) {
	h := newHouse(t)
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point := base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes())
	const path, secret = "/api/v1/push/subscription", "BTBZMqHH6r4Tts7J_aSIgg=="
	checkError(t, h.ask("GET", path, ""), 404, "none yet")
	checkError(t, h.ask("PUT", path, "data[alerts][mention]=true"), 404, "none to change")

	form := url.Values{
		"subscription[endpoint]": {"http://push.localhost:8080/send/1"}, "subscription[keys][p256dh]": {point}, "subscription[keys][auth]": {secret},
		"data[alerts][mention]": {"true"}, "data[alerts][follow]": {"1"}, "data[alerts][poll]": {"false"}, "data[alerts][nonsense]": {"true"},
	}
	p := read[object](h, "POST", path, form.Encode())
	hasKeys(t, "WebPushSubscription", p, pushKeys)
	alerts := p["alerts"].(object)
	hasKeys(t, "alerts", alerts, "mention quote status reblog follow follow_request favourite poll update admin.report admin.sign_up quoted_update")
	if alerts["mention"] != true || alerts["follow"] != true || alerts["poll"] != false || alerts["favourite"] != false || p["policy"] != "all" || p["standard"] != false {
		t.Errorf("%v", p)
	}
	if number := p["id"].(string); len(number) > 9 || p["server_key"] != h.svc.PushKey() || p["endpoint"] != "http://push.localhost:8080/send/1" {
		t.Errorf("%v", p)
	}
	// As A, I and Phanpy send it: JSON, with switches that are no texts.
	p = read[object](h, "POST", path, `{"subscription":{"endpoint":"http://push.localhost:8080/send/2","keys":{"p256dh":"`+point+`=","auth":"BTBZMqHH6r4Tts7J/aSIgg"},"standard":true},
		"data":{"policy":"followed","alerts":{"mention":true,"reblog":true,"admin.report":true}}}`, "Content-Type", "application/json")
	if p["standard"] != true || p["policy"] != "followed" || p["endpoint"] != "http://push.localhost:8080/send/2" || p["alerts"].(object)["follow"] != false || p["alerts"].(object)["admin.report"] != true {
		t.Errorf("%v", p)
	}
	p = read[object](h, "PUT", path, "data[alerts][favourite]=true&policy=follower")
	if p["policy"] != "follower" || p["alerts"].(object)["favourite"] != true || p["alerts"].(object)["reblog"] != false || p["standard"] != true {
		t.Errorf("%v", p)
	}
	if got := read[object](h, "GET", path, ""); got["id"] != p["id"] || got["policy"] != "follower" {
		t.Errorf("%v", got)
	}
	for what, change := range map[string]url.Values{
		"another network": {"subscription[endpoint]": {"https://push.example/"}}, "no key": {"subscription[keys][p256dh]": {"x"}},
		"no secret": {"subscription[keys][auth]": {"x"}}, "no policy": {"policy": {"mine"}},
	} {
		bad := url.Values{}
		for k, v := range form {
			bad[k] = v
		}
		for k, v := range change {
			bad[k] = v
		}
		checkError(t, h.ask("POST", path, bad.Encode()), 422, what)
	}
	mine := h.token
	h.token = h.newToken("push") // T47: an app sees and changes its own alone
	checkError(t, h.ask("GET", path, ""), 404, "another app's")
	if read[object](h, "DELETE", path, ""); read[object](h, "GET", path, "", "Authorization", "Bearer "+mine)["policy"] != "follower" {
		t.Error("another app ended it")
	}
	h.token = mine
	read[object](h, "DELETE", path, "")
	read[object](h, "DELETE", path, "")
	checkError(t, h.ask("GET", path, ""), 404, "ended")

	read[object](h, "POST", path, form.Encode())
	if err := auth.PasswdCommand(context.Background(), h.st, strings.Repeat("long enough ", 2), auth.PasswdOptions{RevokeApps: true}); err != nil {
		t.Fatal(err)
	}
	left, err := store.Get(context.Background(), h.st, func(tx *store.Tx) ([]store.PushSubscription, error) { return tx.Pushes() })
	if err != nil || len(left) != 0 {
		t.Errorf("after revoking all apps: %v %v", left, err)
	}
}
