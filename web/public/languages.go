package public

// Language is a language by its code and its own name.
type Language struct{ Code, Name string }

// Languages are those that forms offer, by their own names.
var Languages = []Language{
	{"id", "Bahasa Indonesia"}, {"ca", "Català"}, {"cy", "Cymraeg"}, {"da", "Dansk"}, {"de", "Deutsch"}, {"et", "Eesti"},
	{"en", "English"}, {"es", "Español"}, {"eo", "Esperanto"}, {"eu", "Euskara"}, {"fr", "Français"}, {"fy", "Frysk"},
	{"ga", "Gaeilge"}, {"gl", "Galego"}, {"hr", "Hrvatski"}, {"is", "Íslenska"}, {"it", "Italiano"}, {"lv", "Latviešu"},
	{"lt", "Lietuvių"}, {"hu", "Magyar"}, {"nl", "Nederlands"}, {"nb", "Norsk bokmål"}, {"nn", "Norsk nynorsk"},
	{"pl", "Polski"}, {"pt", "Português"}, {"pt-BR", "Português (Brasil)"}, {"ro", "Română"}, {"sk", "Slovenčina"},
	{"sl", "Slovenščina"}, {"fi", "Suomi"}, {"sv", "Svenska"}, {"vi", "Tiếng Việt"}, {"tr", "Türkçe"}, {"cs", "Čeština"},
	{"el", "Ελληνικά"}, {"bg", "Български"}, {"ru", "Русский"}, {"sr", "Српски"}, {"uk", "Українська"}, {"he", "עברית"},
	{"ar", "العربية"}, {"fa", "فارسی"}, {"hi", "हिन्दी"}, {"bn", "বাংলা"}, {"ta", "தமிழ்"}, {"th", "ไทย"}, {"ko", "한국어"},
	{"ja", "日本語"}, {"zh-CN", "简体中文"}, {"zh-TW", "繁體中文"},
}

// LanguageName is a language's own name, its code where we do not know it, and
// "" for none.
func LanguageName(code string) string {
	for _, l := range Languages {
		if l.Code == code {
			return l.Name
		}
	}
	return code
}
