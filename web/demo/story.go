package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"dassie/federation"
	"dassie/store"
)

// accountAge is how long ago the three accounts were made.
const accountAge = 60 * 24 * time.Hour

// maxRounds bounds settle: servers that are still busy then send in circles.
const maxRounds = 100

// person is somebody in the story.
type person struct {
	name     string
	approves bool // followers wait until accepted
	profile  federation.Profile
	face     face
	scene    scene
}

func (p person) password() string { return p.name + "-at-home" }

var people = []person{
	{
		name: "alice", approves: true,
		profile: federation.Profile{
			Name:   "Alice Veldkamp",
			Bio:    "Repairs clocks in a town with more bridges than streets. Rows, badly. Collects words for small weather.",
			Fields: []store.Field{{Name: "Workshop", Source: "Above the old ferry house"}, {Name: "Pronouns", Source: "she/her"}},
		},
		face:  face{skin: 0xd9a77c, hair: 0x5a2f1d, shirt: 0x0b5d6b, back: 0xe9dcc0, long: true},
		scene: river,
	},
	{
		name: "bob",
		profile: federation.Profile{
			Name:   "Bob Okafor",
			Bio:    "Baker of the early shift. Bread, bicycles, and a radio that only gets one station.",
			Fields: []store.Field{{Name: "Oven", Source: "on since 03:30"}},
		},
		face:  face{skin: 0x7a4b2f, hair: 0x1d1714, shirt: 0xb5532a, back: 0xcfe0d6, beard: true},
		scene: hills,
	},
	{
		name: "carol",
		profile: federation.Profile{
			Name:   "Carol Lindqvist",
			Bio:    "Counts birds for the harbour office and draws the ones that stand still.",
			Fields: []store.Field{{Name: "Seen this year", Source: "143 species"}},
		},
		face:  face{skin: 0xf0c9a8, hair: 0xd9b44a, shirt: 0x54407a, back: 0xd5dfea, long: true, glasses: true},
		scene: sea,
	},
}

// line is one thing somebody writes, so long before now.
type line struct {
	ago     time.Duration
	who     string
	key     string // for answers to it
	answers string
	to      store.Visibility
	summary string
	text    string
}

const hour = time.Hour

var lines = []line{
	{47 * hour, "alice", "clock", "", store.Public, "", "The station clock is back on its wall. It was never slow: somebody had set it to the time at which the *old* timetable let the last train go, so that nobody would miss it. I almost left it like that."},
	{46*hour + 20*time.Minute, "bob", "clock2", "clock", store.Public, "", "I have lived by that clock for eleven years. You are telling me that I have been early every single day?"},
	{46 * hour, "alice", "", "clock2", store.Public, "", "Four minutes early. Think of it as a gift from a stationmaster you never met."},
	{41 * hour, "carol", "", "", store.Public, "", "Harbour count, evening: 212 herring gulls, 38 oystercatchers, one kingfisher who did not wait to be counted twice. #birds #harbour"},
	{35 * hour, "bob", "rye", "", store.Public, "", "Rye today. The dough took its time, so I took mine.\n\nFor those who ask:\n\n- 600 g rye, 400 g wheat\n- a spoon of honey\n- twenty hours and no hurry\n\n#bread"},
	{34*hour + 15*time.Minute, "alice", "rye2", "rye", store.Public, "", "Twenty hours is exactly what I tell people about mainsprings, and they believe me less."},
	{33 * hour, "bob", "", "rye2", store.Public, "", "Bring me a mainspring and I will tell you if it is done. You knock on the bottom and listen."},
	{27 * hour, "alice", "word", "", store.Unlisted, "", "Word of the day from my aunt: *motregen*, rain so fine that it does not fall, it only stands around. #smallweather"},
	{26 * hour, "bob", "", "word", store.Unlisted, "", "My mother calls that “the sky thinking about it”."},
	{22 * hour, "carol", "", "", store.Public, "", "Drew the heron by lock three again. He has not moved since Thursday. I have started to bring him the news."},
	{20 * hour, "bob", "film", "", store.Public, "The end of a film from 1957", "So he *was* the lighthouse keeper all along, and the letters were to himself. I sat through the titles with flour on my knees."},
	{12 * hour, "alice", "", "", store.Followers, "", "For you few: the workshop is shut on Friday. I am going to row to the weir and back and tell nobody how long it took."},
	{9 * hour, "bob", "row", "", store.Public, "", "Somebody in this town rows at five in the morning and sings. It is not good. Please go on. #rowing"},
	{8*hour + 30*time.Minute, "alice", "", "row", store.Public, "", "I have no idea who that could be. I hear she apologises to the ducks."},
	{5 * hour, "bob", "", "", store.Direct, "", "@{alice} Two loaves are under your name at the counter. The clock over the oven has stopped, and I am not saying that the two are connected."},
	{2 * hour, "alice", "", "", store.Public, "", "A thing I like about clocks: all of them are wrong, and you can ask each one by how much. #smallweather"},
}

// requestAgo is when Carol asked to follow Alice.
const requestAgo = 3 * hour

// tell plays the story through the services, as people would.
func (d *stage) tell(ctx context.Context) error {
	d.posts = map[string]string{}
	for _, h := range d.houses {
		if err := d.furnish(ctx, h); err != nil {
			return fmt.Errorf("furnish %s: %w", h.name, err)
		}
	}
	d.clock.set(50 * hour)
	if err := d.befriend(ctx, "alice", "bob"); err != nil {
		return err
	}
	asked := false
	for _, l := range lines {
		if l.ago < requestAgo && !asked {
			asked = true
			d.clock.set(requestAgo)
			if err := d.follow(ctx, "carol", "alice"); err != nil {
				return err
			}
		}
		d.clock.set(l.ago)
		if err := d.say(ctx, l); err != nil {
			return fmt.Errorf("%s writes: %w", l.who, err)
		}
	}
	d.clock.set(0)
	return d.settle(ctx)
}

// furnish gives somebody a profile and pictures.
func (d *stage) furnish(ctx context.Context, h *house) error {
	if err := h.Service.UpdateProfile(ctx, h.profile); err != nil {
		return err
	}
	for kind, draw := range map[string]func() ([]byte, error){"avatar": h.face.draw, "header": h.scene.draw} {
		picture, err := draw()
		if err != nil {
			return err
		}
		if err := h.Service.SetPicture(ctx, kind, bytes.NewReader(picture)); err != nil {
			return err
		}
	}
	return nil
}

// befriend makes two people follow each other; whoever approves followers does.
func (d *stage) befriend(ctx context.Context, one, other string) error {
	for _, pair := range [][2]string{{one, other}, {other, one}} {
		if err := d.follow(ctx, pair[0], pair[1]); err != nil {
			return err
		}
		asked := d.byName[pair[1]]
		if !asked.approves {
			continue
		}
		found, err := asked.Service.Lookup(ctx, "@"+d.handle(pair[0]))
		if err != nil {
			return fmt.Errorf("%s looks %s up: %w", pair[1], pair[0], err)
		}
		if err := asked.Service.Accept(ctx, found.Actor.ID); err != nil {
			return fmt.Errorf("%s accepts %s: %w", pair[1], pair[0], err)
		}
		if err := d.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *stage) handle(name string) string { return d.byName[name].id.Origin().Handle(name) }

func (d *stage) follow(ctx context.Context, who, whom string) error {
	s := d.byName[who].Service
	found, err := s.Lookup(ctx, "@"+d.handle(whom))
	if err != nil {
		return fmt.Errorf("%s looks %s up: %w", who, whom, err)
	}
	if _, err := s.Follow(ctx, found.Actor.ID); err != nil {
		return fmt.Errorf("%s follows %s: %w", who, whom, err)
	}
	return d.settle(ctx)
}

// say publishes one line, as an answer where it is one.
func (d *stage) say(ctx context.Context, l line) error {
	h := d.byName[l.who]
	draft := federation.Draft{Text: d.named(l.text), Markdown: true, Summary: l.summary, Visibility: l.to}
	if l.answers != "" {
		parent, err := store.Get(ctx, h.store, func(tx *store.Tx) (store.Post, error) { return tx.PostByURI(d.posts[l.answers]) })
		if err != nil {
			return fmt.Errorf("find what is answered: %w", err)
		}
		draft.ParentID = parent.ID
	}
	p, err := h.Service.Publish(ctx, draft)
	if err != nil {
		return err
	}
	if l.key != "" {
		d.posts[l.key] = p.URI
	}
	return d.settle(ctx)
}

// named puts full handles, with the ports of this run, in place of {name}.
func (d *stage) named(text string) string {
	for _, h := range d.houses {
		text = string(bytes.ReplaceAll([]byte(text), []byte("{"+h.name+"}"), []byte(d.handle(h.name))))
	}
	return text
}

// settle drives all queues until nothing moves.
func (d *stage) settle(ctx context.Context) error {
	for range maxRounds {
		moved := 0
		for _, h := range d.houses {
			n, err := h.Service.RunDue(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", h.name, err)
			}
			moved += n
		}
		if moved == 0 {
			return nil
		}
	}
	return errors.New("the three servers do not come to rest")
}
