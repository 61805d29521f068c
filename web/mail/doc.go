// Package mail sends letters to the owner by SMTP: it reads where the mail server is
// from flags and the environment, writes both parts of a letter from the templates in
// assets, and hands it to the server.
//
// It decides nothing about who gets what: package federation does, and holds the
// queue. It writes no table and no file, and no address or password into an error.
package mail
