package assets

// sampleWriting has the pages around what the owner writes: emojis, uploads.
func sampleWriting(pages map[string]any) {
	type emoji struct{ ID, Code, Still, Size, Error, Typed string }
	type emojis struct {
		Owner
		Emojis                 []emoji
		Code, CodeError, Error string
	}
	still := StaticPath("avatar.png")
	pages["emojis"] = emojis{Owner: owner("Emojis", "emojis", "/me/emojis"), Emojis: []emoji{
		{"1", "leek", still, "3 KB", "", "leek"}, {"2", "purple_spinach_in_the_early_morning_before_anybody_else_is_up_yet", still, "212 KB", "There is an emoji called :leek: already. Choose another word, or remove that one first.", "leek"}}}
	pages["emojis.none"] = emojis{Owner: owner("Emojis", "emojis", "/me/emojis"), Code: "two words", CodeError: "The word of an emoji has 2 to 64 letters from a to z, digits and _, and no spaces.", Error: "This is a PDF document, not a picture. Choose another file."}
}
