// Package graph is the GraphQL door: the schema's resolvers, its limits and the
// Playground.
package graph

//go:generate go run ./render/generate
