package program

import (
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"sessiongraph/internal/cli"
	"sessiongraph/internal/test/tools"
)

// Schema returns the program's GraphQL schema.
func Schema(t testing.TB) string {
	t.Helper()
	schema, err := os.ReadFile(File("schema.graphqls"))
	if err != nil {
		t.Fatal(err)
	}
	return string(schema)
}

// Main runs the program in this process until ctx ends, and returns its exit status.
func Main(ctx context.Context, t testing.TB, args []string, in io.Reader, out, err io.Writer) int {
	return cli.Run(ctx, args, cli.Streams{In: in, Out: out, Err: err}, cli.Schema(Schema(t)))
}

// Ended is a program that has run to its end.
type Ended struct {
	Code     int
	Out, Err string
}

// patience is how long a command may take.
const patience = time.Minute

// Run runs a command in this process to its end.
func Run(t testing.TB, in string, args ...string) Ended {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, err tools.Log
	code := Main(ctx, t, args, strings.NewReader(in), &out, &err)
	if ctx.Err() != nil {
		t.Fatalf("%q did not end by itself; it wrote:\n%s", args, err.String())
	}
	return Ended{code, out.String(), err.String()}
}

// Server is the program while it serves in this process.
type Server struct {
	URL   string
	Token string // that requests send, if any
	Log   *tools.Log
	stop  context.CancelFunc
	code  chan int
}

// startLine is the log's line that names the address, as text or as JSON.
var startLine = regexp.MustCompile(`url"?[=:]"?(https?://[^"\s]+)`)

// Serve runs the program in this process until Stop, or until the test ends.
func Serve(t testing.TB, args ...string) *Server {
	t.Helper()
	s := Launch(t, args...)
	s.AwaitURL(t)
	return s
}

// Launch is Serve without its wait until the program serves.
func Launch(t testing.TB, args ...string) *Server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{Log: new(tools.Log), stop: cancel, code: make(chan int, 1)}
	go func() { s.code <- Main(ctx, t, args, strings.NewReader(""), io.Discard, s.Log) }()
	t.Cleanup(func() { s.Stop() })
	return s
}

// AwaitURL waits until the program serves.
func (s *Server) AwaitURL(t testing.TB) {
	t.Helper()
	s.URL = s.Log.Await(t, startLine)[1]
}

// Stop ends the program and returns its exit code.
func (s *Server) Stop() int {
	s.stop()
	code := <-s.code
	s.code <- code // for another call
	http.DefaultClient.CloseIdleConnections()
	return code
}
