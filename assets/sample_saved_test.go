package assets

// sampleSaved has the pages of what the owner keeps apart: saved posts, lists, hashtags.
func sampleSaved(pages map[string]any) {
	cards := sampleCards()
	type saved struct {
		Owner
		Kind  string
		Tabs  []Tab
		Cards []Card
		Pager Pager
	}
	tabs := func(now int) []Tab {
		list := []Tab{{"/me/saved", "Saved", 0, false}, {"/me/saved?k=liked", "Liked", 0, false}, {"/me/saved?k=pinned", "Pinned", 0, false}}
		list[now].Current = true
		return list
	}
	kept := []Card{cards[3], cards[0], cards[5]}
	for i := range kept {
		kept[i].Saved, kept[i].May.Save = true, true
	}
	pages["saved"] = saved{owner("Saved", "saved", "/me/saved"), "saved", tabs(0), kept, Pager{Older: "/me/saved?before=1", OlderText: "Older"}}
	pages["saved.none"] = saved{Owner: owner("Saved", "saved", "/me/saved"), Kind: "saved", Tabs: tabs(0)}
	pages["saved.liked"] = saved{Owner: owner("Liked", "saved", "/me/saved?k=liked"), Kind: "liked", Tabs: tabs(1), Cards: cards[:1]}
	pages["saved.liked.none"] = saved{Owner: owner("Liked", "saved", "/me/saved?k=liked"), Kind: "liked", Tabs: tabs(1)}
	pages["saved.pinned.none"] = saved{Owner: owner("Pinned", "saved", "/me/saved?k=pinned"), Kind: "pinned", Tabs: tabs(2)}
	pages["saved.hidden"] = saved{Owner: owner("Saved", "saved", "/me/saved"), Kind: "saved", Tabs: tabs(0), Pager: Pager{Newer: "/me/saved?after=1", NewerText: "Newer"}}
	sampleOwnLists(pages)
	sampleHashtags(pages)
}

func sampleOwnLists(pages map[string]any) {
	cards := sampleCards()
	type row struct {
		URL, Title string
		People     int
		Exclusive  bool
	}
	type lists struct {
		Owner
		Lists        []row
		Typed, Error string
	}
	pages["lists"] = lists{owner("Lists", "lists", "/me/lists"), []row{{"/me/lists/1", "Allotments", 12, false}, {"/me/lists/2", "Those who write a great deal, mostly about trains, at all hours of the day and of the night", 1, true}, {"/me/lists/3", "حديقة", 0, false}}, "", ""}
	pages["lists.none"] = lists{Owner: owner("Lists", "lists", "/me/lists"), Typed: " ", Error: "Give the list a title."}
	head := func(tab int, people int) ListHead {
		h := ListHead{URL: "/me/lists/1", Title: "Allotments", People: people, Tabs: []Tab{
			{"/me/lists/1", "Posts", 0, false}, {"/me/lists/1/members", "People", people, false}, {"/me/lists/1/edit", "Settings", 0, false}}}
		h.Tabs[tab].Current = true
		return h
	}
	type list struct {
		Owner
		List  ListHead
		Empty bool
		Cards []Card
		Pager Pager
	}
	apart := head(0, 3)
	apart.Exclusive = true
	pages["list"] = list{owner("Allotments", "lists", "/me/lists/1"), apart, false, cards[:4], Pager{Older: "/me/lists/1?before=4"}}
	pages["list.none"] = list{Owner: owner("Allotments", "lists", "/me/lists/1"), List: head(0, 2)}
	pages["list.nobody"] = list{Owner: owner("Allotments", "lists", "/me/lists/1"), List: head(0, 0), Empty: true}
	type person struct {
		ID     string
		Person Person
	}
	type people struct {
		Owner
		List            ListHead
		Query           string
		People, Offered []person
		More            int
		Cut             bool
	}
	at := "/me/lists/1/members"
	pages["list_people"] = people{owner("Allotments", "lists", at), head(1, 204), "", []person{{"3", grace}, {"5", long}}, []person{{"2", tomas}, {"4", layla}, {"6", carol}}, 202, true}
	pages["list_people.query"] = people{Owner: owner("Allotments", "lists", at), List: head(1, 0), Query: "Gr", Offered: []person{{"3", grace}}}
	pages["list_people.nobody"] = people{Owner: owner("Allotments", "lists", at), List: head(1, 1), People: []person{{"3", grace}}, Query: "zz"}
	pages["list_people.all"] = people{Owner: owner("Allotments", "lists", at), List: head(1, 1), People: []person{{"3", grace}}}
	alone := owner("Allotments", "lists", at)
	alone.Following = 0
	pages["list_people.alone"] = people{Owner: alone, List: head(1, 0)}
	type edit struct {
		Owner
		List         ListHead
		Typed, Error string
		Replies      []Option
	}
	replies := []Option{{"1", "Only to people in the list", true}, {"2", "To anyone you follow", false}, {"0", "None", false}}
	pages["list_edit"] = edit{owner("Allotments", "lists", "/me/lists/1/edit"), head(2, 3), "Allotments", "", replies}
	pages["list_edit.wrong"] = edit{owner("Allotments", "lists", "/me/lists/1/edit"), head(2, 3), "", "Give the list a title.", replies}
	type of struct {
		Owner
		Person  Person
		Follows bool
		Lists   []Option
	}
	pages["person_lists"] = of{owner("Lists", "lists", "/me/person/5/lists"), long, true, []Option{{"1", "Allotments", true}, {"2", "Those who write a great deal", false}}}
	pages["person_lists.none"] = of{Owner: owner("Lists", "lists", "/me/person/3/lists"), Person: grace, Follows: true}
	pages["person_lists.stranger"] = of{Owner: owner("Lists", "lists", "/me/person/6/lists"), Person: carol}
}

func sampleHashtags(pages map[string]any) {
	cards := sampleCards()
	type row struct{ Name, URL, Since string }
	type shown struct {
		Name, URL string
		Posts     int
	}
	type tags struct {
		Owner
		Tags       []row
		Featured   []shown
		Tag, Error string
	}
	pages["tags"] = tags{owner("Hashtags", "tags", "/me/tags"), []row{{"rye", "/me/tags/rye", "March 2026"}, {"llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch", "/me/tags/x", "May 2026"}, {"بذور", "/me/tags/y", "May 2026"}}, []shown{{"seeds", "/me/tags/seeds", 31}, {"tren", "/me/tags/tren", 1}}, "", ""}
	pages["tags.none"] = tags{Owner: owner("Hashtags", "tags", "/me/tags"), Tag: "two words", Error: "A hashtag has letters, digits and _, at least one letter, and no spaces."}
	type tag struct {
		Owner
		Tag     string
		Follows bool
		Cards   []Card
		Pager   Pager
	}
	pages["tag"] = tag{owner("#tren", "tags", "/me/tags/tren"), "tren", true, cards[:1], Pager{Older: "/me/tags/tren?before=1"}}
	pages["tag.none"] = tag{Owner: owner("#x", "tags", "/me/tags/x"), Tag: "llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"}
	found := cards[0]
	found.Tags = []Tag{{"tren", "/me/tags/tren"}, {"Canfranc", "/me/tags/canfranc"}}
	pages["home.tag"] = sampleHome{Owner: owner("Home", "home", "/me"), Compose: Compose{Key: "k", Audiences: audiences}, Cards: []Card{found, cards[1]}}
}
