package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// tarFS is a tar archive seen as files. Archives have no index, so one is made
// by reading the headers once; contents stay where they are.
type tarFS map[string]*tarNode

// tarNode is a file, or a folder if children is not nil.
type tarNode struct {
	name     string
	content  *io.SectionReader
	children []fs.DirEntry
}

func newTarFS(headers *tar.Reader, archive *os.File) (tarFS, error) {
	t := tarFS{".": {name: ".", children: []fs.DirEntry{}}}
	for {
		h, err := headers.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read archive: %w", err)
		}
		name := path.Clean(strings.TrimSuffix(h.Name, "/"))
		if h.Typeflag == tar.TypeDir || h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		if h.Typeflag != tar.TypeReg || !fs.ValidPath(name) || name == "." {
			return nil, fmt.Errorf("read archive: %q is not a plain file", h.Name)
		}
		if _, twice := t[name]; twice {
			return nil, fmt.Errorf("read archive: %q is there twice", h.Name)
		}
		// The header has just been read, and nothing further: the content
		// begins here.
		at, err := archive.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, fmt.Errorf("read archive: %w", err)
		}
		n := &tarNode{name: path.Base(name), content: io.NewSectionReader(archive, at, h.Size)}
		t[name] = n
		if err := t.enter(path.Dir(name), n); err != nil {
			return nil, err
		}
	}
	for _, n := range t {
		slices.SortFunc(n.children, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	}
	return t, nil
}

// enter puts a node into its folder, which is made if need be.
func (t tarFS) enter(dir string, n *tarNode) error {
	parent, ok := t[dir]
	if !ok {
		parent = &tarNode{name: path.Base(dir), children: []fs.DirEntry{}}
		t[dir] = parent
		if err := t.enter(path.Dir(dir), parent); err != nil {
			return err
		}
	}
	if parent.children == nil {
		return fmt.Errorf("read archive: %q is a file and a folder", dir)
	}
	parent.children = append(parent.children, fs.FileInfoToDirEntry(n))
	return nil
}

// Open is for fs.FS.
func (t tarFS) Open(name string) (fs.File, error) {
	n, ok := t[name]
	if !fs.ValidPath(name) || !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if n.children != nil {
		return &tarFile{node: n}, nil
	}
	return &tarFile{n, io.NewSectionReader(n.content, 0, n.content.Size())}, nil
}

// ReadDir is for fs.ReadDirFS.
func (t tarFS) ReadDir(name string) ([]fs.DirEntry, error) {
	n, ok := t[name]
	if !ok || n.children == nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	return n.children, nil
}

// tarFile is an open file of an archive.
type tarFile struct {
	node *tarNode
	*io.SectionReader
}

func (f *tarFile) Stat() (fs.FileInfo, error) { return f.node, nil }
func (f *tarFile) Close() error               { return nil }

func (f *tarFile) Read(b []byte) (int, error) {
	if f.SectionReader == nil {
		return 0, &fs.PathError{Op: "read", Path: f.node.name, Err: fs.ErrInvalid}
	}
	return f.SectionReader.Read(b)
}

// A node describes itself.
func (n *tarNode) Name() string { return n.name }
func (n *tarNode) IsDir() bool  { return n.children != nil }
func (n *tarNode) Sys() any     { return nil }

func (n *tarNode) ModTime() time.Time { return time.Time{} }

func (n *tarNode) Size() int64 {
	if n.content == nil {
		return 0
	}
	return n.content.Size()
}

func (n *tarNode) Mode() fs.FileMode {
	if n.IsDir() {
		return fs.ModeDir | 0o555
	}
	return 0o444
}
