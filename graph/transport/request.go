package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/apierror"
	"sessiongraph/models"
)

// requestError is the error of a request that no operation can be read from.
type requestError struct {
	status int
	err    *gqlerror.Error
}

func newRequestError(status int, code, format string, args ...any) *requestError {
	return &requestError{status, apierror.New(code, format, args...)}
}

// read reads the parameters of an operation from a GET or a POST.
func (t HTTP) read(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, *requestError) {
	params := &graphql.RawParams{Headers: r.Header}
	params.ReadTime.Start = graphql.Now()
	var invalid *requestError
	switch r.Method {
	case http.MethodPost:
		invalid = t.readBody(w, r, params)
	case http.MethodGet:
		invalid = readURL(r, params)
	default:
		w.Header().Set("Allow", "GET, POST")
		invalid = newRequestError(http.StatusMethodNotAllowed, apierror.BadRequest, "send operations by GET or POST")
	}
	if invalid == nil && !hasDocument(params) {
		invalid = newRequestError(http.StatusBadRequest, apierror.BadRequest,
			"query is missing: send the text of an operation as query, or the id of a document as documentId")
	}
	params.ReadTime.End = graphql.Now()
	return params, invalid
}

func (t HTTP) readBody(w http.ResponseWriter, r *http.Request, params *graphql.RawParams) *requestError {
	mediaType, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := parameters["charset"]
	if err != nil || mediaType != typeJSON || (charset != "" && !strings.EqualFold(charset, "utf-8")) {
		return newRequestError(http.StatusUnsupportedMediaType, apierror.BadRequest,
			"send the operation as application/json in UTF-8")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, t.MaxBody))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return newRequestError(http.StatusRequestEntityTooLarge, apierror.TooLarge,
			"the request has more than %d bytes", t.MaxBody)
	case err != nil:
		return newRequestError(http.StatusBadRequest, apierror.BadRequest, "the request could not be read to its end")
	}
	if err := decodeParams(body, params); err != nil {
		return &requestError{http.StatusBadRequest, err}
	}
	return nil
}

// decodeParams reads {"query", "documentId", "id", "operationName", "variables", "extensions"}. Unlike encoding/json
// it distinguishes upper and lower case in these names.
func decodeParams(body []byte, params *graphql.RawParams) *gqlerror.Error {
	if !json.Valid(body) || models.JSON(body).Kind() != models.IsObject {
		return apierror.New(apierror.BadRequest, "the request is not a JSON object with a query")
	}
	var documentID, id string
	members := []struct {
		name, want string
		read       func(models.JSON) error
		value      models.JSON
	}{
		{"query", "a string", readString(&params.Query), nil},
		{"documentId", "a string", readString(&documentID), nil},
		{"id", "", readStringOnly(&id), nil},
		{"operationName", "a string", readString(&params.OperationName), nil},
		{"variables", "an object", readObject(&params.Variables), nil},
		{"extensions", "an object", readObject(&params.Extensions), nil},
	}
	for name, value := range models.JSON(body).Fields() {
		for i := range members {
			if members[i].name == name {
				members[i].value = value
			}
		}
	}

	for _, member := range members {
		switch member.value.Kind() {
		case models.IsAbsent, models.IsNull:
			continue
		}
		if err := member.read(member.value); err != nil {
			return apierror.New(apierror.BadRequest, "%s is not %s", member.name, member.want)
		}
	}
	wholeNumbers(params.Variables)
	setDocumentIDs(params, documentID, id)
	return nil
}

func readString(into *string) func(models.JSON) error {
	return func(value models.JSON) error {
		if value.Kind() != models.IsString {
			return errors.New("not a string")
		}
		*into = value.Text()
		return nil
	}
}

// readStringOnly ignores other values: some clients number their requests by id.
func readStringOnly(into *string) func(models.JSON) error {
	return func(value models.JSON) error {
		if value.Kind() == models.IsString {
			*into = value.Text()
		}
		return nil
	}
}

func readObject(into *map[string]any) func(models.JSON) error {
	return func(value models.JSON) error {
		decoder := json.NewDecoder(bytes.NewReader(value))
		decoder.UseNumber()
		return decoder.Decode(into)
	}
}

func readURL(r *http.Request, params *graphql.RawParams) *requestError {
	values := r.URL.Query()
	params.Query, params.OperationName = values.Get("query"), values.Get("operationName")
	for name, into := range map[string]*map[string]any{
		"variables": &params.Variables, "extensions": &params.Extensions,
	} {
		text := values.Get(name)
		if text == "" {
			continue
		}
		var err error
		if *into, err = DecodeObject(text); err != nil {
			return newRequestError(http.StatusBadRequest, apierror.BadRequest, "%s is not an object in JSON", name)
		}
	}
	setDocumentIDs(params, values.Get("documentId"), values.Get("id"))
	return nil
}

// DecodeObject reads the JSON of variables or extensions.
func DecodeObject(text string) (object map[string]any, err error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&object); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, errors.New("more than one value")
	}
	wholeNumbers(object)
	return object, nil
}

// documentIDs is the type of the extension in which the ids of a document are. No client can send one.
type documentIDs []string

const documentIDsKey = "documentId"

// setDocumentIDs keeps the ids that are not empty.
func setDocumentIDs(params *graphql.RawParams, ids ...string) {
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" })
	if len(ids) == 0 {
		return
	}
	if params.Extensions == nil {
		params.Extensions = map[string]any{}
	}
	params.Extensions[documentIDsKey] = documentIDs(ids)
}

// DocumentIDs returns the values of documentId and id that a request has.
func DocumentIDs(params *graphql.RawParams) []string {
	ids, _ := params.Extensions[documentIDsKey].(documentIDs)
	return ids
}

// hasDocument reports whether a request has a text, or names one.
func hasDocument(params *graphql.RawParams) bool {
	return params.Query != "" || len(DocumentIDs(params)) > 0 || params.Extensions["persistedQuery"] != nil
}

// wholeNumbers replaces numbers without a fraction by integers: JSON has one type of
// number, so 3.0 is the integer 3.
func wholeNumbers(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			value[name] = wholeNumbers(inner)
		}
	case []any:
		for i, inner := range value {
			value[i] = wholeNumbers(inner)
		}
	case json.Number:
		const exact = 1 << 53
		if !strings.ContainsAny(value.String(), ".eE") {
			return value
		}
		if f, err := value.Float64(); err == nil && f == math.Trunc(f) && math.Abs(f) <= exact {
			return json.Number(strconv.FormatInt(int64(f), 10))
		}
	}
	return value
}
