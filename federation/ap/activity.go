package ap

import (
	"errors"
	"fmt"
	"time"
)

// ErrShape is wrapped by the errors of the readers: the document is JSON, but
// lacks what its kind cannot do without.
var ErrShape = errors.New("not a usable document")

// Activity is what arrives in an inbox.
type Activity struct {
	ID        string // "" when the sender gave none (old Misskey)
	Type      string
	Actor     string   // id of the actor; whether he sent it is the caller's question
	ObjectID  string   // id of the first object
	Object    Object   // the first object if it is embedded, nil when only its id came
	Objects   []Object // all embedded ones: GoToSocial puts several votes into one Create
	ObjectIDs []string // all ids, such as account and posts of a Flag
	Target    string
	To, CC    []string
	Published time.Time
	Raw       Object // everything, for content, result, instrument, tag …
}

// ReadActivity reads an activity of any type, known or not. It refuses what has
// no type or no actor, and what is an object rather than an activity.
func ReadActivity(o Object) (*Activity, error) {
	a := &Activity{
		ID:        cutID(o.ID()),
		Type:      cut(o.Type(), MaxName),
		Actor:     cutID(o.FirstID("actor")),
		ObjectIDs: keepIDs(o.ids("object", MaxObjects)),
		Target:    cutID(o.FirstID("target")),
		To:        keepIDs(o.ids("to", MaxAudience)),
		CC:        keepIDs(o.ids("cc", MaxAudience)),
		Published: o.Time("published"),
		Raw:       o,
	}
	switch {
	case a.Type == "":
		return nil, fmt.Errorf("read activity: %w: no type", ErrShape)
	case classes[a.Type] != classActivity && classes[a.Type] != classUnknown:
		return nil, fmt.Errorf("read activity: %w: a %s is none", ErrShape, a.Type)
	case a.Actor == "":
		return nil, fmt.Errorf("read activity: %w: no actor", ErrShape)
	case a.ID == "" && o.ID() != "":
		return nil, fmt.Errorf("read activity: %w: id too long", ErrShape)
	}
	a.ObjectID = cutID(o.FirstID("object"))
	each(o["object"], func(v any) bool {
		if item, ok := asObject(v); ok {
			a.Objects = append(a.Objects, item)
		}
		if a.Object == nil && len(a.Objects) == 1 && idOf(v) == a.ObjectID {
			a.Object = a.Objects[0]
		}
		return len(a.Objects) < MaxObjects
	})
	return a, nil
}
