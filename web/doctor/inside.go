package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"dassie/federation"
	"dassie/store"
)

const (
	roomFail   = 100 << 20        // bytes below which the next hours may fill the disk
	roomWarn   = 500 << 20        // bytes that upgrades, backups and pictures want beside the database
	overdue    = 30 * time.Minute // a due delivery is sent within seconds
	purgeWarn  = 3 * 24 * time.Hour
	backupWarn = 14 * 24 * time.Hour // what one would lose
)

// machine looks at the directory, the database and the disk, and opens the
// store if it can be opened.
func (d *doctor) machine(ctx context.Context) []Row {
	rows := []Row{d.directory()}
	if rows[0].Status == Fail {
		return rows
	}
	if store.WipeBegun(d.Dir) { // the old database must not be opened any more
		rows = append(rows, Row{ID: "account", Title: "account", Status: Warn, Value: "it was deleted; the server stopped while the rest was being wiped",
			Limit: "wiped to the end", Mend: "start dassie serve once: it goes on where it stopped"})
		return append(rows, d.server())
	}
	rows = append(rows, d.database(ctx))
	return append(rows, d.server(), d.disk())
}

// directory: it is there, ours, private, and can be written.
func (d *doctor) directory() Row {
	r := Row{ID: "data", Title: "data directory", Status: Fail, Value: d.Dir, Limit: "a directory of your own that nobody else can read"}
	info, err := os.Stat(d.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.Value, r.Mend = d.Dir+" does not exist", "name the right directory with -data, or make the account with dassie serve or dassie init"
		return r
	case err != nil:
		r.Value, r.Mend = err.Error(), "run dassie doctor as the user whose data it is"
		return r
	case !info.IsDir():
		r.Value, r.Mend = d.Dir+" is no directory", "name the right directory with -data"
		return r
	}
	if err := store.CheckOwner(d.Dir); err != nil {
		r.Value, r.Mend = "it belongs to another user", err.Error()
		return r
	}
	f, err := os.CreateTemp(d.Dir, "doctor-*")
	if err != nil {
		r.Value, r.Mend = "it cannot be written: "+err.Error(), "make it writable for the user that dassie runs as, and look whether the disk is mounted read-only"
		return r
	}
	f.Close()
	if err := os.Remove(f.Name()); err != nil {
		r.Value, r.Mend = "nothing can be removed in it: "+err.Error(), "give the directory to the user that dassie runs as"
		return r
	}
	r.Status, r.Value = OK, fmt.Sprintf("%s, mode %04o", d.Dir, info.Mode().Perm())
	if open := info.Mode().Perm() & 0o077; open != 0 && runtime.GOOS != "windows" {
		r.Status, r.Mend = Warn, "chmod 700 "+d.Dir+": it holds your keys"
	}
	return r
}

// database: SQLite finds nothing wrong with it, and it is of this version.
func (d *doctor) database(ctx context.Context) Row {
	r := Row{ID: "database", Title: "database", Status: Fail, Limit: "sound, and of this version"}
	ctx, cancel := context.WithTimeout(ctx, databaseTime)
	defer cancel()
	e, err := store.Examine(ctx, d.Dir)
	switch {
	case errors.Is(err, store.ErrNoAccount):
		r.Value, r.Mend = "there is none", "make the account with dassie serve or dassie init, or name the right directory with -data"
		return r
	case errors.Is(err, store.ErrBroken):
		r.Value, r.Mend = err.Error(), "stop dassie, keep a copy of the directory, and restore the last backup into a new one: dassie restore FILE -data DIR; then look at the disk, which may be failing"
		return r
	case ctx.Err() != nil:
		r.Status, r.Value = Warn, "the check took longer than "+spanText(databaseTime)
		r.Mend = "try again when the machine is less busy"
	case err != nil:
		r.Value, r.Mend = err.Error(), "do what it says"
		return r
	default:
		r.Status, r.Value = OK, fmt.Sprintf("sound, %s, schema %d", bytesText(e.Size), e.Schema)
	}
	if e.Schema < e.Known {
		r.Status, r.Value, r.Mend = Warn, fmt.Sprintf("schema %d, this program has %d", e.Schema, e.Known), "start dassie serve of this version once: it upgrades the database"
		return r
	}
	if d.st, err = store.Open(d.Dir, store.Options{Readers: 1, Now: d.Now}); err != nil {
		r.Status, r.Value, r.Mend = Fail, err.Error(), "do what it says"
	}
	return r
}

func (d *doctor) server() Row {
	r := Row{ID: "server", Title: "server", Status: OK, Value: "it runs", Limit: "it runs"}
	if !d.serving {
		r.Status, r.Value, r.Mend = Warn, "it does not run on this data directory", "start it with dassie serve, or with systemctl start dassie"
	}
	return r
}

// disk: room for what comes in, and for a copy of the database at an upgrade.
func (d *doctor) disk() Row {
	r := Row{ID: "disk", Title: "disk"}
	size := int64(0)
	if info, err := os.Stat(filepath.Join(d.Dir, store.FileName)); err == nil {
		size = info.Size()
	}
	want := roomWarn + size + size/10
	r.Limit = bytesText(want) + " free"
	free, err := d.Free(d.Dir)
	if err != nil {
		r.Status, r.Value = Skip, "the file system does not say how much is free: "+err.Error()
		return r
	}
	r.Status, r.Value = OK, bytesText(free)+" free"
	switch {
	case free < roomFail:
		r.Status = Fail
	case free < want:
		r.Status = Warn
	}
	if r.Status != OK {
		r.Mend = "make room: move backups elsewhere, or let the cache of others' pictures and the days that others' posts stay be smaller, in the settings"
	}
	return r
}

// inside looks at what the database says of the account and its queue.
func (d *doctor) inside(ctx context.Context) []Row {
	var rows []Row
	err := d.st.Read(ctx, func(tx *store.Tx) (err error) {
		if d.id, err = tx.Identity(); err != nil {
			return err
		}
		d.origin = d.id.Origin()
		if r, ends, err := d.farewell(tx); ends || err != nil {
			rows = append(rows, r)
			return err
		}
		if d.started, err = tx.Started(); err != nil {
			return err
		}
		rows = append(rows, Row{ID: "account", Title: "account", Status: OK, Value: "@" + d.origin.Handle(d.id.Name) + " at " + d.origin.URL("/")})
		for _, look := range []func(*store.Tx) (Row, error){d.backup, d.deliveries, d.jobs, d.purge} {
			r, err := look(tx)
			if err != nil {
				return err
			}
			rows = append(rows, r)
		}
		return nil
	})
	switch {
	case errors.Is(err, store.ErrNoAccount):
		rows = append(rows, Row{ID: "account", Title: "account", Status: Fail, Value: "there is none yet",
			Mend: "make it with the code that dassie serve prints, or with dassie init"})
	case err != nil:
		rows = append(rows, Row{ID: "account", Title: "account", Status: Fail, Value: err.Error(), Mend: "restore a backup"})
		d.id = store.Identity{}
	case d.ends:
	default:
		rows = append(rows, d.networks())
	}
	return rows
}

// farewell says how the end of the account stands, if it ends. Then there is nothing
// more to look at: no backup is wanted, and everything answers that it is gone.
func (d *doctor) farewell(tx *store.Tx) (r Row, ends bool, err error) {
	f, err := tx.Farewell()
	if errors.Is(err, store.ErrNotFound) {
		return r, false, nil
	}
	if err != nil {
		return r, false, err
	}
	d.ends = true
	r = Row{ID: "account", Title: "account", Status: OK}
	handle := "@" + d.origin.Handle(d.id.Name)
	if !f.Wiped.IsZero() {
		r.Value = handle + " was deleted on " + f.Begun.UTC().Format("2 January 2006") + ": there is nothing else to look at; the server goes on to answer that it is gone"
		return r, true, nil
	}
	r.Value = handle + " is being deleted since " + f.Begun.UTC().Format("2 January 2006") + "; dassie delete-account shows which servers know"
	return r, true, nil
}

func (d *doctor) backup(tx *store.Tx) (Row, error) {
	r := Row{ID: "backup", Title: "backup", Status: OK, Limit: "one in " + spanText(backupWarn), Mend: "dassie backup FILE, onto another disk or machine; assets/deploy has a timer for it"}
	text, err := tx.Setting(store.LastBackup)
	if errors.Is(err, store.ErrNotFound) {
		r.Value = "none yet"
		if d.Now().Sub(d.id.CreatedAt) > 3*24*time.Hour {
			r.Status, r.Value = Warn, "none was ever made"
		}
		return r, nil
	}
	if err != nil {
		return r, err
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return r, fmt.Errorf("read when the last backup was made: %w", err)
	}
	age := d.Now().Sub(at)
	r.Value = "the last one is " + spanText(age) + " old"
	if age > backupWarn {
		r.Status = Warn
	}
	return r, nil
}

// deliveries: what is due is sent at once. Inboxes that fail wait their turn.
func (d *doctor) deliveries(tx *store.Tx) (Row, error) {
	r := Row{ID: "queue", Title: "deliveries", Status: OK, Limit: "nothing overdue by more than " + spanText(overdue)}
	due, err := tx.NextDue()
	if err != nil {
		return r, err
	}
	waiting, failing, err := tx.CountDeliveries()
	if err != nil {
		return r, err
	}
	r.Value = fmt.Sprintf("%d wait, %d servers do not answer", waiting, failing)
	if late := d.Now().Sub(due); !due.IsZero() && late > overdue {
		r.Status, r.Value = Warn, r.Value+", the oldest is "+spanText(late)+" overdue"
		r.Mend = "start the server: it sends them then"
		if d.serving {
			r.Status, r.Mend = Fail, "restart the server, and look into its log for what holds it up"
		}
	}
	return r, nil
}

func (d *doctor) jobs(tx *store.Tx) (Row, error) {
	r := Row{ID: "jobs", Title: "background work", Status: OK, Limit: "nothing set aside"}
	waiting, dead, err := tx.CountJobs()
	if err != nil {
		return r, err
	}
	r.Value = fmt.Sprintf("%d wait, %d were set aside after five tries", waiting, dead)
	if dead > 0 {
		list, err := tx.DeadJobs(1)
		if err != nil {
			return r, err
		}
		r.Status, r.Mend = Warn, "they go by themselves, after 30 days or what you chose; the log says what they were"
		if len(list) > 0 {
			r.Mend += "; the last was " + list[0].Kind + ": " + oneLine(list[0].Error)
		}
	}
	return r, nil
}

// purge: what is over its age goes each night. A server that was off makes up for
// it once it runs.
func (d *doctor) purge(tx *store.Tx) (Row, error) {
	r := Row{ID: "purge", Title: "house-keeping", Status: OK, Limit: "once in " + spanText(purgeWarn)}
	set, err := tx.Settings()
	if err != nil {
		return r, err
	}
	last, err := tx.Swept()
	if err != nil {
		return r, err
	}
	at := last.At
	if at.IsZero() {
		at = d.id.CreatedAt
		r.Value = "it did not run yet"
	} else {
		var kinds []string
		for _, k := range last.Removed {
			kinds = append(kinds, fmt.Sprintf("%s %d", k.What, k.N))
		}
		if kinds == nil {
			kinds = []string{"nothing"}
		}
		r.Value = spanText(d.Now().Sub(at)) + " ago, removed: " + strings.Join(kinds, ", ")
	}
	r.Value += "; the next is on " + federation.NextPurge(d.Now(), set).Format("Monday 2 January, 15:04 MST")
	if d.Now().Sub(at) > purgeWarn {
		r.Status, r.Mend = Warn, "start the server: it runs ten minutes later"
		if d.serving {
			r.Mend = "look into the log of the server for what keeps it from running"
		}
	}
	return r, nil
}

// networks: private networks that a stranger's link may lead us into.
func (d *doctor) networks() Row {
	r := Row{ID: "networks", Title: "private networks", Status: OK, Value: "none may be reached", Limit: "none, for a server on the internet"}
	if d.started.At.IsZero() {
		r.Status, r.Value = Skip, "the server was never started"
		return r
	}
	if nets := d.started.AllowNetworks; nets != "" {
		r.Value = nets + " may be reached"
		if !d.origin.Loopback() {
			r.Status, r.Mend = Warn, "start dassie without -allow-networks: links of strangers can make it ask machines in your own network"
		}
	}
	return r
}
