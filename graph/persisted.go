package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/apierror"
	"sessiongraph/graph/documents"
	"sessiongraph/graph/generated"
	"sessiongraph/graph/library"
	"sessiongraph/graph/limits"
	"sessiongraph/graph/transport"
	"sessiongraph/models"
)

// DocumentReader returns the reader of trusted documents for the schema of the API, with the built-in ones.
func DocumentReader() documents.Reader {
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	return documents.Reader{
		Schema: schema, MaxTokens: limits.MaxTokens, Questions: library.Questions(),
		Internal: slices.Concat(library.Playground(), library.Assistant()),
	}
}

// persistedDocuments is an extension of gqlgen's server that finds the text of an operation that is named by an id,
// and refuses what a viewer may not send.
type persistedDocuments struct {
	trusted   *documents.Trusted
	only      bool // viewers without the scope admin send trusted documents alone, and texts are not kept
	automatic *limits.PersistedQueries
	viewer    func(ctx context.Context) (*models.Viewer, *gqlerror.Error)
}

var (
	_ graphql.OperationParameterMutator = persistedDocuments{}
	_ graphql.OperationContextMutator   = persistedDocuments{}
)

// ExtensionName is the extension's name in gqlgen's errors.
func (persistedDocuments) ExtensionName() string { return "PersistedDocuments" }

// Validate accepts every schema.
func (persistedDocuments) Validate(graphql.ExecutableSchema) error { return nil }

// The keys of what an operation is known by, in its Stats.
const (
	documentKey  = "document"  // its trusted document
	automaticKey = "automatic" // the hash of a text that is to be kept
)

// MutateOperationParameters sets the text of an operation that is named by an id.
func (p persistedDocuments) MutateOperationParameters(ctx context.Context, params *graphql.RawParams) *gqlerror.Error {
	oc := graphql.GetOperationContext(ctx)
	document, err := p.find(oc, params)
	if err != nil {
		return err
	}
	if document != nil {
		params.Query = document.Text
		oc.Stats.SetExtension(documentKey, document)
		return nil
	}
	if !p.only {
		return nil
	}
	viewer, denied := p.viewer(ctx)
	if denied == nil && !viewer.May(models.ScopeAdmin) {
		denied = apierror.New(apierror.Forbidden, "this server takes trusted documents alone: "+
			"send the id of one as documentId, or a token of scope admin")
	}
	return denied
}

// find returns the trusted document that a request names, or whose text it has; nil if there is none. The text of an
// automatic persisted query is set in params.
func (p persistedDocuments) find(oc *graphql.OperationContext, params *graphql.RawParams) (
	document *documents.Document, err *gqlerror.Error,
) {
	collection := p.trusted.Collection()
	for _, id := range transport.DocumentIDs(params) {
		named := collection.ByID(id)
		switch {
		case named == nil:
			return nil, apierror.New(apierror.UnknownDocument, "no trusted document has the id %.100q", id)
		case document != nil && document != named:
			return nil, apierror.New(apierror.BadUserInput,
				"documentId and id name different documents: send one of them")
		}
		document = named
	}
	if document != nil && params.Query != "" && !document.Is(params.Query) {
		return nil, apierror.New(apierror.BadUserInput,
			"query has another text than the document that is named: send one of them")
	}

	hash, err := persistedHash(params.Extensions)
	if err != nil {
		return nil, err
	}
	if hash != "" {
		named := collection.ByID(hash)
		switch {
		case document != nil && named != nil && document != named:
			return nil, apierror.New(apierror.BadUserInput, "documentId and extensions.persistedQuery name different "+
				"documents: send one of them")
		case document != nil:
		case named != nil && params.Query != "" && !named.Is(params.Query):
			return nil, errOtherText()
		case named != nil:
			document = named
		default:
			if err := p.persist(oc, params, hash); err != nil {
				return nil, err
			}
		}
	}
	if document == nil {
		document = collection.ByText(params.Query)
	}
	return document, nil
}

// persist sets the text of an automatic persisted query, or has its text kept.
func (p persistedDocuments) persist(
	oc *graphql.OperationContext, params *graphql.RawParams, hash string,
) *gqlerror.Error {
	if params.Query == "" {
		if !p.only {
			params.Query = p.automatic.Get(hash)
		}
		if params.Query == "" {
			return apierror.New(apierror.UnknownDocument, "PersistedQueryNotFound") // clients compare this text
		}
		return nil
	}
	if sum := sha256.Sum256([]byte(params.Query)); hex.EncodeToString(sum[:]) != hash {
		return errOtherText()
	}
	if !p.only {
		oc.Stats.SetExtension(automaticKey, hash)
	}
	return nil
}

func errOtherText() *gqlerror.Error {
	return apierror.New(apierror.BadUserInput, "provided sha does not match query")
}

// persistedHash returns the hash of extensions.persistedQuery, "" without it.
func persistedHash(extensions map[string]any) (string, *gqlerror.Error) {
	if extensions["persistedQuery"] == nil {
		return "", nil
	}
	query, _ := extensions["persistedQuery"].(map[string]any)
	hash, _ := query["sha256Hash"].(string)
	if hash == "" {
		return "", apierror.New(apierror.BadUserInput, "extensions.persistedQuery has no sha256Hash")
	}
	if version, given := query["version"]; given && version != json.Number("1") {
		return "", apierror.New(apierror.BadUserInput, "unsupported version of extensions.persistedQuery, want 1")
	}
	return hash, nil
}

// MutateOperationContext keeps the text of an automatic persisted query once it is known to be valid.
func (p persistedDocuments) MutateOperationContext(_ context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	if hash, _ := oc.Stats.GetExtension(automaticKey).(string); hash != "" {
		p.automatic.Add(hash, oc.RawQuery)
	}
	return nil
}
