package federation

import "time"

// Bounds are the limits of what the owner writes, as apps are told them.
type Bounds struct {
	Characters    int // of a post, its content warning among them
	Attached, Alt int // files of a post, characters of a description
	Options       int // of a poll …
	Option        int // … and characters of one
	PollMin       time.Duration
	PollMax       time.Duration
	Pins          int
	Name, Bio     int // characters
	Fields, Field int // of a profile, and characters of a name or value
}

// Limits are those of this server (DECISIONS 35).
func Limits() Bounds {
	return Bounds{
		Characters: maxCharacters, Attached: maxAttached, Alt: maxAlt, Options: maxOptions, Option: maxOptionLen, PollMin: minPoll, PollMax: maxPoll,
		Pins: maxOwnPins, Name: maxProfileName, Bio: maxBio, Fields: maxFields, Field: maxFieldText,
	}
}
