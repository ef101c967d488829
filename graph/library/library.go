// Package library has the built-in operations, a file for each: the questions of the library, and what the Playground
// asks by itself.
package library

import (
	"embed"
	"io/fs"

	"sessiongraph/graph/documents"
)

//go:embed *.graphql
var files embed.FS

// Playground returns what the Playground asks by itself: the files whose names begin with Playground.
func Playground() []documents.File {
	names, err := fs.Glob(files, "Playground*.graphql")
	if err != nil {
		panic(err) // only a malformed pattern fails
	}
	return read(names...)
}

// The documents by which assistants find and read conversations.
const (
	AssistantSearch       = "AssistantSearch"
	AssistantConversation = "AssistantConversation"
)

// Assistant returns what the tools of assistants ask by themselves.
func Assistant() []documents.File { return questions(AssistantSearch, AssistantConversation) }

// Questions returns the built-in questions by subject.
func Questions() []documents.File {
	return questions(
		"SessionsByDayAndIntention", "SessionsByDay", "IntentionsRanked", "BusiestHours",
		"CampaignsCompared", "ChannelsCompared", "RobotsCompared", "EndReasons",
		"HandoversByDay", "LatestHandovers", "DeflectionByDay", "AbandonmentByDay", "AbandonedSessions",
		"CallbacksByDay", "FrequentCustomers",
		"PromptAnswerRates", "OptionsPicked", "DropOffByPrompt", "OptOuts", "OptOutAnswers",
		"SlotCoverage", "SlotValues", "SessionsWithSlotValue", "CampaignVariables", "EventLabels",
		"LatestSessions", "ConversationByCallId", "CustomerHistory", "SearchMessages",
		"FailedSessions", "UndeliveredMessages",
	)
}

// questions returns the files of operations.
func questions(operations ...string) []documents.File {
	names := make([]string, len(operations))
	for i, operation := range operations {
		names[i] = operation + ".graphql"
	}
	return read(names...)
}

func read(names ...string) []documents.File {
	all := make([]documents.File, len(names))
	for i, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			panic(err) // only a name without a file fails
		}
		all[i] = documents.File{Name: name, Text: text}
	}
	return all
}
