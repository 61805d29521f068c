package archive

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"dassie/store"
)

func (e *export) indexFollowing(w io.Writer) (int, error) {
	return indexRows(w, []string{"Account", "Boosts", "Told of new posts", "Languages"}, func(add func(...string) error) error {
		return e.eachFollowing(func(f store.Following, a store.Actor) error {
			return add(a.Handle(), yesNo(f.Boosts), yesNo(f.Notify), languages(f))
		})
	})
}

func (e *export) indexFollowers(w io.Writer) (int, error) {
	return indexRows(w, []string{"Account"}, e.followers)
}

// indexLists shows every list, also one with nobody in it.
func (e *export) indexLists(w io.Writer) (int, error) {
	return indexRows(w, []string{"List", "Accounts", "Answers shown", "Kept out of home"}, func(add func(...string) error) error {
		return e.eachList(func(l store.List, handles []string) error {
			answers := "none"
			switch l.Replies {
			case store.RepliesListed:
				answers = "to people in the list"
			case store.RepliesFollowed:
				answers = "to anybody you follow"
			}
			return add(l.Title, strings.Join(handles, "\n"), answers, yesNo(l.Exclusive))
		})
	})
}

func (e *export) indexMutes(w io.Writer) (int, error) {
	return indexRows(w, []string{"Account", "Notices hidden", "Since", "Until"}, func(add func(...string) error) error {
		return e.eachMute(func(m store.Mute, a store.Actor) error {
			return add(a.Handle(), yesNo(m.Notices), choiceWord(m.At), choiceWord(m.Until))
		})
	})
}

func (e *export) indexBlocks(w io.Writer) (int, error) {
	return indexRows(w, []string{"Account", "Since"}, func(add func(...string) error) error {
		return e.eachBlock(func(b store.Block, a store.Actor) error { return add(a.Handle(), choiceWord(b.At)) })
	})
}

// yesNo is how the page says a truth.
func yesNo(v bool) string {
	if v {
		return "yes"
	}
	return "no"
}

type indexUnsent struct {
	unsent
	What, Audience string
	Shown          []indexFile
}

// indexUnsent shows what is written and not posted, with all texts of a thread, and
// the answers of a poll, as they were typed.
func (e *export) indexUnsent(w io.Writer) (int, error) {
	list, err := e.unsentList()
	for i := 0; err == nil && i < len(list); i++ {
		v := indexUnsent{list[i], map[string]string{"draft": "Draft", "scheduled": "Scheduled", "held": "About to go out"}[list[i].Kind], audiences[list[i].Text.Visibility], e.shown(list[i].Files)}
		v.Text.Text = strings.Join(append([]string{v.Text.Text}, v.Text.Thread...), "\n\n")
		if p := v.Text.Poll; p != nil {
			v.Text.Text += "\n\n" + strings.Join(p.Options, "\n")
		}
		err = indexPage.ExecuteTemplate(w, "unsent", v)
	}
	return len(list), err
}

func (e *export) indexVotes(w io.Writer) (int, error) {
	return indexRows(w, []string{"Poll", "You chose"}, func(add func(...string) error) error {
		return e.eachVote(func(v vote, _ int64) error { return add(v.Post, strings.Join(v.Names, ", ")) })
	})
}

func (e *export) indexProfile(w io.Writer) (int, error) {
	return indexRows(w, nil, func(add func(...string) error) error {
		var p profile
		if err := e.read(func(tx *store.Tx) (err error) { p, err = profileOf(tx); return err }); err != nil {
			return err
		}
		for _, row := range []struct {
			name   string
			values []string
		}{
			{"Biography as it was typed", []string{p.Bio}}, {"Pinned", p.Pinned}, {"Followed hashtags", p.FollowedTags}, {"Featured hashtags", p.FeaturedTags},
			{"Recommended people", p.Recommended}, {"Also known as", p.Aliases}, {"Sites that may credit you", p.CreditedBy},
		} {
			if text := strings.Join(row.values, "\n"); text != "" {
				if err := add(row.name, text); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (e *export) indexNotes(w io.Writer) (int, error) {
	return indexRows(w, []string{"Account", "Note"}, func(add func(...string) error) error {
		return e.eachNote(func(n note) error { return add(n.About, n.Text) })
	})
}

func (e *export) indexRules(w io.Writer) (int, error) {
	return indexRows(w, []string{"Server", "Rule", "Note"}, func(add func(...string) error) error {
		return e.eachRule(func(r store.ServerRule) error {
			rule := "silenced"
			if r.Bound == store.Blocked {
				rule = "blocked"
			}
			return add(r.Name, rule, r.Comment)
		})
	})
}

func (e *export) indexFilters(w io.Writer) (int, error) {
	return indexRows(w, []string{"Filter", "Hides", "Where"}, func(add func(...string) error) error {
		var list []filter
		if err := e.read(func(tx *store.Tx) (err error) { list, err = filterList(tx); return err }); err != nil {
			return err
		}
		for _, f := range list {
			var what []string
			for _, word := range f.Words {
				what = append(what, word.Word)
			}
			where := strings.Join(f.Where, ", ") + " (" + f.Action + ")"
			if !f.Expires.IsZero() {
				where += " until " + f.Expires.UTC().Format("2 January 2006")
			}
			if err := add(f.Title, strings.Join(append(what, f.Posts...), "\n"), where); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *export) indexEmojis(w io.Writer) (int, error) {
	return indexRows(w, []string{"Emoji", "File"}, func(add func(...string) error) error {
		return e.eachEmoji(func(m store.OwnEmoji) error { return add(":"+m.Shortcode+":", emojiMember(m)) })
	})
}

// indexSettings shows every choice by its name in the files.
func (e *export) indexSettings(w io.Writer) (int, error) {
	var set store.Settings
	var more choices
	err := e.read(func(tx *store.Tx) (err error) {
		if set, err = tx.Settings(); err == nil {
			more, err = choicesOf(tx, func(int64) {}, func(int64) {})
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return indexRows(w, nil, func(add func(...string) error) error {
		if err := eachChoice("", reflect.ValueOf(set), add); err != nil {
			return err
		}
		return eachChoice("", reflect.ValueOf(more), add)
	})
}

// eachChoice tells the fields of a struct in words, and those of the structs in it.
func eachChoice(above string, v reflect.Value, add func(...string) error) error {
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		words := strings.Split(name, "_")
		for i, word := range words {
			if short := strings.ToUpper(word); slices.Contains([]string{"AI", "API", "MB"}, short) {
				words[i] = short
			}
		}
		if name = strings.Join(words, " "); above != "" {
			name = above + ": " + name
		} else if r := []rune(name); len(r) > 0 {
			name = strings.ToUpper(string(r[:1])) + string(r[1:])
		}
		field := v.Field(i)
		if _, is := field.Interface().(time.Time); field.Kind() == reflect.Struct && !is {
			if err := eachChoice(name, field, add); err != nil {
				return err
			}
			continue
		}
		if err := add(name, choiceWord(field.Interface())); err != nil {
			return err
		}
	}
	return nil
}

// choiceWord says the value of a choice in words; "" for a time that is not set.
func choiceWord(v any) string {
	switch v := v.(type) {
	case bool:
		return yesNo(v)
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return v.UTC().Format("2 January 2006, 15:04")
	case store.Visibility:
		return visibilities[v]
	case []string:
		return strings.Join(v, "\n")
	case map[string]store.MailWhen:
		list := make([]string, 0, len(v))
		for kind, when := range v {
			list = append(list, kind+": "+string(when))
		}
		slices.Sort(list)
		return strings.Join(list, "\n")
	}
	return fmt.Sprint(v)
}

func (e *export) indexSecurity(w io.Writer) (int, error) {
	return indexRows(w, []string{"When", "What", ""}, func(add func(...string) error) error {
		return e.eachEvent(func(v event) error { return add(v.At.UTC().Format("2 January 2006, 15:04"), v.What, v.Detail) })
	})
}
