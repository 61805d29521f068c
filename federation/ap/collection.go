package ap

import "fmt"

// Collection is a collection or a page of one, read or to be written.
type Collection struct {
	ID         string
	Type       string
	TotalItems int64 // -1 when not told
	First      string
	FirstPage  *Collection // when First is embedded
	Next, Prev string
	Last       string
	PartOf     string
	// Items are ids (string) and embedded objects, at most MaxItems. When
	// writing, nil leaves the list out and an empty slice writes [].
	Items []any
	// AttributedTo is the owner, told by conversations (FEP-7888).
	AttributedTo string
}

// Ordered tells whether items stand in orderedItems.
func (c *Collection) Ordered() bool {
	return c.Type == "OrderedCollection" || c.Type == "OrderedCollectionPage"
}

// ReadCollection reads a collection or a page, with an embedded first page if
// there is one. Nothing in it is trusted: Next may lead anywhere or back.
func ReadCollection(o Object) (*Collection, error) {
	c := readCollection(o)
	if !IsCollectionType(c.Type) {
		return nil, fmt.Errorf("read collection: %w: a %.80q is none", ErrShape, c.Type)
	}
	if first, ok := o.Obj("first"); ok {
		c.FirstPage = readCollection(first)
	}
	return c, nil
}

func readCollection(o Object) *Collection {
	c := &Collection{
		ID:           cutID(o.ID()),
		Type:         o.Type(),
		TotalItems:   -1,
		First:        cutID(o.FirstID("first")),
		Next:         cutID(o.FirstID("next")),
		Prev:         cutID(o.FirstID("prev")),
		Last:         cutID(o.FirstID("last")),
		PartOf:       cutID(o.FirstID("partOf")),
		AttributedTo: cutID(o.FirstID("attributedTo")),
	}
	if n, ok := o.Int("totalItems"); ok && n >= 0 {
		c.TotalItems = n
	}
	for _, key := range []string{"orderedItems", "items"} {
		each(o[key], func(v any) bool {
			if item, ok := asObject(v); ok {
				c.Items = append(c.Items, item)
			} else if id := idOf(v); id != "" && len(id) <= MaxID {
				c.Items = append(c.Items, id)
			}
			return len(c.Items) < MaxItems
		})
	}
	return c
}

// ItemIDs lists the ids of the items, embedded or not.
func (c *Collection) ItemIDs() []string {
	ids := make([]string, 0, len(c.Items))
	for _, item := range c.Items {
		if id := idOf(item); id != "" && len(id) <= MaxID {
			ids = append(ids, id)
		}
	}
	return ids
}
