package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/vektah/gqlparser/v2/ast"

	"sessiongraph/graph/assistant"
	"sessiongraph/graph/documents"
	"sessiongraph/graph/library"
	"sessiongraph/models"
)

// toolCache has the tools of the collection that was asked for last.
type toolCache struct {
	mu         sync.Mutex
	collection *documents.Collection
	tools      []*tool
}

func (c *toolCache) of(a *assistants) []*tool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if collection := a.trusted.Collection(); c.tools == nil || c.collection != collection {
		c.collection, c.tools = collection, a.makeTools(collection)
	}
	return c.tools
}

// Names of the tools that are no questions of the library.
const (
	searchTool       = "search_conversations"
	conversationTool = "get_conversation"
	queryTool        = "query"
)

// Bounds of a tool: clients refuse longer names, and of several tools more than one has to fit into an answer.
const (
	maxToolName = 64
	maxToolSize = assistant.MaxAnswer / 3 // bytes of its JSON
)

// makeTools returns the tools of a collection. A document that cannot be one is named in the log.
func (a *assistants) makeTools(collection *documents.Collection) (made []*tool) {
	taken := map[string]bool{}
	add := func(t *tool) {
		encoded, err := json.Marshal(t.Tool)
		reason := ""
		switch {
		case err != nil:
			reason = err.Error()
		case taken[t.Name]:
			reason = "another tool has its name"
		case len(t.Name) > maxToolName:
			reason = fmt.Sprintf("its name has more than %d characters", maxToolName)
		case len(encoded) > maxToolSize:
			reason = fmt.Sprintf("its comment and variables take more than %d bytes", maxToolSize)
		}
		if reason != "" {
			a.log.Warn("a document is no tool for assistants", "document", t.Name, "reason", reason)
			return
		}
		taken[t.Name], t.size = true, len(encoded)
		made = append(made, t)
	}

	if document := collection.ByID(library.AssistantSearch); document != nil {
		add(a.searchTool(document))
	}
	if document := collection.ByID(library.AssistantConversation); document != nil {
		add(a.conversationTool(document))
	}
	add(a.queryTool())
	if collection != nil {
		for _, document := range collection.Library {
			if document.Kind == ast.Query && document.Name != "" {
				add(a.documentTool(document))
			}
		}
	}
	return made
}

func newTool(name, title, description string, input assistant.Input) *tool {
	closed, no := false, false
	return &tool{input: input, Tool: &mcp.Tool{Name: name, Title: title,
		Description: strings.TrimSpace(title + "\n" + description), InputSchema: input.Schema,
		Annotations: &mcp.ToolAnnotations{Title: title, ReadOnlyHint: true, IdempotentHint: true,
			DestructiveHint: &no, OpenWorldHint: &closed}}}
}

// documentTool is a question of the library.
func (a *assistants) documentTool(document *documents.Document) *tool {
	t := newTool(document.Name, document.Title, document.Description,
		assistant.NewInput(a.schema, document.Variables, document.Description))
	t.answer = func(ctx context.Context, arguments map[string]any, from assistant.Place) (assistant.Answer, error) {
		data, err := a.ask(ctx, rawParams(document.Text, arguments))
		if err != nil {
			return assistant.Answer{}, err
		}
		return assistant.JSONAnswer(data, from)
	}
	return t
}

// searchTool finds conversations. Its cursor is one of the list.
func (a *assistants) searchTool(document *documents.Document) *tool {
	variables := slices.DeleteFunc(slices.Clone(document.Variables),
		func(v *ast.VariableDefinition) bool { return v.Variable == "after" })
	input := assistant.NewInput(a.schema, variables, document.Description)
	least, most := 1.0, 20.0
	input.Schema.Properties["first"].Minimum, input.Schema.Properties["first"].Maximum = &least, &most
	t := newTool(searchTool, document.Title, document.Description, input)
	t.pages = true
	t.answer = func(ctx context.Context, arguments map[string]any, _ assistant.Place) (assistant.Answer, error) {
		arguments["after"] = arguments[input.Cursor]
		delete(arguments, input.Cursor)
		data, err := a.ask(ctx, rawParams(document.Text, arguments))
		if err != nil {
			return assistant.Answer{}, err
		}
		return assistant.SearchAnswer(data)
	}
	return t
}

// conversationTool reads one conversation.
func (a *assistants) conversationTool(document *documents.Document) *tool {
	t := newTool(conversationTool, document.Title, document.Description,
		assistant.NewInput(a.schema, document.Variables, document.Description))
	t.answer = func(ctx context.Context, arguments map[string]any, from assistant.Place) (assistant.Answer, error) {
		data, err := a.ask(ctx, rawParams(document.Text, arguments))
		if err != nil {
			return assistant.Answer{}, err
		}
		session := data.Get("session")
		if session.Kind() == models.IsNull {
			return assistant.Answer{}, models.InputErrorf("there is no conversation with the callId %.100q",
				fmt.Sprint(arguments["callId"]))
		}
		return assistant.Transcript(session, from)
	}
	return t
}

// queryTool runs a query of the assistant's own.
func (a *assistants) queryTool() *tool {
	input := assistant.NewInput(a.schema, nil, "")
	input.Schema.Required = []string{"query"}
	input.Schema.Properties["query"] = &jsonschema.Schema{Type: "string",
		Description: "The text of a query; the resource sessiongraph://schema.graphqls has the schema."}
	input.Schema.Properties["variables"] = &jsonschema.Schema{Types: []string{"object", "null"},
		Description: "The variables of the query."}
	input.Schema.Properties["operationName"] = &jsonschema.Schema{Types: []string{"string", "null"},
		Description: "Which operation of the text is run, where it has several."}
	t := newTool(queryTool, "Run a GraphQL query.", "For questions that no other tool answers.", input)
	t.scope = models.ScopeAdHoc
	t.answer = func(ctx context.Context, arguments map[string]any, from assistant.Place) (assistant.Answer, error) {
		text, _ := arguments["query"].(string)
		variables, _ := arguments["variables"].(map[string]any)
		params := rawParams(text, variables)
		params.OperationName, _ = arguments["operationName"].(string)
		data, err := a.ask(ctx, params)
		if err != nil {
			return assistant.Answer{}, err
		}
		return assistant.JSONAnswer(data, from)
	}
	return t
}
