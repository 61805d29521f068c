package store

import (
	"encoding/json"
	"errors"
	"fmt"
)

// NoticeRule is what becomes of notices of one sort, in the client API's words.
type NoticeRule string

const (
	NoticeAccept NoticeRule = "accept" // they stand in the inbox
	NoticeHold   NoticeRule = "filter" // they are held back until the owner decides about whoever caused them
	NoticeDrop   NoticeRule = "drop"   // there are none
)

// Valid says whether a rule is one of the three.
func (r NoticeRule) Valid() bool { return r == NoticeAccept || r == NoticeHold || r == NoticeDrop }

// NoticePolicy says whose notices the owner wants. People whom the owner follows are
// touched by the second rule alone.
type NoticePolicy struct {
	NotFollowed  NoticeRule `json:"not_followed"`  // of people whom the owner does not follow
	NotFollowers NoticeRule `json:"not_followers"` // of people who do not follow the owner, or only for some days
	NewAccounts  NoticeRule `json:"new_accounts"`  // of accounts made lately
	Private      NoticeRule `json:"private"`       // private mentions out of the blue
	Limited      NoticeRule `json:"limited"`       // of strangers on servers that the owner silenced
}

// HeldBy is the rule that holds a notice back.
type HeldBy int

const (
	HeldNotFollowed HeldBy = iota + 1
	HeldNotFollower
	HeldNewAccount
	HeldPrivate
	HeldLimited
	HeldQuarantine
)

const noticePolicyKey = "notification_policy" // setting: NoticePolicy as JSON

// NoticePolicy reads the policy; nothing is held back until the owner says so.
func (t *Tx) NoticePolicy() (NoticePolicy, error) {
	p := NoticePolicy{NoticeAccept, NoticeAccept, NoticeAccept, NoticeAccept, NoticeHold}
	text, err := t.Setting(noticePolicyKey)
	if errors.Is(err, ErrNotFound) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, fmt.Errorf("read notice policy: %w", err)
	}
	return p, nil
}

// SetNoticePolicy stores the policy. What came before stays where it is.
func (t *Tx) SetNoticePolicy(p NoticePolicy) error {
	b, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("store notice policy: %w", err)
	}
	return t.SetSetting(noticePolicyKey, string(b))
}
