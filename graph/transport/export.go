package transport

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/klauspost/compress/gzhttp"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/apierror"
	"sessiongraph/graph/export"
	"sessiongraph/models"
)

// Exporter writes the lists of documents into files.
type Exporter interface {
	// Plan validates an operation and returns what its file is.
	Plan(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, *export.Plan, gqlerror.List)
	// Export writes the rows of a plan and returns their number. It calls stop where a write that may be blocked has
	// to end.
	Export(ctx context.Context, oc *graphql.OperationContext, plan *export.Plan, file export.Writer, stop func()) (
		rows int, err *gqlerror.Error)
}

// Export is the route that answers an operation with a file.
type Export struct {
	MaxBody  int64 // bytes of a request
	Exporter Exporter
}

// Trailers of a file, which a client compares with what it has received.
const (
	rowCountTrailer = "X-Row-Count"
	sha256Trailer   = "X-Content-SHA256" // of the body before any Content-Encoding
)

// ServeHTTP answers a request with a file. What fails once a part of it has been sent breaks the connection.
func (t Export) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fail := func(status int, errs ...*gqlerror.Error) {
		if status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1")
		}
		writeErrors(r.Context(), w, typeJSON, status, errs...)
	}
	params, format, options, invalid := t.read(w, r)
	if invalid != nil {
		fail(invalid.status, invalid.err)
		return
	}
	oc, plan, errs := t.Exporter.Plan(r.Context(), params)
	if errs != nil {
		fail(exportStatus(errs[0]), apierror.ShortenList(errs)...)
		return
	}

	body := &exportBody{to: w, control: http.NewResponseController(w), sum: sha256.New(), format: format,
		name: plan.List}
	file := export.NewWriter(body, format, plan.Columns, options)
	rows, err := t.Exporter.Export(r.Context(), oc, plan, file, body.stop)
	switch {
	case err == nil:
		body.begin() // where there is nothing to write
		w.Header().Set(rowCountTrailer, strconv.Itoa(rows))
		w.Header().Set(sha256Trailer, hex.EncodeToString(body.sum.Sum(nil)))
	case body.begun:
		panic(http.ErrAbortHandler)
	case tokenEnded(r.Context()):
		writeUnauthenticated(r.Context(), w, typeJSON, models.ErrTokenEnded)
	case r.Context().Err() == nil:
		fail(exportStatus(err), err)
	}
}

// read reads what a request asks for.
func (t Export) read(w http.ResponseWriter, r *http.Request) (
	params *graphql.RawParams, format export.Format, options export.Options, invalid *requestError,
) {
	switch {
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		return nil, "", options, newRequestError(http.StatusMethodNotAllowed, apierror.BadRequest,
			"send exports by POST")
	case !r.ProtoAtLeast(1, 1): // whose clients cannot tell an end from a broken connection
		return nil, "", options, newRequestError(http.StatusHTTPVersionNotSupported, apierror.BadRequest,
			"exports need HTTP/1.1: let proxies use it, too")
	}
	if format, invalid = exportFormat(r); invalid != nil {
		return nil, "", options, invalid
	}
	if options, invalid = exportOptions(r); invalid != nil {
		return nil, "", options, invalid
	}
	params, invalid = HTTP{MaxBody: t.MaxBody}.read(w, r)
	return params, format, options, invalid
}

// exportFormat returns the format that a request names, or accepts.
func exportFormat(r *http.Request) (export.Format, *requestError) {
	if named := r.URL.Query().Get("format"); named != "" {
		for _, format := range export.Formats() {
			if named == string(format) {
				return format, nil
			}
		}
		return "", newRequestError(http.StatusNotAcceptable, apierror.BadRequest,
			"format %.50q is unknown: want csv, ndjson or parquet", named)
	}
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return export.CSV, nil
	}
	best, quality := export.Format(""), 0.0
	for _, format := range export.Formats() {
		if q := acceptance(accept, format.MediaType()); q > quality {
			best, quality = format, q
		}
	}
	if best == "" {
		return "", newRequestError(http.StatusNotAcceptable, apierror.BadRequest,
			"nothing acceptable: accept text/csv, application/x-ndjson or application/vnd.apache.parquet")
	}
	return best, nil
}

// acceptance returns the quality that an Accept header gives a media type. Of equal qualities the one is larger that
// is given by name, then the one that is given to the whole type.
func acceptance(accept, mediaType string) float64 {
	group, _, _ := strings.Cut(mediaType, "/")
	quality, best := 0.0, -1
	for part := range strings.SplitSeq(accept, ",") {
		named, parameters, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		q := 1.0
		if given, ok := parameters["q"]; ok {
			if q, err = strconv.ParseFloat(given, 64); err != nil {
				continue
			}
		}
		specific := -1
		switch named {
		case mediaType:
			specific = 2
		case group + "/*":
			specific = 1
		case "*/*":
			specific = 0
		}
		if specific > best {
			best = specific
			quality = q
		}
	}
	if quality <= 0 {
		return 0
	}
	return quality + float64(best)/1e6
}

// exportOptions returns the options that an address has.
func exportOptions(r *http.Request) (options export.Options, invalid *requestError) {
	values := r.URL.Query()
	switch bom := values.Get("bom"); bom {
	case "", "false":
	case "true":
		options.BOM = true
	default:
		return options, newRequestError(http.StatusBadRequest, apierror.BadUserInput,
			"bom is %.50q: want true or false", bom)
	}
	switch formulas := values.Get("formulas"); formulas {
	case "":
	case "raw":
		options.RawFormulas = true
	default:
		return options, newRequestError(http.StatusBadRequest, apierror.BadUserInput,
			"formulas is %.50q: want raw, or leave it out", formulas)
	}
	return options, nil
}

func exportStatus(err *gqlerror.Error) int {
	switch err.Extensions["code"] {
	case apierror.Unauthenticated:
		return http.StatusUnauthorized
	case apierror.Forbidden:
		return http.StatusForbidden
	case apierror.Unavailable:
		return http.StatusServiceUnavailable
	case apierror.Timeout:
		return http.StatusGatewayTimeout
	case apierror.Internal:
		return http.StatusInternalServerError
	default:
		return http.StatusBadRequest
	}
}

// exportBody is the body of a file. The headers are sent with its first bytes.
type exportBody struct {
	to      http.ResponseWriter
	control *http.ResponseController
	sum     hash.Hash
	format  export.Format
	name    string // of the file, without what follows from its format

	mu             sync.Mutex
	begun, stopped bool
}

var errStopped = errors.New("the export was stopped")

// Write writes a part of the body. A client that does not take it in time is disconnected.
func (b *exportBody) Write(part []byte) (int, error) {
	if err := b.beginWrite(); err != nil {
		return 0, err
	}
	_, _ = b.sum.Write(part)
	return b.to.Write(part)
}

func (b *exportBody) beginWrite() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return errStopped
	}
	b.begin()
	return b.control.SetWriteDeadline(time.Now().Add(writeTimeout))
}

// begin sends the headers, once.
func (b *exportBody) begin() {
	if b.begun {
		return
	}
	b.begun = true
	header := b.to.Header()
	contentType := b.format.MediaType()
	if b.format != export.Parquet {
		contentType += "; charset=utf-8"
	} else {
		header.Set(gzhttp.HeaderNoCompression, "1") // it is compressed
	}
	header.Set("Content-Type", contentType)
	header.Set("Content-Disposition", `attachment; filename="`+b.name+"."+string(b.format)+`"`)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Trailer", rowCountTrailer+", "+sha256Trailer)
	b.to.WriteHeader(http.StatusOK)
}

// stop ends a write that is blocked, and all later ones.
func (b *exportBody) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	if b.begun {
		_ = b.control.SetWriteDeadline(time.Now())
	}
}
