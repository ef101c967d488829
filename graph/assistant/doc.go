// Package assistant makes what an assistant sees by the Model Context Protocol: the JSON Schema of a document's
// variables, answers that are cut where they are too long, and transcripts as plain text.
package assistant
