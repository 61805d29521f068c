package assets

import (
	"slices"
	"strings"
)

// languages are those that one can choose to write in, by their own names.
var languages = []struct{ code, name string }{
	{"af", "Afrikaans"}, {"ar", "العربية"}, {"ast", "Asturianu"}, {"be", "Беларуская"}, {"bg", "Български"}, {"bn", "বাংলা"}, {"br", "Brezhoneg"},
	{"ca", "Català"}, {"cs", "Čeština"}, {"cy", "Cymraeg"}, {"da", "Dansk"}, {"de", "Deutsch"}, {"el", "Ελληνικά"}, {"en", "English"},
	{"eo", "Esperanto"}, {"es", "Español"}, {"et", "Eesti"}, {"eu", "Euskara"}, {"fa", "فارسی"}, {"fi", "Suomi"}, {"fo", "Føroyskt"},
	{"fr", "Français"}, {"fy", "Frysk"}, {"ga", "Gaeilge"}, {"gd", "Gàidhlig"}, {"gl", "Galego"}, {"he", "עברית"}, {"hi", "हिन्दी"},
	{"hr", "Hrvatski"}, {"hu", "Magyar"}, {"hy", "Հայերեն"}, {"id", "Bahasa Indonesia"}, {"is", "Íslenska"}, {"it", "Italiano"}, {"ja", "日本語"},
	{"ka", "ქართული"}, {"kab", "Taqbaylit"}, {"ko", "한국어"}, {"ku", "Kurdî"}, {"la", "Latina"}, {"lb", "Lëtzebuergesch"}, {"lt", "Lietuvių"},
	{"lv", "Latviešu"}, {"mk", "Македонски"}, {"ms", "Bahasa Melayu"}, {"nb", "Norsk bokmål"}, {"nds", "Plattdüütsch"}, {"nl", "Nederlands"},
	{"nn", "Norsk nynorsk"}, {"oc", "Occitan"}, {"pl", "Polski"}, {"pt", "Português"}, {"pt-BR", "Português (Brasil)"}, {"ro", "Română"},
	{"ru", "Русский"}, {"sc", "Sardu"}, {"sk", "Slovenčina"}, {"sl", "Slovenščina"}, {"sq", "Shqip"}, {"sr", "Српски"}, {"sv", "Svenska"},
	{"sw", "Kiswahili"}, {"ta", "தமிழ்"}, {"te", "తెలుగు"}, {"th", "ไทย"}, {"tok", "toki pona"}, {"tr", "Türkçe"}, {"uk", "Українська"},
	{"ur", "اردو"}, {"vi", "Tiếng Việt"}, {"yi", "ייִדיש"}, {"zh", "中文"}, {"zh-CN", "简体中文"}, {"zh-TW", "繁體中文"},
}

// zones are the time zones on offer, a name for each offset and habit that
// people are likely to look for. Any other that is set already is added.
var zones = strings.Fields(`UTC
	Africa/Abidjan Africa/Algiers Africa/Cairo Africa/Casablanca Africa/Johannesburg Africa/Lagos Africa/Nairobi Africa/Tunis
	America/Anchorage America/Argentina/Buenos_Aires America/Bogota America/Caracas America/Chicago America/Denver America/Halifax America/Havana
	America/La_Paz America/Lima America/Los_Angeles America/Mexico_City America/Montevideo America/New_York America/Panama America/Phoenix
	America/Santiago America/Sao_Paulo America/St_Johns America/Toronto America/Vancouver
	Asia/Almaty Asia/Baghdad Asia/Baku Asia/Bangkok Asia/Beirut Asia/Colombo Asia/Dhaka Asia/Dubai Asia/Ho_Chi_Minh Asia/Hong_Kong Asia/Jakarta
	Asia/Jerusalem Asia/Kabul Asia/Karachi Asia/Kathmandu Asia/Kolkata Asia/Kuala_Lumpur Asia/Manila Asia/Riyadh Asia/Seoul Asia/Shanghai
	Asia/Singapore Asia/Taipei Asia/Tashkent Asia/Tbilisi Asia/Tehran Asia/Tokyo Asia/Yangon Asia/Yekaterinburg
	Atlantic/Azores Atlantic/Canary Atlantic/Reykjavik
	Australia/Adelaide Australia/Brisbane Australia/Darwin Australia/Hobart Australia/Melbourne Australia/Perth Australia/Sydney
	Europe/Amsterdam Europe/Athens Europe/Belgrade Europe/Berlin Europe/Brussels Europe/Bucharest Europe/Budapest Europe/Chisinau Europe/Copenhagen
	Europe/Dublin Europe/Helsinki Europe/Istanbul Europe/Kyiv Europe/Lisbon Europe/London Europe/Luxembourg Europe/Madrid Europe/Malta Europe/Minsk
	Europe/Moscow Europe/Oslo Europe/Paris Europe/Prague Europe/Riga Europe/Rome Europe/Sofia Europe/Stockholm Europe/Tallinn Europe/Vienna
	Europe/Vilnius Europe/Warsaw Europe/Zagreb Europe/Zurich
	Pacific/Auckland Pacific/Fiji Pacific/Honolulu Pacific/Tongatapu`)

// Languages are the choices of a select, one of them chosen. A code that is not
// in the list stays as it is.
func Languages(chosen string) []Option {
	var list []Option
	known := false
	for _, l := range languages {
		list = append(list, Option{Value: l.code, Label: l.name, Selected: l.code == chosen})
		known = known || l.code == chosen
	}
	if !known && chosen != "" {
		list = append(list, Option{Value: chosen, Label: chosen, Selected: true})
	}
	return list
}

// Zones are the choices of a select, one of them chosen.
func Zones(chosen string) []Option {
	names := zones
	if chosen != "" && !slices.Contains(names, chosen) {
		names = append([]string{chosen}, names...)
	}
	list := make([]Option, len(names))
	for i, name := range names {
		list[i] = Option{Value: name, Label: strings.ReplaceAll(name, "_", " "), Selected: name == chosen}
	}
	return list
}

// LanguageName is a language in its own words, its code where it is not listed,
// and "" for none.
func LanguageName(code string) string {
	for _, l := range languages {
		if l.code == code {
			return l.name
		}
	}
	return code
}

// LanguageListed says whether a form offers a language.
func LanguageListed(code string) bool {
	return slices.ContainsFunc(languages, func(l struct{ code, name string }) bool { return l.code == code })
}

// ZoneListed says whether a form offers a time zone.
func ZoneListed(name string) bool { return slices.Contains(zones, name) }
