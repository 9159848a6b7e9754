// Package query holds conditions and orders on rows: their meaning in Go, their text in SQL.
package query
