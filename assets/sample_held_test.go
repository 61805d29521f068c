package assets

import "time"

// sampleWave is what Home and the inbox say of a wave of strangers.
type sampleWave struct {
	Count int
	Until string
	Days  int
}

func sampleHeld(pages map[string]any) {
	type line struct {
		Did, Excerpt, Lang, URL string
		Why                     string
		Time                    time.Time
	}
	type held struct {
		ID, Why, AllURL, BlockURL string
		Person                    Person
		Lines                     []line
		Count, More               int
	}
	type rule struct {
		Name, Label, Hint string
		Options           []Option
	}
	type allowed struct {
		Person    Person
		RemoveURL string
	}
	type quarantine struct {
		Days  []Option
		Until string
		Wave  int
	}
	type page struct {
		Owner
		Tabs    []Tab
		Kind    string
		Held    []held
		Allowed []allowed
		Rules   []rule
		Ruled   bool
		All     bool
		Young   quarantine
		Pager   Pager
	}
	words := func(chosen int) []Option {
		list := []Option{{"accept", "Tell me", false}, {"filter", "Hold back", false}, {"drop", "Do not tell me", false}}
		list[chosen].Selected = true
		return list
	}
	rules := []rule{
		{"not_followed", "People you do not follow", "", words(0)},
		{"not_followers", "People who do not follow you", "Or for less than three days.", words(0)},
		{"new_accounts", "New accounts", "Made within 30 days, as their server says. Whom you follow is spared.", words(1)},
		{"private", "Private mentions out of the blue", "From people you do not follow, unless they answer one of yours.", words(2)},
	}
	tabs := func(here int) []Tab {
		list := []Tab{{"/me/held", "Waiting", 2, false}, {"/me/held?k=aside", "Put aside", 0, false}, {"/me/held?k=allowed", "Let through", 0, false}}
		list[here].Current = true
		return list
	}
	young := quarantine{[]Option{{"0", "Off", false}, {"7", "Younger than 7 days", true}}, "", 30}
	running := young
	running.Until = "tomorrow, 12:00"
	waiting := []held{
		{"1", "Quarantine: their account was 2 days old.", "/me/held?who=1", "/me/person/6/block", carol, []line{
			{"Named you", "@nora earn from home, ask me how. No experience needed, and you choose the hours yourself.", "en", "/me/post/8", "", ago(12 * time.Minute)},
			{"Liked", "Second sowing of spinach is up.", "en", "/me/post/7", "You do not follow them.", ago(26 * time.Minute)}, {"Asks to follow you", "", "", "", "", ago(3 * time.Hour)},
		}, 14, 11},
		{"2", "You do not follow them.", "/me/held?who=2", "/me/person/9/block", layla, []line{{"Wrote to you", "هل لديك بذور؟", "ar", "/me/post/9", "", ago(50 * time.Hour)}}, 1, 0},
	}
	pages["held"] = page{owner("Held back", "inbox", "/me/held"), tabs(0), "", waiting, nil, rules, true, true, running, Pager{Older: "/me/held?before=1", OlderText: "Older"}}
	alone := waiting[0]
	alone.AllURL = ""
	pages["held.one"] = page{owner("Held back", "inbox", "/me/held?who=1"), tabs(0), "", []held{alone}, nil, rules, true, false, young, Pager{}}
	pages["held.aside"] = page{owner("Held back", "inbox", "/me/held?k=aside"), tabs(1), "aside", waiting[1:], nil, rules, true, false, young, Pager{}}
	pages["held.allowed"] = page{owner("Held back", "inbox", "/me/held?k=allowed"), tabs(2), "allowed", nil, []allowed{{grace, "4"}, {long, "5"}}, rules, true, false, young, Pager{}}
	pages["held.none"] = page{owner("Held back", "inbox", "/me/held"), tabs(0), "", nil, nil, rules, false, false, young, Pager{}}
	pages["held.allowed.none"] = page{owner("Held back", "inbox", "/me/held?k=allowed"), tabs(2), "allowed", nil, nil, rules, true, false, young, Pager{}}
}
