// Command generate runs gqlgen with a plugin that writes render.go beside the code
// that gqlgen generates: the functions that append the fields of each object type.
package main

import (
	"fmt"
	"os"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen/config"
)

func main() {
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func generate() error {
	cfg, err := config.LoadConfigFromDefaultLocations()
	if err != nil {
		return fmt.Errorf("read gqlgen.yml: %w", err)
	}
	renderer := plugin{file: cfg.Exec.Dir() + "/render.go"}
	// Code generated from another schema may not compile with this one.
	if err := os.Remove(renderer.file); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("remove generated code: %w", err)
	}
	if err := api.Generate(cfg, api.AddPlugin(renderer)); err != nil {
		return fmt.Errorf("generate from the schema: %w", err)
	}
	return nil
}
