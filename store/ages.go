package store

import "time"

// Age is a number of the settings that says how long something is kept, or how much
// of it. Its ceiling is a promise of the privacy policy: nothing that is stored or
// sent goes beyond it, because settings are clamped whenever they are read.
type Age struct {
	Name        string // of the setting, as it is stored
	Least, Most int
	Of          func(*Settings) *int
}

// Ages are all of them; the defaults are those of DefaultSettings.
var Ages = []Age{
	{"keep_remote_days", 1, 90, func(s *Settings) *int { return &s.KeepRemoteDays }},
	{"keep_picture_days", 1, 7, func(s *Settings) *int { return &s.KeepPictureDays }},
	{"media_cache_mb", 16, 512, func(s *Settings) *int { return &s.MediaCacheMB }},
	{"keep_notice_days", 7, 180, func(s *Settings) *int { return &s.KeepNoticeDays }},
	{"keep_address_days", 0, 365, func(s *Settings) *int { return &s.KeepAddressDays }},
	{"keep_security_days", 7, 180, func(s *Settings) *int { return &s.KeepSecurityDays }},
	{"keep_log_days", 0, 90, func(s *Settings) *int { return &s.KeepLogDays }},
	{"keep_job_days", 1, 30, func(s *Settings) *int { return &s.KeepJobDays }},
}

// AgeNamed is one of Ages by its name; false if there is none.
func AgeNamed(name string) (Age, bool) {
	for _, a := range Ages {
		if a.Name == name {
			return a, true
		}
	}
	return Age{}, false
}

func daysOf(n int) time.Duration { return time.Duration(n) * day }

// clampAges holds every age within its limits.
func (s *Settings) clampAges() {
	for _, a := range Ages {
		v := a.Of(s)
		*v = clamp(*v, a.Least, a.Most)
	}
}

func clamp(v, low, high int) int { return min(max(v, low), high) }

// Due counts what the sweep removes by each age under some settings, by the name of
// the age: what it says is what the next Sweep reports, if nothing happens
// meanwhile. Ages by which nothing would go are left out.
func (t *Tx) Due(set Settings) (map[string]int, error) {
	set.Clamp()
	due := map[string]int{}
	for _, rule := range sweeps {
		if rule.age == "" {
			continue
		}
		n, err := rule.count(t, set)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			due[rule.age] += n
		}
	}
	return due, nil
}

// countWalk counts what a rule that walks finds, without removing it.
func countWalk(find func(*Tx, Settings, int64) ([]any, int64, error)) func(*Tx, Settings) (int, error) {
	return func(t *Tx, set Settings) (total int, err error) {
		for after := int64(0); ; {
			keys, next, err := find(t, set, after)
			total += len(keys)
			if err != nil || next == 0 {
				return total, err
			}
			after = next
		}
	}
}
