package federation

import (
	"net/http"

	"dassie/store"
	"dassie/web/reply"
)

// software is our name in NodeInfo.
const software = "dassie"

// schemaNodeInfo is the prefix of NodeInfo's relations and schemas (FEP-f1d5).
const schemaNodeInfo = "http://nodeinfo.diaspora.software/ns/schema/"

type nodeInfo struct {
	Version           string           `json:"version"`
	Software          nodeInfoSoftware `json:"software"`
	Protocols         []string         `json:"protocols"`
	Services          nodeInfoServices `json:"services"`
	OpenRegistrations bool             `json:"openRegistrations"`
	Usage             nodeInfoUsage    `json:"usage"`
	Metadata          nodeInfoMetadata `json:"metadata"`
}

// nodeInfoMetadata tells libraries that speak with many kinds of server, and do not
// know ours, whose client API they find here.
type nodeInfoMetadata struct {
	Upstream struct {
		Name string `json:"name"`
	} `json:"upstream"`
}

type nodeInfoSoftware struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type nodeInfoServices struct {
	Inbound  []string `json:"inbound"`
	Outbound []string `json:"outbound"`
}

type nodeInfoUsage struct {
	Users      nodeInfoUsers `json:"users"`
	LocalPosts int           `json:"localPosts"`
}

type nodeInfoUsers struct {
	Total          int `json:"total"`
	ActiveMonth    int `json:"activeMonth"`
	ActiveHalfyear int `json:"activeHalfyear"`
}

// ServeNodeInfoIndex answers GET of /.well-known/nodeinfo.
func (s *Service) ServeNodeInfoIndex(w http.ResponseWriter, r *http.Request) {
	reply.AnyOrigin(w.Header())
	s.serveCached(w, r, docNodeInfoIndex, func(*store.Tx) (*document, error) {
		return jsonDocument(reply.TypeJSON, jrd{Links: []link{
			{Rel: schemaNodeInfo + "2.1", Href: s.origin.URL("/nodeinfo/2.1")},
			{Rel: schemaNodeInfo + "2.0", Href: s.origin.URL("/nodeinfo/2.0")},
			{Rel: "https://www.w3.org/ns/activitystreams#Application", Href: s.instanceURI()}, // FEP-2677
		}})
	})
}

// ServeNodeInfo answers GET of /nodeinfo/VERSION: 2.1 or 2.0. Posts are counted
// only as far as everybody may read them.
func (s *Service) ServeNodeInfo(w http.ResponseWriter, r *http.Request, version string) {
	reply.AnyOrigin(w.Header())
	kind := docNodeInfo21
	switch version {
	case "2.1":
	case "2.0":
		kind = docNodeInfo20
	default:
		reply.FailText(w, r, &reply.Error{Code: reply.NotFound}, s.log)
		return
	}
	s.serveCached(w, r, kind, func(tx *store.Tx) (*document, error) {
		posts, err := tx.CountOwnPosts()
		if err != nil {
			return nil, err
		}
		info := nodeInfo{
			Version:   version,
			Software:  nodeInfoSoftware{software, s.version},
			Protocols: []string{"activitypub"},
			Services:  nodeInfoServices{[]string{}, []string{}},
			Usage:     nodeInfoUsage{nodeInfoUsers{1, 1, 1}, posts},
		}
		info.Metadata.Upstream.Name = "mastodon"
		return jsonDocument(`application/json; profile="`+schemaNodeInfo+version+`#"`, info)
	})
}
