package federation

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// T62: one domain, however many servers it has, gives us so much in a day.
func TestT62_PicturesOfADayAreBounded(t *testing.T) {
	g, now := newMediaGate(), time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for i := range domainFiles {
		if err := g.allow("evil.example", now); err != nil {
			t.Fatalf("file %d: %v", i, err)
		}
	}
	if err := g.allow("evil.example", now); !errors.Is(err, errMediaBudget) {
		t.Errorf("one more: %v", err)
	}
	if err := g.allow("good.example", now); err != nil {
		t.Errorf("another domain: %v", err)
	}
	g.spend("good.example", domainBytes)
	if err := g.allow("good.example", now); !errors.Is(err, errMediaBudget) {
		t.Errorf("after a gigabyte: %v", err)
	}
	for i := range domainsMet + 100 {
		_ = g.allow(fmt.Sprintf("d%d.example", i), now) // refused at the end, which is the point
	}
	if len(g.by) > domainsMet {
		t.Errorf("%d domains are remembered", len(g.by))
	}
	now = now.Add(12 * time.Hour)
	for _, domain := range []string{"evil.example", "good.example"} {
		if err := g.allow(domain, now); err != nil {
			t.Errorf("%s on the next day: %v", domain, err)
		}
	}
	if len(g.by) != 2 {
		t.Errorf("%d domains are remembered overnight", len(g.by))
	}
}

func TestPlacesComeBack(t *testing.T) {
	g, ctx := newMediaGate(), context.Background()
	var leave []func()
	for range downloadsPerHost {
		l, err := g.enter(ctx, "a.example")
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, l)
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := g.enter(over, "a.example"); err == nil {
		t.Error("one more than a server may hold")
	}
	l, err := g.enter(ctx, "b.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, done := range append(leave, l) {
		done()
	}
	if len(g.hosts) != 0 || len(g.slots) != 0 {
		t.Errorf("%d servers and %d places are left", len(g.hosts), len(g.slots))
	}
}
