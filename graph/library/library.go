// Package library has the built-in operations, a file for each: the questions of the library, and what the Playground
// asks by itself.
package library

import (
	"embed"

	"sessiongraph/graph/documents"
)

//go:embed *.graphql
var files embed.FS

// Playground returns what the Playground asks by itself.
func Playground() []documents.File { return read("PlaygroundViewer") }

// Questions returns the built-in questions by subject.
func Questions() []documents.File {
	return read(
		"SessionsByDayAndIntention", "IntentionsRanked", "BusiestHours", "EndReasons",
		"LatestHandovers", "AbandonedSessions", "FailedSessions", "UndeliveredMessages",
		"OptOutAnswers",
		"SlotCoverage", "SlotValues", "SessionsWithSlotValue", "CampaignVariables", "EventLabels",
		"LatestSessions", "ConversationByCallId", "SearchMessages",
		"CustomerHistory", "FrequentCustomers",
	)
}

// read returns the files of operations.
func read(names ...string) []documents.File {
	all := make([]documents.File, len(names))
	for i, name := range names {
		text, err := files.ReadFile(name + ".graphql")
		if err != nil {
			panic(err) // only a name without a file fails
		}
		all[i] = documents.File{Name: name + ".graphql", Text: text}
	}
	return all
}
