package dashboard

import (
	"net/http"

	"dassie/assets"
	"dassie/store"
	"dassie/web/reply"
)

// heldRule is one field of the rules.
type heldRule struct {
	Name, Label, Hint string
	Options           []assets.Option
}

// ruleWords are what a rule may say.
var ruleWords = []struct {
	rule store.NoticeRule
	text string
}{{store.NoticeAccept, "Tell me"}, {store.NoticeHold, "Hold back"}, {store.NoticeDrop, "Do not tell me"}}

// ruleFields are the rules with their places in a policy.
var ruleFields = []struct {
	name, label, hint string
	in                func(*store.NoticePolicy) *store.NoticeRule
}{
	{"not_followed", "People you do not follow", "", func(p *store.NoticePolicy) *store.NoticeRule { return &p.NotFollowed }},
	{"not_followers", "People who do not follow you", "Or for less than three days.", func(p *store.NoticePolicy) *store.NoticeRule { return &p.NotFollowers }},
	{"new_accounts", "New accounts", "Made within 30 days, as their server says. Whom you follow is spared.", func(p *store.NoticePolicy) *store.NoticeRule { return &p.NewAccounts }},
	{"private", "Private mentions out of the blue", "From people you do not follow, unless they answer one of yours.", func(p *store.NoticePolicy) *store.NoticeRule { return &p.Private }},
	{"limited", "Strangers on servers that you silenced", "", func(p *store.NoticePolicy) *store.NoticeRule { return &p.Limited }},
}

// heldRules are the rules as they are, and whether any of them does something.
func (v *view) heldRules() (list []heldRule, some bool, err error) {
	p, err := v.tx.NoticePolicy()
	if err != nil {
		return nil, false, err
	}
	_, silenced, err := v.tx.CountServerRules()
	for _, f := range ruleFields {
		now := *f.in(&p)
		field := heldRule{Name: f.name, Label: f.label, Hint: f.hint}
		for _, o := range ruleWords {
			field.Options = append(field.Options, assets.Option{Value: string(o.rule), Label: o.text, Selected: o.rule == now})
		}
		list, some = append(list, field), some || now != store.NoticeAccept && (f.name != "limited" || silenced > 0)
	}
	return list, some, err
}

// heldRulesSave handles POST /me/held/rules.
func (d *Dashboard) heldRulesSave(w http.ResponseWriter, r *http.Request) {
	p, err := store.Get(r.Context(), d.service.Store(), func(tx *store.Tx) (store.NoticePolicy, error) { return tx.NoticePolicy() })
	if err != nil {
		d.fail(w, r, err)
		return
	}
	for _, f := range ruleFields {
		*f.in(&p) = store.NoticeRule(r.PostForm.Get(f.name))
	}
	if err := d.service.SetNoticePolicy(r.Context(), p); err != nil {
		d.fail(w, r, err)
		return
	}
	reply.Redirect(w, r, heldPath+"?done=saved")
}
