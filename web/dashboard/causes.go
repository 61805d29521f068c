package dashboard

import "strings"

// causes say what most likely lies behind the words of a failed delivery, as
// package federation writes them. The first that fits counts.
var causes = []struct{ words, cause string }{
	{"did not answer in time", "It is down, overloaded, or its network is."},
	{"name was not found", "Its domain may have run out, or its DNS is broken. Servers that close for good look so too."},
	{"could not be looked up", "Its DNS is out of order, or this machine could not ask: look whether it is on the net."},
	{"no such host", "Its domain may have run out, or its DNS is broken. Servers that close for good look so too."},
	{"nothing listens", "Its machine is there, its server is not running."},
	{"broke the connection", "Something before it, or it itself, is out of order."},
	{"certificate is not valid", "Its owner forgot to renew it, or somebody stands between."},
	{"cannot be reached from here", "It names an address in a private network."},
	{"answered 401", "It could not check our signature: its clock or ours may be wrong, or it cannot reach us."},
	{"answered 403", "It may block this server."},
	{"answered 404", "The account that this was for is gone."},
	{"answered 410", "The account that this was for is gone."},
	{"answered 413", "It takes no posts of this size."},
	{"answered 429", "It asks everybody to be slower."},
	{"answered 502", "Its front door works, the server behind it does not."},
	{"answered 503", "It is being worked on, or overloaded."},
	{"answered 5", "It has trouble of its own."},
	{"answered 4", "It does not understand or want what we send."},
}

func cause(reason string) string {
	for _, c := range causes {
		if strings.Contains(reason, c.words) {
			return c.cause
		}
	}
	return ""
}
