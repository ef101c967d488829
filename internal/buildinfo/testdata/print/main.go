// Command print prints the build that it is.
package main

import (
	"fmt"

	"sessiongraph/internal/buildinfo"
)

func main() { fmt.Println(buildinfo.Read()) }
