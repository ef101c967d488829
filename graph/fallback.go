package graph

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// The files that the fallback page loads, with their hashes.
const (
	cdn           = "https://cdn.jsdelivr.net/npm/"
	react         = cdn + "react@18.2.0/umd/react.production.min.js"
	reactHash     = "sha256-S0lp+k7zWUMk2ixteM6HZvu8L9Eh//OVrt+ZfbCpmgY="
	reactDOM      = cdn + "react-dom@18.2.0/umd/react-dom.production.min.js"
	reactDOMHash  = "sha256-IXWO0ITNDjfnNXIu5POVfqlgYoop36bDzhodR6LW5Pc="
	graphiql      = cdn + "graphiql@4.1.2/graphiql.min.js"
	graphiqlHash  = "sha256-hnImuor1znlJkD/FOTL3jayfS/xsyNoP04abi8bFJWs="
	graphiqlStyle = cdn + "graphiql@4.1.2/graphiql.min.css"
	styleHash     = "sha256-MEh+B2NdMSpj9kexQNN3QKc8UzMrCXW/Sx/phcpuyIU="
)

const fallbackPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>sessiongraph</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" crossorigin href="` + graphiqlStyle + `" integrity="` + styleHash + `">
    <style>body { margin: 0 } #root { height: 100vh }</style>
  </head>
  <body>
    <div id="root"></div>
    <script crossorigin src="` + react + `" integrity="` + reactHash + `"></script>
    <script crossorigin src="` + reactDOM + `" integrity="` + reactDOMHash + `"></script>
    <script crossorigin src="` + graphiql + `" integrity="` + graphiqlHash + `"></script>
    <script>` + fallbackScript + `</script>
  </body>
</html>
`

const fallbackScript = `
      const socket = new URL("/query", location.href);
      socket.protocol = location.protocol === "https:" ? "wss:" : "ws:";
      const fetcher = GraphiQL.createFetcher({ url: "/query", subscriptionUrl: socket.href });
      ReactDOM.createRoot(document.getElementById("root")).render(React.createElement(GraphiQL, { fetcher }));
    `

// FallbackPlayground serves a page that loads the Playground from a CDN, for a program
// that was built without web/.
func FallbackPlayground() http.Handler {
	hash := sha256.Sum256([]byte(fallbackScript))
	scripts := strings.Join([]string{
		"'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'", react, reactDOM, graphiql}, " ")
	policy := contentSecurityPolicy(scripts, graphiqlStyle)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header(), policy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(fallbackPage))
	})
}
