package store

import "errors"

var (
	// ErrNotFound is returned by look-ups of one row that is not there.
	ErrNotFound = errors.New("not found")
	// ErrLocked is returned when another server holds the data directory.
	ErrLocked = errors.New("the data directory is in use by another dassie serve")
	// ErrNoAccount is returned by commands that need an account before one was made.
	ErrNoAccount = errors.New("there is no account in this data directory yet")
	// ErrNewer is returned for a database that a later dassie has written.
	ErrNewer = errors.New("the database was written by a newer dassie")
	// ErrBroken is returned for a file that is not a sound dassie database.
	ErrBroken = errors.New("the database file is damaged or not a dassie database")
	// ErrFarewell is returned for what an account that is deleted cannot do any more.
	ErrFarewell = errors.New("this account is at its end")
	// ErrClosed is returned by writes after Close.
	ErrClosed = errors.New("the store is closed")
)
