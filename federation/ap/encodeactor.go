package ap

type wireActor struct {
	ID                        string         `json:"id"`
	Type                      string         `json:"type"`
	PreferredUsername         string         `json:"preferredUsername"`
	WebFinger                 string         `json:"webfinger,omitempty"`
	Name                      string         `json:"name"`
	Summary                   string         `json:"summary"`
	URL                       string         `json:"url,omitempty"`
	Inbox                     string         `json:"inbox"`
	Outbox                    string         `json:"outbox,omitempty"`
	Followers                 string         `json:"followers,omitempty"`
	Following                 string         `json:"following,omitempty"`
	Featured                  string         `json:"featured,omitempty"`
	FeaturedTags              string         `json:"featuredTags,omitempty"`
	Endpoints                 *wireEndpoints `json:"endpoints,omitempty"`
	Icon                      *wireImage     `json:"icon,omitempty"`
	Image                     *wireImage     `json:"image,omitempty"`
	PublicKey                 *wireKey       `json:"publicKey,omitempty"`
	AssertionMethod           []wireMultikey `json:"assertionMethod,omitempty"`
	ManuallyApprovesFollowers bool           `json:"manuallyApprovesFollowers"`
	Discoverable              *bool          `json:"discoverable,omitempty"`
	Indexable                 *bool          `json:"indexable,omitempty"`
	Suspended                 bool           `json:"suspended,omitempty"`
	Memorial                  bool           `json:"memorial,omitempty"`
	Published                 string         `json:"published,omitempty"`
	Updated                   string         `json:"updated,omitempty"`
	Attachment                []wireField    `json:"attachment"`
	Tag                       []wireTag      `json:"tag"`
	AlsoKnownAs               []string       `json:"alsoKnownAs,omitempty"`
	MovedTo                   string         `json:"movedTo,omitempty"`
	InteractionPolicy         Object         `json:"interactionPolicy,omitempty"`
	AttributionDomains        []string       `json:"attributionDomains,omitempty"`
}

type wireEndpoints struct {
	SharedInbox string `json:"sharedInbox"`
}

type wireKey struct {
	ID           string `json:"id"`
	Owner        string `json:"owner"`
	PublicKeyPEM string `json:"publicKeyPem"`
}

type wireMultikey struct {
	ID                 string `json:"id"`
	Type               string `json:"type"`
	Controller         string `json:"controller"`
	PublicKeyMultibase string `json:"publicKeyMultibase"`
}

type wireField struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Encode is the actor as we send it, for Marshal and NewActivity. publicKey is
// the first of PublicKeys, an object and never an array, as peers expect.
// Multikeys should hold that key too, under the same id: some builds of Mastodon
// let assertionMethod replace publicKey.
func (a *Actor) Encode() any {
	w := &wireActor{
		ID: a.ID, Type: a.Type, PreferredUsername: a.PreferredUsername, WebFinger: a.WebFinger,
		Name: a.Name, Summary: a.Summary, URL: a.URL,
		Inbox: a.Inbox, Outbox: a.Outbox, Followers: a.Followers, Following: a.Following,
		Featured: a.Featured, FeaturedTags: a.FeaturedTags,
		Icon: a.Icon.encode(), Image: a.Image.encode(),
		ManuallyApprovesFollowers: a.ManuallyApprovesFollowers,
		Discoverable:              a.Discoverable, Indexable: a.Indexable, Suspended: a.Suspended, Memorial: a.Memorial,
		Published: formatTime(a.Published), Updated: formatTime(a.Updated),
		Attachment:  make([]wireField, len(a.Fields)),
		Tag:         encodeTags(nil, a.Hashtags, a.Emojis),
		AlsoKnownAs: a.AlsoKnownAs, MovedTo: a.MovedTo,
		InteractionPolicy: a.InteractionPolicy, AttributionDomains: a.AttributionDomains,
	}
	for i, f := range a.Fields {
		w.Attachment[i] = wireField{"PropertyValue", f.Name, f.Value}
	}
	if a.SharedInbox != "" {
		w.Endpoints = &wireEndpoints{a.SharedInbox}
	}
	if len(a.PublicKeys) > 0 {
		k := a.PublicKeys[0]
		w.PublicKey = &wireKey{k.ID, k.Owner, k.PEM}
	}
	for _, k := range a.Multikeys {
		w.AssertionMethod = append(w.AssertionMethod, wireMultikey{k.ID, "Multikey", k.Controller, k.PublicKeyMultibase})
	}
	return w
}

// Stub is the actor with its keys and its inbox and nothing else, for those who
// may not have the rest.
func (a *Actor) Stub() Object {
	w := a.Encode().(*wireActor)
	return Object{
		"id": w.ID, "type": w.Type, "preferredUsername": w.PreferredUsername, "inbox": w.Inbox,
		"publicKey": w.PublicKey, "assertionMethod": w.AssertionMethod,
	}
}

func (i Image) encode() *wireImage {
	if i.URL == "" {
		return nil
	}
	return &wireImage{"Image", i.MediaType, i.URL, i.Name}
}
