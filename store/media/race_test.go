//go:build race

package media

// raceDetector makes memory figures meaningless: it keeps shadows of it.
const raceDetector = true
