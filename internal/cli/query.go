package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph"
	"sessiongraph/graph/export"
	"sessiongraph/graph/transport"
	"sessiongraph/models/store"
)

// Query are the settings of query.
type Query struct {
	Database
	Pseudonyms
	Format    QueryFormat    `default:"json" placeholder:"FORMAT" help:"json, the whole response; or csv, ndjson or parquet, the rows of its one list to their end, as POST /export has them (${default})."`
	Variables QueryVariables `placeholder:"JSON" help:"Variables of the query, an object."`
	Logging
	File string `arg:"" help:"File with the query; - is standard input."`
}

// Help returns the text that --help adds to the summary.
func (Query) Help() string {
	return "It reads the database itself, as an operator who sees everything, also while a server runs, and has no" +
		" bounds of time and length. Errors go to standard error, with exit status 1.\n\n" +
		"  echo '{ sessions(first: 3) { nodes { callId } } }' | sessiongraph query -\n" +
		"  sessiongraph query --format csv --variables '{\"label\": \"A\"}' FILE > rows.csv"
}

// QueryFormat is json or a format of exports.
type QueryFormat string

const jsonFormat QueryFormat = "json"

// UnmarshalText reads a format's name.
func (f *QueryFormat) UnmarshalText(text []byte) error {
	*f = QueryFormat(text)
	if *f != jsonFormat && !slices.Contains(export.Formats(), export.Format(text)) {
		return fmt.Errorf("invalid format %q (want json, csv, ndjson or parquet)", text)
	}
	return nil
}

// QueryVariables are the variables of a query.
type QueryVariables map[string]any

// UnmarshalText reads an object.
func (v *QueryVariables) UnmarshalText(text []byte) error {
	object, err := transport.DecodeObject(string(text))
	if err != nil {
		return errors.New("invalid variables: want a JSON object, such as {\"first\": 10}")
	}
	*v = object
	return nil
}

// maxQuery bounds the text of a query, in bytes.
const maxQuery = 1 << 20

// Run runs the query and prints its answer.
func (c Query) Run(ctx context.Context, s Streams) error {
	text, err := c.read(s.In)
	if err != nil {
		return err
	}
	return c.open(ctx, store.Options{MaskKey: []byte(c.MaskKey)}, func(database *store.Store) error {
		command := graph.NewCommand(database, c.Logger(s.Err))
		var errs gqlerror.List
		var err error
		if c.Format == jsonFormat {
			errs, err = command.Respond(ctx, text, c.Variables, s.Out)
		} else if isTerminal(s.Out) && export.Format(c.Format) == export.Parquet {
			return usagef("--format: parquet is no text: redirect the output to a file")
		} else {
			shown := newProgress(s.Err, "rows:", 0)
			_, errs = command.Export(ctx, text, c.Variables, export.Format(c.Format), s.Out,
				func(rows int) { shown.set(rows, 0) })
			shown.end()
		}
		return errors.Join(err, queryErrors(errs))
	})
}

// read returns the text of the query.
func (c Query) read(in io.Reader) (text string, err error) {
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return "", fmt.Errorf("query: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		in = file
	}
	all, err := io.ReadAll(io.LimitReader(in, maxQuery+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("read the query: %w", err)
	case len(all) > maxQuery:
		return "", fmt.Errorf("read the query: it has more than %d bytes", maxQuery)
	}
	return string(all), nil
}

// queryErrors returns the errors of a response, each with its place and its code.
func queryErrors(list gqlerror.List) error {
	var errs []error
	for _, e := range list {
		place := ""
		if len(e.Locations) > 0 {
			place = fmt.Sprintf("line %d, column %d: ", e.Locations[0].Line, e.Locations[0].Column)
		}
		if path := e.Path.String(); path != "" {
			place += path + ": "
		}
		errs = append(errs, fmt.Errorf("query: %s%s (%v)", place, e.Message, e.Extensions["code"]))
	}
	return errors.Join(errs...)
}
