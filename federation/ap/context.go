package ap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Every term beyond AS2 that we send is defined in the @context that goes with
// it: Mastodon loses hashtags whose Hashtag is undefined when it has to process
// the document as JSON-LD (mastodon#29981).

const noteTerms = `"Hashtag":"as:Hashtag","sensitive":"as:sensitive",` +
	`"ostatus":"http://ostatus.org#","conversation":"ostatus:conversation",` +
	`"toot":"http://joinmastodon.org/ns#","Emoji":"toot:Emoji","votersCount":"toot:votersCount",` +
	`"blurhash":"toot:blurhash","focalPoint":{"@container":"@list","@id":"toot:focalPoint"},` +
	`"litepub":"http://litepub.social/ns#","directMessage":"litepub:directMessage",` + policyTerms + `,` +
	`"quote":{"@id":"https://w3id.org/fep/044f#quote","@type":"@id"},` +
	`"quoteAuthorization":{"@id":"https://w3id.org/fep/044f#quoteAuthorization","@type":"@id"},` +
	`"quoteUri":"http://fedibird.com/ns#quoteUri",` +
	`"misskey":"https://misskey-hub.net/ns#","_misskey_quote":"misskey:_misskey_quote"`

// requestTerms are those of requests for consent, the answers to them, and the
// stamps that they end in.
const requestTerms = `"QuoteRequest":"https://w3id.org/fep/044f#QuoteRequest",` +
	`"QuoteAuthorization":"https://w3id.org/fep/044f#QuoteAuthorization",` +
	`"ReplyRequest":"gts:ReplyRequest","ReplyAuthorization":"gts:ReplyAuthorization",` +
	`"LikeRequest":"gts:LikeRequest","LikeAuthorization":"gts:LikeAuthorization",` +
	`"AnnounceRequest":"gts:AnnounceRequest","AnnounceAuthorization":"gts:AnnounceAuthorization",` +
	`"interactingObject":{"@id":"gts:interactingObject","@type":"@id"},` +
	`"interactionTarget":{"@id":"gts:interactionTarget","@type":"@id"}`

// reactionTerms are those of an emoji reaction and its Undo.
const reactionTerms = `"toot":"http://joinmastodon.org/ns#","Emoji":"toot:Emoji",` +
	`"misskey":"https://misskey-hub.net/ns#","_misskey_reaction":"misskey:_misskey_reaction"`

const policyTerms = `"gts":"https://gotosocial.org/ns#",` +
	`"interactionPolicy":{"@id":"gts:interactionPolicy","@type":"@id"},` +
	`"canQuote":{"@id":"gts:canQuote","@type":"@id"},"canReply":{"@id":"gts:canReply","@type":"@id"},` +
	`"canLike":{"@id":"gts:canLike","@type":"@id"},"canAnnounce":{"@id":"gts:canAnnounce","@type":"@id"},` +
	`"automaticApproval":{"@id":"gts:automaticApproval","@type":"@id"},` +
	`"manualApproval":{"@id":"gts:manualApproval","@type":"@id"},"always":{"@id":"gts:always","@type":"@id"}`

const actorTerms = `"Hashtag":"as:Hashtag","manuallyApprovesFollowers":"as:manuallyApprovesFollowers",` +
	`"alsoKnownAs":{"@id":"as:alsoKnownAs","@type":"@id"},"movedTo":{"@id":"as:movedTo","@type":"@id"},` +
	`"toot":"http://joinmastodon.org/ns#","Emoji":"toot:Emoji",` +
	`"featured":{"@id":"toot:featured","@type":"@id"},"featuredTags":{"@id":"toot:featuredTags","@type":"@id"},` +
	`"discoverable":"toot:discoverable","indexable":"toot:indexable","suspended":"toot:suspended","memorial":"toot:memorial",` +
	`"attributionDomains":{"@id":"toot:attributionDomains","@type":"@id"},` +
	`"schema":"http://schema.org#","PropertyValue":"schema:PropertyValue","value":"schema:value",` +
	`"webfinger":"https://purl.archive.org/socialweb/webfinger#webfinger",` + policyTerms + `,` +
	`"assertionMethod":{"@id":"https://w3id.org/security#assertionMethod","@type":"@id","@container":"@set"}`

const (
	baseContext     = `["https://www.w3.org/ns/activitystreams","https://w3id.org/security/v1"`
	plainContext    = baseContext + `]`
	noteContext     = baseContext + `,{` + noteTerms + `}]`
	reactionContext = baseContext + `,{` + reactionTerms + `}]`
	requestContext  = baseContext + `,{` + noteTerms + `,` + requestTerms + `}]`
	actorContext    = baseContext + `,"https://w3id.org/security/multikey/v1",{` + actorTerms + `}]`
)

// ArchiveContext is that of a document whose posts have the addresses of OStatus
// beside their own, as in the archives of Mastodon.
const ArchiveContext = baseContext + `,{` + noteTerms + `,"atomUri":"ostatus:atomUri","inReplyToAtomUri":"ostatus:inReplyToAtomUri"}]`

// encoder is what knows its own wire form: *Note, *Actor, *Collection, *Tombstone.
type encoder interface{ Encode() any }

// wire is the form of v that encoding/json can write: our structs encoded, a
// stranger's document without what must not be sent on.
func wire(v any) any {
	if v, ok := v.(encoder); ok {
		return v.Encode()
	}
	if o, ok := asObject(v); ok {
		return embeddable(o)
	}
	return v
}

// embeddable copies o without the blind audience (AP 6), signatures over another
// form of it, and contexts below the top level.
func embeddable(o Object) Object {
	c := make(Object, len(o))
	for k, v := range o {
		switch k {
		case "@context", "bto", "bcc", "signature", "proof":
			continue
		}
		c[k] = embeddableValue(v)
	}
	return c
}

func embeddableValue(v any) any {
	if o, ok := asObject(v); ok {
		return embeddable(o)
	}
	if a, ok := v.([]any); ok {
		c := make([]any, len(a))
		for i, item := range a {
			c[i] = embeddableValue(item)
		}
		return c
	}
	return v
}

// contextFor is the smallest of our contexts that defines what v uses.
func contextFor(v any) string {
	switch v := v.(type) {
	case *Message:
		if v.Instrument != nil || isConsent(v.Type) {
			return requestContext
		}
		if v.MisskeyReaction != "" {
			return reactionContext
		}
		return contextFor(v.Object)
	case *wireActor:
		return actorContext
	case *wireNote, *wireCollection:
		return noteContext
	}
	if o, ok := asObject(v); ok {
		if IsActorType(o.Type()) {
			return actorContext
		}
		if isConsent(o.Type()) || o.Has("instrument") {
			return requestContext
		}
		if classes[o.Type()] == classActivity {
			if inner, ok := o.Obj("object"); ok {
				return contextFor(inner)
			}
			return plainContext
		}
		return noteContext
	}
	return plainContext
}

// isConsent tells whether a type is a request for consent or a stamp.
func isConsent(t string) bool {
	return strings.HasSuffix(t, "Request") || strings.HasSuffix(t, "Authorization")
}

// Marshal writes a document of ours: a *Note, *Actor, *Collection, *Tombstone,
// *Message, an Object made by hand, or what Encode returned. @context stands at
// the top level only, HTML is not escaped, bto and bcc are never written.
func Marshal(v any) ([]byte, error) {
	v = wire(v)
	var buf bytes.Buffer
	buf.WriteString(`{"@context":`)
	buf.WriteString(contextFor(v))
	head := buf.Len()
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("marshal %T: %w", v, err)
	}
	b := bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
	if len(b) < head+2 || b[head] != '{' {
		return nil, fmt.Errorf("marshal %T: %w: not an object", v, ErrShape)
	}
	if b[head] = ','; b[head+1] == '}' {
		b = append(b[:head], '}')
	}
	return b, nil
}
