package ap

import "strings"

// Public is the audience that means everybody (AP 5.6), as we write it.
const Public = "https://www.w3.org/ns/activitystreams#Public"

// ContextURL is the ActivityStreams 2.0 context. Mastodon drops activities whose
// @context does not hold it as a string.
const ContextURL = "https://www.w3.org/ns/activitystreams"

// ContentType is what we send, ask for and take.
const ContentType = "application/activity+json"

// prefixes that stand before known names in documents that went through a
// JSON-LD processor. They are cut off; the rest is the name we know.
var prefixes = []string{
	"as:", "toot:", "sec:", "schema:", "ostatus:", "litepub:", "misskey:", "fedibird:", "gts:",
	"https://www.w3.org/ns/activitystreams#", "http://www.w3.org/ns/activitystreams#",
	"http://joinmastodon.org/ns#", "https://w3id.org/security#", "http://schema.org#",
	"http://ostatus.org#", "http://litepub.social/ns#", "https://misskey-hub.net/ns#",
	"http://fedibird.com/ns#", "https://gotosocial.org/ns#", "https://w3id.org/fep/044f#",
}

// canonicalName maps as:Note, the full IRI and @type to Note and type; a name
// without a known prefix is left alone.
func canonicalName(name string) string {
	switch name {
	case "@id":
		return "id"
	case "@type":
		return "type"
	}
	if strings.IndexByte(name, ':') < 0 {
		return name
	}
	for _, prefix := range prefixes {
		if rest, ok := strings.CutPrefix(name, prefix); ok && rest != "" {
			return rest
		}
	}
	return name
}

// knownKeys holds the names met in nearly every document, to share their bytes.
var knownKeys = func() map[string]string {
	m := map[string]string{"@id": "id", "@type": "type"}
	for _, k := range strings.Fields(`@context @language @value @list @set @container
		id type actor object target to cc bto bcc published updated attributedTo content contentMap
		name nameMap summary summaryMap sensitive url href rel mediaType inReplyTo context conversation
		attachment tag icon image width height blurhash focalPoint replies likes shares first next prev
		last partOf items orderedItems totalItems oneOf anyOf endTime closed votersCount source atomUri
		inReplyToAtomUri quote quoteUrl quoteUri quoteAuthorization interactionPolicy canQuote
		automaticApproval manualApproval _misskey_content _misskey_quote _misskey_reaction directMessage
		preferredUsername inbox outbox followers following featured featuredTags endpoints sharedInbox
		publicKey owner publicKeyPem assertionMethod controller publicKeyMultibase alsoKnownAs movedTo
		manuallyApprovesFollowers discoverable indexable suspended webfinger value signature creator
		created signatureValue toot sc Hashtag Emoji ostatus schema PropertyValue Device devices`) {
		m[k] = k
	}
	return m
}()

type class uint8

const (
	classUnknown class = iota
	classPost
	classActor
	classActivity
	classCollection
	classOther
)

// classes are the types we know by name. A type that is not here may be a post
// of a kind we have not met, and is shown as a link card.
var classes = func() map[string]class {
	m := make(map[string]class)
	for c, names := range map[class]string{
		classPost:  "Note Question ChatMessage Article Page Video Audio Image Event",
		classActor: "Person Service Application Group Organization",
		classActivity: `Create Update Delete Follow Accept Reject Undo Announce Like Dislike EmojiReact Block Flag Move
			Add Remove QuoteRequest ReplyRequest LikeRequest AnnounceRequest View Listen Read Arrive Travel Invite
			Join Leave Offer Ignore TentativeAccept TentativeReject Lock`,
		classCollection: "Collection OrderedCollection CollectionPage OrderedCollectionPage",
		// CacheFile, WatchAction and PlaylistElement are PeerTube's and for other PeerTubes.
		classOther: `CacheFile WatchAction PlaylistElement Tombstone Mention Hashtag Emoji Link Document PropertyValue Place Profile Relationship Multikey Key
			QuoteAuthorization ReplyAuthorization LikeAuthorization AnnounceAuthorization
			ReplyApproval LikeApproval AnnounceApproval`,
	} {
		for _, name := range strings.Fields(names) {
			m[name] = c
		}
	}
	return m
}()

// IsPostType tells whether t is a type that we show as a post with its own text
// or convert to title, summary and link.
func IsPostType(t string) bool { return classes[t] == classPost }

// IsActorType tells whether t is one of the five actor types of AS2.
func IsActorType(t string) bool { return classes[t] == classActor }

// IsActivityType tells whether t is an activity that we know, be it to ignore it.
func IsActivityType(t string) bool { return classes[t] == classActivity }

// IsCollectionType tells whether t is a collection or a page of one.
func IsCollectionType(t string) bool { return classes[t] == classCollection }

// IsPublic tells whether id is the public audience in any of the spellings met:
// full IRI, as:Public (Threads), Public.
func IsPublic(id string) bool {
	return id == Public || id == "as:Public" || id == "Public"
}
