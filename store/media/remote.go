package media

// The shapes of what others attach to their posts: in a list, alone, and in a line
// of text.
var (
	RemoteSmall = Shape{Width: 800, Height: 800, Bytes: 80 << 10}
	RemoteFull  = Shape{Width: 1600, Height: 1600}
	RemoteEmoji = Shape{Width: 64, Height: 64}
)
