package cli

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"sessiongraph/internal/buildinfo"
)

func newParser(s Streams, file *configuration, exit func(int)) (*kong.Kong, error) {
	parser, err := kong.New(new(CLI),
		kong.Name("sessiongraph"),
		kong.Description("Receives AIRudder's chatbot session notifications, stores them,"+
			" and answers GraphQL queries about them.\n\n"+
			"Each setting is a flag, an environment variable or a line of the file that --config names;"+
			" the flag wins, then the variable.\n\n"+
			"Exit status: 2 for a mistake in flags, variables or that file, 1 for any other failure."),
		kong.Writers(s.Out, s.Err),
		kong.Vars{"version": buildinfo.Read().String()},
		kong.Resolvers(file),
		kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.ValueFormatter(helpOfValue),
	)
	if err == nil {
		parser.Model.HelpFlag.Help = "Print this help."
	}
	return parser, err
}

// helpOfValue returns a flag's help with the variables that set it.
func helpOfValue(value *kong.Value) string {
	if len(value.Tag.Envs) == 0 {
		return value.Help
	}
	variables := "$" + value.Tag.Envs[0]
	if isSecret(value) {
		variables += ", or $" + value.Tag.Envs[0] + "_FILE, a file that holds it"
	}
	return strings.TrimSuffix(value.Help, ".") + " [" + variables + "]."
}

// isSecret reports whether a setting may hold a password. Such a setting can be given in a
// file, which neither the list of processes nor their environment shows.
func isSecret(value *kong.Value) bool { return value.Tag.Has("secret") }

// unknownVariables returns a line for each variable with the prefix of settings that is
// not a setting. Kubernetes sets some for a service named sessiongraph; they are ignored.
func unknownVariables(root *kong.Node, environment []string) []string {
	known := map[string]bool{}
	for _, command := range append([]*kong.Node{root}, root.Children...) {
		for _, flag := range command.Flags {
			for _, name := range flag.Envs {
				known[name] = true
				if isSecret(flag.Value) {
					known[name+"_FILE"] = true
				}
			}
		}
	}
	var unknown []string
	for _, setting := range environment {
		name, _, _ := strings.Cut(setting, "=")
		if !strings.HasPrefix(name, "SESSIONGRAPH_") || known[name] || ofKubernetes.MatchString(name) {
			continue
		}
		line := "unknown environment variable " + name
		suggestion := strings.TrimSuffix(name, "_FILE") // which secrets alone can have
		if !known[suggestion] {
			suggestion = closest(name, slices.Sorted(maps.Keys(known)))
		}
		if suggestion != "" {
			line += ", did you mean " + suggestion + "?"
		}
		unknown = append(unknown, line)
	}
	slices.Sort(unknown)
	return unknown
}

var ofKubernetes = regexp.MustCompile(`^SESSIONGRAPH_(SERVICE_|PORT$|PORT_)`)

// describe returns a parse error in one line. Kong's text names the flag even if a variable
// had the value, and describes a missing value in terms of its parser.
func describe(err error, app *kong.Application, args []string, file *configuration) string {
	text := redact(err.Error())
	help := "sessiongraph --help"
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context.Selected() != nil {
		name := parse.Context.Selected().Path()
		text = strings.TrimPrefix(text, name+": ")
		help = "sessiongraph " + name + " --help"
	}
	var setting settingError
	if errors.As(err, &setting) {
		return redact(setting.Error())
	}
	if problem, origin, found := strings.Cut(text, " (from envar "); found {
		name, _, _ := strings.Cut(origin, "=")
		_, problem, _ = strings.Cut(problem, ": ")
		return fmt.Sprintf("%s: %s (see %s)", name, problem, help)
	}
	if flag, problem, found := strings.Cut(text, ": "); found {
		name, _, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
		if origin := file.origins[name]; origin != "" {
			return fmt.Sprintf("%s: %s (see %s)", origin, problem, help)
		}
	}
	if found := missingValue.FindStringSubmatch(text); found != nil {
		text = found[1] + ": value missing"
		if found[2] != "EOL" {
			text += fmt.Sprintf(" (write %s=%s for a value that begins with a hyphen)", found[1], found[2])
		}
	}
	if argument, found := strings.CutPrefix(text, "expected "); found {
		text = "missing argument " + strings.ReplaceAll(argument, `"`, "")
	}
	text = strings.Replace(text, "missing flags: ", "missing ", 1)
	unexpected, found := strings.CutPrefix(text, "unexpected argument ")
	if group := groupOfDefault(parse); found && group != nil {
		help = "sessiongraph " + group.Path() + " --help"
		text += suggest(unexpected, names(group.Children))
	}
	if found && len(args) > 0 && args[0] == unexpected {
		text = fmt.Sprintf("unknown command %q", unexpected)
		help = "sessiongraph --help"
		text += suggest(unexpected, names(app.Children))
	}
	text = badNumber.ReplaceAllString(text, "invalid number ")
	return fmt.Sprintf("%s (see %s)", placeholder.ReplaceAllString(text, "$1: "), help)
}

var (
	badNumber    = regexp.MustCompile(`expected a valid \d+ bit u?int but got `)
	missingValue = regexp.MustCompile(`^(--?[\w-]+)\S*: expected .* value but got "(.*?)" \(`)
	placeholder  = regexp.MustCompile(`^(--[\w-]+)=\S+: `)
)

// groupOfDefault returns the command whose default subcommand was selected, as quarantine list is, nil for none.
func groupOfDefault(parse *kong.ParseError) *kong.Node {
	if parse == nil || parse.Context.Selected() == nil {
		return nil
	}
	group := parse.Context.Selected().Parent
	if group == nil || group.Type != kong.CommandNode {
		return nil
	}
	return group
}

func suggest(word string, candidates []string) string {
	if suggestion := closest(word, candidates); suggestion != "" && suggestion != word {
		return fmt.Sprintf(", did you mean %q?", suggestion)
	}
	return ""
}

func names(nodes []*kong.Node) []string {
	all := make([]string, len(nodes))
	for i, node := range nodes {
		all[i] = node.Name
	}
	return all
}

// closest returns the candidate nearest to a word, "" if more than two letters differ.
func closest(word string, candidates []string) string {
	best, least := "", 3
	for _, candidate := range candidates {
		if d := distance(word, candidate); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance returns the edit distance of two words, in which swapped neighbours count once.
func distance(a, b string) int {
	above, row := []int(nil), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j+1]+1, next[j]+1, row[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], above[j-1]+1)
			}
		}
		above, row = row, next
	}
	return row[len(b)]
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
