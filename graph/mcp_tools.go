package graph

import (
	"context"
	"fmt"
	"maps"
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

// makeTools returns the tools of a collection. Those whose schema cannot be resolved are left out, which a test
// excludes for the built-in ones.
func (a *assistants) makeTools(collection *documents.Collection) []*tool {
	made := []*tool{a.searchTool(collection), a.conversationTool(collection), a.queryTool()}
	taken := map[string]bool{searchTool: true, conversationTool: true, queryTool: true}
	if collection != nil {
		for _, document := range collection.Library {
			if document.Kind == ast.Query && document.Name != "" && !taken[document.Name] {
				taken[document.Name] = true
				made = append(made, a.documentTool(document))
			}
		}
	}
	return slices.DeleteFunc(made, func(t *tool) bool {
		if t == nil {
			return true
		}
		resolved, err := t.tool.InputSchema.(*jsonschema.Schema).Resolve(nil)
		t.input = resolved
		return err != nil
	})
}

func readOnlyTool(name, title, description string, input *jsonschema.Schema) *mcp.Tool {
	closed, no := false, false
	return &mcp.Tool{Name: name, Title: title, Description: strings.TrimSpace(title + "\n" + description),
		InputSchema: input, Annotations: &mcp.ToolAnnotations{Title: title, ReadOnlyHint: true, IdempotentHint: true,
			DestructiveHint: &no, OpenWorldHint: &closed}}
}

// documentTool is a question of the library.
func (a *assistants) documentTool(document *documents.Document) *tool {
	input := assistant.InputSchema(a.schema, document.Variables, document.Description)
	return &tool{tool: readOnlyTool(document.Name, document.Title, document.Description, input),
		answer: func(ctx context.Context, arguments map[string]any, from assistant.Place) (assistant.Answer, error) {
			data, err := a.ask(ctx, rawParams(document.Text, arguments))
			if err != nil {
				return assistant.Answer{}, err
			}
			return assistant.JSONAnswer(data, from), nil
		}}
}

// searchTool finds conversations. Its cursor is one of the list.
func (a *assistants) searchTool(collection *documents.Collection) *tool {
	document := collection.ByID(library.AssistantSearch)
	if document == nil {
		return nil
	}
	variables := slices.DeleteFunc(slices.Clone(document.Variables),
		func(v *ast.VariableDefinition) bool { return v.Variable == "after" })
	input := assistant.InputSchema(a.schema, variables, document.Description)
	least, most := 1.0, 20.0
	input.Properties["first"].Minimum, input.Properties["first"].Maximum = &least, &most
	return &tool{tool: readOnlyTool(searchTool, document.Title, document.Description, input), pages: true,
		answer: func(ctx context.Context, arguments map[string]any, _ assistant.Place) (assistant.Answer, error) {
			if cursor, given := arguments[assistant.CursorArgument]; given {
				arguments = maps.Clone(arguments)
				delete(arguments, assistant.CursorArgument)
				arguments["after"] = cursor
			}
			data, err := a.ask(ctx, rawParams(document.Text, arguments))
			if err != nil {
				return assistant.Answer{}, err
			}
			return assistant.SearchAnswer(data)
		}}
}

// conversationTool reads one conversation.
func (a *assistants) conversationTool(collection *documents.Collection) *tool {
	document := collection.ByID(library.AssistantConversation)
	if document == nil {
		return nil
	}
	input := assistant.InputSchema(a.schema, document.Variables, document.Description)
	return &tool{tool: readOnlyTool(conversationTool, document.Title, document.Description, input),
		answer: func(ctx context.Context, arguments map[string]any, from assistant.Place) (assistant.Answer, error) {
			data, err := a.ask(ctx, rawParams(document.Text, arguments))
			if err != nil {
				return assistant.Answer{}, err
			}
			session := data.Get("session")
			if session.Kind() == models.IsNull {
				return assistant.Answer{}, models.InputErrorf("there is no conversation with the callId %q",
					fmt.Sprint(arguments["callId"]))
			}
			return assistant.Transcript(session, from), nil
		}}
}

// queryTool runs a query of the assistant's own.
func (a *assistants) queryTool() *tool {
	input := assistant.InputSchema(a.schema, nil, "")
	input.Required = []string{"query"}
	input.Properties["query"] = &jsonschema.Schema{Type: "string",
		Description: "The text of a query; the resource sessiongraph://schema.graphqls has the schema."}
	input.Properties["variables"] = &jsonschema.Schema{Type: "object", Description: "The variables of the query."}
	const title, description = "Run a GraphQL query.", "For questions that no other tool answers."
	return &tool{tool: readOnlyTool(queryTool, title, description, input), scope: models.ScopeAdHoc,
		answer: func(ctx context.Context, arguments map[string]any, from assistant.Place) (assistant.Answer, error) {
			text, _ := arguments["query"].(string)
			variables, _ := arguments["variables"].(map[string]any)
			data, err := a.ask(ctx, rawParams(text, variables))
			if err != nil {
				return assistant.Answer{}, err
			}
			return assistant.JSONAnswer(data, from), nil
		}}
}
