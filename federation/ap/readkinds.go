package ap

import (
	"strconv"
	"strings"
)

// readKind reads what only some kinds of post have beside title and text.
func readKind(o Object, n *Note) {
	if n.Language == "" {
		n.Language = languageOf(o)
	}
	if preview, ok := o.Obj("preview"); ok { // FEP-b2b8; PeerTube has pictures there
		n.Preview, _ = preview.StrLang("content", "contentMap")
		n.Preview = cut(n.Preview, MaxSummary)
	}
	switch n.Kind {
	case "Event":
		readEvent(o, n)
	case "Comment", "Quotation", "Review", "GeneratedNote", "Rating":
		readBook(o, n)
	}
}

// languageOf reads the ways of PeerTube and Lemmy, and of Mobilizon.
func languageOf(o Object) string {
	lang := o.Str("inLanguage")
	if l, ok := o.Obj("language"); ok {
		lang = l.Str("identifier")
	}
	if len(lang) > 35 || strings.EqualFold(lang, "und") {
		return ""
	}
	return lang
}

// readEvent reads when and where (AS2 vocabulary 3.3, Mobilizon, Gancio).
func readEvent(o Object, n *Note) {
	n.StartTime, n.EndTime = o.Time("startTime"), o.Time("endTime")
	n.TimeZone = cut(o.Str("timezone"), 100)
	n.Cancelled = strings.EqualFold(o.Str("ical:status"), "CANCELLED")
	each(o["location"], func(v any) bool {
		if s, ok := v.(string); ok {
			n.Place = cut(s, MaxName)
		} else if place, ok := asObject(v); ok {
			n.Place = placeWords(place)
		}
		return n.Place == ""
	})
}

// placeWords is the address of a Place on one line.
func placeWords(place Object) string {
	parts := []string{place.Str("name")}
	if a, ok := place.Obj("address"); ok { // schema.org PostalAddress
		parts = append(parts, a.Str("streetAddress"), strings.TrimSpace(a.Str("postalCode")+" "+a.Str("addressLocality")),
			a.Str("addressRegion"), a.Str("addressCountry"))
	} else {
		parts = append(parts, place.Str("address"))
	}
	var words []string
	for i, part := range parts {
		part = strings.TrimSpace(part)
		if part == "" || i > 0 && len(words) > 0 && strings.Contains(words[len(words)-1], part) {
			continue
		}
		words = append(words, part)
	}
	return cut(strings.Join(words, ", "), MaxName)
}

// readBook reads what BookWyrm tells other BookWyrms: which book, which passage
// of it, how many stars. To everybody else it sends Notes.
func readBook(o Object, n *Note) {
	n.Quotation = cut(o.Str("quote"), MaxSummary)
	if stars, ok := o["rating"].(float64); ok && stars > 0 && stars <= 5 {
		n.Rating = strconv.FormatFloat(stars, 'f', -1, 64)
	}
	if book := webURL(o.FirstID("inReplyToBook")); book != "" {
		n.Attachments = append(n.Attachments, Attachment{Type: "Link", URL: book})
	}
	for _, tag := range o.Objs("tag") {
		if book := webURL(tag.Str("href")); tag.Type() == "Book" && book != "" && len(n.Attachments) < MaxAttachments {
			n.Attachments = append(n.Attachments, Attachment{Type: "Link", URL: book, Name: cut(tag.Str("name"), MaxName)})
		}
	}
}
