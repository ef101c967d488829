package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"sessiongraph/internal/simulate"
)

//go:embed operations/messages.graphql
var messagesOperation string

//go:embed operations/total.graphql
var totalOperation string

//go:embed operations/groups.graphql
var groupsOperation string

// commonWord stands in about a third of the sessions.
const commonWord = "thank"

// maxRepeats bounds one turn of a question, besides its time.
const maxRepeats = 200

// starts are the times that the server is started.
const starts = 3

// dataset is a database and sessiongraph serving it.
type dataset struct {
	sessions int
	file     string
	bytes    int64   // size of the imported JSON; 0 for a database of an earlier run
	rate     float64 // of the import, notifications per second
	simulate time.Duration
	ready    series // milliseconds
	*server
}

// question is a request that is compared between the datasets.
type question struct {
	name string
	goal string
	ask  func(samples) request
	took [2]series // milliseconds, by dataset
	err  error     // ends the question, not the run
}

// samples are the values in the requests: the same for both datasets, the cursor excepted.
type samples struct {
	callID, workflow, msgID, order string
	middle                         string
}

func questions() []*question {
	list := func(filter func(samples) object) func(samples) request {
		return func(k samples) request {
			return operation(listOperation+sessionFragment, object{"first": pageSize, "filter": filter(k)})
		}
	}
	messages := func(filter func(samples) object) func(samples) request {
		return func(k samples) request { return operation(messagesOperation, object{"filter": filter(k)}) }
	}
	campaign := func(k samples) object {
		return object{"workflowId": object{"eq": k.workflow}, "intention": object{"eq": "A"}}
	}
	msgID := func(k samples) object { return object{"msgId": object{"eq": k.msgID}} }
	common := func(samples) object { return object{"search": commonWord} }
	rare := func(k samples) object { return object{"search": k.order} }
	return []*question{
		{name: "first page", goal: "1.5", ask: func(samples) request { return graphQL{}.page(false, "") }},
		{name: "first page, whole transcripts", goal: "1.5", ask: func(samples) request {
			return graphQL{}.page(true, "")
		}},
		{name: "page in the middle", goal: "1.5", ask: func(k samples) request {
			return graphQL{}.page(false, k.middle)
		}},
		{name: "one session", goal: "1.5", ask: func(k samples) request { return graphQL{}.session(k.callID) }},
		{name: "page of one campaign and intention", goal: "1.5", ask: list(campaign)},
		{name: "sessions with a common word", goal: "1.5", ask: list(common)},
		{name: "sessions with a rare word", goal: "1.5", ask: list(rare)},
		{name: "messages with a common word", goal: "1.5", ask: messages(common)},
		{name: "messages with a rare word", goal: "1.5", ask: messages(rare)},
		{name: "message by its msgId", goal: "100 ms", ask: messages(msgID)},
		{name: "totalCount of a common word", ask: func(k samples) request {
			return operation(totalOperation, object{"filter": common(k)})
		}},
		{name: "group-by by day and intention, all sessions", goal: "1.5 s", ask: func(samples) request {
			return operation(groupsOperation, nil)
		}},
	}
}

// flatness measures the same questions on a small and on a large dataset in alternation.
func flatness(ctx context.Context, s settings, folder string, out io.Writer, log *log.Logger) (err error) {
	if s.folder != "" {
		folder = s.folder
	}
	var both [2]*dataset
	for i, sessions := range s.counts {
		both[i] = &dataset{sessions: sessions, file: filepath.Join(folder, fmt.Sprintf("flat-%d.db", sessions))}
		if err := both[i].fill(ctx, s.program, log); err != nil {
			return err
		}
	}
	for _, d := range both {
		if err := d.serve(ctx, s.program); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, d.stop()) }()
	}

	asked := questions()
	var clients [2]*client
	var requests [2][]request
	for i, d := range both {
		clients[i] = newClient(d.server, 1)
		defer clients[i].close()
		k, err := takeSamples(ctx, clients[i], d.sessions)
		if err != nil {
			return err
		}
		for _, q := range asked {
			requests[i] = append(requests[i], q.ask(k))
		}
	}
	for round := range s.rounds + 1 { // round 0 warms the caches
		for n, q := range asked {
			for i, c := range clients {
				if q.err != nil {
					continue
				}
				took, err := latency(ctx, c, requests[i][n], s.round/3)
				if err != nil {
					q.err = fmt.Errorf("%s, %d sessions: %w", q.name, both[i].sessions, err)
					log.Print(q.err)
				} else if round > 0 {
					q.took[i] = append(q.took[i], took)
				}
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		log.Printf("round %d of %d", round, s.rounds)
	}
	return reportFlat(out, s, both, asked)
}

// fill imports simulated notifications, unless the database exists.
func (d *dataset) fill(ctx context.Context, program string, log *log.Logger) error {
	if _, err := os.Stat(d.file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	began := time.Now()
	if err := simulation(ctx, program, d.sessions).Run(); err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	d.simulate = time.Since(began)

	began = time.Now()
	store := exec.CommandContext(ctx, program, "import", "--db", d.file)
	piped, err := pipe(ctx, simulation(ctx, program, d.sessions), store)
	if err != nil {
		return err
	}
	took := time.Since(began)
	d.bytes, d.rate = piped-int64(d.sessions), float64(d.sessions)/took.Seconds()
	log.Printf("%d sessions simulated in %v, simulated and imported in %v", d.sessions,
		d.simulate.Round(100*time.Millisecond), took.Round(100*time.Millisecond))
	return nil
}

// serve measures several starts and leaves the last one running.
func (d *dataset) serve(ctx context.Context, program string) (err error) {
	for n := range starts {
		if n > 0 {
			if err := d.stop(); err != nil {
				return err
			}
		}
		if d.server, err = serve(ctx, program, d.file); err != nil {
			return err
		}
		d.ready = append(d.ready, milliseconds(d.server.ready))
	}
	return nil
}

// takeSamples takes values from the first notifications, and pages to the middle.
func takeSamples(ctx context.Context, c *client, sessions int) (k samples, err error) {
	generator := simulate.New(filledSeed)
	var first struct {
		CallID     string `json:"call_id"`
		WorkflowID string `json:"workflow_id"`
		Messages   []struct {
			MsgID string `json:"msg_id"`
		}
	}
	if err := json.Unmarshal(generator.Notification(0), &first); err != nil {
		return k, err
	}
	k.callID, k.workflow, k.msgID = first.CallID, first.WorkflowID, first.Messages[len(first.Messages)-1].MsgID
	if k.order, err = order(generator); err != nil {
		return k, err
	}

	const most = 200
	page := "query ($first: Int, $after: String) { sessions(first: $first, after: $after) { pageInfo { endCursor } } }"
	for left := sessions / 2; left > 0; left -= most {
		variables := object{"first": min(left, most)}
		if k.middle != "" {
			variables["after"] = k.middle
		}
		answer, err := c.answer(ctx, operation(page, variables))
		if err != nil {
			return k, err
		}
		k.middle = takeCursor(answer)
	}
	return k, nil
}

// order is an order number in a message: a word that occurs once.
func order(generator *simulate.Generator) (string, error) {
	named := regexp.MustCompile(`"text":"[^"]*(ORD-\d{7})`)
	for n := range 1000 {
		if found := named.FindSubmatch(generator.Notification(n)); found != nil {
			return string(found[1]), nil
		}
	}
	return "", errors.New("no simulated message names an order")
}

// latency repeats a request and returns the median in milliseconds.
func latency(ctx context.Context, c *client, r request, length time.Duration) (float64, error) {
	var all series
	var buffer bytes.Buffer
	for began := time.Now(); len(all) == 0 || len(all) < maxRepeats && time.Since(began) < length; {
		buffer.Reset()
		sent := time.Now()
		if err := c.send(ctx, r, &buffer); err != nil {
			return 0, err
		}
		all = append(all, milliseconds(time.Since(sent)))
	}
	return all.median(), nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func reportFlat(out io.Writer, s settings, both [2]*dataset, asked []*question) error {
	_, _ = fmt.Fprintf(out, "SQLite, one connection; medians of %d rounds, minimum and maximum in parentheses.\n\n",
		s.rounds)
	row(out, "question", fmt.Sprintf("%d sessions", both[0].sessions), fmt.Sprintf("%d sessions", both[1].sessions),
		"ratio", "goal")
	row(out, "---", "--:", "--:", "--:", "--:")
	compared := func(name string, took [2]series, goal string) {
		row(out, name, spread(took[0], "%.1f")+" ms", spread(took[1], "%.1f")+" ms",
			"**"+spread(took[1].ratios(took[0]), "%.2f")+"**", goal)
	}
	var errs []error
	for _, q := range asked {
		if errs = append(errs, q.err); q.err != nil {
			row(out, q.name, "failed", "failed", "", q.goal)
			continue
		}
		compared(q.name, q.took, q.goal)
	}
	compared("start to ready", [2]series{both[0].ready, both[1].ready}, "2 s")

	var memory, disk [2]float64
	for i, d := range both {
		size, err := fileSize(d.file)
		if err != nil {
			return err
		}
		memory[i], disk[i] = float64(d.peakMemory())/1e6, float64(size)/float64(d.bytes)
	}
	if both[0].bytes > 0 && both[1].bytes > 0 {
		row(out, "import", format("%.0f/s", both[0].rate), format("%.0f/s", both[1].rate),
			"**"+format("%.2f", both[0].rate/both[1].rate)+"**", "1.5")
		row(out, "simulation of the notifications", format("%.1f s", both[0].simulate.Seconds()),
			format("%.1f s", both[1].simulate.Seconds()), "", "")
		row(out, "bytes on disk for each byte of JSON", format("%.2f", disk[0]), format("%.2f", disk[1]), "", "1.1")
	}
	row(out, "peak memory", format("%.0f MB", memory[0]), format("%.0f MB", memory[1]),
		format("%.2f", memory[1]/memory[0]), "200 MB")
	return errors.Join(errs...)
}
