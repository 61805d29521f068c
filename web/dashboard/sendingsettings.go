package dashboard

import (
	"net/url"
	"slices"
	"strconv"

	"dassie/assets"
	"dassie/store"
)

// sendingSettings are the fields of the settings about what goes out later.
type sendingSettings struct {
	Windows, Late []assets.Option
	Apps          bool
}

func sendingOf(set store.Settings) sendingSettings {
	s := sendingSettings{Apps: set.UndoApps, Late: []assets.Option{
		{Value: "", Label: "Send it late", Selected: set.LateScheduled == ""}, {Value: "ask", Label: "Make it a draft and ask me", Selected: set.LateScheduled == "ask"},
	}}
	for _, n := range store.UndoWindows {
		label := strconv.Itoa(n) + " seconds"
		if n == 0 {
			label = "Not at all"
		}
		s.Windows = append(s.Windows, assets.Option{Value: strconv.Itoa(n), Label: label, Selected: n == set.UndoSeconds})
	}
	return s
}

// readSending puts those fields of a sent form over the settings.
func readSending(set *store.Settings, form url.Values) {
	if n, err := strconv.Atoi(form.Get("undo")); err == nil && slices.Contains(store.UndoWindows, n) {
		set.UndoSeconds = n
	}
	set.UndoApps = form.Get("undo_apps") == "yes"
	if form.Has("late") {
		set.LateScheduled = form.Get("late") // Clamp knows the two
	}
}
