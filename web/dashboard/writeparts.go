package dashboard

import (
	"strings"

	"dassie/federation/markup"
)

const (
	partsMost  = 24  // posts that can follow a first one; federation refuses more
	findLength = 100 // bytes of what is looked for
)

// writePart is a post that follows, on the write page.
type writePart struct {
	Place, Left int // from 2 on, and the characters that are left
	Text        string
}

func readParts(sent []string) (parts []string) {
	for _, text := range sent[:min(len(sent), partsMost)] {
		parts = append(parts, lines(text))
	}
	return parts
}

// written are the posts that follow in which something is written; a field that was
// opened and left empty is no post.
func (f *writeForm) written() (parts []string) {
	for _, text := range f.parts {
		if strings.TrimSpace(text) != "" {
			parts = append(parts, text)
		}
	}
	return parts
}

func (f *writeForm) writeParts() (list []writePart) {
	for i, text := range f.parts {
		list = append(list, writePart{Place: i + 2, Text: text, Left: maxCharacters - markup.CountCharacters(text) - markup.CountCharacters(f.warning)})
	}
	return list
}

// press does what a button names that changes the form alone: remove-ID and up-ID of
// a file, unpart-N of a post that follows, insert-TEXT of something found.
func (f *writeForm) press() bool {
	what, which, ok := strings.Cut(f.do, "-")
	if !ok {
		return false
	}
	switch what {
	case "remove":
		f.without(number(which))
		f.do = "add"
	case "up":
		f.up(number(which))
		f.do = "add"
	case "unpart":
		if n := int(number(which)) - 2; n >= 0 && n < len(f.parts) {
			f.parts = append(f.parts[:n], f.parts[n+1:]...)
		}
		f.do = "part"
	case "insert":
		f.insert(cut(which, findLength))
		f.find, f.do = "", "find"
	default:
		return false
	}
	return true
}

// up puts a file before the one that it follows.
func (f *writeForm) up(id int64) {
	for i := 1; i < len(f.files); i++ {
		if f.files[i].id == id {
			f.files[i-1], f.files[i] = f.files[i], f.files[i-1]
			return
		}
	}
}

// insert puts a name at the end of what was written last.
func (f *writeForm) insert(name string) {
	to := &f.text
	if n := len(f.parts); n > 0 {
		to = &f.parts[n-1]
	}
	if *to != "" && !strings.HasSuffix(*to, " ") && !strings.HasSuffix(*to, "\n") {
		*to += " "
	}
	*to += oneWord(name) + " "
}

// cut is at most so many bytes of a text, whole characters.
func cut(text string, most int) string {
	if len(text) > most {
		text = text[:most]
	}
	return strings.ToValidUTF8(text, "")
}

// oneWord is a name without what could not stand in one.
func oneWord(name string) string { return strings.Join(strings.Fields(name), "") }

// undescribed asks once for the descriptions that are missing, and says whether it
// does: of each file, so that one which is added later is asked for too.
func (f *writeForm) undescribed() bool {
	before := map[string]bool{}
	for _, id := range f.asked {
		before[id] = true
	}
	asks := false
	f.asked = nil
	for _, file := range f.files {
		if strings.TrimSpace(file.alt) == "" {
			id := decimal(file.id)
			asks = asks || !before[id]
			f.asked = append(f.asked, id)
		}
	}
	return asks
}
