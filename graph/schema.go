// Package graph serves the GraphQL API and the Playground.
package graph

//go:generate go run ./render/generate
