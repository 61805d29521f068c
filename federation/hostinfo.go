package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/store"
)

const (
	hostInfoAge     = 7 * 24 * time.Hour // how often a server is asked what it runs
	hostInfoLinks   = 20                 // links of an index that are looked at
	hostInfoVersion = 40                 // characters of a version that are kept
)

var softwareName = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// fetchHostInfo is the job "hostinfo": it asks a server by NodeInfo (FEP-f1d5)
// what software it runs, at most once a week. The payload is the host's id. A
// server that does not say is remembered as such: it is no failure of the job.
func (s *Service) fetchHostInfo(ctx context.Context, payload []byte) error {
	id, err := strconv.ParseInt(string(payload), 10, 64)
	if err != nil {
		return fmt.Errorf("read host of a job: %w", err)
	}
	h, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Host, error) { return tx.HostByID(id) })
	if errors.Is(err, store.ErrNotFound) {
		return nil // swept meanwhile
	}
	if err != nil {
		return fmt.Errorf("read host %d: %w", id, err)
	}
	if !h.Blocked.IsZero() || !h.InfoAt.IsZero() && s.now().Sub(h.InfoAt) < hostInfoAge {
		return nil
	}
	name, version, err := s.askNodeInfo(ctx, h.Name)
	if ctx.Err() != nil {
		return fmt.Errorf("ask %s what it runs: %w", h.Name, ctx.Err())
	}
	if err != nil {
		s.log.Debug("server does not say what it runs", "host", h.Name, "err", err)
	}
	return s.store.Write(ctx, func(tx *store.Tx) error { return tx.SetHostInfo(id, name, version) })
}

// wantHostInfo queues that question, unless the answer is known.
func (s *Service) wantHostInfo(tx *store.Tx, hostID int64) error {
	h, err := tx.HostByID(hostID)
	if errors.Is(err, store.ErrNotFound) || err == nil && !h.InfoAt.IsZero() && s.now().Sub(h.InfoAt) < hostInfoAge {
		return nil
	}
	if err != nil {
		return err
	}
	tx.After(s.work.pokeJobs)
	return tx.AddJobOnce("hostinfo", idKey("hostinfo", hostID), idPayload(hostID), time.Time{})
}

// askNodeInfo reads the index of a server and the newest document it links.
func (s *Service) askNodeInfo(ctx context.Context, host string) (name, version string, err error) {
	index := s.origin.Scheme + "://" + host + "/.well-known/nodeinfo"
	doc, err := s.remote.GetJSON(ctx, index)
	if err != nil {
		return "", "", err
	}
	var links struct {
		Links []link `json:"links"`
	}
	if err := json.Unmarshal(doc.Body, &links); err != nil {
		return "", "", fmt.Errorf("read %s: %w", index, err)
	}
	address := newestNodeInfo(links.Links)
	if address == "" {
		return "", "", fmt.Errorf("read %s: %w: no link to a document", index, ap.ErrShape)
	}
	if doc, err = s.remote.GetJSON(ctx, address); err != nil {
		return "", "", err
	}
	var info struct {
		Software nodeInfoSoftware `json:"software"`
	}
	if err := json.Unmarshal(doc.Body, &info); err != nil {
		return "", "", fmt.Errorf("read %s: %w", address, err)
	}
	if !softwareName.MatchString(info.Software.Name) {
		return "", "", fmt.Errorf("read %s: %w: no usable name of a software", address, ap.ErrShape)
	}
	return info.Software.Name, safeVersion(info.Software.Version), nil
}

// newestNodeInfo chooses among the linked documents of a version that we read.
// Where a link leads is judged again when it is fetched (T23).
func newestNodeInfo(links []link) string {
	best, address := "", ""
	for _, l := range links[:min(len(links), hostInfoLinks)] {
		version, ok := strings.CutPrefix(l.Rel, schemaNodeInfo)
		if !ok || !ap.IsURL(l.Href) {
			continue
		}
		switch version {
		case "1.0", "1.1", "2.0", "2.1", "2.2":
			if version > best {
				best, address = version, l.Href
			}
		}
	}
	return address
}

// safeVersion keeps the printable ASCII of a version, cut to a line's length.
func safeVersion(text string) string {
	var b strings.Builder
	for _, r := range text {
		if b.Len() == hostInfoVersion {
			break
		}
		if r >= ' ' && r < 0x7f && !strings.ContainsRune(`<>"'&\`+"`", r) {
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}
