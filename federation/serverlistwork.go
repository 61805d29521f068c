package federation

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

const (
	listJob   = "server-list"
	listSlice = 20 // servers in one transaction
)

// ServerListCost says what a list changes if it is put in force.
type ServerListCost struct {
	store.ServerCost                // of all new lines together
	New              []ListedServer // lines that change something …
	Here             int            // … and those that are in force already, by their own name or one above
	Hit              []ServerHit    // new blocks that end follows, the most first
}

// ServerHit is a server of a list with the follows that its block ends.
type ServerHit struct {
	Name                 string
	Followers, Following int
}

// CostOfServerList reads that. With spare, servers with which there are follows stay
// out of it.
func CostOfServerList(tx *store.Tx, servers []ListedServer, spare bool) (c ServerListCost, err error) {
	names := make([]string, len(servers))
	for i, l := range servers {
		names[i] = l.Name
	}
	bound, err := tx.BoundOf(names)
	if err != nil {
		return c, err
	}
	under, err := tx.HostsUnderEach(names)
	if err != nil {
		return c, err
	}
	var all []int64
	for _, hosts := range under {
		for _, h := range hosts {
			all = append(all, h.ID)
		}
	}
	follows, err := tx.FollowsByHost(all)
	if err != nil {
		return c, err
	}
	cost := map[store.Bound]map[int64]bool{store.Blocked: {}, store.Silenced: {}}
	for _, l := range servers {
		if bound[l.Name] >= l.Bound {
			c.Here++
			continue
		}
		hit := ServerHit{Name: l.Name}
		for _, h := range under[l.Name] {
			hit.Followers += follows[h.ID].Followers
			hit.Following += follows[h.ID].Following
		}
		cuts := l.Bound == store.Blocked && hit.Followers+hit.Following > 0
		if cuts && spare {
			continue
		}
		c.New = append(c.New, l)
		if cuts {
			c.Hit = append(c.Hit, hit)
		}
		for _, h := range under[l.Name] {
			cost[l.Bound][h.ID] = true
		}
	}
	slices.SortStableFunc(c.Hit, func(a, b ServerHit) int { return b.Followers + b.Following - a.Followers - a.Following })
	c.ServerCost, err = tx.CostOf(slices.Sorted(maps.Keys(cost[store.Blocked])), slices.Sorted(maps.Keys(cost[store.Silenced])))
	return c, err
}

// listWork is the payload of the job "server-list".
type listWork struct {
	At      int64          `json:"at"` // when it was decided, which names the list
	Servers []ListedServer `json:"servers"`
}

// ApplyServerList queues a list to be put in force in slices, which goes on after a
// restart. It says how many servers it holds that are not in force already.
func (s *Service) ApplyServerList(ctx context.Context, servers []ListedServer, spare bool) (n int, err error) {
	if len(servers) > maxListed {
		return 0, reply.Errorf(reply.Unprocessable, "A list may have 5,000 servers; this one has more. Take it in parts.")
	}
	return store.Put(ctx, s.store, func(tx *store.Tx) (int, error) {
		c, err := CostOfServerList(tx, servers, spare)
		if err != nil || len(c.New) == 0 {
			return 0, err
		}
		payload, err := json.Marshal(listWork{s.now().UnixMilli(), c.New})
		if err != nil {
			return 0, fmt.Errorf("queue a list of servers: %w", err)
		}
		if err := tx.LogSecurity("block", fmt.Sprintf("a list of %d servers", len(c.New)), ""); err != nil {
			return 0, err
		}
		tx.After(s.work.pokeJobs)
		return len(c.New), tx.AddJob(listJob, listJob, payload, time.Time{})
	})
}

// applyServerList is the job "server-list". What is in force already is passed over,
// so that it may begin anew.
func (s *Service) applyServerList(ctx context.Context, payload []byte) error {
	var work listWork
	if err := json.Unmarshal(payload, &work); err != nil {
		return fmt.Errorf("%w: a list of servers: %w", store.ErrNotFound, err)
	}
	at := time.UnixMilli(work.At)
	for some := range slices.Chunk(work.Servers, listSlice) {
		if err := s.store.Write(ctx, func(tx *store.Tx) error { return s.applySome(tx, some, at) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) applySome(tx *store.Tx, some []ListedServer, at time.Time) error {
	names := make([]string, len(some))
	for i, l := range some {
		names[i] = l.Name
	}
	bound, err := tx.BoundOf(names)
	if err != nil {
		return err
	}
	var rules []store.ServerRule
	for _, l := range some {
		if bound[l.Name] < l.Bound {
			rules = append(rules, store.ServerRule{Name: l.Name, Bound: l.Bound, Comment: l.Comment, ListAt: at})
		}
	}
	ids, err := tx.RuleServers(rules)
	if err != nil {
		return err
	}
	if err := planCuts(tx, ids); err != nil {
		return err
	}
	s.serversChanged(tx)
	tx.After(s.work.pokeJobs)
	return nil
}

// planCuts queues the end of the follows with blocked names, of those that have some.
func planCuts(tx *store.Tx, ids map[string]int64) error {
	names := slices.Collect(maps.Keys(ids))
	under, err := tx.HostsUnderEach(names)
	if err != nil {
		return err
	}
	for name, id := range ids {
		h, err := tx.HostByID(id)
		if err != nil {
			return err
		}
		hosts := make([]int64, len(under[name]))
		for i, u := range under[name] {
			hosts[i] = u.ID
		}
		follows, err := tx.FollowsByHost(hosts)
		if err != nil {
			return err
		}
		if len(follows) == 0 || h.Blocked.IsZero() {
			continue
		}
		if err := tx.PlanJob(cutJob, idKey(cutJob, id), idPayload(id), time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// ServerListWaits says whether a list is still being put in force.
func ServerListWaits(tx *store.Tx) (bool, error) { return tx.JobWaiting(listJob) }

// UndoServerList takes back all that came in with a list, in slices: what a block of it
// took the place of is in force again. It says how many servers those were.
func (s *Service) UndoServerList(ctx context.Context, at time.Time) (int, error) {
	rules, err := store.Get(ctx, s.store, func(tx *store.Tx) ([]store.ServerRule, error) { return tx.ServerRulesOfList(at) })
	if err != nil || len(rules) == 0 {
		return 0, err
	}
	ctx = context.WithoutCancel(ctx)
	for some := range slices.Chunk(rules, listSlice) {
		err := s.store.Write(ctx, func(tx *store.Tx) error {
			back := make([]store.ServerRule, len(some))
			for i, r := range some {
				back[i].Name = r.Name
			}
			s.serversChanged(tx)
			_, err := tx.RuleServers(back)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("take back a list of servers: %w", err)
		}
	}
	return len(rules), s.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.ForgetSilences(at); err != nil {
			return err
		}
		return tx.LogSecurity("unblock", fmt.Sprintf("a list of %d servers", len(rules)), "")
	})
}

// WriteServerList is what is in force as Mastodon's moderation exports it.
func WriteServerList(tx *store.Tx) ([]byte, error) {
	rules, err := tx.ServerRules(store.Page{Limit: 1 << 30})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rules, func(a, b store.ServerRule) int { return strings.Compare(a.Name, b.Name) })
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write([]string{"#domain", "#severity", "#reject_media", "#reject_reports", "#public_comment", "#obfuscate"}); err != nil {
		return nil, err
	}
	for _, r := range rules {
		severity, all := "silence", "false"
		if r.Bound == store.Blocked {
			severity, all = "suspend", "true"
		}
		if err := w.Write([]string{r.Name, severity, all, all, CSVCell(r.Comment), "false"}); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}
