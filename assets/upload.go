package assets

// Upload is one file of the write page, with what is said of it.
type Upload struct {
	ID      string
	Kind    string // Picture, Video, Sound
	Title   string // the file's name where it came from; "" if unknown
	Size    string // "3.1 MB"
	Length  string // "1:05", "" if unknown
	URL     string // path of the whole thing
	Preview string // path of a smaller picture or of a still; "" for none
	Note    string // what was done to it, if that is worth a sentence
	Alt     string
	Letters int      // of Alt
	Focus   []Option // what to keep in view; nil where there is nothing to see
	Asked   bool     // the description is missing, and asked for
	Place   int      // among the files of the post, from 1 …
	Of      int      // … on
}

// Facts are the name, length and size, for where there is nothing to see.
func (u Upload) Facts() (list []string) {
	for _, fact := range []string{u.Title, u.Length, u.Size} {
		if fact != "" {
			list = append(list, fact)
		}
	}
	return list
}

// Question asks for the description.
func (u Upload) Question() string {
	if u.Kind == "Sound" {
		return "What can be heard?"
	}
	return "What can be seen?"
}

// uploadTypes are the kinds of files that a browser offers to choose. Telephones
// make JPEG of what is not among them.
func uploadTypes() string {
	return "image/jpeg,image/png,image/gif,image/webp,video/mp4,video/quicktime,video/webm,audio/*"
}
