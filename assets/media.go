package assets

import (
	"strconv"
	"strings"
	"time"
)

// Media is an attachment of a post. A picture with a Preview is shown, what can be
// played is played; all else is a line with its kind, name and size.
type Media struct {
	URL      string // of the whole thing, on this server; "" if it is not kept here
	Kind     string // Picture, Video, Sound, File
	Alt      string // "" says "No description"
	Preview  string // path of a smaller picture on this server, or of a still; "" for none
	Width    int    // pixels of the preview; 0 if unknown
	Height   int
	Focus    string // classes that say which part stays when it is cut: see Focus; "" is the middle
	Colour   string // classes of its average colour while it loads: see Colour; "" for none
	Play     string // path from which a film or sound is played; "" for none
	Name     string // of the file, where it cannot be shown
	Size     string // "3.1 MB", "" if unknown
	Length   string // of a film or sound: "2:31", "" if unknown
	Words    string // why it is not shown: "This file is no picture that can be shown here."
	Original string // address on its own server; "" for own ones
	Host     string // that server
}

// Description is what stands for a picture that cannot be seen. Nothing is made up
// where its author said nothing.
func (m Media) Description() string {
	if m.Alt == "" {
		return m.Kind + " without a description"
	}
	return m.Alt
}

// Classes are those of the picture. u-photo is what readers of microformats go by.
func (m Media) Classes() string {
	return strings.Join(strings.Fields("u-photo "+m.Focus+" "+m.Colour), " ")
}

// Facts are the name, length and size, where it is not just seen.
func (m Media) Facts() (list []string) {
	name := m.Name
	if m.Play != "" {
		name = "" // one sees or hears what it is
	}
	for _, fact := range []string{name, m.Length, m.Size} {
		if fact != "" {
			list = append(list, fact)
		}
	}
	return list
}

// Gallery is the attachments of a post as they are set: pictures together, the
// first four of them at once, and each of the rest on a line of its own.
type Gallery struct{ Pictures, More, Rest []Media }

// galleryShown is how many pictures stand together.
const galleryShown = 4

func gallery(list []Media) (g Gallery) {
	for _, m := range list {
		switch {
		case m.Kind != "Picture" || m.Preview == "":
			g.Rest = append(g.Rest, m)
		case len(g.Pictures) == galleryShown:
			g.More = append(g.More, m)
		default:
			g.Pictures = append(g.Pictures, m)
		}
	}
	return g
}

// sensitive says what is hidden: "Sensitive picture", "3 sensitive files".
func sensitive(list []Media) string {
	if len(list) == 1 {
		return "Sensitive " + strings.ToLower(list[0].Kind)
	}
	for _, m := range list {
		if m.Kind != "Picture" {
			return strconv.Itoa(len(list)) + " sensitive files"
		}
	}
	return strconv.Itoa(len(list)) + " sensitive pictures"
}

// Focus gives the classes of one of 11 x 11 places in a picture: tenths of the way
// from its left edge and from its top. "" is the middle.
func Focus(across, down int) string {
	if across == 5 && down == 5 {
		return ""
	}
	return "x" + strconv.Itoa(min(max(across, 0), 10)) + " y" + strconv.Itoa(min(max(down, 0), 10))
}

// Colour gives the classes of the nearest of 5 x 5 x 5 colours.
func Colour(r, g, b uint8) string {
	step := func(v uint8) string { return strconv.Itoa((int(v) + 32) / 64) }
	return "r" + step(r) + " g" + step(g) + " b" + step(b)
}

// ByteSize is "812 KB", "3.1 MB" or "1.2 GB"; "" for nothing.
func ByteSize(n int64) string {
	switch {
	case n <= 0:
		return ""
	case n < 1<<20:
		return strconv.FormatInt((n+1023)>>10, 10) + " KB"
	}
	shift, unit := 20, " MB"
	if n >= 1000<<20 {
		shift, unit = 30, " GB"
	}
	tenths := (n*10 + 1<<(shift-1)) >> shift
	if tenths%10 == 0 || tenths >= 1000 {
		return strconv.FormatInt((tenths+5)/10, 10) + unit
	}
	return strconv.FormatInt(tenths/10, 10) + "." + strconv.FormatInt(tenths%10, 10) + unit
}

// Clock is a length as players write it: 2:31, 1:02:31.
func Clock(d time.Duration) string {
	two := func(n int) string { return strconv.Itoa(n/10) + strconv.Itoa(n%10) }
	sec := int(d / time.Second)
	if sec < 3600 {
		return strconv.Itoa(sec/60) + ":" + two(sec%60)
	}
	return strconv.Itoa(sec/3600) + ":" + two(sec/60%60) + ":" + two(sec%60)
}
