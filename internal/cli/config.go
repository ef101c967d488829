package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// configFlag is the flag that names the configuration file.
const configFlag = "config"

// maxConfig bounds a configuration file, in bytes.
const maxConfig = 1 << 20

// configuration has the settings of the file that --config names, by the names of their flags. Flags and variables
// win over it.
type configuration struct {
	read     bool
	file     string // "" for none
	root     *kong.Node
	settings map[string]any
	used     map[string]bool   // settings that the file has decided
	origins  map[string]string // where a value is from that neither a flag nor a variable has, by the flag's name
}

// settingError is an error of a file of settings, or of a variable that names a file.
type settingError struct{ error }

// Unwrap returns the error itself.
func (e settingError) Unwrap() error { return e.error }

// Validate is for kong: the file is checked when it is read.
func (*configuration) Validate(*kong.Application) error { return nil }

// Resolve returns the value that a setting has in the file that its variable names, or else in this one, nil for none.
func (c *configuration) Resolve(parsed *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if !c.read {
		c.read, c.root, c.used, c.origins = true, parsed.Model.Node, map[string]bool{}, map[string]string{}
		if c.file = configFile(parsed); c.file != "" {
			if err := c.load(); err != nil {
				return nil, settingError{err}
			}
		}
	}
	if slices.ContainsFunc(flag.Envs, isSet) {
		return c.secretFromFile(flag)
	}
	value, given := c.settings[flag.Name]
	c.used[flag.Name] = true
	if !given {
		return nil, nil
	}
	c.origins[flag.Name] = "--config: " + c.file + ": --" + flag.Name
	return value, nil
}

// secretFromFile reads a secret from the file that VARIABLE_FILE names.
func (c *configuration) secretFromFile(flag *kong.Flag) (any, error) {
	if !isSecret(flag.Value) {
		return nil, nil
	}
	name := flag.Envs[0]
	file := os.Getenv(name + "_FILE")
	if file == "" {
		return nil, nil
	}
	if os.Getenv(name) != "" {
		return nil, settingError{fmt.Errorf("%s and %s_FILE are both set: remove one of them", name, name)}
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, settingError{fmt.Errorf("%s_FILE: %w", name, err)}
	}
	c.origins[flag.Name] = name + "_FILE: " + file
	return strings.TrimRight(string(content), "\r\n"), nil
}

func (c *configuration) load() error {
	settings, err := readConfig(c.file, c.root)
	if err != nil {
		return fmt.Errorf("--config: %s: %w", c.file, err)
	}
	c.settings = settings
	return nil
}

// reloadLogLevel reads the file again and sets its log level, unless a flag or a variable has decided that.
func (c *configuration) reloadLogLevel(level *slog.LevelVar) error {
	const setting = "log-level"
	if c.file == "" || !c.used[setting] {
		return nil
	}
	if err := c.load(); err != nil {
		return err
	}
	now := LogLevel(slog.LevelInfo)
	if value, given := c.settings[setting]; given {
		if err := now.UnmarshalText([]byte(fmt.Sprint(value))); err != nil {
			return fmt.Errorf("--config: %s: %w", c.file, err)
		}
	}
	level.Set(slog.Level(now))
	return nil
}

// isSet reports whether a variable is set, or names a file.
func isSet(variable string) bool {
	return os.Getenv(variable) != "" || os.Getenv(variable+"_FILE") != ""
}

// configFile returns the value of --config, or of its variable.
func configFile(parsed *kong.Context) string {
	for _, step := range parsed.Path {
		if step.Flag != nil && step.Flag.Name == configFlag {
			if file, ok := parsed.FlagValue(step.Flag).(string); ok {
				return file
			}
		}
	}
	return os.Getenv(configVariable)
}

const configVariable = "SESSIONGRAPH_CONFIG"

// readConfig reads a file of settings in YAML. A list is the same as its elements with commas in between.
func readConfig(file string, root *kong.Node) (map[string]any, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, withoutPath(err)
	}
	if info.Size() > maxConfig {
		return nil, fmt.Errorf("more than %d MiB", maxConfig>>20)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, withoutPath(err)
	}
	nodes := map[string]ast.Node{}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&nodes); err != nil && !errors.Is(err, io.EOF) {
		line, _, _ := strings.Cut(yaml.FormatError(err, false, false), "\n")
		return nil, fmt.Errorf("not a list of settings in YAML, such as addr: 127.0.0.1:8080: %s", line)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("it has more than one document: remove the lines of ---")
	}

	known, settings := flagNames(root), map[string]any{}
	for name, node := range nodes {
		if name == configFlag || !slices.Contains(known, name) {
			return nil, fmt.Errorf("unknown setting %q%s", name, suggest(name, known))
		}
		if settings[name], err = configValue(node); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return settings, nil
}

// withoutPath returns the reason why a file cannot be read, for a message that names the file.
func withoutPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// flagNames returns the names of all settings that the environment can have, of any command.
func flagNames(root *kong.Node) (all []string) {
	for _, node := range append([]*kong.Node{root}, root.Children...) {
		for _, flag := range node.Flags {
			if len(flag.Envs) > 0 && !slices.Contains(all, flag.Name) {
				all = append(all, flag.Name)
			}
		}
	}
	slices.Sort(all)
	return all
}

// configValue returns a value as a flag has it: numbers, too, as they are written, for a secret may look like one.
func configValue(node ast.Node) (any, error) {
	switch node := node.(type) {
	case *ast.BoolNode:
		return node.Value, nil
	case *ast.StringNode:
		return node.Value, nil
	case *ast.LiteralNode:
		return node.Value.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return node.GetToken().Value, nil
	case *ast.TagNode:
		return configValue(node.Value)
	case *ast.SequenceNode:
		parts := make([]string, len(node.Values))
		for i, value := range node.Values {
			part, err := configValue(value)
			if err != nil {
				return nil, err
			}
			parts[i] = fmt.Sprint(part)
		}
		return strings.Join(parts, ","), nil
	default:
		return nil, errors.New("want a value or a list")
	}
}
