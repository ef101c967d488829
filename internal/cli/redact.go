package cli

import "regexp"

var (
	passwords = regexp.MustCompile(`(?i)((?:password|passwd|pwd)\s*=\s*)(?:'[^']*'|[^\s&"]+)`)
	// Of a mistyped URL, too: with another scheme, one slash, or a password that is not escaped.
	userinfo   = regexp.MustCompile(`(:/{1,3}[^\s:/@"]*):\S*@`)
	ingestKeys = regexp.MustCompile(`(?i)(https?://[^\s"]*/ingest/)[^\s"]+`)
)

// redact returns the text of an error with xxxxx in place of each password and ingest key.
func redact(text string) string {
	text = userinfo.ReplaceAllString(passwords.ReplaceAllString(text, "${1}xxxxx"), "$1:xxxxx@")
	return ingestKeys.ReplaceAllString(text, "${1}xxxxx")
}
