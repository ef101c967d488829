// Package web holds the GraphQL Playground, a page that is built from this folder's sources with npm.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Page returns the files of the built page, index.html at the root, and whether there is one:
// a program compiled before the page was built has none.
func Page() (fs.FS, bool) {
	page, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // only an invalid path fails
	}
	_, err = fs.Stat(page, "index.html")
	return page, err == nil
}
