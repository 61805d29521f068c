package federation

import (
	"html"
	"path"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/federation/markup"
)

// longestText is how many bytes of HTML of one post are kept, some 5,000 words;
// the rest is one link away. Twenty such posts are a page that still opens.
const longestText = 32 << 10

// shape makes of a post as it came what is shown of it: all texts safe, and what
// other kinds of object have beside their text said in it. It needs neither the
// store nor the network and is done before a transaction, since cleaning HTML
// takes longer than storing it. The choices of a poll stay as they came, since
// votes name them so: see pollOf. A second call does nothing.
func shape(n *ap.Note) {
	if n.Shaped {
		return
	}
	n.Shaped = true
	for i := range n.Mentions {
		n.Mentions[i].Name = markup.Inline(strings.TrimPrefix(n.Mentions[i].Name, "@"))
	}
	n.Name = markup.Inline(n.Name)
	if n.URL != "" && registrable(ap.Host(n.URL)) != registrable(ap.Host(n.ID)) {
		// Friendica gives the page that a post is about; and nobody's words may
		// pass for those of another site (T20).
		n.Attachments = append(n.Attachments, ap.Attachment{Type: "Link", URL: n.URL})
		n.URL = ""
	}
	abstract := ""
	if !n.Sensitive { // of an Article and the like it is no warning
		abstract, n.Summary = n.Summary, ""
	}
	n.Summary = markup.Inline(n.Summary)
	links := shapeFiles(n)
	text, whole := bodyOf(n)
	n.MediaType = ""
	switch {
	case n.Name == "":
	case markup.Text(text) == n.Name && !strings.Contains(text, "<a "):
		text = "" // the title says it all
	case isFileName(n.Name) || repeatsTitle(n.Name, text):
		n.Name = ""
	}
	if text == "" && abstract == "" {
		abstract = n.Preview
	}
	n.Content = eventWords(n) + bookWords(n) + abstractWords(n, abstract, text) + text + linkWords(links, text)
	if !whole && page(n) != "" {
		n.Content += "<p>" + anchor(page(n), "Read the rest at "+ap.Host(page(n))) + "</p>"
	}
}

// page is where people read a post, "" if its id is no address either.
func page(n *ap.Note) string {
	if n.URL == "" && ap.IsURL(n.ID) {
		return n.ID
	}
	return n.URL
}

// bodyOf is the text as it may be shown, and whether it is all of it. What is
// not HTML is made HTML first.
func bodyOf(n *ap.Note) (text string, whole bool) {
	source := n.Content
	if whole = len(source) <= longestText; !whole {
		source = strings.ToValidUTF8(source[:longestText], "")
		if i := strings.LastIndexByte(source, '<'); i > strings.LastIndexByte(source, '>') {
			source = source[:i] // the cut went through a tag
		}
	}
	var r markup.Rendered
	var err error
	switch {
	case strings.HasPrefix(n.MediaType, "text/markdown"): // PeerTube
		r, err = markup.Markdown(source, markup.Links{})
	case strings.HasPrefix(n.MediaType, "text/plain"):
		r, err = markup.Plain(source, markup.Links{})
	default:
		r.HTML = source
	}
	if err != nil {
		return "", false
	}
	return strings.TrimSpace(markup.CleanHTML(r.HTML)), whole
}

// shapeFiles keeps as attachments what is a picture, film or sound, and hands
// back the links, which are said in the text.
func shapeFiles(n *ap.Note) (links []ap.Attachment) {
	var files []ap.Attachment
	known := map[string]bool{}
	film := false
	for _, a := range n.Attachments {
		if a.Name = markup.Inline(a.Name); isFileName(a.Name) {
			a.Name = "" // Pleroma: describes nothing
		}
		if a.Type == "Link" && (a.URL == n.Icon || mediaTypes[extension(a.URL)] != "") {
			a.Type = "Image" // Lemmy: the post is about a picture
		}
		if known[a.URL] || a.Type == "Link" && a.URL == n.URL {
			continue
		}
		known[a.URL] = true
		if a.Type == "Link" {
			links = append(links, a)
			continue
		}
		if a.MediaType == "" {
			a.MediaType = guessType(a)
		}
		if a.Name == "" && n.Kind == "Image" && !isFileName(n.Name) {
			a.Name = markup.Inline(n.Name)
		}
		film = film || strings.HasPrefix(a.MediaType, "video/") || strings.HasPrefix(a.MediaType, "audio/")
		files = append(files, a)
	}
	// The cover of an article stands beside its text; the thumbnail of a film or
	// of a link only where there is nothing better to show.
	if n.Icon != "" && !known[n.Icon] && !film && len(links) == 0 && n.Kind != "Note" && n.Kind != "Question" && len(files) < ap.MaxAttachments {
		cover := ap.Attachment{Type: "Image", URL: n.Icon, Name: markup.Inline(n.IconAlt)}
		cover.MediaType = guessType(cover)
		files = append([]ap.Attachment{cover}, files...)
	}
	if (n.Kind == "Video" || n.Kind == "Audio") && !film && page(n) != "" {
		word := "Watch at "
		if n.Kind == "Audio" {
			word = "Listen at "
		}
		links = append(links, ap.Attachment{URL: page(n), Name: word + ap.Host(page(n))})
	}
	n.Attachments = files
	return links
}

// mediaTypes are those that an address tells by its ending, where its server
// says nothing.
var mediaTypes = map[string]string{
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".webp": "image/webp", ".avif": "image/avif",
	".mp4": "video/mp4", ".webm": "video/webm", ".mov": "video/quicktime", ".ogv": "video/ogg",
	".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".opus": "audio/ogg", ".flac": "audio/flac", ".m4a": "audio/mp4", ".wav": "audio/wav",
}

// extension is the ending of the path of an address, in lower case.
func extension(address string) string {
	if i := strings.IndexAny(address, "?#"); i >= 0 {
		address = address[:i]
	}
	return strings.ToLower(path.Ext(address))
}

func guessType(a ap.Attachment) string {
	if t := mediaTypes[extension(a.URL)]; t != "" {
		return t
	}
	return map[string]string{"Image": "image/jpeg", "Video": "video/mp4", "Audio": "audio/mpeg"}[a.Type]
}

// isFileName: Hubzilla's photos have the name of the file as title.
func isFileName(title string) bool {
	return mediaTypes[extension(title)] != "" && !strings.Contains(title, " ")
}

// repeatsTitle: a text that begins with its own title needs no second one.
func repeatsTitle(title, text string) bool {
	if len(text) > 0 && text[0] != '<' && !strings.HasPrefix(text, title) {
		return false
	}
	first, _, _ := strings.Cut(markup.Text(text), "\n")
	return strings.TrimSpace(first) == title
}

// abstractWords is the abstract of a longer text, unless text or title say the same.
func abstractWords(n *ap.Note, abstract, text string) string {
	if abstract == "" {
		return ""
	}
	words := markup.Text(markup.CleanHTML(abstract))
	bare := strings.TrimRight(strings.Join(strings.Fields(words), " "), " .…[]")
	if bare == "" || strings.HasPrefix(strings.Join(strings.Fields(markup.Text(text)), " "), bare) {
		return ""
	}
	rest := strings.TrimSpace(strings.TrimPrefix(bare, n.Name)) // Mbin: the title and the hashtags
	for _, h := range n.Hashtags {
		rest = strings.TrimSpace(strings.ReplaceAll(rest, "#"+h.Name, ""))
	}
	if rest == "" {
		return ""
	}
	return "<p>" + strings.ReplaceAll(html.EscapeString(words), "\n", "<br>") + "</p>"
}

// eventWords say when and where an event is.
func eventWords(n *ap.Note) string {
	if n.Kind != "Event" {
		return ""
	}
	var lines []string
	if n.Cancelled {
		lines = append(lines, "<strong>This event is cancelled.</strong>")
	}
	if !n.StartTime.IsZero() {
		lines = append(lines, "<strong>When:</strong> "+html.EscapeString(span(n)))
	}
	if place := markup.Inline(n.Place); place != "" {
		lines = append(lines, "<strong>Where:</strong> "+html.EscapeString(place))
	}
	if lines == nil {
		return ""
	}
	return "<p>" + strings.Join(lines, "<br>") + "</p>"
}

// span is the time of an event in its own zone, in UTC if that is not told.
func span(n *ap.Note) string {
	zone, err := time.LoadLocation(n.TimeZone)
	if err != nil || n.TimeZone == "" || n.TimeZone == "Local" {
		zone = time.UTC
	}
	const day, hour = "Monday, 2 January 2006", "15:04"
	from, to := n.StartTime.In(zone), n.EndTime.In(zone)
	text := from.Format(day + ", " + hour)
	switch {
	case n.EndTime.IsZero() || !to.After(from):
	case from.Format(day) == to.Format(day):
		text += " to " + to.Format(hour)
	default:
		text += " to " + to.Format(day+", "+hour)
	}
	return text + " (" + zone.String() + ")"
}

// bookWords are what BookWyrm has beside the text: stars, and the passage.
func bookWords(n *ap.Note) string {
	words := ""
	if n.Rating == "" && n.Quotation == "" {
		return ""
	}
	if n.Rating != "" {
		words = "<p>Rated " + html.EscapeString(n.Rating) + " of 5</p>"
	}
	if quotation := strings.TrimSpace(markup.CleanHTML(n.Quotation)); quotation != "" {
		words += "<blockquote>" + quotation + "</blockquote>"
	}
	return words
}

// linkWords are the links that a post is about, unless the text has them.
func linkWords(links []ap.Attachment, text string) string {
	words := ""
	for _, l := range links {
		if !strings.Contains(text, `href="`+html.EscapeString(l.URL)+`"`) {
			words += "<p>" + anchor(l.URL, l.Name) + "</p>"
		}
	}
	return words
}

// anchor is a link with words of its author's, or with its address. It goes
// through the cleaner, which lets no words claim another address (T20).
func anchor(address, words string) string {
	if words == "" {
		words = address
	}
	return markup.CleanHTML(`<a href="` + html.EscapeString(address) + `">` + html.EscapeString(words) + `</a>`)
}
