// Package sheettest holds files of the shape that new users come with: made-up samples of every format, and real ones where they lie beside the repository.
package sheettest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// formats are the six tables and five phone books of which there is a sample.
const formats = 11

// Samples are the paths of the made-up files, one of each format, in the order
// of their names: tables first. They lie in the folders csv and vcard.
func Samples(t testing.TB) []string {
	t.Helper()
	files := lie(t, filepath.Join(root(t), "internal", "sheet", "sheettest", "testdata"))
	if len(files) != formats {
		t.Fatalf("there are %d samples of what clients bring, want %d", len(files), formats)
	}
	return files
}

// Beside are the paths of the files that lie beside the repository, in
// ../shared/data, with the same folders and formats. There are none in a clone
// that stands alone; some of them are a failure.
func Beside(t testing.TB) []string {
	t.Helper()
	files := lie(t, filepath.Join(filepath.Dir(root(t)), "shared", "data"))
	if n := len(files); n != 0 && n < formats {
		t.Fatalf("of the files of ../shared/data only %d are there", n)
	}
	return files
}

// Files are the samples and after them what lies beside the repository.
func Files(t testing.TB) []string {
	t.Helper()
	return append(Samples(t), Beside(t)...)
}

func lie(t testing.TB, folder string) (files []string) {
	t.Helper()
	for _, pattern := range []string{"csv/*.csv", "vcard/*.vcf"} {
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(found)
		files = append(files, found...)
	}
	return files
}

// root is the folder of the module, in or under which every test runs.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("the test does not run inside the module")
		}
	}
}
