package public

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

const (
	keptPath      = "/privacy/ask"
	keptBytes     = 16 << 10        // of the form
	keptEvery     = 5 * time.Minute // one address may ask so often …
	keptAtOnce    = 3
	keptAddresses = 1000
	keptAllEvery  = 30 * time.Second // … and all of them together
	keptAllAtOnce = 30
	keptSlow      = 30 * time.Minute // that the download of a copy may take
)

// keptGate bounds what strangers can file and fetch: an address, which is
// remembered in memory alone, and all of them.
type keptGate struct {
	mu   sync.Mutex
	each *simplelru.LRU[string, *rate.Limiter]
	all  *rate.Limiter
}

func newKeptGate() *keptGate {
	each, err := simplelru.NewLRU[string, *rate.Limiter](keptAddresses, nil)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &keptGate{each: each, all: rate.NewLimiter(rate.Every(keptAllEvery), keptAllAtOnce)}
}

func (g *keptGate) allow(address string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if address != "" { // else it may be everybody
		own, ok := g.each.Get(address)
		if !ok {
			own = rate.NewLimiter(rate.Every(keptEvery), keptAtOnce)
			g.each.Add(address, own)
		}
		if !own.AllowN(now, 1) {
			return false
		}
	}
	return g.all.AllowN(now, 1)
}

type keptPage struct {
	assets.Visitor
	Handle, Kind, Words, Error string
	AnswerDays                 int
	Sent                       bool
}

// AskKept answers GET and POST of /privacy/ask: anybody asks what is kept about their
// handle. The answer is the same whether it is known here or not, and no other server
// is asked: the owner answers to the handle itself.
func (s *Site) AskKept(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		s.showAsk(w, r, http.StatusOK, keptPage{Kind: store.SubjectCopy, Sent: r.URL.Query().Get("sent") == "yes"})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, keptBytes)
	if err := r.ParseForm(); err != nil {
		s.Fail(w, r, reply.Errorf(reply.TooLarge, "The form is larger than it can be. Nothing was filed."))
		return
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil { // or any page could have its readers ask
		s.Fail(w, r, reply.Errorf(reply.Forbidden, "This form came from another site. Nothing was filed."))
		return
	}
	page := keptPage{Handle: r.PostForm.Get("handle"), Kind: r.PostForm.Get("kind"), Words: r.PostForm.Get("words")}
	if !s.kept.allow(s.address(r), s.svc.Now()) {
		page.Error = "Too many ask at once. Nothing was filed; wait some minutes and send it again."
		s.showAsk(w, r, http.StatusTooManyRequests, page)
		return
	}
	if err := s.svc.AskSubject(r.Context(), page.Handle, page.Kind, page.Words); err != nil {
		if reply.CodeOf(err) == reply.Internal {
			s.Fail(w, r, err)
			return
		}
		page.Error = reply.Message(err)
		s.showAsk(w, r, reply.Status(err), page)
		return
	}
	reply.Redirect(w, r, keptPath+"?sent=yes")
}

func (s *Site) showAsk(w http.ResponseWriter, r *http.Request, status int, d keptPage) {
	v, err := store.Get(r.Context(), s.svc.Store(), s.newView)
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	d.Visitor = v.visitor("What is kept about you", "Ask "+s.svc.Origin().Host+" what it keeps about your handle.", keptPath)
	d.NoIndex, d.AnswerDays = true, int(store.SubjectAnswerBy/(24*time.Hour))
	s.own(w, r, status, "ask_kept", d)
}

// own renders a page that is nobody else's.
func (s *Site) own(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var b bytes.Buffer
	if err := s.templates.Execute(&b, name, data); err != nil {
		s.Fail(w, r, err)
		return
	}
	reply.HTML(w, r, status, b.Bytes(), reply.Headers{})
}

type keptLinkPage struct {
	assets.Visitor
	Handle, Action, State string
	Erase                 bool
	Counts                []assets.KeptCount
	Until, Used           time.Time
}

// Kept answers GET and POST of /privacy/ask/SECRET, the link of an answer. Opening it
// does nothing: servers and apps look at links by themselves. The button hands out the
// copy, once, or says that the erasure is wanted.
func (s *Site) Kept(w http.ResponseWriter, r *http.Request, secret string) {
	q, err := store.Get(r.Context(), s.svc.Store(), func(tx *store.Tx) (store.SubjectRequest, error) { return tx.SubjectRequestByLink(secret) })
	if err != nil {
		s.Fail(w, r, err) // what was never given out is like what is over
		return
	}
	switch {
	case r.Method != http.MethodPost:
		s.showKept(w, r, q, secret)
	case !s.kept.allow(s.address(r), s.svc.Now()):
		s.Fail(w, r, reply.Errorf(reply.RateLimited, "Too many ask at once. Wait some minutes and try again; the link stays good."))
	case q.Kind == store.SubjectErase:
		if _, err := s.svc.ConfirmSubject(r.Context(), q.ID); err != nil {
			s.Fail(w, r, err)
			return
		}
		reply.Redirect(w, r, keptPath+"/"+secret)
	default:
		s.handOut(w, r, q, secret)
	}
}

// handOut sends the copy. What could not be packed or was broken off leaves the link
// good.
func (s *Site) handOut(w http.ResponseWriter, r *http.Request, q store.SubjectRequest, secret string) {
	ok, err := store.Put(r.Context(), s.svc.Store(), func(tx *store.Tx) (bool, error) { return tx.UseSubjectLink(q.ID) })
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	if !ok {
		reply.Redirect(w, r, keptPath+"/"+secret)
		return
	}
	again := func() {
		if err := s.svc.Store().Write(context.WithoutCancel(r.Context()), func(tx *store.Tx) error { return tx.ReturnSubjectLink(q.ID) }); err != nil {
			s.log.Error("a link of which nothing was fetched is used up", "err", err)
		}
	}
	file, err := s.archives.SubjectFile(r.Context(), q.ActorID, q.Handle)
	if errors.Is(err, store.ErrNotFound) { // their profile went meanwhile
		file, err = s.archives.SubjectFile(r.Context(), 0, q.Handle)
	}
	if err != nil {
		again()
		s.Fail(w, r, err)
		return
	}
	defer file.Close()
	reply.LimitTime(w, keptSlow)
	size, err := file.Seek(0, 2)
	if err == nil {
		_, err = file.Seek(0, 0)
	}
	r.Header.Del("Range") // the whole, or it cannot be told whether it went out
	counted := &countedWriter{ResponseWriter: w}
	if err == nil {
		reply.Download(counted, r, file, file.Name, time.Time{})
	}
	if counted.n < size {
		again()
	}
}

// countedWriter knows how much of a body went out.
type countedWriter struct {
	http.ResponseWriter
	n int64
}

func (c *countedWriter) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.n += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (c *countedWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (s *Site) showKept(w http.ResponseWriter, r *http.Request, q store.SubjectRequest, secret string) {
	d := keptLinkPage{Handle: "@" + q.Handle, Action: keptPath + "/" + secret, Erase: q.Kind == store.SubjectErase}
	err := s.svc.Store().Read(r.Context(), func(tx *store.Tx) error {
		v, err := s.newView(tx)
		if err != nil {
			return err
		}
		d.Visitor = v.visitor("What is kept about you", "For the person with this link.", keptPath)
		d.NoIndex, d.Until, d.Used = true, zoned(q.AnsweredAt.Add(store.SubjectLinkLasts), v.set), zoned(q.UsedAt, v.set)
		switch q.State {
		case store.SubjectAnswered:
			d.State = "open"
		case store.SubjectErased:
			d.State = "erased"
		case store.SubjectPutAside:
			d.State = "aside"
		default:
			d.State = "used"
		}
		return nil
	})
	if err == nil && d.State == "open" {
		var counts []store.SubjectCount
		counts, err = s.counts.of(r.Context(), s.svc.Store(), q, s.svc.Now())
		d.Counts = federation.KeptCountsToThem(counts)
	}
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	s.own(w, r, http.StatusOK, "kept_link", d)
}

// address is what a request counts against.
func (s *Site) address(r *http.Request) string {
	if s.clientAddr == nil {
		return ""
	}
	return s.clientAddr(r)
}
